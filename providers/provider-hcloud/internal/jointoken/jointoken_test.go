package jointoken

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"github.com/crossplane/crossplane-runtime/v2/pkg/resource"

	"github.com/openova-io/catalyst/providers/provider-hcloud/apis/v1alpha1"
)

func joinToken() *v1alpha1.JoinToken {
	mg := &v1alpha1.JoinToken{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "t", UID: "uid"}}
	mg.Spec.WriteConnectionSecretToReference = &xpv1.LocalSecretReference{Name: "s"}
	return mg
}

func secret(owner string, data map[string][]byte) *corev1.Secret {
	s := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "s"}, Data: data}
	if owner != "" {
		s.OwnerReferences = []metav1.OwnerReference{{APIVersion: "hcloud.openova.io/v1alpha1", Kind: "JoinToken", Name: "t", UID: "uid", Controller: new(owner == "uid")}}
	}
	return s
}

func connect(t *testing.T, objects ...client.Object) *external {
	t.Helper()
	scheme := runtime.NewScheme()
	if err := corev1.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	return &external{kube: fake.NewClientBuilder().WithScheme(scheme).WithObjects(objects...).Build()}
}

func read(t *testing.T, e *external) string {
	t.Helper()
	s := &corev1.Secret{}
	if err := e.kube.Get(context.Background(), client.ObjectKey{Namespace: "ns", Name: "s"}, s); err != nil {
		t.Fatal(err)
	}
	return string(s.Data[Key])
}

func TestGeneratedOnce(t *testing.T) {
	cases := map[string]struct {
		reason  string
		objects []client.Object
	}{
		"NoSecret":    {reason: "A Secret that is not there is made"},
		"EmptySecret": {reason: "crossplane-runtime makes the Secret before the token is generated", objects: []client.Object{secret("uid", nil)}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			e, mg := connect(t, tc.objects...), joinToken()
			if o, err := e.Observe(t.Context(), mg); err != nil || o.ResourceExists {
				t.Fatalf("%s: Observe(...) = %v, %v", tc.reason, o, err)
			}
			if _, err := e.Create(t.Context(), mg); err != nil {
				t.Fatalf("%s: Create(...): %v", tc.reason, err)
			}
			first := read(t, e)
			if len(first) != 2*size {
				t.Errorf("%s: token has %d digits, want %d", tc.reason, len(first), 2*size)
			}
			if _, err := e.Create(t.Context(), mg); err != nil {
				t.Fatalf("%s: second Create(...): %v", tc.reason, err)
			}
			if diff := cmp.Diff(first, read(t, e)); diff != "" {
				t.Errorf("%s: the token changed: -before, +after:\n%s", tc.reason, diff)
			}
			o, err := e.Observe(t.Context(), mg)
			if err != nil || !o.ResourceExists || !o.ResourceUpToDate || !mg.Status.AtProvider.Generated {
				t.Errorf("%s: Observe(...) of a generated token = %v, %v", tc.reason, o, err)
			}
		})
	}
}

func TestTokensDiffer(t *testing.T) {
	a, b := connect(t), connect(t)
	for _, e := range []*external{a, b} {
		if _, err := e.Create(t.Context(), joinToken()); err != nil {
			t.Fatal(err)
		}
	}
	if read(t, a) == read(t, b) {
		t.Error("two clusters have one token")
	}
}

// restoredSecret is one that was kept and brought back.
func restoredSecret(data map[string][]byte) *corev1.Secret {
	s := secret("", data)
	s.Type = resource.SecretTypeConnection
	return s
}

// A cluster that runs knows one token. Whoever takes it over brings that.
func TestRestored(t *testing.T) {
	e, mg := connect(t, restoredSecret(map[string][]byte{Key: []byte("x")})), joinToken()
	o, err := e.Observe(t.Context(), mg)
	if err != nil || !o.ResourceExists || o.ResourceUpToDate {
		t.Fatalf("a token that was brought is not the JoinToken's yet: Observe(...) = %v, %v", o, err)
	}
	if _, err := e.Update(t.Context(), mg); err != nil {
		t.Fatal(err)
	}
	if o, err = e.Observe(t.Context(), mg); err != nil || !o.ResourceUpToDate || !mg.Status.AtProvider.Generated {
		t.Errorf("a token that was taken over: Observe(...) = %v, %v", o, err)
	}
	if diff := cmp.Diff("x", read(t, e)); diff != "" {
		t.Errorf("the token changed: -before, +after:\n%s", diff)
	}
}

func TestRefused(t *testing.T) {
	lost := joinToken()
	lost.Status.AtProvider.Generated = true
	bare := joinToken()
	bare.Spec.WriteConnectionSecretToReference = nil
	cases := map[string]struct {
		reason  string
		mg      *v1alpha1.JoinToken
		objects []client.Object
	}{
		"Lost":    {reason: "A token that was lost is not replaced in silence", mg: lost},
		"Foreign": {reason: "Another's Secret is left alone", mg: joinToken(), objects: []client.Object{secret("", map[string][]byte{Key: []byte("x")})}},
		"Other": {reason: "Another owner's Secret is left alone", mg: joinToken(), objects: []client.Object{func() *corev1.Secret {
			s := restoredSecret(map[string][]byte{Key: []byte("x")})
			s.OwnerReferences = []metav1.OwnerReference{{APIVersion: "v1", Kind: "X", Name: "x", UID: "other", Controller: new(true)}}
			return s
		}()}},
		"Empty":   {reason: "A Secret without a token was not brought by anybody", mg: joinToken(), objects: []client.Object{restoredSecret(nil)}},
		"Nowhere": {reason: "A token has to go somewhere", mg: bare},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if _, err := connect(t, tc.objects...).Observe(t.Context(), tc.mg); err == nil {
				t.Errorf("%s: Observe(...) has no error", tc.reason)
			}
		})
	}
}

func TestDeleted(t *testing.T) {
	mg := joinToken()
	now := metav1.Now()
	mg.DeletionTimestamp = &now
	o, err := connect(t, secret("uid", map[string][]byte{Key: []byte("x")})).Observe(t.Context(), mg)
	if err != nil || o.ResourceExists {
		t.Errorf("nothing outlives a deleted JoinToken: Observe(...) = %v, %v", o, err)
	}
}
