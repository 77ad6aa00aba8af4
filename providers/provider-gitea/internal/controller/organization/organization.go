// Package organization makes Organizations real.
package organization

import (
	"context"
	"net/http"
	"strings"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/reconciler/managed"

	"github.com/openova-io/catalyst/providers/provider-gitea/apis/v1alpha1"
	"github.com/openova-io/catalyst/providers/provider-gitea/internal/clients"
	"github.com/openova-io/catalyst/providers/provider-gitea/internal/connect"
	"github.com/openova-io/catalyst/providers/provider-gitea/internal/fields"
)

// named is how many repositories in the way of a deletion are named.
const named = 5

// External makes the external client of Organizations.
func External(s connect.Session) managed.TypedExternalClient[*v1alpha1.Organization] {
	return &external{Session: s}
}

type external struct {
	connect.Session
	connect.Stay

	settled bool
}

// Observe costs one GET.
func (e *external) Observe(ctx context.Context, mg *v1alpha1.Organization) (managed.ExternalObservation, error) {
	e.settled = connect.Settled(mg)
	o, err := e.Gitea.GetOrganization(ctx, connect.Name(mg))
	if clients.IsNotFound(err) {
		return managed.ExternalObservation{}, nil
	}
	if err != nil {
		return managed.ExternalObservation{}, errors.Wrap(err, "cannot get organization")
	}
	mg.Status.AtProvider.ID, mg.Status.AtProvider.Visibility = o.ID, o.Visibility
	return connect.Observed(mg, diff(mg.Spec.ForProvider, o)), nil
}

func diff(p v1alpha1.OrganizationParameters, o *clients.Organization) fields.Set {
	s := fields.Set{}
	fields.Check(&s, "fullName", "full_name", p.FullName, o.FullName)
	fields.Check(&s, "description", "description", p.Description, o.Description)
	fields.Check(&s, "email", "email", p.Email, o.Email)
	fields.Check(&s, "website", "website", p.Website, o.Website)
	fields.Check(&s, "location", "location", p.Location, o.Location)
	fields.Check(&s, "visibility", "visibility", p.Visibility, o.Visibility)
	fields.Check(&s, "repoAdminChangeTeamAccess", "repo_admin_change_team_access", p.RepoAdminChangeTeamAccess, o.RepoAdminChangeTeamAccess)
	return s
}

// Create adopts an organization that exists.
func (e *external) Create(ctx context.Context, mg *v1alpha1.Organization) (managed.ExternalCreation, error) {
	mg.SetConditions(xpv1.Creating())
	name := connect.Name(mg)
	err := e.Gitea.CreateOrganization(ctx, name, diff(mg.Spec.ForProvider, &clients.Organization{}).Body())
	if clients.IsStatus(err, http.StatusUnprocessableEntity) {
		if _, gerr := e.Gitea.GetOrganization(ctx, name); gerr == nil {
			return managed.ExternalCreation{}, nil
		}
	}
	if err != nil {
		return managed.ExternalCreation{}, errors.Wrapf(err, "cannot create organization %q", name)
	}
	if e.settled {
		e.Recreated(mg, "organization "+name)
	}
	return managed.ExternalCreation{}, nil
}

// Update what differs and read it back.
func (e *external) Update(ctx context.Context, mg *v1alpha1.Organization) (managed.ExternalUpdate, error) {
	name := connect.Name(mg)
	found, err := e.Gitea.GetOrganization(ctx, name)
	if err != nil {
		return managed.ExternalUpdate{}, errors.Wrap(err, "cannot get organization")
	}
	d := diff(mg.Spec.ForProvider, found)
	if len(d) > 0 {
		if err := e.Gitea.UpdateOrganization(ctx, name, d.Body()); err != nil {
			return managed.ExternalUpdate{}, errors.Wrapf(err, "cannot update %s of organization %q", d.Names(), name)
		}
		if found, err = e.Gitea.GetOrganization(ctx, name); err != nil {
			return managed.ExternalUpdate{}, errors.Wrap(err, "cannot read organization back")
		}
		if err := connect.NotTaken(diff(mg.Spec.ForProvider, found), "another client may be changing it"); err != nil {
			return managed.ExternalUpdate{}, err
		}
		if e.settled {
			e.Corrected(mg, d)
		}
	}
	mg.Status.AtProvider.Visibility = found.Visibility
	mg.SetConditions(xpv1.Available())
	return managed.ExternalUpdate{}, nil
}

// Delete the organization once it is empty. Gitea answers 500 while it owns
// repositories, so they are looked for first, and never deleted from here.
func (e *external) Delete(ctx context.Context, mg *v1alpha1.Organization) (managed.ExternalDelete, error) {
	mg.SetConditions(xpv1.Deleting())
	name := connect.Name(mg)
	repos, n, err := e.Gitea.OrganizationRepositories(ctx, name, named)
	if clients.IsNotFound(err) {
		return managed.ExternalDelete{}, nil
	}
	if err != nil {
		return managed.ExternalDelete{}, errors.Wrap(err, "cannot list repositories")
	}
	mg.Status.AtProvider.Repositories = &n
	if n > 0 {
		more := ""
		if n > int64(len(repos)) {
			more = ", …"
		}
		return managed.ExternalDelete{}, errors.Errorf("waiting for %d repositories to be deleted first: %s%s", n, strings.Join(repos, ", "), more)
	}
	return managed.ExternalDelete{}, errors.Wrapf(clients.IgnoreNotFound(e.Gitea.DeleteOrganization(ctx, name)), "cannot delete organization %q", name)
}
