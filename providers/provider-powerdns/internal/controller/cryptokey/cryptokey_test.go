package cryptokey

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/miekg/dns"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	"github.com/crossplane/crossplane-runtime/v2/pkg/test"

	"github.com/openova-io/catalyst/providers/provider-powerdns/apis/v1alpha1"
	"github.com/openova-io/catalyst/providers/provider-powerdns/internal/clients"
	"github.com/openova-io/catalyst/providers/provider-powerdns/internal/testkit"
)

const zoneName = "example.org."

// kube knows some CryptoKeys.
func kube(keys *[]v1alpha1.CryptoKey) client.Client {
	return &test.MockClient{MockList: test.NewMockListFn(nil, func(l client.ObjectList) error {
		l.(*v1alpha1.CryptoKeyList).Items = *keys //nolint:forcetypeassert // Nothing else is listed.
		return nil
	})}
}

func newKey(name, keyType, algorithm string) *v1alpha1.CryptoKey {
	return &v1alpha1.CryptoKey{
		ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: name, UID: types.UID(name), Generation: 1},
		Spec: v1alpha1.CryptoKeySpec{ForProvider: v1alpha1.CryptoKeyParameters{
			Zone: "Example.org", KeyType: keyType, Algorithm: algorithm, Active: new(true), Published: new(true),
		}},
	}
}

