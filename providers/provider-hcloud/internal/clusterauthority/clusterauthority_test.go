package clusterauthority

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"github.com/crossplane/crossplane-runtime/v2/pkg/resource"

	"github.com/openova-io/catalyst/providers/provider-hcloud/apis/v1alpha1"
	"github.com/openova-io/catalyst/providers/provider-hcloud/internal/pki"
)

var epoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func clusterAuthority() *v1alpha1.ClusterAuthority {
	mg := &v1alpha1.ClusterAuthority{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "a", UID: "uid"}}
	mg.Spec.ForProvider = v1alpha1.ClusterAuthorityParameters{Cluster: "hz-fsn-mgt-prod", Domain: new("omantel.omani.works")}
	mg.Spec.WriteConnectionSecretToReference = &xpv1.LocalSecretReference{Name: "s"}
	return mg
}

func secret(owned bool, data map[string][]byte) *corev1.Secret {
	s := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "s"}, Data: data}
	if owned {
		s.OwnerReferences = []metav1.OwnerReference{{APIVersion: "hcloud.openova.io/v1alpha1", Kind: "ClusterAuthority", Name: "a", UID: "uid", Controller: new(true)}}
	}
	return s
}

func connect(t *testing.T, objects ...client.Object) *external {
	t.Helper()
	scheme := runtime.NewScheme()
	if err := corev1.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	return &external{kube: fake.NewClientBuilder().WithScheme(scheme).WithObjects(objects...).Build(), now: func() time.Time { return epoch }}
}

func read(t *testing.T, e *external) map[string][]byte {
	t.Helper()
	s := &corev1.Secret{}
	if err := e.kube.Get(context.Background(), client.ObjectKey{Namespace: "ns", Name: "s"}, s); err != nil {
		t.Fatal(err)
	}
	return s.Data
}

// generated is the data of an authority.
func generated(t *testing.T) map[string][]byte {
	t.Helper()
	e := connect(t)
	if _, err := e.Create(t.Context(), clusterAuthority()); err != nil {
		t.Fatal(err)
	}
	return read(t, e)
}

func TestGeneratedOnce(t *testing.T) {
	cases := map[string]struct {
		reason  string
		objects []client.Object
	}{
		"NoSecret":    {reason: "A Secret that is not there is made"},
		"EmptySecret": {reason: "crossplane-runtime makes the Secret before the authority is generated", objects: []client.Object{secret(true, nil)}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			e, mg := connect(t, tc.objects...), clusterAuthority()
			if o, err := e.Observe(t.Context(), mg); err != nil || o.ResourceExists {
				t.Fatalf("%s: Observe(...) = %v, %v", tc.reason, o, err)
			}
			if _, err := e.Create(t.Context(), mg); err != nil {
				t.Fatalf("%s: Create(...): %v", tc.reason, err)
			}
			first := read(t, e)
			if diff := cmp.Diff([]string{"client-ca.crt", "client-ca.key", "server-ca.crt", "server-ca.key"}, slices.Sorted(maps.Keys(first))); diff != "" {
				t.Errorf("%s: keys of the Secret: -want, +got:\n%s", tc.reason, diff)
			}
			if _, err := e.Create(t.Context(), mg); err != nil {
				t.Fatalf("%s: second Create(...): %v", tc.reason, err)
			}
			if diff := cmp.Diff(first, read(t, e)); diff != "" {
				t.Errorf("%s: the authority changed: -before, +after:\n%s", tc.reason, diff)
			}
			o, err := e.Observe(t.Context(), mg)
			if err != nil || !o.ResourceExists || !o.ResourceUpToDate || !mg.Status.AtProvider.Generated {
				t.Errorf("%s: Observe(...) of a generated authority = %v, %v", tc.reason, o, err)
			}
			if end := mg.Status.AtProvider.NotAfter; end == nil || end.UTC() != epoch.Add(-pki.Backdate).AddDate(10, 0, 0) {
				t.Errorf("%s: the authority ends at %v", tc.reason, end)
			}
		})
	}
}

// restored is a Secret that was kept and brought back.
func restored(data map[string][]byte) *corev1.Secret {
	s := secret(false, data)
	s.Type = resource.SecretTypeConnection
	return s
}

