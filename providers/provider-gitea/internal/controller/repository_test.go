package controller_test

import (
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"

	"github.com/openova-io/catalyst/providers/provider-gitea/apis/v1alpha1"
	"github.com/openova-io/catalyst/providers/provider-gitea/internal/clients"
	"github.com/openova-io/catalyst/providers/provider-gitea/internal/controller/branch"
	"github.com/openova-io/catalyst/providers/provider-gitea/internal/controller/branchprotection"
	"github.com/openova-io/catalyst/providers/provider-gitea/internal/controller/repository"
)

func itoa(i int64) string { return strconv.FormatInt(i, 10) }

func newRepository(org, name string) *v1alpha1.Repository {
	return &v1alpha1.Repository{ObjectMeta: object(name), Spec: v1alpha1.RepositorySpec{ForProvider: v1alpha1.RepositoryParameters{
		Owner: &org, Private: new(true), DefaultBranch: new("develop"),
	}}}
}

func TestRepositoryLifeCycle(t *testing.T) {
	b := newBench(t, noAge())
	org := anOrg(t, "repo-life")
	mg := newRepository(org, "site")
	mg.Spec.ForProvider.HasWiki = new(false)
	mg.Spec.ForProvider.AllowMerge, mg.Spec.ForProvider.AllowSquash = new(false), new(false)
	mg.Spec.ForProvider.AllowFastForwardOnly, mg.Spec.ForProvider.DefaultMergeStyle = new(true), new("fast-forward-only")
	mg.Spec.ForProvider.DeleteBranchAfterMerge = new(true)

	if diff := cmp.Diff([]string{created, upToDate}, settle(t, b, repository.External, mg)); diff != "" {
		t.Errorf("A new repository is made once, with all its settings.\n-want, +got:\n%s", diff)
	}
	at := mg.Status.AtProvider
	if at.ID == 0 || at.CloneURL == "" || !strings.HasPrefix(at.SSHURL, "ssh://") || !*at.Empty || at.DefaultBranch != "develop" {
		t.Errorf("atProvider is not filled in: %+v", at)
	}
	b.took()
	settle(t, b, repository.External, mg)
	if diff := cmp.Diff([]string{"GET /repos/repo-life/site"}, b.took()); diff != "" {
		t.Errorf("A settled repository costs one GET.\n-want, +got:\n%s", diff)
	}

	api(t, http.MethodPatch, "/repos/repo-life/site", map[string]any{"private": false, "description": "kept", "allow_merge_commits": true, "default_merge_style": "merge"}, http.StatusOK)
	if diff := cmp.Diff([]string{updated, upToDate}, settle(t, b, repository.External, mg)); diff != "" {
		t.Errorf("Drift is corrected.\n-want, +got:\n%s", diff)
	}
	if got := b.told(); len(got) != 1 || !strings.Contains(got[0], "private false") || !strings.Contains(got[0], "restored private true") {
		t.Errorf("Drift is told in one event: %v", got)
	}
	if found := apiGet[clients.Repository](t, "/repos/repo-life/site"); !found.Private || found.Description != "kept" || found.AllowMerge {
		t.Errorf("What is managed is restored and nothing else: %+v", found)
	}

	mg.Spec.ForProvider.Archived = new(true)
	mg.Generation++
	settle(t, b, repository.External, mg)
	mg.Spec.ForProvider.Archived, mg.Spec.ForProvider.Website = new(false), new("https://example.org")
	mg.Generation++
	settle(t, b, repository.External, mg)

	if _, err := repository.External(b.Session).Create(t.Context(), mg.DeepCopy()); err != nil {
		t.Errorf("Create(...): a repository that exists is adopted: %v", err)
	}

	api(t, http.MethodDelete, "/repos/repo-life/site", nil, http.StatusNoContent)
	if diff := cmp.Diff([]string{created, upToDate}, settle(t, b, repository.External, mg)); diff != "" {
		t.Errorf("A repository deleted on the server comes back.\n-want, +got:\n%s", diff)
	}
	if got := b.told(); len(got) != 1 || !strings.Contains(got[0], "repository repo-life/site was missing") {
		t.Errorf("Its return is told in one event: %v", got)
	}

	remove(mg)
	if diff := cmp.Diff([]string{deleted, gone}, settle(t, b, repository.External, mg)); diff != "" {
		t.Errorf("-want, +got:\n%s", diff)
	}
	if _, err := repository.External(b.Session).Delete(t.Context(), mg); err != nil {
		t.Errorf("Delete(...): what is gone is deleted: %v", err)
	}
}

