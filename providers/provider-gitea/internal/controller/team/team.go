// Package team makes Teams real.
package team

import (
	"context"
	"net/http"
	"slices"
	"strings"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	"github.com/crossplane/crossplane-runtime/v2/pkg/reconciler/managed"

	"github.com/openova-io/catalyst/providers/provider-gitea/apis/v1alpha1"
	"github.com/openova-io/catalyst/providers/provider-gitea/internal/clients"
	"github.com/openova-io/catalyst/providers/provider-gitea/internal/connect"
	"github.com/openova-io/catalyst/providers/provider-gitea/internal/fields"
)

// Permissions Gitea knows by name.
const (
	permissionNone  = "none"
	permissionRead  = "read"
	permissionAdmin = "admin"
)

// units of a repository. Gitea keeps a permission per unit: one permission for
// all is written to each.
func units() []string {
	return []string{
		"repo.code", "repo.issues", "repo.ext_issues", "repo.pulls", "repo.releases",
		"repo.wiki", "repo.ext_wiki", "repo.projects", "repo.packages", "repo.actions",
	}
}

// External makes the external client of Teams.
func External(s connect.Session) managed.TypedExternalClient[*v1alpha1.Team] {
	return &external{Session: s}
}

type external struct {
	connect.Session
	connect.Stay

	settled bool
}

// Observe costs one GET for all teams of an organization, and, when members
// are managed, one for the members and one for each that is missing.
func (e *external) Observe(ctx context.Context, mg *v1alpha1.Team) (managed.ExternalObservation, error) {
	e.settled = connect.Settled(mg)
	org := connect.Value(mg.Spec.ForProvider.Owner)
	if org == "" {
		if meta.WasDeleted(mg) {
			return managed.ExternalObservation{}, nil
		}
		return managed.ExternalObservation{}, connect.ErrUnresolved()
	}
	if meta.WasDeleted(mg) && isOwners(mg) {
		// It was there before us and goes with its organization.
		return managed.ExternalObservation{}, nil
	}
	t, err := e.Gitea.GetTeam(ctx, org, connect.Name(mg))
	if clients.IsNotFound(err) || (err == nil && t == nil) {
		return managed.ExternalObservation{}, nil
	}
	if err != nil {
		return managed.ExternalObservation{}, errors.Wrap(err, "cannot list teams")
	}
	d := diff(mg, t)
	add, remove, err := e.members(ctx, mg, t.ID)
	if err != nil {
		return managed.ExternalObservation{}, err
	}
	if len(add)+len(remove) > 0 {
		d = append(d, membersDiff(mg, add))
	}
	mg.Status.AtProvider.ID, mg.Status.AtProvider.Permission = t.ID, t.Permission
	return connect.Observed(mg, d), nil
}

func isOwners(mg *v1alpha1.Team) bool {
	return strings.EqualFold(connect.Name(mg), clients.OwnersTeam)
}

// diff of everything but members. Nothing else of the team of owners can be
// changed.
func diff(mg *v1alpha1.Team, t *clients.Team) fields.Set {
	s := fields.Set{}
	if isOwners(mg) {
		return s
	}
	p := mg.Spec.ForProvider
	fields.Check(&s, "description", "description", p.Description, t.Description)
	fields.Check(&s, "includesAllRepositories", "includes_all_repositories", p.IncludesAllRepositories, t.IncludesAllRepositories)
	fields.Check(&s, "canCreateOrgRepo", "can_create_org_repo", p.CanCreateOrgRepo, t.CanCreateOrgRepo)
	switch {
	case p.UnitsMap != nil:
		checkUnits(&s, "unitsMap", p.UnitsMap, t)
	case p.Permission == nil:
	case *p.Permission == permissionAdmin:
		fields.Check(&s, "permission", "permission", p.Permission, t.Permission)
	default:
		checkUnits(&s, "permission", everyUnit(*p.Permission), t)
	}
	return s
}

func everyUnit(permission string) map[string]string {
	m := map[string]string{}
	for _, u := range units() {
		m[u] = permission
	}
	return m
}

