package controller_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/openova-io/catalyst/providers/provider-gitea/apis/v1alpha1"
	"github.com/openova-io/catalyst/providers/provider-gitea/internal/clients"
	"github.com/openova-io/catalyst/providers/provider-gitea/internal/controller/organization"
	"github.com/openova-io/catalyst/providers/provider-gitea/internal/controller/team"
)

func TestOrganizationLifeCycle(t *testing.T) {
	b := newBench(t, noAge())
	mg := &v1alpha1.Organization{ObjectMeta: object("org-life"), Spec: v1alpha1.OrganizationSpec{ForProvider: v1alpha1.OrganizationParameters{
		FullName: new("Acme"), Visibility: new("private"),
	}}}

	if diff := cmp.Diff([]string{created, upToDate}, settle(t, b, organization.External, mg)); diff != "" {
		t.Errorf("A new organization is made once.\n-want, +got:\n%s", diff)
	}
	if mg.Status.AtProvider.ID == 0 || mg.Status.AtProvider.Visibility != "private" {
		t.Errorf("atProvider is not filled in: %+v", mg.Status.AtProvider)
	}
	b.took()
	settle(t, b, organization.External, mg)
	if diff := cmp.Diff([]string{"GET /orgs/org-life"}, b.took()); diff != "" {
		t.Errorf("A settled organization costs one GET.\n-want, +got:\n%s", diff)
	}

	api(t, http.MethodPatch, "/orgs/org-life", map[string]any{"full_name": "Evil"}, http.StatusOK)
	if diff := cmp.Diff([]string{updated, upToDate}, settle(t, b, organization.External, mg)); diff != "" {
		t.Errorf("Drift is corrected.\n-want, +got:\n%s", diff)
	}
	if diff := cmp.Diff([]string{"Normal DriftCorrected: Changed on the server: found fullName Evil; restored fullName Acme"}, b.told()); diff != "" {
		t.Errorf("Drift is told in one event.\n-want, +got:\n%s", diff)
	}

	mg.Spec.ForProvider.FullName = new("Acme Inc")
	mg.Generation++
	settle(t, b, organization.External, mg)
	if got := b.told(); len(got) != 0 {
		t.Errorf("A changed wish is no drift: %v", got)
	}

	again := &v1alpha1.Organization{ObjectMeta: object("org-life")}
	e := organization.External(b.Session)
	if _, err := e.Create(t.Context(), again); err != nil {
		t.Errorf("Create(...): an organization that exists is adopted: %v", err)
	}

	api(t, http.MethodPost, "/orgs/org-life/repos", map[string]any{"name": "left"}, http.StatusCreated)
	remove(mg)
	if _, err := reconcile(t, b, organization.External, mg); err == nil || !strings.Contains(err.Error(), "waiting for 1 repositories to be deleted first: left") {
		t.Errorf("An organization with repositories waits for them, got: %v", err)
	}
	for _, c := range b.took() {
		if strings.HasPrefix(c, "DELETE") {
			t.Errorf("An organization with repositories is not even asked to go: %s", c)
		}
	}
	api(t, http.MethodDelete, "/repos/org-life/left", nil, http.StatusNoContent)
	if diff := cmp.Diff([]string{deleted, gone}, settle(t, b, organization.External, mg)); diff != "" {
		t.Errorf("An empty organization goes.\n-want, +got:\n%s", diff)
	}
	if _, err := e.Delete(t.Context(), mg); err != nil {
		t.Errorf("Delete(...): what is gone is deleted: %v", err)
	}
}

func TestOrganizationNameOfUser(t *testing.T) {
	b := newBench(t, noAge())
	mg := &v1alpha1.Organization{ObjectMeta: object("platform")}
	if _, err := reconcile(t, b, organization.External, mg); err == nil || !clients.IsStatus(err, http.StatusUnprocessableEntity) {
		t.Errorf("The name of a user can't be an organization, got: %v", err)
	}
}