func keysOf(t *testing.T, s *clients.Server) []clients.CryptoKey {
	t.Helper()
	keys, err := s.API.CryptoKeys(t.Context(), zoneName)
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

func TestPair(t *testing.T) {
	known := &[]v1alpha1.CryptoKey{}
	b := testkit.New(t, kube(known), New)
	b.Zone(t, zoneName)
	ksk, zsk := newKey("ksk", "ksk", "13"), newKey("zsk", "zsk", "ECDSAP256SHA256")

	b.Must(t, ksk)
	if got := ksk.Status.AtProvider.KeyType; got != "csk" {
		t.Errorf("want a ksk that is alone to be reported as csk, got %s", got)
	}
	b.Must(t, zsk)
	b.Must(t, ksk)
	if got := ksk.Status.AtProvider.KeyType; got != "ksk" {
		t.Errorf("want a ksk beside a zsk to be reported as ksk, got %s", got)
	}
	if got := len(keysOf(t, b.Server)); got != 2 {
		t.Errorf("want 2 keys, got %d", got)
	}

	// The chain of trust: the DS in the status are those of the key served.
	var served *dns.DNSKEY
	for _, rr := range b.DNS.Query(t, "example.org", dns.TypeDNSKEY).Answer {
		if k, ok := rr.(*dns.DNSKEY); ok && k.Flags == uint16(flagsSEP) {
			served = k
		}
	}
	if served == nil {
		t.Fatal("want a key signing key to be served")
	}
	if got, want := *ksk.Status.AtProvider.KeyTag, int64(served.KeyTag()); got != want {
		t.Errorf("keyTag: want %d, got %d", want, got)
	}
	sha256 := strings.ToLower(strings.TrimPrefix(served.ToDS(dns.SHA256).String(), served.ToDS(dns.SHA256).Header().String()))
	found := false
	for _, ds := range ksk.Status.AtProvider.DS {
		found = found || ds == sha256
	}
	if !found {
		t.Errorf("want DS %q in the status, got %q", sha256, ksk.Status.AtProvider.DS)
	}
	if len(zsk.Status.AtProvider.DS) != 0 {
		t.Errorf("want no DS of a zsk, got %q", zsk.Status.AtProvider.DS)
	}
	signed := false
	for _, rr := range b.DNS.Query(t, "example.org", dns.TypeNS).Answer {
		signed = signed || rr.Header().Rrtype == dns.TypeRRSIG
	}
	if !signed {
		t.Error("want signed answers")
	}

	// An inactive zsk is reported as csk, with DS records, and is still a zsk.
	testkit.Settle(zsk)
	zsk.Generation++
	zsk.Spec.ForProvider.Active = new(false)
	b.Must(t, zsk)
	if len(zsk.Status.AtProvider.DS) != 0 || *zsk.Status.AtProvider.Active {
		t.Errorf("want an inactive zsk without DS, got %+v", zsk.Status.AtProvider)
	}

	// Drift.
	testkit.Settle(ksk)
	b.Events.Take()
	if err := b.Server.API.ChangeCryptoKey(t.Context(), zoneName, *ksk.Status.AtProvider.ID, false, true); err != nil {
		t.Fatal(err)
	}
	b.Must(t, ksk)
	if diff := cmp.Diff([]string{"Something else changed this; it was put right: active: found false, restored true"}, b.Events.Take()); diff != "" {
		t.Errorf("events of drift: -want, +got:\n%s", diff)
	}

	b.Gone(t, zsk)
	b.Gone(t, ksk)
	if got := len(keysOf(t, b.Server)); got != 0 {
		t.Errorf("want no keys, got %d", got)
	}
}

func TestInterruptedCreate(t *testing.T) {
	known := &[]v1alpha1.CryptoKey{}
	b := testkit.New(t, kube(known), New)
	b.Zone(t, zoneName)
	made, err := b.Server.API.CreateCryptoKey(t.Context(), zoneName, clients.CryptoKey{KeyType: "ksk", Algorithm: "ecdsa256", Active: true, Published: true})
	if err != nil {
		t.Fatal(err)
	}

	// Another attempt finds the key of the first one.
	mg := newKey("ksk", "ksk", "ecdsa256")
	b.Must(t, mg)
	if got := *mg.Status.AtProvider.ID; got != made.ID {
		t.Errorf("want key %d to be taken over, got %d", made.ID, got)
	}
	if got := len(keysOf(t, b.Server)); got != 1 {
		t.Errorf("want 1 key, got %d", got)
	}

	// A second key of the same kind is another key, whether the API server
	// knows yet whose the first one is or not.
	second := newKey("ksk2", "ksk", "ecdsa256")
	b.Must(t, second)
	if *second.Status.AtProvider.ID == made.ID {
		t.Error("want a key of its own for the second CryptoKey")
	}
	*known = []v1alpha1.CryptoKey{*mg, *second}
	third := newKey("ksk3", "ksk", "ecdsa256")
	b.Must(t, third)
	if got := len(keysOf(t, b.Server)); got != 3 {
		t.Errorf("want 3 keys, got %d", got)
	}

	// Deleted in the middle of a create: what the create left behind goes too.
	if _, err := b.Server.API.CreateCryptoKey(t.Context(), zoneName, clients.CryptoKey{KeyType: "zsk", Algorithm: "ecdsa256", Active: true, Published: true}); err != nil {
		t.Fatal(err)
	}
	gone := newKey("zsk", "zsk", "13")
	meta.SetExternalCreatePending(gone, time.Now())
	gone.SetDeletionTimestamp(&metav1.Time{Time: time.Now()})
	o, err := b.External().Observe(t.Context(), gone)
	if err != nil || !o.ResourceExists {
		t.Fatalf("want the key to be found, got exists %t, error %v", o.ResourceExists, err)
	}
	if _, err := b.External().Delete(t.Context(), gone); err != nil {
		t.Fatal(err)
	}
	if got := len(keysOf(t, b.Server)); got != 3 {
		t.Errorf("want 3 keys, got %d", got)
	}

	// Never created is deletable.
	never := newKey("never", "zsk", "13")
	never.SetDeletionTimestamp(&metav1.Time{Time: time.Now()})
	if o, err := b.External().Observe(t.Context(), never); err != nil || o.ResourceExists {
		t.Errorf("want nothing, got exists %t, error %v", o.ResourceExists, err)
	}
}

// TestNumberedAgain creates a key that has the number of one that went with its
// zone, and interrupts that.
func TestNumberedAgain(t *testing.T) {
	b := testkit.New(t, kube(&[]v1alpha1.CryptoKey{}), New)
	b.Zone(t, zoneName)
	before := newKey("before", "ksk", "ecdsa256")
	b.Must(t, before)
	if err := b.Server.API.DeleteZone(t.Context(), zoneName); err != nil {
		t.Fatal(err)
	}
	if o, err := b.External().Observe(t.Context(), before); err != nil || o.ResourceExists {
		t.Fatalf("want the key to be gone with its zone, got exists %t, error %v", o.ResourceExists, err)
	}
	b.Zone(t, zoneName)

	mg := newKey("after", "ksk", "ecdsa256")
	if _, err := b.External().Create(t.Context(), mg); err != nil {
		t.Fatal(err)
	}
	if meta.GetExternalName(mg) != meta.GetExternalName(before) {
		t.Fatalf("the server numbers keys in a way that this test is not made for: %s after %s", meta.GetExternalName(mg), meta.GetExternalName(before))
	}
	mg = newKey("after", "ksk", "ecdsa256")
	meta.SetExternalCreatePending(mg, time.Now())
	if o, err := b.External().Observe(t.Context(), mg); err != nil || !o.ResourceExists {
		t.Errorf("want the key to be found that this CryptoKey had the server make, got exists %t, error %v", o.ResourceExists, err)
	}
}

// TestAtOnce creates keys of one zone at the same time.
func TestAtOnce(t *testing.T) {
	b := testkit.New(t, kube(&[]v1alpha1.CryptoKey{}), New)
	b.Zone(t, zoneName)
	wg := sync.WaitGroup{}
	for _, name := range []string{"a", "b", "c", "d"} {
		wg.Go(func() {
			mg := newKey(name, "ksk", "ecdsa256")
			if _, err := b.External().Create(context.Background(), mg); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if got := len(keysOf(t, b.Server)); got != 4 {
		t.Errorf("want 4 keys, got %d", got)
	}
}

func TestParentGone(t *testing.T) {
	b := testkit.New(t, kube(&[]v1alpha1.CryptoKey{}), New)
	b.Zone(t, zoneName)
	mg := newKey("csk", "csk", "")
	b.Must(t, mg)
	if err := b.Server.API.DeleteZone(t.Context(), zoneName); err != nil {
		t.Fatal(err)
	}
	b.Gone(t, mg)
	if err := b.Reconcile(t, mg); err == nil || !strings.Contains(err.Error(), "zone example.org. does not exist on the server") {
		t.Errorf("want an error that names the zone, got %v", err)
	}

	// The zone comes back, and a new key with it.
	b.Zone(t, zoneName)
	b.Must(t, mg)
}

func TestRSA(t *testing.T) {
	b := testkit.New(t, kube(&[]v1alpha1.CryptoKey{}), New)
	b.Zone(t, zoneName)
	mg := newKey("csk", "csk", "8")
	if err := b.Reconcile(t, mg); err == nil || !strings.Contains(err.Error(), "requires the size (in bits)") {
		t.Errorf("want the server's word on the size, got %v", err)
	}
	mg.Spec.ForProvider.Bits = new(int64(2048))
	b.Must(t, mg)
	if got := *mg.Status.AtProvider.Bits; got != 2048 {
		t.Errorf("bits: want 2048, got %d", got)
	}

	wrong := newKey("wrong", "zsk", "13")
	meta.SetExternalName(wrong, meta.GetExternalName(mg))
	if err := b.Reconcile(t, wrong); err == nil || !strings.Contains(err.Error(), "but spec.forProvider says zsk of 13") {
		t.Errorf("want an error that tells what the key is, got %v", err)
	}
}

func TestAlgorithms(t *testing.T) {
	for _, names := range [][]string{{"13", "ecdsa256", "ECDSAP256SHA256"}, {"14", "ecdsa384", "ECDSAP384SHA384"}, {"15", "ED25519"}} {
		b := testkit.New(t, kube(&[]v1alpha1.CryptoKey{}), New)
		b.Zone(t, zoneName)
		mg := newKey("csk", "csk", names[0])
		for _, n := range names {
			mg.Spec.ForProvider.Algorithm = n
			b.Must(t, mg)
		}
		if got := len(keysOf(t, b.Server)); got != 1 {
			t.Errorf("%v: want one key by any name, got %d", names, got)
		}
	}
}
