// Package repositorycontent makes RepositoryContents real.
//
// What a poll costs: the shared listing of a repository's branches, one GET.
// When neither the branch nor what is wanted changed since it was last found
// equal, that is all. Otherwise one GET of the branch's tree per thousand
// entries, and one of the repository when no commit is known to be ours. A RepositoryContent that leaves the branch to the repository costs
// one GET of the repository more. A write costs one commit and one listing of
// branches more.
package repositorycontent

import (
	"context"
	"net/http"
	"slices"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	"github.com/crossplane/crossplane-runtime/v2/pkg/reconciler/managed"

	"github.com/openova-io/catalyst/providers/provider-gitea/apis/v1alpha1"
	"github.com/openova-io/catalyst/providers/provider-gitea/internal/clients"
	"github.com/openova-io/catalyst/providers/provider-gitea/internal/connect"
)

// maxAttempts to write while others write too.
const maxAttempts = 4

// External makes the external client of RepositoryContents.
func External(s connect.Session) managed.TypedExternalClient[*v1alpha1.RepositoryContent] {
	return &external{Session: s}
}

type external struct {
	connect.Session
	connect.Stay

	settled bool
}

func repo(mg *v1alpha1.RepositoryContent) (clients.Repo, bool) {
	return connect.Repo(mg.Spec.ForProvider.Owner, mg.Spec.ForProvider.Repository)
}

// Observe compares the files with the branch.
func (e *external) Observe(ctx context.Context, mg *v1alpha1.RepositoryContent) (managed.ExternalObservation, error) {
	e.settled = connect.Settled(mg)
	r, known := repo(mg)
	gone, err := e.Gone(ctx, mg, r, known)
	if gone || err != nil {
		return managed.ExternalObservation{}, err
	}
	if err := validate(mg.Spec.ForProvider.Files); err != nil && !meta.WasDeleted(mg) {
		return managed.ExternalObservation{}, err
	}
	branch, err := e.branch(ctx, mg, r)
	if clients.IsNotFound(err) {
		return managed.ExternalObservation{}, nil
	}
	if err != nil {
		return managed.ExternalObservation{}, errors.Wrap(err, "cannot get repository")
	}
	if meta.WasDeleted(mg) {
		return e.observeDeleted(ctx, mg, r, branch)
	}
	heads, err := e.Gitea.Heads(ctx, r)
	if clients.IsNotFound(err) {
		return managed.ExternalObservation{}, nil
	}
	if err != nil {
		return managed.ExternalObservation{}, errors.Wrap(err, "cannot list branches")
	}
	head := heads[branch]
	if head == "" {
		// Whoever deleted the branch deleted what was in it, and what was
		// owned in it.
		mg.Status.AtProvider = v1alpha1.RepositoryContentObservation{Branch: branch}
		return managed.ExternalObservation{}, nil
	}
	return e.observeHead(ctx, mg, r, branch, head)
}

func (e *external) observeHead(ctx context.Context, mg *v1alpha1.RepositoryContent, r clients.Repo, branch, head string) (managed.ExternalObservation, error) {
	at := &mg.Status.AtProvider
	at.Branch = branch
	sum := digest(mg.Spec.ForProvider.Files)
	if at.Head == head && at.Digest == sum {
		return connect.Observed(mg, nil), nil
	}
	tree, err := e.Gitea.Tree(ctx, r, head)
	if err != nil {
		return managed.ExternalObservation{}, errors.Wrapf(err, "cannot list files of branch %q", branch)
	}
	p, err := e.compare(ctx, mg, r, tree)
	if err != nil {
		return managed.ExternalObservation{}, err
	}
	if len(p.ops) == 0 {
		at.Head, at.Digest, at.Owned = head, sum, p.owned
		return connect.Observed(mg, nil), nil
	}
	at.Head, at.Digest = "", ""
	if !p.found && at.Commit == "" {
		return managed.ExternalObservation{}, nil
	}
	return connect.Observed(mg, p.diff), nil
}

// compare what is wanted with the tree of the branch. A server that was killed
// right after a commit takes the repository for empty ever after, and refuses
// whatever needs a commit in it; the next commit puts that right. Only a commit
// that was never answered can have done that, so looking costs a GET of the
// repository when the files are there and no commit is known to be ours.
func (e *external) compare(ctx context.Context, mg *v1alpha1.RepositoryContent, r clients.Repo, tree map[string]clients.Entry) (plan, error) {
	p := makePlan(mg.Spec.ForProvider.Files, mg.Status.AtProvider.Owned, tree, tried(mg))
	if len(p.ops) > 0 || mg.Status.AtProvider.Commit != "" {
		return p, nil
	}
	found, err := e.Gitea.GetRepository(ctx, r)
	if err != nil {
		return plan{}, errors.Wrap(connect.Missing(err, r), "cannot get repository")
	}
	if found.Empty {
		p.rewrite(mg.Spec.ForProvider.Files, tree)
	}
	return p, nil
}

