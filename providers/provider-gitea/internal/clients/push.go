package clients

import (
	"bytes"
	"context"
	"encoding/base64"
	"io"
	"net/http"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
	"github.com/go-git/go-git/v5/plumbing/format/packfile"
	"github.com/go-git/go-git/v5/plumbing/object"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp/capability"
	"github.com/go-git/go-git/v5/storage/memory"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
)

// Bounds of waiting for Gitea to note a push, which it does from a queue.
const (
	notedWithin  = 10 * time.Second
	notedFirst   = 50 * time.Millisecond
	notedLongest = 200 * time.Millisecond
)

// PushFirst makes the first commit of an empty repository with Git's own
// protocol, and has further branches start there. A commit and two branches
// made through the API run Git's hooks, which are what takes the server's time,
// three times; one push of three branches runs them once. It returns the
// commit's name. It fails with a conflict when one of the branches is there.
// The branches exist then, and can be used once the server has Noted that.
func (c *Client) PushFirst(ctx context.Context, r Repo, m Commit, branches []string) (string, error) {
	defer c.snaps.drop(headsKey(r))
	who, err := c.identity(ctx, m.Author)
	if err != nil {
		return "", err
	}
	found, err := c.GetRepository(ctx, r)
	if err != nil {
		return "", err
	}
	commit, body, err := pushOf(m, who, order(found.DefaultBranch, m.Branch, branches))
	if err != nil {
		return "", errors.Wrap(err, "cannot make a commit")
	}
	if err := c.receivePack(ctx, r, body); err != nil {
		return "", err
	}
	return commit, nil
}

// order the branches of a push. The server makes one of them its default branch:
// main or master if it is among them, and else the first, which had better be
// the one that is meant to be.
func order(byDefault, branch string, others []string) []string {
	out := []string{branch}
	for _, b := range others {
		if b != branch {
			out = append(out, b)
		}
	}
	if i := slices.Index(out, byDefault); i > 0 {
		out[0], out[i] = out[i], out[0]
	}
	return out
}

// identity commits are attributed to: the one given, or the token's user.
func (c *Client) identity(ctx context.Context, given *Identity) (Identity, error) {
	if given != nil {
		return *given, nil
	}
	me := struct {
		Login    string `json:"login"`
		FullName string `json:"full_name"`
		Email    string `json:"email"`
	}{}
	if err := c.do(ctx, call{method: http.MethodGet, route: "/user"}, &me); err != nil {
		return Identity{}, errors.Wrap(err, "cannot tell who the token belongs to")
	}
	if me.FullName == "" {
		me.FullName = me.Login
	}
	return Identity{Name: me.FullName, Email: me.Email}, nil
}

// pushOf returns the commit's name and the request that makes it and has the
// branches point to it. The request is of Git's pack protocol.
// Source: https://git-scm.com/docs/pack-protocol
func pushOf(m Commit, who Identity, branches []string) (string, []byte, error) {
	objects := memory.NewStorage()
	root, err := treeOf(objects, m.Files)
	if err != nil {
		return "", nil, err
	}
	sig := object.Signature{Name: who.Name, Email: who.Email, When: time.Now()}
	commit, err := store(objects, &object.Commit{Author: sig, Committer: sig, Message: m.Message + "\n", TreeHash: root})
	if err != nil {
		return "", nil, err
	}

	req := packp.NewReferenceUpdateRequest()
	for _, k := range []capability.Capability{capability.ReportStatus, capability.Atomic} {
		if err := req.Capabilities.Set(k); err != nil {
			return "", nil, err
		}
	}
	for _, b := range branches {
		req.Commands = append(req.Commands, &packp.Command{Name: plumbing.NewBranchReferenceName(b), Old: plumbing.ZeroHash, New: commit})
	}
	body := &bytes.Buffer{}
	if err := req.Encode(body); err != nil {
		return "", nil, err
	}
	all := make([]plumbing.Hash, 0, len(objects.Objects))
	for h := range objects.Objects {
		all = append(all, h)
	}
	if _, err := packfile.NewEncoder(body, objects, false).Encode(all, 0); err != nil {
		return "", nil, err
	}
	return commit.String(), body.Bytes(), nil
}

type encodable interface {
	Encode(o plumbing.EncodedObject) error
}

func store(s *memory.Storage, o encodable) (plumbing.Hash, error) {
	e := s.NewEncodedObject()
	if err := o.Encode(e); err != nil {
		return plumbing.ZeroHash, err
	}
	return s.SetEncodedObject(e)
}

