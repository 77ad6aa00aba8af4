package connect

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"github.com/crossplane/crossplane-runtime/v2/pkg/resource"

	"github.com/openova-io/catalyst/providers/provider-gitea/apis/v1alpha1"
)

func inAcme(name string) metav1.ObjectMeta { return metav1.ObjectMeta{Namespace: "acme", Name: name} }

// is has conditions of what exists.
func is[T resource.Managed](mg T) T {
	mg.SetConditions(xpv1.Available())
	return mg
}

func anOrganization() *v1alpha1.Organization {
	return &v1alpha1.Organization{ObjectMeta: inAcme("acme")}
}

func aRepository() *v1alpha1.Repository {
	return &v1alpha1.Repository{ObjectMeta: inAcme("site"), Spec: v1alpha1.RepositorySpec{ForProvider: v1alpha1.RepositoryParameters{Owner: new("acme")}}}
}

func aContent(pushed ...string) *v1alpha1.RepositoryContent {
	c := &v1alpha1.RepositoryContent{ObjectMeta: inAcme("site"), Spec: v1alpha1.RepositoryContentSpec{ForProvider: v1alpha1.RepositoryContentParameters{
		Owner: new("acme"), Repository: new("site"), Branch: new("develop"), InitialBranches: []string{"main", "staging"},
	}}}
	if len(pushed) > 0 {
		c.Status.AtProvider.Commit, c.Status.AtProvider.InitialBranches = "0815", pushed
	}
	return c
}

func aBranch(name string) *v1alpha1.Branch {
	return &v1alpha1.Branch{ObjectMeta: inAcme("site-" + name), Spec: v1alpha1.BranchSpec{ForProvider: v1alpha1.BranchParameters{
		Owner: new("acme"), Repository: new("site"), Name: new(name),
	}}}
}

// having is an API server that has the objects.
func having(t *testing.T, objects ...client.Object) client.Client {
	t.Helper()
	s := runtime.NewScheme()
	if err := v1alpha1.AddToScheme(s); err != nil {
		t.Fatal(err)
	}
	return fake.NewClientBuilder().WithScheme(s).WithObjects(objects...).Build()
}

// composed is part of something that was applied so long ago.
func composed[T client.Object](mg T, ago time.Duration) T {
	mg.SetOwnerReferences([]metav1.OwnerReference{{APIVersion: "example.org/v1", Kind: "XR", Name: "x", UID: "1", Controller: new(true)}})
	mg.SetCreationTimestamp(metav1.NewTime(time.Now().Add(-ago)))
	return mg
}

// Core applies what a composite resource consists of in any order.
func TestNeedsOfComposed(t *testing.T) {
	protection := func() *v1alpha1.BranchProtection {
		return &v1alpha1.BranchProtection{ObjectMeta: inAcme("site-main"), Spec: v1alpha1.BranchProtectionSpec{ForProvider: v1alpha1.BranchProtectionParameters{
			Owner: new("acme"), Repository: new("site"), RuleName: new("main"),
		}}}
	}
	repository := Need{What: "Repository site", Milestone: "acme/repository/acme/site"}
	cases := map[string]struct {
		reason string
		need   func(kube client.Client, ago time.Duration) ([]Need, error)
		want   []Need
	}{
		"Repository": {
			reason: "Its Organization is about to come",
			need: func(kube client.Client, ago time.Duration) ([]Need, error) {
				return NeedOrganization(t.Context(), kube, composed(aRepository(), ago), new("acme"))
			},
			want: []Need{{What: "Organization acme", Milestone: "acme/organization/acme"}},
		},
		"Content": {
			reason: "Its Repository is about to come",
			need: func(kube client.Client, ago time.Duration) ([]Need, error) {
				return NeedRepository(t.Context(), kube, composed(aContent(), ago), new("acme"), new("site"))
			},
			want: []Need{repository},
		},
		"Branch": {
			reason: "The content that it starts at is about to come as well",
			need: func(kube client.Client, ago time.Duration) ([]Need, error) {
				return NeedContent(t.Context(), kube, composed(aBranch("main"), ago))
			},
			want: []Need{repository, {What: "the content of acme/site", Milestone: "acme/repository/acme/site/content"}},
		},
		"Protection": {
			reason: "Whoever makes the branch is about to come",
			need: func(kube client.Client, ago time.Duration) ([]Need, error) {
				return NeedBranch(t.Context(), kube, composed(protection(), ago))
			},
			want: []Need{repository, {What: "branch main of acme/site", Milestone: "acme/repository/acme/site/branch/main"}},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			for _, at := range []struct {
				ago  time.Duration
				want []Need
			}{{0, tc.want}, {3 * time.Second, nil}} {
				got, err := tc.need(having(t), at.ago)
				if err != nil {
					t.Fatalf("%s: %v", tc.reason, err)
				}
				if diff := cmp.Diff(at.want, got); diff != "" {
					t.Errorf("%s, after %s: -want, +got:\n%s", tc.reason, at.ago, diff)
				}
			}
		})
	}
}

