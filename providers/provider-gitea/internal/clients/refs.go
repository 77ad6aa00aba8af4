package clients

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
)

func headsKey(r Repo) string { return r.key() + "/heads" }

// Heads returns the commit of every branch of the repository. The managed
// resources of a repository share one listing of Git's own references: it is
// cheaper than one GET of a branch, complete without paging, and true at once
// where Gitea's table of branches is minutes or milliseconds behind. It is
// empty for a repository without commits.
func (c *Client) Heads(ctx context.Context, r Repo) (map[string]string, error) {
	return share(ctx, c.snaps, headsKey(r), func(ctx context.Context) (map[string]string, error) {
		return c.loadHeads(ctx, r)
	})
}

// FreshHeads returns the commit of every branch as it is now.
func (c *Client) FreshHeads(ctx context.Context, r Repo) (map[string]string, error) {
	c.snaps.drop(headsKey(r))
	return c.Heads(ctx, r)
}

func (c *Client) loadHeads(ctx context.Context, r Repo) (map[string]string, error) {
	raw := json.RawMessage{}
	err := c.do(ctx, call{method: http.MethodGet, route: "/repos/{}/{}/git/refs/heads", args: r.args()}, &raw)
	if IsNotFound(err) {
		// Either there is no branch or there is no repository.
		_, err := c.GetRepository(ctx, r)
		return map[string]string{}, err
	}
	if err != nil {
		return nil, err
	}
	refs := []struct {
		Ref    string `json:"ref"`
		Object struct {
			SHA string `json:"sha"`
		} `json:"object"`
	}{}
	if err := json.Unmarshal(raw, &refs); err != nil {
		return nil, &Error{Method: http.MethodGet, Path: "/repos/" + r.String() + "/git/refs/heads", Status: http.StatusOK, Message: "not a list of references"}
	}
	heads := make(map[string]string, len(refs))
	for _, ref := range refs {
		if name, ok := strings.CutPrefix(ref.Ref, "refs/heads/"); ok {
			heads[name] = ref.Object.SHA
		}
	}
	return heads, nil
}

// A Branch of a repository on the server.
type Branch struct {
	Name   string `json:"name"`
	Commit struct {
		ID string `json:"id"`
	} `json:"commit"`
	Protected bool `json:"protected"`
}

// GetBranch returns the branch once Gitea's own table of branches has it too:
// commits by API are refused on a branch that is in Git only.
func (c *Client) GetBranch(ctx context.Context, r Repo, name string) (*Branch, error) {
	b := &Branch{}
	return b, c.do(ctx, call{method: http.MethodGet, route: "/repos/{}/{}/branches/{}", args: r.args(name)}, b)
}

// CreateBranch at the branch, tag or commit, or at the default branch.
func (c *Client) CreateBranch(ctx context.Context, r Repo, name, ref string) error {
	defer c.snaps.drop(headsKey(r))
	body := map[string]any{"new_branch_name": name}
	if ref != "" {
		body["old_ref_name"] = ref
	}
	return c.do(ctx, call{method: http.MethodPost, route: "/repos/{}/{}/branches", args: r.args(), body: body, lock: r.String()}, nil)
}

// DeleteBranch of the repository.
func (c *Client) DeleteBranch(ctx context.Context, r Repo, name string) error {
	defer c.snaps.drop(headsKey(r))
	return c.do(ctx, call{method: http.MethodDelete, route: "/repos/{}/{}/branches/{}", args: r.args(name), lock: r.String()}, nil)
}

// RefExists returns whether the branch, tag or commit exists.
func (c *Client) RefExists(ctx context.Context, r Repo, ref string) (bool, error) {
	err := c.do(ctx, call{method: http.MethodGet, route: "/repos/{}/{}/git/commits/{}", args: r.args(ref)}, nil)
	// Gitea answers 404 or 422 by the look of the name.
	if IsStatus(err, http.StatusNotFound, http.StatusUnprocessableEntity) {
		return false, nil
	}
	return err == nil, err
}