func TestTeamLifeCycle(t *testing.T) {
	b := newBench(t, noAge())
	org := anOrg(t, "team-life")
	for _, u := range []string{"tl-anna", "tl-ben"} {
		api(t, http.MethodPost, "/admin/users", map[string]any{"username": u, "email": u + "@example.org", "password": "Some-passw0rd", "must_change_password": false}, http.StatusCreated)
	}
	mg := &v1alpha1.Team{ObjectMeta: object("developers"), Spec: v1alpha1.TeamSpec{ForProvider: v1alpha1.TeamParameters{
		Owner: &org, Permission: new("write"), IncludesAllRepositories: new(true), Members: []string{"TL-Anna", "tl-carl"},
	}}}
	if diff := cmp.Diff([]string{created, upToDate}, settle(t, b, team.External, mg)); diff != "" {
		t.Errorf("A new team is made once.\n-want, +got:\n%s", diff)
	}
	if diff := cmp.Diff([]string{"tl-carl"}, mg.Status.AtProvider.MissingMembers); diff != "" {
		t.Errorf("A member without account is reported.\n-want, +got:\n%s", diff)
	}
	if diff := cmp.Diff([]string{"tl-anna"}, mg.Status.AtProvider.Members); diff != "" {
		t.Errorf("A member with account is in.\n-want, +got:\n%s", diff)
	}

	api(t, http.MethodPost, "/admin/users", map[string]any{"username": "tl-carl", "email": "tl-carl@example.org", "password": "Some-passw0rd", "must_change_password": false}, http.StatusCreated)
	settle(t, b, team.External, mg)
	if len(mg.Status.AtProvider.MissingMembers) != 0 || *mg.Status.AtProvider.MemberCount != 2 {
		t.Errorf("A member is added once the account exists: %+v", mg.Status.AtProvider)
	}
	b.told()

	api(t, http.MethodPut, "/teams/"+itoa(mg.Status.AtProvider.ID)+"/members/tl-ben", nil, http.StatusNoContent)
	api(t, http.MethodPatch, "/teams/"+itoa(mg.Status.AtProvider.ID), map[string]any{"description": "kept", "permission": "read", "units_map": map[string]string{"repo.code": "read"}, "includes_all_repositories": false}, http.StatusOK)
	if diff := cmp.Diff([]string{updated, upToDate}, settle(t, b, team.External, mg)); diff != "" {
		t.Errorf("Drift is corrected.\n-want, +got:\n%s", diff)
	}
	if got := b.told(); len(got) != 1 || !strings.Contains(got[0], "includesAllRepositories") || !strings.Contains(got[0], "members") {
		t.Errorf("Drift is told in one event with its fields: %v", got)
	}
	found := apiGet[clients.Team](t, "/teams/"+itoa(mg.Status.AtProvider.ID))
	if found.Description != "kept" || found.UnitsMap["repo.packages"] != "write" || !found.IncludesAllRepositories {
		t.Errorf("What is managed is restored and nothing else: %+v", found)
	}

	mg.Spec.ForProvider.Permission, mg.Spec.ForProvider.UnitsMap = nil, map[string]string{"repo.code": "write", "repo.issues": "read", "repo.wiki": "none"}
	mg.Spec.ForProvider.Members = []string{}
	mg.Generation++
	settle(t, b, team.External, mg)
	found = apiGet[clients.Team](t, "/teams/"+itoa(mg.Status.AtProvider.ID))
	delete(found.UnitsMap, "repo.wiki")
	if diff := cmp.Diff(map[string]string{"repo.code": "write", "repo.issues": "read"}, found.UnitsMap); diff != "" {
		t.Errorf("Permissions per unit.\n-want, +got:\n%s", diff)
	}
	if *mg.Status.AtProvider.MemberCount != 0 {
		t.Errorf("An empty list empties the team: %+v", mg.Status.AtProvider)
	}

	mg.Spec.ForProvider.UnitsMap, mg.Spec.ForProvider.Permission = nil, new("admin")
	mg.Generation++
	settle(t, b, team.External, mg)

	e := team.External(b.Session)
	if _, err := e.Create(t.Context(), mg.DeepCopy()); err != nil {
		t.Errorf("Create(...): a team that exists is adopted: %v", err)
	}
	remove(mg)
	if diff := cmp.Diff([]string{deleted, gone}, settle(t, b, team.External, mg)); diff != "" {
		t.Errorf("-want, +got:\n%s", diff)
	}
	if _, err := e.Delete(t.Context(), mg); err != nil {
		t.Errorf("Delete(...): what is gone is deleted: %v", err)
	}
}

func TestTeamOwners(t *testing.T) {
	b := newBench(t, noAge())
	org := anOrg(t, "team-owners")
	api(t, http.MethodPost, "/admin/users", map[string]any{"username": "to-olga", "email": "to-olga@example.org", "password": "Some-passw0rd", "must_change_password": false}, http.StatusCreated)
	mg := &v1alpha1.Team{ObjectMeta: object("Owners"), Spec: v1alpha1.TeamSpec{ForProvider: v1alpha1.TeamParameters{
		Owner: &org, Permission: new("read"), Members: []string{"to-olga"},
	}}}
	if diff := cmp.Diff([]string{updated, upToDate}, settle(t, b, team.External, mg)); diff != "" {
		t.Errorf("The team of owners is adopted for its members.\n-want, +got:\n%s", diff)
	}
	if diff := cmp.Diff([]string{"to-olga"}, mg.Status.AtProvider.Members); diff != "" {
		t.Errorf("-want, +got:\n%s", diff)
	}
	remove(mg)
	b.took()
	if diff := cmp.Diff([]string{gone}, settle(t, b, team.External, mg)); diff != "" {
		t.Errorf("The team of owners is let go of.\n-want, +got:\n%s", diff)
	}
	if diff := cmp.Diff([]string(nil), b.took()); diff != "" {
		t.Errorf("Gitea would delete the team of owners if asked: it must not be asked.\n-want, +got:\n%s", diff)
	}
}

func TestTeamWithoutOrganization(t *testing.T) {
	b := newBench(t, noAge())
	mg := &v1alpha1.Team{ObjectMeta: object("x"), Spec: v1alpha1.TeamSpec{ForProvider: v1alpha1.TeamParameters{Owner: new("no-such-org")}}}
	if _, err := reconcile(t, b, team.External, mg); err == nil || !strings.Contains(err.Error(), `organization "no-such-org" does not exist`) {
		t.Errorf("A missing organization is named, got: %v", err)
	}
	remove(mg)
	if diff := cmp.Diff([]string{gone}, settle(t, b, team.External, mg)); diff != "" {
		t.Errorf("What was never created can be deleted.\n-want, +got:\n%s", diff)
	}
}
