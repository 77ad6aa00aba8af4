package clients

import (
	"context"
	"crypto/sha1" //nolint:gosec // Git names blobs by SHA-1.
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
)

// BlobSHA is the name Git gives to a file of that content.
func BlobSHA(content []byte) string {
	h := sha1.New() //nolint:gosec // Git names blobs by SHA-1.
	_, _ = fmt.Fprintf(h, "blob %d\x00", len(content))
	_, _ = h.Write(content)
	return hex.EncodeToString(h.Sum(nil))
}

// An Entry of a tree.
type Entry struct {
	Path string `json:"path"`
	Mode string `json:"mode"`
	Type string `json:"type"`
	SHA  string `json:"sha"`
}

// treePage is how many entries are asked for at once.
const treePage = 1000

// Tree returns every file of the commit by path: one GET per thousand entries.
func (c *Client) Tree(ctx context.Context, r Repo, commit string) (map[string]Entry, error) {
	files := map[string]Entry{}
	for page := 1; page <= maxPages; page++ {
		t := struct {
			Entries   []Entry `json:"tree"`
			Truncated bool    `json:"truncated"`
		}{}
		err := c.do(ctx, call{
			method: http.MethodGet, route: "/repos/{}/{}/git/trees/{}", args: r.args(commit),
			query: url.Values{"recursive": {"1"}, "per_page": {itoa(treePage)}, "page": {itoa(int64(page))}},
		}, &t)
		if err != nil {
			return nil, err
		}
		for _, e := range t.Entries {
			files[e.Path] = e
		}
		if !t.Truncated || len(t.Entries) == 0 {
			return files, nil
		}
	}
	return files, nil
}

// A FileOperation is one change of a commit. SHA is that of the file as it was
// last seen: the server refuses the commit when it is something else by now.
type FileOperation struct {
	Operation     string `json:"operation"`
	Path          string `json:"path"`
	ContentBase64 string `json:"content,omitempty"`
	SHA           string `json:"sha,omitempty"`
}

// Kinds of FileOperation.
const (
	OperationCreate = "create"
	OperationUpdate = "update"
	OperationDelete = "delete"
)

// An Identity commits are attributed to.
type Identity struct {
	Name  string `json:"name"`
	Email string `json:"email"`
}

// A Commit to make.
type Commit struct {
	Branch  string          `json:"branch"`
	Message string          `json:"message"`
	Author  *Identity       `json:"author,omitempty"`
	Files   []FileOperation `json:"files"`
}

// CommitFiles makes one commit on the branch and returns its name. The branch
// must exist unless the repository is empty.
func (c *Client) CommitFiles(ctx context.Context, r Repo, m Commit) (string, error) {
	defer c.snaps.drop(headsKey(r))
	out := struct {
		Commit struct {
			SHA string `json:"sha"`
		} `json:"commit"`
	}{}
	err := c.do(ctx, call{method: http.MethodPost, route: "/repos/{}/{}/contents", args: r.args(), body: m, lock: r.String()}, &out)
	return out.Commit.SHA, err
}