func TestRepositoryDefaultBranch(t *testing.T) {
	b := newBench(t, noAge())
	org := anOrg(t, "repo-default")
	mg := newRepository(org, "site")
	mg.Spec.ForProvider.AutoInit = new(true)
	settle(t, b, repository.External, mg)

	mg.Spec.ForProvider.DefaultBranch = new("later")
	mg.Generation++
	if diff := cmp.Diff([]string{upToDate}, settle(t, b, repository.External, mg)); diff != "" {
		t.Errorf("A default branch that does not exist yet is not fought for.\n-want, +got:\n%s", diff)
	}
	api(t, http.MethodPost, "/repos/repo-default/site/branches", map[string]any{"new_branch_name": "later"}, http.StatusCreated)
	if diff := cmp.Diff([]string{updated, upToDate}, settle(t, b, repository.External, mg)); diff != "" {
		t.Errorf("It becomes the default branch when it exists.\n-want, +got:\n%s", diff)
	}
	if mg.Status.AtProvider.DefaultBranch != "later" {
		t.Errorf("atProvider.defaultBranch: want later, got %s", mg.Status.AtProvider.DefaultBranch)
	}
}

func TestRepositoryOtherOrigins(t *testing.T) {
	b := newBench(t, noAge())
	r := aRepo(t, "repo-origin", true)
	api(t, http.MethodPatch, "/repos/repo-origin/app", map[string]any{"template": true}, http.StatusOK)
	put(t, b, &corev1.Secret{ObjectMeta: object("token"), Data: map[string][]byte{"token": []byte(server.Token)}})

	cases := map[string]struct {
		reason string
		change func(p *v1alpha1.RepositoryParameters)
		mirror bool
	}{
		"generated": {
			reason: "A repository is generated from a template.",
			change: func(p *v1alpha1.RepositoryParameters) {
				p.FromTemplate = &v1alpha1.RepositoryTemplate{Owner: r.Owner, Repository: r.Name}
			},
		},
		"mirrored": {
			reason: "A repository mirrors another, with a token from a Secret.",
			change: func(p *v1alpha1.RepositoryParameters) {
				p.Migrate = &v1alpha1.RepositoryMigration{
					CloneURL: server.URL + "/repo-origin/app.git", Mirror: new(true), MirrorInterval: new("12h"),
					TokenSecretRef: &xpv1.LocalSecretKeySelector{LocalSecretReference: xpv1.LocalSecretReference{Name: "token"}, Key: "token"},
				}
			},
			mirror: true,
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			mg := newRepository(r.Owner, name)
			tc.change(&mg.Spec.ForProvider)
			did := settle(t, b, repository.External, mg)
			if did[0] != created || did[len(did)-1] != upToDate {
				t.Errorf("%s\n%v", tc.reason, did)
			}
			if mg.Status.AtProvider.Mirror != tc.mirror {
				t.Errorf("%s\nmirror: want %t, got %t", tc.reason, tc.mirror, mg.Status.AtProvider.Mirror)
			}
		})
	}
}

