// Package branch makes Branches real.
package branch

import (
	"context"
	"net/http"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	"github.com/crossplane/crossplane-runtime/v2/pkg/reconciler/managed"

	"github.com/openova-io/catalyst/providers/provider-gitea/apis/v1alpha1"
	"github.com/openova-io/catalyst/providers/provider-gitea/internal/clients"
	"github.com/openova-io/catalyst/providers/provider-gitea/internal/connect"
	"github.com/openova-io/catalyst/providers/provider-gitea/internal/fields"
)

// Branches appear moments after they were created.
const (
	visibleEvery  = 100 * time.Millisecond
	visibleWithin = 10 * time.Second
)

// External makes the external client of Branches.
func External(s connect.Session) managed.TypedExternalClient[*v1alpha1.Branch] {
	return &external{Session: s}
}

type external struct {
	connect.Session
	connect.Stay

	settled bool
}

func repo(mg *v1alpha1.Branch) (clients.Repo, bool) {
	return connect.Repo(mg.Spec.ForProvider.Owner, mg.Spec.ForProvider.Repository)
}

// Observe costs one GET for all branches of a repository. A branch that moved
// has not drifted: it belongs to people.
func (e *external) Observe(ctx context.Context, mg *v1alpha1.Branch) (managed.ExternalObservation, error) {
	e.settled = connect.Settled(mg)
	r, known := repo(mg)
	gone, err := e.Gone(ctx, mg, r, known)
	if gone || err != nil {
		return managed.ExternalObservation{}, err
	}
	heads, err := e.heads(ctx, mg, r)
	if clients.IsNotFound(err) {
		return managed.ExternalObservation{}, nil
	}
	if err != nil {
		return managed.ExternalObservation{}, errors.Wrap(err, "cannot list branches")
	}
	head, ok := heads[connect.Name(mg)]
	if !ok {
		return managed.ExternalObservation{}, nil
	}
	mg.Status.AtProvider.Commit = head
	return connect.Observed(mg, fields.Set{}), nil
}

// heads are asked again while the branch is being deleted: one that is gone
// must not keep its object waiting.
func (e *external) heads(ctx context.Context, mg *v1alpha1.Branch, r clients.Repo) (map[string]string, error) {
	if meta.WasDeleted(mg) {
		return e.Gitea.FreshHeads(ctx, r)
	}
	return e.Gitea.Heads(ctx, r)
}

// Create cuts the branch and waits until it can be used. A branch that exists
// is adopted.
func (e *external) Create(ctx context.Context, mg *v1alpha1.Branch) (managed.ExternalCreation, error) {
	mg.SetConditions(xpv1.Creating())
	r, known := repo(mg)
	if !known {
		return managed.ExternalCreation{}, connect.ErrUnresolved()
	}
	name, ref := connect.Name(mg), connect.Value(mg.Spec.ForProvider.Ref)
	err := e.Gitea.CreateBranch(ctx, r, name, ref)
	if err != nil && !e.exists(ctx, r, name) {
		return managed.ExternalCreation{}, e.explain(ctx, r, name, ref, err)
	}
	if err == nil && e.settled {
		e.Recreated(mg, "branch "+name)
	}
	err = wait.PollUntilContextTimeout(ctx, visibleEvery, visibleWithin, true, func(ctx context.Context) (bool, error) {
		_, err := e.Gitea.GetBranch(ctx, r, name)
		return err == nil, clients.IgnoreNotFound(err)
	})
	return managed.ExternalCreation{}, errors.Wrapf(err, "branch %q was created in %s but can't be seen yet", name, r)
}

func (e *external) exists(ctx context.Context, r clients.Repo, name string) bool {
	heads, err := e.Gitea.FreshHeads(ctx, r)
	return err == nil && heads[name] != ""
}

// explain why the branch could not be created. Gitea says 500 for a ref that
// does not exist, and 404 for an empty repository as for none.
func (e *external) explain(ctx context.Context, r clients.Repo, name, ref string, err error) error {
	found, gerr := e.Gitea.GetRepository(ctx, r)
	if gerr != nil {
		return connect.Missing(gerr, r)
	}
	if found.Empty {
		return errors.Errorf("cannot create branch %q: repository %s has no commit yet", name, r)
	}
	if ref != "" {
		if ok, rerr := e.Gitea.RefExists(ctx, r, ref); rerr == nil && !ok {
			return errors.Errorf("cannot create branch %q: spec.forProvider.ref %q does not exist in repository %s", name, ref, r)
		}
	}
	if clients.IsStatus(err, http.StatusConflict) {
		return errors.Wrapf(err, "cannot create branch %q: its name collides with that of another branch or tag", name)
	}
	return errors.Wrapf(err, "cannot create branch %q in repository %s", name, r)
}

// Update has nothing to do: nothing of a branch is compared.
func (e *external) Update(context.Context, *v1alpha1.Branch) (managed.ExternalUpdate, error) {
	return managed.ExternalUpdate{}, nil
}

// Delete the branch. Gitea keeps default branches.
func (e *external) Delete(ctx context.Context, mg *v1alpha1.Branch) (managed.ExternalDelete, error) {
	mg.SetConditions(xpv1.Deleting())
	r, known := repo(mg)
	if !known {
		return managed.ExternalDelete{}, nil
	}
	name := connect.Name(mg)
	err := e.Gitea.DeleteBranch(ctx, r, name)
	if clients.IsStatus(err, http.StatusForbidden) {
		found, gerr := e.Gitea.GetRepository(ctx, r)
		if clients.IsNotFound(gerr) {
			return managed.ExternalDelete{}, nil
		}
		if gerr == nil && found.DefaultBranch == name {
			return managed.ExternalDelete{}, errors.Errorf("branch %q is the default branch of %s, which Gitea does not delete: choose another default branch, delete the repository, or leave Delete out of spec.managementPolicies", name, r)
		}
	}
	return managed.ExternalDelete{}, errors.Wrapf(clients.IgnoreNotFound(err), "cannot delete branch %q of repository %s", name, r)
}
