package provider

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	"github.com/crossplane/crossplane-runtime/v2/pkg/reconciler/managed"
	"github.com/crossplane/crossplane-runtime/v2/pkg/resource"
	"github.com/crossplane/crossplane-runtime/v2/pkg/resource/fake"
	"github.com/crossplane/crossplane-runtime/v2/pkg/test"
)

func TestNameInitializer(t *testing.T) {
	cases := map[string]struct {
		reason  string
		mg      metav1.ObjectMeta
		name    func(*fake.ModernManaged) string
		want    string
		updates int
	}{
		"New": {
			reason: "The name is stored with the finalizer, not on its own",
			mg:     metav1.ObjectMeta{Name: "site"},
			want:   "site",
		},
		"Named": {
			reason: "A name that is there stays",
			mg:     metav1.ObjectMeta{Name: "site", Annotations: map[string]string{meta.AnnotationKeyExternalName: "other"}},
			want:   "other",
		},
		"OfKind": {
			reason: "A kind may have names of its own",
			mg:     metav1.ObjectMeta{Name: "site"},
			name:   func(*fake.ModernManaged) string { return "main" },
			want:   "main",
		},
		"Lost": {
			reason:  "References resolve to the name: one that was lost is stored again",
			mg:      metav1.ObjectMeta{Name: "site", Finalizers: []string{managed.FinalizerName}},
			want:    "site",
			updates: 1,
		},
		"None": {
			reason: "No name is nothing to store",
			mg:     metav1.ObjectMeta{Name: "site", Finalizers: []string{managed.FinalizerName}},
			name:   func(*fake.ModernManaged) string { return "" },
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			updates := 0
			c := &test.MockClient{MockUpdate: func(context.Context, client.Object, ...client.UpdateOption) error {
				updates++
				return nil
			}}
			mg := &fake.ModernManaged{ObjectMeta: tc.mg}
			if err := nameInitializer(c, tc.name).Initialize(context.Background(), mg); err != nil {
				t.Fatalf("%s: Initialize(...): %v", tc.reason, err)
			}
			if diff := cmp.Diff(tc.want, meta.GetExternalName(mg)); diff != "" {
				t.Errorf("%s: external name: -want, +got:\n%s", tc.reason, diff)
			}
			if diff := cmp.Diff(tc.updates, updates); diff != "" {
				t.Errorf("%s: updates: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestNaming(t *testing.T) {
	boom := errors.New("boom")
	named := func(name string) *fake.ModernManaged {
		mg := &fake.ModernManaged{}
		if name != "" {
			meta.SetExternalName(mg, name)
		}
		return mg
	}
	cases := map[string]struct {
		reason  string
		mg      *fake.ModernManaged
		resolve managed.ReferenceResolverFn
		want    string
		err     error
	}{
		"Kept": {
			reason: "The API server's answer must not take away the name that it does not know yet",
			mg:     named("site"),
			resolve: func(_ context.Context, mg resource.Managed) error {
				*mg.(*fake.ModernManaged) = fake.ModernManaged{}
				return nil
			},
			want: "site",
		},
		"Stored": {
			reason: "The name that the API server knows is the name",
			mg:     named("site"),
			resolve: func(_ context.Context, mg resource.Managed) error {
				meta.SetExternalName(mg, "other")
				return nil
			},
			want: "other",
		},
		"None": {
			reason:  "A resource without a name has none afterwards",
			mg:      named(""),
			resolve: func(context.Context, resource.Managed) error { return nil },
		},
		"Unresolved": {
			reason:  "An error is for the reconciler to report",
			mg:      named("site"),
			resolve: func(context.Context, resource.Managed) error { return boom },
			want:    "site",
			err:     boom,
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			err := naming{tc.resolve}.ResolveReferences(context.Background(), tc.mg)
			if diff := cmp.Diff(tc.err, err, test.EquateErrors()); diff != "" {
				t.Errorf("%s: -want error, +got error:\n%s", tc.reason, diff)
			}
			if diff := cmp.Diff(tc.want, meta.GetExternalName(tc.mg)); diff != "" {
				t.Errorf("%s: external name: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}
