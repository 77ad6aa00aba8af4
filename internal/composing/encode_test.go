package composing

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/structpb"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/intstr"
	"sigs.k8s.io/randfill"

	"github.com/openova-io/catalyst/apis/v1alpha1"
	gitea "github.com/openova-io/catalyst/providers/provider-gitea/apis/v1alpha1"
	powerdns "github.com/openova-io/catalyst/providers/provider-powerdns/apis/v1alpha1"
)

// TestStructOf holds the conversion to what apimachinery and structpb make of
// an object together, for objects filled at random.
func TestStructOf(t *testing.T) {
	fill := randfill.NewWithSeed(1).NilChance(0.4).NumElements(0, 3).MaxDepth(12).Funcs(
		func(s *string, c randfill.Continue) { *s = []string{"", "a", "é", "a-b.c"}[c.Intn(4)] },
		func(r *runtime.RawExtension, _ randfill.Continue) { r.Raw = []byte(`{"a":[1,"b",null,{"c":true}]}`) },
		func(i *intstr.IntOrString, c randfill.Continue) {
			*i = []intstr.IntOrString{intstr.FromInt32(80), intstr.FromString("http")}[c.Intn(2)]
		},
		func(f *metav1.FieldsV1, _ randfill.Continue) { f.Raw = []byte(`{}`) },
	)
	for name, newObject := range map[string]func() any{
		"Application":       func() any { return &v1alpha1.Application{} },
		"Blueprint":         func() any { return &v1alpha1.Blueprint{} },
		"Organization":      func() any { return &v1alpha1.Organization{} },
		"RRset":             func() any { return &powerdns.RRset{} },
		"RepositoryContent": func() any { return &gitea.RepositoryContent{} },
		"BranchProtection":  func() any { return &gitea.BranchProtection{} },
		"ResourceQuota":     func() any { return &corev1.ResourceQuota{} },
		"LimitRange":        func() any { return &corev1.LimitRange{} },
		"Secret":            func() any { return &corev1.Secret{} },
		"NetworkPolicy":     func() any { return &networkingv1.NetworkPolicy{} },
	} {
		t.Run(name, func(t *testing.T) {
			for i := range 200 {
				o := newObject()
				// The first one is empty.
				if i > 0 {
					fill.Fill(o)
				}
				u, err := runtime.DefaultUnstructuredConverter.ToUnstructured(o)
				if err != nil {
					t.Fatal(err)
				}
				want, err := structpb.NewStruct(u)
				if err != nil {
					t.Fatal(err)
				}
				got, err := structOf(o)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(want, got, protocmp.Transform()); diff != "" {
					t.Fatalf("-want, +got:\n%s", diff)
				}
			}
		})
	}
}

func TestStructOfRefuses(t *testing.T) {
	for name, o := range map[string]any{
		"NoPointer":   powerdns.RRset{},
		"NoStruct":    new("a"),
		"Nil":         (*powerdns.RRset)(nil),
		"InvalidUTF8": &powerdns.RRset{ObjectMeta: metav1.ObjectMeta{Name: "\xff"}},
		"InvalidKey":  &powerdns.RRset{ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{"\xff": "a"}}},
	} {
		t.Run(name, func(t *testing.T) {
			if s, err := structOf(o); err == nil {
				t.Errorf("want an error, got %v", s)
			}
		})
	}
}