func TestRepositoryWithoutOwner(t *testing.T) {
	b := newBench(t, noAge())
	mg := newRepository("no-such-org", "x")
	if _, err := reconcile(t, b, repository.External, mg); err == nil || !strings.Contains(err.Error(), `organization or user "no-such-org" does not exist`) {
		t.Errorf("A missing owner is named, got: %v", err)
	}
	mg = newRepository("platform", "of-a-user")
	if diff := cmp.Diff([]string{created, upToDate}, settle(t, b, repository.External, mg)); diff != "" {
		t.Errorf("A user may own a repository.\n-want, +got:\n%s", diff)
	}
	remove(mg)
	settle(t, b, repository.External, mg)
	mg = newRepository("..", "x")
	if _, err := reconcile(t, b, repository.External, mg); err == nil {
		t.Errorf("A name that reaches for another path is refused.")
	}
}

func newBranch(r clients.Repo, name, ref string) *v1alpha1.Branch {
	mg := &v1alpha1.Branch{ObjectMeta: object(name), Spec: v1alpha1.BranchSpec{ForProvider: v1alpha1.BranchParameters{
		Owner: &r.Owner, Repository: &r.Name,
	}}}
	if ref != "" {
		mg.Spec.ForProvider.Ref = &ref
	}
	return mg
}

func TestBranchLifeCycle(t *testing.T) {
	b := newBench(t, noAge())
	r := aRepo(t, "branch-life", true)
	cases := map[string]struct {
		reason string
		mg     *v1alpha1.Branch
	}{
		"OfDefault": {reason: "A branch is cut from the default branch.", mg: newBranch(r, "staging", "")},
		"OfBranch":  {reason: "A branch is cut from another; its name may hold slashes.", mg: newBranch(r, "promote/prod/0123456789ab", "develop")},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff([]string{created, upToDate}, settle(t, b, branch.External, tc.mg)); diff != "" {
				t.Errorf("%s\n-want, +got:\n%s", tc.reason, diff)
			}
			if len(tc.mg.Status.AtProvider.Commit) != 40 {
				t.Errorf("%s\natProvider.commit: %q", tc.reason, tc.mg.Status.AtProvider.Commit)
			}
			if _, err := branch.External(b.Session).Create(t.Context(), tc.mg.DeepCopy()); err != nil {
				t.Errorf("Create(...): a branch that exists is adopted: %v", err)
			}
		})
	}

	staging := cases["OfDefault"].mg
	before := staging.Status.AtProvider.Commit
	api(t, http.MethodPost, "/repos/branch-life/app/contents/x", map[string]any{"branch": "staging", "content": "eAo="}, http.StatusCreated)
	if diff := cmp.Diff([]string{upToDate}, settle(t, b, branch.External, staging)); diff != "" {
		t.Errorf("A branch that moved is no drift.\n-want, +got:\n%s", diff)
	}
	if staging.Status.AtProvider.Commit == before {
		t.Errorf("A branch that moved is seen to have moved.")
	}
	remove(staging)
	if diff := cmp.Diff([]string{deleted, gone}, settle(t, b, branch.External, staging)); diff != "" {
		t.Errorf("-want, +got:\n%s", diff)
	}
	if _, err := branch.External(b.Session).Delete(t.Context(), staging); err != nil {
		t.Errorf("Delete(...): what is gone is deleted: %v", err)
	}
}