// observeDeleted says that something exists while files are left to remove.
func (e *external) observeDeleted(ctx context.Context, mg *v1alpha1.RepositoryContent, r clients.Repo, branch string) (managed.ExternalObservation, error) {
	p, err := e.removal(ctx, mg, r, branch)
	if err != nil {
		return managed.ExternalObservation{}, err
	}
	return managed.ExternalObservation{ResourceExists: len(p.ops) > 0, ResourceUpToDate: true}, nil
}

// tried returns whether somebody set out to write the files before. It is
// remembered in an annotation, which survives when status does not.
func tried(mg *v1alpha1.RepositoryContent) bool {
	return !meta.GetExternalCreatePending(mg).IsZero() || !meta.GetExternalCreateSucceeded(mg).IsZero()
}

// branch the files are on.
func (e *external) branch(ctx context.Context, mg *v1alpha1.RepositoryContent, r clients.Repo) (string, error) {
	if b := mg.Spec.ForProvider.Branch; b != nil {
		return *b, nil
	}
	// Once files were written, they stay where they are when another branch
	// becomes the default.
	if b := mg.Status.AtProvider.Branch; b != "" && mg.Status.AtProvider.Commit != "" {
		return b, nil
	}
	found, err := e.Gitea.GetRepository(ctx, r)
	if err != nil {
		return "", err
	}
	return found.DefaultBranch, nil
}

// Create writes the files.
func (e *external) Create(ctx context.Context, mg *v1alpha1.RepositoryContent) (managed.ExternalCreation, error) {
	mg.SetConditions(xpv1.Creating())
	p, err := e.write(ctx, mg)
	if err != nil {
		return managed.ExternalCreation{}, err
	}
	if e.settled && len(p.ops) > 0 {
		e.Recreated(mg, "the content of branch "+mg.Status.AtProvider.Branch)
	}
	return managed.ExternalCreation{}, nil
}

// Update writes the files that differ.
func (e *external) Update(ctx context.Context, mg *v1alpha1.RepositoryContent) (managed.ExternalUpdate, error) {
	p, err := e.write(ctx, mg)
	if err != nil {
		return managed.ExternalUpdate{}, err
	}
	if e.settled && len(p.diff) > 0 {
		e.Corrected(mg, p.diff)
	}
	mg.SetConditions(xpv1.Available())
	return managed.ExternalUpdate{}, nil
}

// write what differs in one commit. Each change names the file it expects to
// change: when somebody else was faster the server refuses, and what differs
// is found out again.
func (e *external) write(ctx context.Context, mg *v1alpha1.RepositoryContent) (plan, error) {
	r, known := repo(mg)
	if !known {
		return plan{}, connect.ErrUnresolved()
	}
	if err := validate(mg.Spec.ForProvider.Files); err != nil {
		return plan{}, err
	}
	branch, err := e.branch(ctx, mg, r)
	if err != nil {
		return plan{}, connect.Missing(err, r)
	}
	var last []clients.FileOperation
	for attempt := 1; ; attempt++ {
		p, heads, err := e.plan(ctx, mg, r, branch, attempt > 1)
		if err != nil {
			return plan{}, err
		}
		head := heads[branch]
		if len(p.ops) == 0 {
			e.wrote(mg, branch, head, "", p)
			return p, nil
		}
		commit, err := e.send(ctx, mg, r, e.commit(mg, branch, p.message("Write"), p.ops), len(heads) == 0)
		if err == nil {
			return p, e.readBack(ctx, mg, r, branch, commit, p)
		}
		// What was refused and is still all that differs is refused for
		// another reason than somebody else's commit.
		if !contended(err) || attempt == maxAttempts || slices.Equal(last, p.ops) {
			return plan{}, e.explain(ctx, r, branch, err)
		}
		last = p.ops
	}
}

// send the commit: the first of an empty repository together with the branches
// that start there, unless the server has Git over HTTP turned off.
func (e *external) send(ctx context.Context, mg *v1alpha1.RepositoryContent, r clients.Repo, c clients.Commit, empty bool) (string, error) {
	initial := mg.Spec.ForProvider.InitialBranches
	if !empty || len(initial) == 0 {
		return e.Gitea.CommitFiles(ctx, r, c)
	}
	commit, err := e.Gitea.PushFirst(ctx, r, c, initial)
	if clients.IsStatus(err, http.StatusForbidden, http.StatusNotFound) {
		return e.Gitea.CommitFiles(ctx, r, c)
	}
	if err != nil {
		return "", err
	}
	mg.Status.AtProvider.InitialBranches = initial
	for _, b := range append([]string{c.Branch}, initial...) {
		e.Reached(connect.BranchExists(mg.GetNamespace(), r, b))
	}
	return commit, e.Gitea.Noted(ctx, r)
}

// contended says that the refusal may be due to a commit made meanwhile.
func contended(err error) bool {
	return clients.IsStatus(err, http.StatusConflict, http.StatusUnprocessableEntity, http.StatusNotFound, http.StatusInternalServerError)
}

func (e *external) explain(ctx context.Context, r clients.Repo, branch string, err error) error {
	if !clients.IsNotFound(err) {
		return errors.Wrapf(err, "cannot commit to branch %q of repository %s", branch, r)
	}
	if _, gerr := e.Gitea.GetRepository(ctx, r); gerr != nil {
		return connect.Missing(gerr, r)
	}
	return errors.Errorf("cannot commit to branch %q: it does not exist in repository %s", branch, r)
}

