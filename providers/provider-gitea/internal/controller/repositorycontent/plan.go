package repositorycontent

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"

	"github.com/openova-io/catalyst/providers/provider-gitea/apis/v1alpha1"
	"github.com/openova-io/catalyst/providers/provider-gitea/internal/clients"
	"github.com/openova-io/catalyst/providers/provider-gitea/internal/fields"
)

// outside matches paths that leave the repository or reach into its .git. The
// API server refuses them too; this is for objects it did not see.
var outside = regexp.MustCompile(`(^|/)(|\.|\.\.|\.[gG][iI][tT])(/|$)|[\\\x00-\x1f\x7f]`)

// validate the files' paths.
func validate(files []v1alpha1.RepositoryFile) error {
	seen := map[string]bool{}
	for _, f := range files {
		if outside.MatchString(f.Path) {
			return errors.Errorf("spec.forProvider.files: path %q is not a path inside the repository", f.Path)
		}
		if seen[f.Path] {
			return errors.Errorf("spec.forProvider.files: path %q is given twice", f.Path)
		}
		seen[f.Path] = true
	}
	for _, f := range files {
		for dir := f.Path; ; {
			i := strings.LastIndex(dir, "/")
			if i < 0 {
				break
			}
			dir = dir[:i]
			if seen[dir] {
				return errors.Errorf("spec.forProvider.files: %q is a file and the directory of %q", dir, f.Path)
			}
		}
	}
	return nil
}

// digest of what is wanted. While it and the branch's head stay the same,
// there is nothing to compare.
func digest(files []v1alpha1.RepositoryFile) string {
	h := sha256.New()
	for _, f := range sortedFiles(files) {
		_, _ = fmt.Fprintf(h, "%q %t %s\n", f.Path, once(f), clients.BlobSHA([]byte(f.Content)))
	}
	return hex.EncodeToString(h.Sum(nil))
}

func sortedFiles(files []v1alpha1.RepositoryFile) []v1alpha1.RepositoryFile {
	out := slices.Clone(files)
	slices.SortFunc(out, func(a, b v1alpha1.RepositoryFile) int { return strings.Compare(a.Path, b.Path) })
	return out
}

func once(f v1alpha1.RepositoryFile) bool { return f.WriteOnce != nil && *f.WriteOnce }

// A plan is what one commit has to change, and what is owned after it.
type plan struct {
	ops   []clients.FileOperation
	diff  fields.Set
	owned []v1alpha1.OwnedFile
	// found says that some wanted or owned file is there.
	found bool
}

// makePlan compares the files that are wanted and those that are owned with
// the tree of the branch.
//
// Files that are owned but no longer wanted are removed, unless they were
// changed by somebody else meanwhile. Files that are written once are created
// when they were never written, which is remembered by owning them. Tried tells
// that writing was set out to before: when nothing is known to be owned and yet
// a wanted file is there, then all were written in one commit and the record of
// it is lost, and a file written once that is not there was removed by its
// people.
func makePlan(files []v1alpha1.RepositoryFile, owned []v1alpha1.OwnedFile, tree map[string]clients.Entry, tried bool) plan {
	p := plan{}
	had := map[string]v1alpha1.OwnedFile{}
	for _, o := range owned {
		had[o.Path] = o
	}
	lost := tried && len(owned) == 0 && written(files, tree)

	wanted := map[string]bool{}
	for _, f := range sortedFiles(files) {
		wanted[f.Path] = true
		sha := clients.BlobSHA([]byte(f.Content))
		entry, exists := tree[f.Path]
		if exists {
			p.found = true
		}
		if once(f) {
			o, did := had[f.Path]
			if !exists && !did && !lost {
				p.add(clients.OperationCreate, f, "", sha)
				o = v1alpha1.OwnedFile{SHA: sha}
			}
			p.own(f.Path, o.SHA, true)
			continue
		}
		switch {
		case !exists:
			p.add(clients.OperationCreate, f, "", sha)
		case entry.SHA != sha:
			p.add(clients.OperationUpdate, f, entry.SHA, sha)
		}
		p.own(f.Path, sha, false)
	}
	for _, o := range owned {
		entry, exists := tree[o.Path]
		if wanted[o.Path] || o.WriteOnce || !exists || entry.SHA != o.SHA {
			continue
		}
		p.found = true
		p.remove(o.Path, entry.SHA)
	}
	return p
}

// written returns whether a wanted file is there as it would have been written.
func written(files []v1alpha1.RepositoryFile, tree map[string]clients.Entry) bool {
	return slices.ContainsFunc(files, func(f v1alpha1.RepositoryFile) bool {
		return tree[f.Path].SHA == clients.BlobSHA([]byte(f.Content))
	})
}

// removal plans to remove every file that is owned. What is wanted is owned,
// even when the record of it was lost.
func removal(files []v1alpha1.RepositoryFile, owned []v1alpha1.OwnedFile, tree map[string]clients.Entry) plan {
	p := plan{}
	done := map[string]bool{}
	for _, f := range sortedFiles(files) {
		done[f.Path] = true
		if entry, exists := tree[f.Path]; exists && !once(f) && entry.Type == blob {
			p.remove(f.Path, entry.SHA)
		}
	}
	for _, o := range owned {
		entry, exists := tree[o.Path]
		if !done[o.Path] && !o.WriteOnce && exists && entry.SHA == o.SHA {
			p.remove(o.Path, entry.SHA)
		}
	}
	return p
}

// blob is the type of a tree's entry that is a file.
const blob = "blob"

func (p *plan) add(op string, f v1alpha1.RepositoryFile, from, to string) {
	p.ops = append(p.ops, clients.FileOperation{Operation: op, Path: f.Path, SHA: from, ContentBase64: base64.StdEncoding.EncodeToString([]byte(f.Content))})
	p.diff = append(p.diff, fields.Difference{Field: "files[" + f.Path + "]", Found: short(from), Want: short(to)})
}

func (p *plan) remove(path, sha string) {
	p.ops = append(p.ops, clients.FileOperation{Operation: clients.OperationDelete, Path: path, SHA: sha})
	p.diff = append(p.diff, fields.Difference{Field: "files[" + path + "]", Found: short(sha), Want: short("")})
}

// rewrite a file with the bytes it has, so that there is a commit.
func (p *plan) rewrite(files []v1alpha1.RepositoryFile, tree map[string]clients.Entry) {
	for _, f := range sortedFiles(files) {
		sha := clients.BlobSHA([]byte(f.Content))
		if tree[f.Path].SHA != sha {
			continue
		}
		p.add(clients.OperationUpdate, f, sha, sha)
		p.diff = fields.Set{{Field: "repository.empty", Found: "true", Want: "false"}}
		return
	}
}

func (p *plan) own(path, sha string, once bool) {
	p.owned = append(p.owned, v1alpha1.OwnedFile{Path: path, SHA: sha, WriteOnce: once})
}

// short name of a blob.
func short(sha string) string {
	const n = 12
	if sha == "" {
		return "absent"
	}
	return "blob " + sha[:min(n, len(sha))]
}

// message of the commit, when none is wanted.
func (p *plan) message(verb string) string {
	if len(p.ops) == 1 {
		return verb + " " + p.ops[0].Path
	}
	b := &strings.Builder{}
	_, _ = fmt.Fprintf(b, "%s %d files\n", verb, len(p.ops))
	for _, op := range p.ops {
		_, _ = fmt.Fprintf(b, "\n%s %s", op.Operation, op.Path)
	}
	return b.String()
}