func TestBranchRefused(t *testing.T) {
	b := newBench(t, noAge())
	r := aRepo(t, "branch-refused", true)
	api(t, http.MethodPost, "/orgs/branch-refused/repos", map[string]any{"name": "empty"}, http.StatusCreated)
	cases := map[string]struct {
		reason string
		mg     *v1alpha1.Branch
		want   string
	}{
		"NoRef":     {"A missing ref is named.", newBranch(r, "x", "nowhere"), `spec.forProvider.ref "nowhere" does not exist in repository branch-refused/app`},
		"NoRepo":    {"A missing repository is named.", newBranch(clients.Repo{Owner: r.Owner, Name: "none"}, "x", ""), "repository branch-refused/none does not exist"},
		"EmptyRepo": {"A repository without commits is named.", newBranch(clients.Repo{Owner: r.Owner, Name: "empty"}, "x", ""), "repository branch-refused/empty has no commit yet"},
		"Collision": {"A branch can't be the folder of another.", newBranch(r, "develop/x", ""), "collides"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if _, err := reconcile(t, b, branch.External, tc.mg); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("%s\nwant %q, got: %v", tc.reason, tc.want, err)
			}
			remove(tc.mg)
			if diff := cmp.Diff([]string{gone}, settle(t, b, branch.External, tc.mg)); diff != "" {
				t.Errorf("What was never created can be deleted.\n-want, +got:\n%s", diff)
			}
		})
	}
}

func TestBranchDefaultDeleted(t *testing.T) {
	b := newBench(t, noAge())
	r := aRepo(t, "branch-default", true)
	mg := newBranch(r, "develop", "")
	settle(t, b, branch.External, mg)
	remove(mg)
	if _, err := reconcile(t, b, branch.External, mg); err == nil || !strings.Contains(err.Error(), "is the default branch") {
		t.Errorf("The default branch is not deleted, and it is said why, got: %v", err)
	}
	parent := newRepository(r.Owner, r.Name)
	parent.Finalizers = []string{"finalizer.managedresource.crossplane.io"}
	put(t, b, parent)
	if err := b.Kube.Delete(t.Context(), parent); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{gone}, settle(t, b, branch.External, mg)); diff != "" {
		t.Errorf("It goes with its repository.\n-want, +got:\n%s", diff)
	}
}

func newProtection(r clients.Repo, rule string) *v1alpha1.BranchProtection {
	return &v1alpha1.BranchProtection{ObjectMeta: object(rule), Spec: v1alpha1.BranchProtectionSpec{ForProvider: v1alpha1.BranchProtectionParameters{
		Owner: &r.Owner, Repository: &r.Name,
	}}}
}