// treeOf stores the files, and a tree for each of their folders.
func treeOf(s *memory.Storage, files []FileOperation) (plumbing.Hash, error) {
	folders := map[string]map[string]object.TreeEntry{".": {}}
	for _, f := range files {
		content, err := base64.StdEncoding.DecodeString(f.ContentBase64)
		if err != nil {
			return plumbing.ZeroHash, errors.Wrapf(err, "file %q", f.Path)
		}
		blob := s.NewEncodedObject()
		blob.SetType(plumbing.BlobObject)
		w, err := blob.Writer()
		if err != nil {
			return plumbing.ZeroHash, err
		}
		if _, err := w.Write(content); err != nil {
			return plumbing.ZeroHash, err
		}
		h, err := s.SetEncodedObject(blob)
		if err != nil {
			return plumbing.ZeroHash, err
		}
		for dir := path.Dir(f.Path); folders[dir] == nil; dir = path.Dir(dir) {
			folders[dir] = map[string]object.TreeEntry{}
		}
		folders[path.Dir(f.Path)][path.Base(f.Path)] = object.TreeEntry{Name: path.Base(f.Path), Mode: filemode.Regular, Hash: h}
	}

	// The deepest first: a folder's name is that of what is in it.
	dirs := make([]string, 0, len(folders))
	for dir := range folders {
		dirs = append(dirs, dir)
	}
	slices.SortFunc(dirs, func(a, b string) int { return depth(b) - depth(a) })
	for _, dir := range dirs {
		t := &object.Tree{}
		for _, e := range folders[dir] {
			t.Entries = append(t.Entries, e)
		}
		slices.SortFunc(t.Entries, func(a, b object.TreeEntry) int { return strings.Compare(sortName(a), sortName(b)) })
		h, err := store(s, t)
		if err != nil || dir == "." {
			return h, err
		}
		folders[path.Dir(dir)][path.Base(dir)] = object.TreeEntry{Name: path.Base(dir), Mode: filemode.Dir, Hash: h}
	}
	return plumbing.ZeroHash, errors.New("there is no root")
}

func depth(dir string) int {
	if dir == "." {
		return 0
	}
	return 1 + strings.Count(dir, "/")
}

// sortName of an entry: Git sorts folders as if their names ended in a slash.
func sortName(e object.TreeEntry) string {
	if e.Mode == filemode.Dir {
		return e.Name + "/"
	}
	return e.Name
}

// receivePack sends a push.
func (c *Client) receivePack(ctx context.Context, r Repo, body []byte) error {
	const route = "/{}/{}.git/git-receive-pack"
	p, err := call{route: route, args: r.args()}.path()
	if err != nil {
		return err
	}
	release, err := c.admit(ctx, call{method: http.MethodPost, lock: r.String()})
	if err != nil {
		return unreachable(c.base, err)
	}
	defer release()
	q, err := http.NewRequestWithContext(context.WithValue(ctx, routeKey{}, route), http.MethodPost, strings.TrimRight(c.base.String(), "/")+p, bytes.NewReader(body))
	if err != nil {
		return errors.Wrap(err, "cannot create request")
	}
	q.Header.Set("Content-Type", "application/x-git-receive-pack-request")
	// Git's part of Gitea takes a token as a password, and no other way.
	q.SetBasicAuth(tokenUser, c.token)
	rsp, err := c.http.Do(q)
	if err != nil {
		return unreachable(c.base, err)
	}
	defer rsp.Body.Close() //nolint:errcheck // Nothing to do about it.
	answer, err := io.ReadAll(io.LimitReader(rsp.Body, maxAnswer))
	if err != nil {
		return unreachable(c.base, err)
	}
	if rsp.StatusCode != http.StatusOK {
		return newError(http.MethodPost, p, rsp.StatusCode, answer)
	}
	report := packp.NewReportStatus()
	if err := report.Decode(bytes.NewReader(answer)); err != nil {
		return errors.Wrap(err, "cannot read what became of a push")
	}
	if err := report.Error(); err != nil {
		return &Error{Method: http.MethodPost, Path: p, Status: http.StatusConflict, Message: err.Error()}
	}
	return nil
}

// tokenUser goes with a token that is given as a password. Gitea looks at the
// token only.
const tokenUser = "token"

// Noted waits until the server knows that the repository is not empty any more.
// Until then it answers as if nothing had been pushed.
func (c *Client) Noted(ctx context.Context, r Repo) error {
	defer c.snaps.drop(headsKey(r))
	ctx, cancel := context.WithTimeout(ctx, notedWithin)
	defer cancel()
	for wait := notedFirst; ; wait = min(2*wait, notedLongest) {
		found, err := c.GetRepository(ctx, r)
		if err != nil {
			return errors.Wrap(err, "cannot tell whether the push was noted")
		}
		if !found.Empty {
			return nil
		}
		select {
		case <-ctx.Done():
			return errors.Errorf("Gitea has the push to %s and did not note it within %s", r, notedWithin)
		case <-time.After(wait):
		}
	}
}
