package zone

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/miekg/dns"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"

	"github.com/openova-io/catalyst/providers/provider-powerdns/apis/v1alpha1"
	"github.com/openova-io/catalyst/providers/provider-powerdns/internal/clients"
	"github.com/openova-io/catalyst/providers/provider-powerdns/internal/testkit"
)

func newZone(externalName string, p v1alpha1.ZoneParameters) *v1alpha1.Zone {
	mg := &v1alpha1.Zone{
		ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "z", Generation: 1},
		Spec:       v1alpha1.ZoneSpec{ForProvider: p},
	}
	meta.SetExternalName(mg, externalName)
	return mg
}

func TestLifecycle(t *testing.T) {
	b := testkit.New(t, nil, New)
	ctx := t.Context()
	mg := newZone("Example.ORG", v1alpha1.ZoneParameters{Kind: "Native", Nameservers: []string{"NS2.example.net", "ns1.example.net."}})

	b.Must(t, mg)
	want := v1alpha1.ZoneObservation{
		ID: "example.org.", Name: "example.org.", Kind: "Native", SOAEditAPI: "DEFAULT",
		Nameservers: []string{"ns1.example.net.", "ns2.example.net."},
		DNSSEC:      new(false), APIRectify: new(false), NSEC3Narrow: new(false), Presigned: new(false), NotifiedSerial: new(int64(0)),
	}
	opt := cmpopts.IgnoreFields(v1alpha1.ZoneObservation{}, "Serial", "EditedSerial", "Presigned")
	if diff := cmp.Diff(want, mg.Status.AtProvider, opt, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("status.atProvider: -want, +got:\n%s", diff)
	}
	if mg.Status.AtProvider.Serial == nil || *mg.Status.AtProvider.Serial == 0 {
		t.Error("want a serial number")
	}
	if got := len(b.DNS.Query(t, "example.org", dns.TypeNS).Answer); got != 2 {
		t.Errorf("want 2 NS records served, got %d", got)
	}

	// A record somebody else keeps in the zone survives whatever happens to it.
	foreign := clients.RRset{Name: "mail.example.org.", Type: "A", TTL: 60, ChangeType: "REPLACE", Records: []clients.Record{{Content: "192.0.2.25"}}}
	if err := b.Server.API.PatchZone(ctx, "example.org.", []clients.RRset{foreign}); err != nil {
		t.Fatal(err)
	}

	// A second create takes over what is there.
	if _, err := b.External().Create(ctx, mg); err != nil {
		t.Fatal(err)
	}

	testkit.Settle(mg)
	mg.Generation++
	p := &mg.Spec.ForProvider
	p.Kind, p.Account, p.SOAEdit, p.SOAEditAPI = "Master", new("acme"), new("INCEPTION-EPOCH"), new("INCREASE")
	p.Catalog, p.DNSSEC, p.NSEC3Param, p.APIRectify = new("Catalog.example"), new(true), new("1 0 0 -"), new(true)
	b.Must(t, mg)
	if got := b.Events.Take(); len(got) != 0 {
		t.Errorf("want no event for a change of the spec, got %v", got)
	}
	b.Proxy.Reset()
	b.Must(t, mg)
	if got := b.Proxy.Writes(); got != 0 {
		t.Errorf("want no write of what is as it should be, got %v", b.Proxy.Trace())
	}

	testkit.Settle(mg)
	if err := b.Server.API.ChangeZone(ctx, "example.org.", map[string]any{"account": "mallory", "kind": "Native"}); err != nil {
		t.Fatal(err)
	}
	b.Must(t, mg)
	wantEvents := []string{`Something else changed this; it was put right: kind: found "Native", restored "Master"; account: found "mallory", restored "acme"`}
	if diff := cmp.Diff(wantEvents, b.Events.Take()); diff != "" {
		t.Errorf("events of drift: -want, +got:\n%s", diff)
	}

	mg.Generation++
	p.Account, p.Catalog, p.SOAEdit = new(""), new(""), new("")
	b.Must(t, mg)
	if got := len(b.DNS.Query(t, "mail.example.org", dns.TypeA).Answer); got == 0 {
		t.Error("want the foreign record to be left alone")
	}

	b.Gone(t, mg)
	if rcode := b.DNS.Query(t, "example.org", dns.TypeSOA).Rcode; rcode != dns.RcodeRefused {
		t.Errorf("want REFUSED after delete, got %s", dns.RcodeToString[rcode])
	}
}