// plan what differs from the branch, and tell what branches there are. What was
// just listed is good enough for a first attempt: the server refuses changes to
// what is different by now.
func (e *external) plan(ctx context.Context, mg *v1alpha1.RepositoryContent, r clients.Repo, branch string, fresh bool) (plan, map[string]string, error) {
	list := e.Gitea.Heads
	if fresh {
		list = e.Gitea.FreshHeads
	}
	heads, err := list(ctx, r)
	if err != nil {
		return plan{}, nil, errors.Wrap(connect.Missing(err, r), "cannot list branches")
	}
	if heads[branch] == "" {
		// Only an empty repository takes a commit now: nothing is there, and
		// nothing was removed by people.
		return makePlan(mg.Spec.ForProvider.Files, nil, nil, false), heads, nil
	}
	tree, err := e.Gitea.Tree(ctx, r, heads[branch])
	if err != nil {
		return plan{}, nil, errors.Wrapf(err, "cannot list files of branch %q", branch)
	}
	p, err := e.compare(ctx, mg, r, tree)
	return p, heads, err
}

func (e *external) commit(mg *v1alpha1.RepositoryContent, branch, message string, ops []clients.FileOperation) clients.Commit {
	c := clients.Commit{Branch: branch, Message: message, Files: ops}
	if m := mg.Spec.ForProvider.Message; m != nil {
		c.Message = *m
	}
	if a := mg.Spec.ForProvider.Author; a != nil {
		c.Author = &clients.Identity{Name: a.Name, Email: a.Email}
	}
	return c
}

// readBack what was written.
func (e *external) readBack(ctx context.Context, mg *v1alpha1.RepositoryContent, r clients.Repo, branch, commit string, p plan) error {
	tree, err := e.Gitea.Tree(ctx, r, commit)
	if err != nil {
		return errors.Wrapf(err, "cannot read commit %s back", commit)
	}
	left := makePlan(mg.Spec.ForProvider.Files, p.owned, tree, true)
	if err := connect.NotTaken(left.diff, "the repository's attributes may store files elsewhere, as LFS does"); err != nil {
		return err
	}
	heads, err := e.Gitea.FreshHeads(ctx, r)
	if err != nil {
		return errors.Wrap(err, "cannot list branches")
	}
	e.wrote(mg, branch, heads[branch], commit, p)
	return nil
}

// wrote records what is owned. Only the head that was compared is recorded as
// equal: when somebody committed on top, the next poll looks again.
func (e *external) wrote(mg *v1alpha1.RepositoryContent, branch, head, commit string, p plan) {
	at := &mg.Status.AtProvider
	at.Branch, at.Owned = branch, p.owned
	if commit != "" {
		at.Commit = commit
	}
	at.Head, at.Digest = "", ""
	if commit == "" || commit == head {
		at.Head, at.Digest = head, digest(mg.Spec.ForProvider.Files)
	}
}

func (e *external) removal(ctx context.Context, mg *v1alpha1.RepositoryContent, r clients.Repo, branch string) (plan, error) {
	heads, err := e.Gitea.FreshHeads(ctx, r)
	if clients.IsNotFound(err) {
		return plan{}, nil
	}
	if err != nil {
		return plan{}, errors.Wrap(err, "cannot list branches")
	}
	head := heads[branch]
	if head == "" {
		return plan{}, nil
	}
	tree, err := e.Gitea.Tree(ctx, r, head)
	if err != nil {
		return plan{}, errors.Wrapf(err, "cannot list files of branch %q", branch)
	}
	return removal(mg.Spec.ForProvider.Files, mg.Status.AtProvider.Owned, tree), nil
}

// Delete removes the files that are owned, in one commit.
func (e *external) Delete(ctx context.Context, mg *v1alpha1.RepositoryContent) (managed.ExternalDelete, error) {
	mg.SetConditions(xpv1.Deleting())
	r, known := repo(mg)
	if !known {
		return managed.ExternalDelete{}, nil
	}
	branch, err := e.branch(ctx, mg, r)
	if clients.IsNotFound(err) {
		return managed.ExternalDelete{}, nil
	}
	if err != nil {
		return managed.ExternalDelete{}, errors.Wrap(err, "cannot get repository")
	}
	var last []clients.FileOperation
	for attempt := 1; ; attempt++ {
		p, err := e.removal(ctx, mg, r, branch)
		if err != nil || len(p.ops) == 0 {
			return managed.ExternalDelete{}, err
		}
		_, err = e.Gitea.CommitFiles(ctx, r, e.commit(mg, branch, p.message("Remove"), p.ops))
		if err == nil {
			return managed.ExternalDelete{}, nil
		}
		if !contended(err) || attempt == maxAttempts || slices.Equal(last, p.ops) {
			return managed.ExternalDelete{}, errors.Wrapf(err, "cannot remove files from branch %q of repository %s", branch, r)
		}
		last = p.ops
	}
}