func checkUnits(s *fields.Set, field string, want map[string]string, t *clients.Team) {
	fields.CheckList(s, field, "units_map", pairs(want), pairs(t.UnitsMap))
}

// pairs of unit and permission. No permission is the same as no pair.
func pairs(m map[string]string) []string {
	out := []string{}
	for u, p := range m {
		if p != permissionNone {
			out = append(out, u+"="+p)
		}
	}
	return out
}

// body of a write. Gitea takes permissions only all at once, and takes
// includes_all_repositories only beside a permission.
func body(mg *v1alpha1.Team, d fields.Set) map[string]any {
	b := d.Body()
	p := mg.Spec.ForProvider
	delete(b, "units_map")
	switch {
	case p.UnitsMap != nil:
		b["permission"], b["units_map"] = permissionNone, p.UnitsMap
	case p.Permission == nil:
	case *p.Permission == permissionAdmin:
		b["permission"] = permissionAdmin
	default:
		b["permission"], b["units_map"] = permissionNone, everyUnit(*p.Permission)
	}
	return b
}

// members returns who to add and who to remove, and records who is missing.
func (e *external) members(ctx context.Context, mg *v1alpha1.Team, id int64) (add, remove []string, err error) {
	want := mg.Spec.ForProvider.Members
	if want == nil {
		mg.Status.AtProvider.Members, mg.Status.AtProvider.MemberCount, mg.Status.AtProvider.MissingMembers = nil, nil, nil
		return nil, nil, nil
	}
	found, err := e.Gitea.TeamMembers(ctx, id)
	if err != nil {
		return nil, nil, errors.Wrap(err, "cannot list members")
	}
	missing := []string{}
	for _, w := range want {
		if contains(found, w) {
			continue
		}
		ok, err := e.Gitea.UserExists(ctx, w)
		if err != nil {
			return nil, nil, errors.Wrapf(err, "cannot look up user %q", w)
		}
		if !ok {
			missing = append(missing, w)
			continue
		}
		add = append(add, w)
	}
	for _, f := range found {
		if !contains(want, f) {
			remove = append(remove, f)
		}
	}
	slices.Sort(found)
	slices.Sort(missing)
	n := int64(len(found))
	mg.Status.AtProvider.Members, mg.Status.AtProvider.MemberCount, mg.Status.AtProvider.MissingMembers = found, &n, missing
	return add, remove, nil
}

func contains(names []string, name string) bool {
	return slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, name) })
}

// membersDiff is between who is there and who is wanted and has an account.
func membersDiff(mg *v1alpha1.Team, add []string) fields.Difference {
	want := slices.Clone(add)
	for _, f := range mg.Status.AtProvider.Members {
		if contains(mg.Spec.ForProvider.Members, f) {
			want = append(want, f)
		}
	}
	slices.Sort(want)
	return fields.Difference{Field: "members", Found: mg.Status.AtProvider.Members, Want: want}
}

// Create adopts a team that exists. Members follow with the first update.
func (e *external) Create(ctx context.Context, mg *v1alpha1.Team) (managed.ExternalCreation, error) {
	mg.SetConditions(xpv1.Creating())
	org, name := connect.Value(mg.Spec.ForProvider.Owner), connect.Name(mg)
	b := body(mg, diff(mg, &clients.Team{}))
	if b["permission"] == nil {
		b["permission"], b["units_map"] = permissionNone, everyUnit(permissionRead)
	}
	t, err := e.Gitea.CreateTeam(ctx, org, name, b)
	if clients.IsStatus(err, http.StatusUnprocessableEntity) {
		if t, gerr := e.Gitea.GetTeam(ctx, org, name); gerr == nil && t != nil {
			return managed.ExternalCreation{}, nil
		}
	}
	if clients.IsNotFound(err) {
		return managed.ExternalCreation{}, errors.Wrapf(err, "organization %q does not exist", org)
	}
	if err != nil {
		return managed.ExternalCreation{}, errors.Wrapf(err, "cannot create team %q of organization %q", name, org)
	}
	if e.settled {
		e.Recreated(mg, "team "+name)
	}
	return managed.ExternalCreation{}, e.correctMembers(ctx, mg, t.ID)
}