func TestBranchProtectionLifeCycle(t *testing.T) {
	b := newBench(t, noAge())
	r := aRepo(t, "bp-life", true)
	api(t, http.MethodPost, "/orgs/bp-life/teams", map[string]any{"name": "security", "permission": "write", "units_map": map[string]string{"repo.code": "write", "repo.pulls": "write"}, "includes_all_repositories": true}, http.StatusCreated)
	mg := newProtection(r, "release/**")
	p := &mg.Spec.ForProvider
	p.EnablePush, p.EnablePushWhitelist, p.PushWhitelistUsernames, p.PushWhitelistDeployKeys = new(true), new(true), []string{"Platform"}, new(true)
	p.PushWhitelistTeams = []string{"security"}
	p.EnableForcePush, p.EnableForcePushAllowlist, p.ForcePushAllowlistUsernames, p.ForcePushAllowlistDeployKeys = new(true), new(true), []string{"platform"}, new(true)
	p.ForcePushAllowlistTeams = []string{"security"}
	p.EnableMergeWhitelist, p.MergeWhitelistUsernames, p.MergeWhitelistTeams = new(true), []string{"platform"}, []string{"security"}
	p.EnableStatusCheck, p.StatusCheckContexts = new(true), []string{"catalyst/prod/soak", "catalyst/prod/policy"}
	p.RequiredApprovals, p.EnableApprovalsWhitelist, p.ApprovalsWhitelistUsernames, p.ApprovalsWhitelistTeams = new(int64(2)), new(true), []string{"platform"}, []string{"security"}
	p.BlockOnRejectedReviews, p.BlockOnOfficialReviewRequests, p.BlockOnOutdatedBranch = new(true), new(true), new(true)
	p.DismissStaleApprovals, p.IgnoreStaleApprovals, p.RequireSignedCommits = new(true), new(true), new(true)
	p.ProtectedFilePatterns, p.UnprotectedFilePatterns, p.BlockAdminMergeOverride = new("secrets/**"), new("docs/**"), new(true)
	p.Priority = new(int64(3))

	if diff := cmp.Diff([]string{created, upToDate}, settle(t, b, branchprotection.External, mg)); diff != "" {
		t.Errorf("A new rule is made once, with every field there is.\n-want, +got:\n%s", diff)
	}
	if got := writes(b.took()); len(got) != 1 {
		t.Errorf("A new rule is one write: %v", got)
	}
	if _, err := branchprotection.External(b.Session).Create(t.Context(), mg.DeepCopy()); err != nil {
		t.Errorf("Create(...): a rule that exists is adopted: %v", err)
	}

	api(t, http.MethodPatch, "/repos/bp-life/app/branch_protections/release%2F**", map[string]any{"block_admin_merge_override": false, "enable_push": true, "enable_push_whitelist": false, "merge_whitelist_usernames": []string{}}, http.StatusOK)
	if diff := cmp.Diff([]string{updated, upToDate}, settle(t, b, branchprotection.External, mg)); diff != "" {
		t.Errorf("Drift is corrected.\n-want, +got:\n%s", diff)
	}
	if got := b.told(); len(got) != 1 || !strings.Contains(got[0], "blockAdminMergeOverride false") || !strings.Contains(got[0], "enablePushWhitelist false") {
		t.Errorf("Drift is told in one event: %v", got)
	}

	// Nothing is wanted of what is left out; an empty list wants nobody.
	p.MergeWhitelistTeams, p.StatusCheckContexts = []string{}, nil
	p.EnablePush, p.EnablePushWhitelist, p.PushWhitelistDeployKeys, p.PushWhitelistUsernames, p.PushWhitelistTeams = new(false), nil, nil, nil, nil
	mg.Generation++
	settle(t, b, branchprotection.External, mg)
	found := apiGet[clients.BranchProtection](t, "/repos/bp-life/app/branch_protections/release%2F**")
	if len(found.MergeWhitelistTeams) != 0 || len(found.StatusCheckContexts) != 2 || found.EnablePush {
		t.Errorf("An empty list empties, a missing one leaves alone: %+v", found)
	}

	remove(mg)
	if diff := cmp.Diff([]string{deleted, gone}, settle(t, b, branchprotection.External, mg)); diff != "" {
		t.Errorf("-want, +got:\n%s", diff)
	}
	if _, err := branchprotection.External(b.Session).Delete(t.Context(), mg); err != nil {
		t.Errorf("Delete(...): what is gone is deleted: %v", err)
	}
}

func TestBranchProtectionRefused(t *testing.T) {
	b := newBench(t, noAge())
	r := aRepo(t, "bp-refused", true)
	api(t, http.MethodPost, "/orgs/bp-refused/teams", map[string]any{"name": "outside", "permission": "write", "units_map": map[string]string{"repo.code": "write"}}, http.StatusCreated)
	with := func(team string) *v1alpha1.BranchProtection {
		mg := newProtection(r, "main")
		mg.Spec.ForProvider.EnableMergeWhitelist, mg.Spec.ForProvider.MergeWhitelistTeams = new(true), []string{team}
		return mg
	}
	cases := map[string]struct {
		reason string
		mg     *v1alpha1.BranchProtection
		want   string
	}{
		"UnknownTeam": {"A team that does not exist is named.", with("nobody"), "team does not exist"},
		"NoAccess":    {"Gitea answers 201 and leaves the team out: that is no success.", with("outside"), "mergeWhitelistTeams: found [], want [outside]"},
		"NoRepo":      {"A missing repository is named.", newProtection(clients.Repo{Owner: "bp-refused", Name: "none"}, "main"), "repository bp-refused/none does not exist"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if _, err := reconcile(t, b, branchprotection.External, tc.mg); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("%s\nwant %q, got: %v", tc.reason, tc.want, err)
			}
		})
	}
}
