package controller_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/openova-io/catalyst/providers/provider-gitea/apis/v1alpha1"
	"github.com/openova-io/catalyst/providers/provider-gitea/internal/controller/branch"
	"github.com/openova-io/catalyst/providers/provider-gitea/internal/controller/branchprotection"
	"github.com/openova-io/catalyst/providers/provider-gitea/internal/controller/repository"
	"github.com/openova-io/catalyst/providers/provider-gitea/internal/controller/repositorycontent"
)

// An application's repository, with content, branches and protections, in as
// few calls as it takes. Time is logged, not judged: machines differ.
func TestBudgetOfAnApplication(t *testing.T) {
	b := newBench(t)
	org := anOrg(t, "budget")
	repo := newRepository(org, "site")
	repo.Spec.ForProvider.AllowFastForwardOnly, repo.Spec.ForProvider.DefaultMergeStyle = new(true), new("fast-forward-only")
	r := struct{ owner, name string }{org, "site"}
	content := &v1alpha1.RepositoryContent{ObjectMeta: object("site"), Spec: v1alpha1.RepositoryContentSpec{ForProvider: v1alpha1.RepositoryContentParameters{
		Owner: &r.owner, Repository: &r.name, Branch: new("develop"),
		Files: []v1alpha1.RepositoryFile{file("kustomization.yaml", "a"), file("values.yaml", "b"), file("CODEOWNERS", "c"), onceFile("overlays/dev/values.yaml", "d"), onceFile("overlays/prd/values.yaml", "e"), onceFile("secrets/README.md", "f"), file("README.md", "g")},
	}}}
	branches, protections := []*v1alpha1.Branch{}, []*v1alpha1.BranchProtection{}
	for _, n := range []string{"staging", "main"} {
		branches = append(branches, &v1alpha1.Branch{ObjectMeta: object(n), Spec: v1alpha1.BranchSpec{ForProvider: v1alpha1.BranchParameters{Owner: &r.owner, Repository: &r.name, Ref: new("develop")}}})
	}
	for _, n := range []string{"develop", "staging", "main"} {
		p := &v1alpha1.BranchProtection{ObjectMeta: object(n), Spec: v1alpha1.BranchProtectionSpec{ForProvider: v1alpha1.BranchProtectionParameters{Owner: &r.owner, Repository: &r.name, EnablePush: new(n == "develop"), BlockAdminMergeOverride: new(true)}}}
		protections = append(protections, p)
	}

	all := func() {
		settle(t, b, repository.External, repo)
		settle(t, b, repositorycontent.External, content)
		for _, mg := range branches {
			settle(t, b, branch.External, mg)
		}
		for _, mg := range protections {
			settle(t, b, branchprotection.External, mg)
		}
	}
	start := time.Now()
	all()
	took := time.Since(start)
	calls := b.took()
	if diff := cmp.Diff([]string{
		"POST /orgs/budget/repos", "PATCH /repos/budget/site",
		"POST /repos/budget/site/contents",
		"POST /repos/budget/site/branches", "POST /repos/budget/site/branches",
		"POST /repos/budget/site/branch_protections", "POST /repos/budget/site/branch_protections", "POST /repos/budget/site/branch_protections",
	}, writes(calls)); diff != "" {
		t.Errorf("Each object is written once.\n-want, +got:\n%s", diff)
	}
	t.Logf("created with %d calls, %d of them writes, in %s", len(calls), len(writes(calls)), took.Round(time.Millisecond))

	start = time.Now()
	all()
	took = time.Since(start)
	calls = b.took()
	t.Logf("polled with %d calls in %s: %s", len(calls), took.Round(time.Millisecond), strings.Join(calls, ", "))
	if len(writes(calls)) > 0 || len(calls) > 3 {
		t.Errorf("A settled application is polled with a GET of the repository and two shared listings, got: %v", calls)
	}
}

// A failing server is told apart from a missing object, and passes.
func TestServerFails(t *testing.T) {
	b := newBench(t, noAge())
	org := anOrg(t, "fails")
	cases := map[string]struct {
		reason string
		refuse func() func(r *http.Request) int
		want   string
	}{
		"Burst": {
			reason: "A burst of failures is survived within one reconcile.",
			refuse: func() func(r *http.Request) int {
				n := 0
				return func(*http.Request) int {
					if n++; n <= 2 {
						return http.StatusServiceUnavailable
					}
					return 0
				}
			},
		},
		"Unauthorized": {
			reason: "A revoked token is told with what to do.",
			refuse: func() func(r *http.Request) int {
				return func(*http.Request) int { return http.StatusUnauthorized }
			},
			want: "Gitea answered 401 Unauthorized: injected (the provider configuration's token is wrong, expired or revoked)",
		},
		"Down": {
			reason: "A server that keeps failing is told with what it said.",
			refuse: func() func(r *http.Request) int {
				return func(*http.Request) int { return http.StatusBadGateway }
			},
			want: "Gitea answered 502 Bad Gateway: injected",
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			mg := newRepository(org, strings.ToLower(name))
			b.refuse = tc.refuse()
			_, err := reconcile(t, b, repository.External, mg)
			b.refuse = nil
			got := ""
			if err != nil {
				got = err.Error()
			}
			if (tc.want == "") != (err == nil) || !strings.Contains(got, tc.want) {
				t.Errorf("%s\nwant %q, got: %v", tc.reason, tc.want, err)
			}
			if strings.Contains(got, server.Token) {
				t.Errorf("The token is in an error: %s", got)
			}
		})
	}
}

// An answer that is lost after the server did what was asked must not lead to
// anything twice.
func TestAnswerLost(t *testing.T) {
	b := newBench(t, noAge())
	org := anOrg(t, "lost")
	mg := newRepository(org, "site")
	b.refuse = func(r *http.Request) int {
		if r.Method != http.MethodPost {
			return 0
		}
		api(t, http.MethodPost, "/orgs/lost/repos", map[string]any{"name": "site", "private": true, "default_branch": "develop"}, http.StatusCreated)
		return http.StatusBadGateway
	}
	if _, err := reconcile(t, b, repository.External, mg); err == nil {
		t.Fatal("want an error")
	}
	b.refuse = nil
	if diff := cmp.Diff([]string{upToDate}, settle(t, b, repository.External, mg)); diff != "" {
		t.Errorf("What was made is found.\n-want, +got:\n%s", diff)
	}
}