func TestNeeds(t *testing.T) {
	gone := is(aContent())
	gone.Spec.ForProvider.Repository = new("another")
	protects := func(branch string) func(ctx context.Context, kube client.Client) ([]Need, error) {
		return func(ctx context.Context, kube client.Client) ([]Need, error) {
			return NeedBranch(ctx, kube, &v1alpha1.BranchProtection{ObjectMeta: inAcme("site-" + branch), Spec: v1alpha1.BranchProtectionSpec{ForProvider: v1alpha1.BranchProtectionParameters{
				Owner: new("acme"), Repository: new("site"), RuleName: new(branch),
			}}})
		}
	}
	inOrganization := func(ctx context.Context, kube client.Client) ([]Need, error) {
		return NeedOrganization(ctx, kube, aRepository(), new("acme"))
	}
	inRepository := func(ctx context.Context, kube client.Client) ([]Need, error) {
		return NeedRepository(ctx, kube, aContent(), new("acme"), new("site"))
	}
	branches := func(ctx context.Context, kube client.Client) ([]Need, error) {
		return NeedContent(ctx, kube, aBranch("main"))
	}
	cases := map[string]struct {
		reason  string
		objects []client.Object
		need    func(ctx context.Context, kube client.Client) ([]Need, error)
		want    []Need
	}{
		"Organization": {
			reason:  "An Organization that is not created yet comes first",
			objects: []client.Object{anOrganization()}, need: inOrganization,
			want: []Need{{What: "Organization acme", Milestone: "acme/organization/acme"}},
		},
		"OrganizationExists": {
			reason:  "One that exists does not",
			objects: []client.Object{is(anOrganization())}, need: inOrganization,
		},
		"Nobody": {
			reason: "What no object stands for is not waited for: the server says whether it is there",
			need:   inOrganization,
		},
		"Repository": {
			reason:  "A Repository that is not created yet comes first",
			objects: []client.Object{aRepository()}, need: inRepository,
			want: []Need{{What: "Repository site", Milestone: "acme/repository/acme/site"}},
		},
		"RepositoryExists": {
			reason:  "One that exists does not",
			objects: []client.Object{is(aRepository())}, need: inRepository,
		},
		"BranchBeforeContent": {
			reason:  "A branch starts at a commit",
			objects: []client.Object{is(aRepository()), aContent()}, need: branches,
			want: []Need{{What: "RepositoryContent site", Milestone: "acme/repository/acme/site/content"}},
		},
		"BranchAfterContent": {
			reason:  "There is a commit",
			objects: []client.Object{is(aRepository()), aContent("main", "staging")}, need: branches,
		},
		"BranchOfAnother": {
			reason:  "Another repository's content is no matter of ours",
			objects: []client.Object{is(aRepository()), gone}, need: branches,
		},
		"ProtectionBeforeContent": {
			reason:  "A branch that is protected cannot be created",
			objects: []client.Object{is(aRepository()), aContent(), aBranch("main")}, need: protects("main"),
			want: []Need{{What: "RepositoryContent site", Milestone: "acme/repository/acme/site/branch/main"}},
		},
		"ProtectionBeforeEverything": {
			reason:  "A repository that is there a moment before its object says so is no branch yet",
			objects: []client.Object{aRepository(), aContent(), aBranch("main")}, need: protects("main"),
			want: []Need{{What: "Repository site", Milestone: "acme/repository/acme/site"}, {What: "RepositoryContent site", Milestone: "acme/repository/acme/site/branch/main"}},
		},
		"BranchBeforeEverything": {
			reason:  "A branch needs the commit as well",
			objects: []client.Object{aRepository(), aContent()}, need: branches,
			want: []Need{{What: "Repository site", Milestone: "acme/repository/acme/site"}, {What: "RepositoryContent site", Milestone: "acme/repository/acme/site/content"}},
		},
		"ProtectionOfPushed": {
			reason:  "A branch that was pushed with the content is there before its own object says so",
			objects: []client.Object{is(aRepository()), aContent("main", "staging"), aBranch("main")}, need: protects("main"),
		},
		"ProtectionOfEntry": {
			reason:  "The content is on its branch",
			objects: []client.Object{is(aRepository()), aContent("main", "staging")}, need: protects("develop"),
		},
		"ProtectionBeforeBranch": {
			reason:  "A branch that was not pushed is created by its own object first",
			objects: []client.Object{is(aRepository()), is(aContent()), aBranch("main")}, need: protects("main"),
			want: []Need{{What: "Branch site-main", Milestone: "acme/repository/acme/site/branch/main"}},
		},
		"ProtectionAfterBranch": {
			reason:  "It exists",
			objects: []client.Object{is(aRepository()), is(aContent()), is(aBranch("main"))}, need: protects("main"),
		},
		"ProtectionOfNobodys": {
			reason:  "Nobody is going to create the branch",
			objects: []client.Object{is(aRepository()), is(aContent())}, need: protects("main"),
		},
		"ProtectionOfPattern": {
			reason:  "A rule for many branches waits for the repository only",
			objects: []client.Object{is(aRepository()), aContent()}, need: protects("release/*"),
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got, err := tc.need(t.Context(), having(t, tc.objects...))
			if err != nil {
				t.Fatalf("%s: %v", tc.reason, err)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("%s\n-want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}