// A cluster that runs knows one authority. Whoever lost its Secret, or takes the
// cluster over, brings that.
func TestRestored(t *testing.T) {
	data := generated(t)
	e, mg := connect(t, restored(data)), clusterAuthority()
	mg.Status.AtProvider.Generated = true
	o, err := e.Observe(t.Context(), mg)
	if err != nil || !o.ResourceExists || o.ResourceUpToDate {
		t.Fatalf("an authority that was brought is not the ClusterAuthority's yet: Observe(...) = %v, %v", o, err)
	}
	if _, err := e.Update(t.Context(), mg); err != nil {
		t.Fatal(err)
	}
	if o, err = e.Observe(t.Context(), mg); err != nil || !o.ResourceUpToDate {
		t.Errorf("an authority that was taken over: Observe(...) = %v, %v", o, err)
	}
	if diff := cmp.Diff(data, read(t, e)); diff != "" {
		t.Errorf("the authority changed: -before, +after:\n%s", diff)
	}
}

func TestAuthorities(t *testing.T) {
	data := generated(t)
	for _, name := range authorities() {
		a, err := pki.Parse(Pair(data, name))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff("CN=hz-fsn-mgt-prod-"+name+",O=omantel.omani.works", a.Certificate.Subject.String()); diff != "" {
			t.Errorf("an authority tells what it is for: -want, +got:\n%s", diff)
		}
		if k, ok := a.Certificate.PublicKey.(*ecdsa.PublicKey); !ok || k.Curve != elliptic.P256() {
			t.Errorf("%s has a key of type %T, not one on P-256", name, a.Certificate.PublicKey)
		}
	}
	if bytes.Equal(data["server-ca.key"], data["client-ca.key"]) {
		t.Error("whoever may vouch for servers may vouch for clients")
	}
}

func TestRefused(t *testing.T) {
	lost := clusterAuthority()
	lost.Status.AtProvider.Generated = true
	bare := clusterAuthority()
	bare.Spec.WriteConnectionSecretToReference = nil
	part := generated(t)
	delete(part, "client-ca.key")
	mixed, other := generated(t), generated(t)
	mixed["server-ca.key"] = other["server-ca.key"]
	cases := map[string]struct {
		reason  string
		mg      *v1alpha1.ClusterAuthority
		objects []client.Object
		want    string
	}{
		"Lost":    {reason: "An authority that was lost is not replaced in silence", mg: lost, want: "has lost server-ca.crt, server-ca.key, client-ca.crt, client-ca.key"},
		"Emptied": {reason: "Nor is one whose Secret was emptied", mg: lost, objects: []client.Object{secret(true, nil)}, want: "has lost server-ca.crt"},
		"Part":    {reason: "Half an authority is never completed by another's half", mg: clusterAuthority(), objects: []client.Object{secret(true, part)}, want: "has lost client-ca.key"},
		"Mixed":   {reason: "A key that is not the certificate's signs nothing that is trusted", mg: clusterAuthority(), objects: []client.Object{secret(true, mixed)}, want: "has no authority in server-ca.crt and server-ca.key"},
		"Foreign": {reason: "Another's Secret is left alone", mg: clusterAuthority(), objects: []client.Object{secret(false, part)}, want: "is not this ClusterAuthority's"},
		"Half":    {reason: "Half an authority was not brought by anybody", mg: clusterAuthority(), objects: []client.Object{restored(part)}, want: "is not this ClusterAuthority's"},
		"Nowhere": {reason: "An authority has to go somewhere", mg: bare, want: "spec.writeConnectionSecretToRef is required"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			e := connect(t, tc.objects...)
			_, err := e.Observe(t.Context(), tc.mg)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("%s: Observe(...): %v, want %q", tc.reason, err, tc.want)
			}
		})
	}
}

// Whatever Create is called for, what is there stays.
func TestCreateKeeps(t *testing.T) {
	part := generated(t)
	delete(part, "client-ca.key")
	e := connect(t, secret(true, part))
	if _, err := e.Create(t.Context(), clusterAuthority()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(part, read(t, e)); diff != "" {
		t.Errorf("half an authority was written over: -want, +got:\n%s", diff)
	}
}

func TestDeleted(t *testing.T) {
	mg := clusterAuthority()
	now := metav1.Now()
	mg.DeletionTimestamp = &now
	o, err := connect(t, secret(true, generated(t))).Observe(t.Context(), mg)
	if err != nil || o.ResourceExists {
		t.Errorf("nothing outlives a deleted ClusterAuthority: Observe(...) = %v, %v", o, err)
	}
}