// Update what differs and read it back.
func (e *external) Update(ctx context.Context, mg *v1alpha1.Team) (managed.ExternalUpdate, error) {
	org, name := connect.Value(mg.Spec.ForProvider.Owner), connect.Name(mg)
	e.Gitea.RefreshTeams(org)
	t, err := e.get(ctx, org, name)
	if err != nil {
		return managed.ExternalUpdate{}, err
	}
	d := diff(mg, t)
	if len(d) > 0 {
		if err := e.Gitea.UpdateTeam(ctx, org, t.ID, body(mg, d)); err != nil {
			return managed.ExternalUpdate{}, errors.Wrapf(err, "cannot update %s of team %q", d.Names(), name)
		}
		if t, err = e.get(ctx, org, name); err != nil {
			return managed.ExternalUpdate{}, err
		}
		if err := connect.NotTaken(diff(mg, t), "another client may be changing it"); err != nil {
			return managed.ExternalUpdate{}, err
		}
	}
	before := mg.Status.AtProvider.Members
	if err := e.correctMembers(ctx, mg, t.ID); err != nil {
		return managed.ExternalUpdate{}, err
	}
	if after := mg.Status.AtProvider.Members; !slices.Equal(before, after) {
		d = append(d, fields.Difference{Field: "members", Found: before, Want: after})
	}
	if e.settled && len(d) > 0 {
		e.Corrected(mg, d)
	}
	mg.Status.AtProvider.Permission = t.Permission
	mg.SetConditions(xpv1.Available())
	return managed.ExternalUpdate{}, nil
}

func (e *external) get(ctx context.Context, org, name string) (*clients.Team, error) {
	t, err := e.Gitea.GetTeam(ctx, org, name)
	if err != nil {
		return nil, errors.Wrap(err, "cannot list teams")
	}
	if t == nil {
		return nil, errors.Errorf("team %q of organization %q is gone", name, org)
	}
	return t, nil
}

// correctMembers adds before it removes: Gitea keeps the last owner.
func (e *external) correctMembers(ctx context.Context, mg *v1alpha1.Team, id int64) error {
	org := connect.Value(mg.Spec.ForProvider.Owner)
	add, remove, err := e.members(ctx, mg, id)
	if err != nil || len(add)+len(remove) == 0 {
		return err
	}
	for _, m := range add {
		if err := e.Gitea.AddTeamMember(ctx, org, id, m); err != nil {
			return errors.Wrapf(err, "cannot add member %q", m)
		}
	}
	for _, m := range remove {
		if err := e.Gitea.RemoveTeamMember(ctx, org, id, m); err != nil {
			return errors.Wrapf(err, "cannot remove member %q", m)
		}
	}
	add, remove, err = e.members(ctx, mg, id)
	if err != nil {
		return err
	}
	if len(add)+len(remove) > 0 {
		return connect.NotTaken(fields.Set{membersDiff(mg, add)}, "another client may be changing it")
	}
	return nil
}

// Delete the team.
func (e *external) Delete(ctx context.Context, mg *v1alpha1.Team) (managed.ExternalDelete, error) {
	mg.SetConditions(xpv1.Deleting())
	org, name := connect.Value(mg.Spec.ForProvider.Owner), connect.Name(mg)
	if org == "" || isOwners(mg) {
		return managed.ExternalDelete{}, nil
	}
	e.Gitea.RefreshTeams(org)
	t, err := e.Gitea.GetTeam(ctx, org, name)
	if clients.IsNotFound(err) || (err == nil && t == nil) {
		return managed.ExternalDelete{}, nil
	}
	if err != nil {
		return managed.ExternalDelete{}, errors.Wrap(err, "cannot list teams")
	}
	return managed.ExternalDelete{}, errors.Wrapf(clients.IgnoreNotFound(e.Gitea.DeleteTeam(ctx, org, t.ID)), "cannot delete team %q", name)
}