func TestKinds(t *testing.T) {
	b := testkit.New(t, nil, New)
	for _, kind := range []string{"Native", "Master", "Slave", "Producer", "Consumer"} {
		t.Run(kind, func(t *testing.T) {
			p := v1alpha1.ZoneParameters{Kind: kind}
			switch kind {
			case "Slave", "Consumer":
				p.Masters = []string{"192.0.2.1:5300", "192.0.2.2"}
			default:
				p.Nameservers = []string{"ns1.example.net"}
			}
			mg := newZone(strings.ToLower(kind)+".example", p)
			b.Must(t, mg)
			b.Proxy.Reset()
			b.Must(t, mg)
			if got := b.Proxy.Writes(); got != 0 {
				t.Errorf("want no write of what is as it should be, got %v", b.Proxy.Trace())
			}
			b.Gone(t, mg)
		})
	}
}

func TestCutOver(t *testing.T) {
	b := testkit.New(t, nil, New)
	mg := newZone("cut.example", v1alpha1.ZoneParameters{Kind: "Slave", Masters: []string{"192.0.2.1"}})
	b.Must(t, mg)
	mg.Spec.ForProvider = v1alpha1.ZoneParameters{Kind: "Native", Masters: []string{}}
	b.Must(t, mg)
	if got := mg.Status.AtProvider; got.Kind != "Native" || len(got.Masters) != 0 {
		t.Errorf("want a Native zone without masters, got %s with %v", got.Kind, got.Masters)
	}
}

func TestClassless(t *testing.T) {
	b := testkit.New(t, nil, New)
	mg := newZone("0-25.2.0.192.in-addr.arpa", v1alpha1.ZoneParameters{Nameservers: []string{"ns1.example.net"}})
	b.Must(t, mg)
	b.Gone(t, mg)
}

// TestImport looks at a zone without being asked to make it so.
func TestImport(t *testing.T) {
	b := testkit.New(t, nil, New)
	b.Zone(t, "there.example.")
	mg := newZone("there.example", v1alpha1.ZoneParameters{Kind: "Native"})
	b.Proxy.Reset()
	o, err := b.External().Observe(t.Context(), mg)
	if err != nil || !o.ResourceExists || !o.ResourceUpToDate {
		t.Fatalf("want an existing zone that needs nothing, got %+v, error %v", o, err)
	}
	if b.Proxy.Writes() != 0 {
		t.Errorf("want no write, got %v", b.Proxy.Trace())
	}
	if diff := cmp.Diff([]string{"ns1.example.net."}, mg.Status.AtProvider.Nameservers); diff != "" {
		t.Errorf("nameservers: -want, +got:\n%s", diff)
	}
}

func TestBadName(t *testing.T) {
	b := testkit.New(t, nil, New)
	for _, name := range []string{"", ".", "a..b", "a b.example", strings.Repeat("x", 64) + ".example", "../zones/other.example"} {
		mg := newZone(name, v1alpha1.ZoneParameters{Nameservers: []string{"ns1.example.net"}})
		b.Proxy.Reset()
		if _, err := b.External().Observe(t.Context(), mg); err == nil {
			t.Errorf("%q: want an error, got none", name)
		}
		if got := b.Proxy.Trace(); len(got) != 0 {
			t.Errorf("%q: want nothing to be asked, got %v", name, got)
		}
		mg.SetDeletionTimestamp(&metav1.Time{Time: time.Now()})
		if o, err := b.External().Observe(t.Context(), mg); err != nil || o.ResourceExists {
			t.Errorf("%q: want it to be deletable, got exists %t, error %v", name, o.ResourceExists, err)
		}
	}
}

// TestSharesSnapshot observes a zone whose RRsets were just read.
func TestSharesSnapshot(t *testing.T) {
	b := testkit.New(t, nil, New)
	b.Zone(t, "there.example.")
	if _, _, err := b.Server.RRset(context.Background(), "there.example.", "www.there.example.", "A", "RRset/default/r"); err != nil {
		t.Fatal(err)
	}
	mg := newZone("there.example", v1alpha1.ZoneParameters{})
	b.Proxy.Reset()
	for want := range 2 {
		if _, err := b.External().Observe(t.Context(), mg); err != nil {
			t.Fatal(err)
		}
		if got := len(b.Proxy.Trace()); got != want {
			t.Errorf("observation %d: want %d requests, got %v", want+1, want, b.Proxy.Trace())
		}
	}
}
