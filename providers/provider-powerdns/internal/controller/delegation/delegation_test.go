package delegation

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"github.com/crossplane/crossplane-runtime/v2/pkg/reconciler/managed"

	"github.com/openova-io/catalyst/providers/provider-powerdns/apis/v1alpha1"
	"github.com/openova-io/catalyst/providers/provider-powerdns/internal/clients"
	"github.com/openova-io/catalyst/providers/provider-powerdns/internal/connect"
	"github.com/openova-io/catalyst/providers/provider-powerdns/internal/testkit"
)

const (
	zone   = "example.org."
	domain = "cloud.example.org."
	ours   = "12345 13 2 00000000000000000000000000000000000000000000000000000000000000aa"
	sha384 = "12345 13 4 0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000bb"
	theirs = "54321 13 2 00000000000000000000000000000000000000000000000000000000000000cc"
)

type bench = testkit.Bench[*v1alpha1.Delegation]

// A registry is the parent zone on two servers, which need not agree.
type registry struct {
	t       *testing.T
	servers []*bench
	at      time.Time
}

func newRegistry(t *testing.T) *registry {
	t.Helper()
	r := &registry{t: t, at: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
	for range 2 {
		b := testkit.New(t, nil, func(connect.Hub, *clients.Server) managed.TypedExternalClient[*v1alpha1.Delegation] { return nil })
		b.Zone(t, zone)
		r.servers = append(r.servers, b)
	}
	return r
}

// enter records on servers, in place of those of the type.
func (r *registry) enter(rrtype string, ttl int64, contents []string, servers ...*bench) {
	r.t.Helper()
	for _, b := range servers {
		var err error
		if len(contents) == 0 {
			err = b.Server.Delete(r.t.Context(), zone, domain, rrtype)
		} else {
			rr := clients.RRset{Name: domain, Type: rrtype, TTL: ttl}
			for _, c := range contents {
				rr.Records = append(rr.Records, clients.Record{Content: c})
			}
			err = b.Server.Replace(r.t.Context(), zone, rr)
		}
		if err != nil {
			r.t.Fatal(err)
		}
	}
}

func (r *registry) delegation() *v1alpha1.Delegation {
	return &v1alpha1.Delegation{Spec: v1alpha1.DelegationSpec{ForProvider: v1alpha1.DelegationParameters{
		Domain: "Cloud.example.org", Nameservers: []string{"ns2.example.net.", "NS1.example.net"}, DS: []string{strings.ToUpper(ours)},
		Servers: []string{r.servers[0].DNS.DNS, r.servers[1].DNS.DNS},
	}}}
}

// observe the delegation, and tell the reason and the message it ends with. The
// servers are called A and B.
func (r *registry) observe(mg *v1alpha1.Delegation) string {
	r.t.Helper()
	e := New(nil, nil, nil, nil).(*external) //nolint:forcetypeassert // What New returns.
	e.now = func() time.Time { return r.at }
	o, err := e.Observe(r.t.Context(), mg)
	if err != nil {
		r.t.Fatal(err)
	}
	if !o.ResourceExists || !o.ResourceUpToDate {
		r.t.Fatalf("there is something to write: %+v", o)
	}
	c := mg.GetCondition(xpv1.TypeReady)
	return strings.TrimSuffix(strings.NewReplacer(r.servers[0].DNS.DNS, "A", r.servers[1].DNS.DNS, "B").Replace(fmt.Sprintf("%s: %s", c.Reason, c.Message)), ": ")
}

var want = []string{"ns1.example.net.", "ns2.example.net."}

const where = "at the registrar of cloud.example.org, in zone example.org."

func TestJudge(t *testing.T) {
	r := newRegistry(t)
	a, b := r.servers[0], r.servers[1]
	// The order in which the servers are asked depends on their ports.
	if b.DNS.DNS < a.DNS.DNS {
		r.servers[0], r.servers[1] = b, a
		a, b = b, a
	}
	cases := []struct {
		name, reason string
		nsA, nsB     []string
		dsA, dsB     []string
		want         string
	}{
		{name: "Nothing", reason: "Nobody has entered anything", want: "NotDelegated: Enter NS ns1.example.net., ns2.example.net. and no others " + where + "; A says none"},
		{name: "Others", reason: "The domain is still served by others", nsA: []string{"ns.old.example."}, nsB: []string{"ns.old.example."}, want: "WrongNameservers: Enter NS ns1.example.net., ns2.example.net. and no others " + where + "; A says ns.old.example."},
		{name: "OneMore", reason: "One more server is one that knows nothing", nsA: append([]string{"ns.old.example."}, want...), nsB: want, want: "WrongNameservers: Enter NS ns1.example.net., ns2.example.net. and no others " + where + "; A says ns.old.example., ns1.example.net., ns2.example.net."},
		{name: "OneServer", reason: "One server of the parent is not there yet", nsA: want, want: "WrongNameservers: Enter NS ns1.example.net., ns2.example.net. and no others " + where + "; B says none"},
		{name: "NoDS", reason: "Nameservers first, DS next", nsA: want, nsB: want, want: "MissingDS: Enter DS " + ours + " " + where + "; A says none"},
		{name: "DSOnOneServer", reason: "Every server counts", nsA: want, nsB: want, dsA: []string{ours}, want: "MissingDS: Enter DS " + ours + " " + where + "; B says none"},
		{name: "ForeignDS", reason: "The domain is bogus as long as it is there", nsA: want, nsB: want, dsA: []string{theirs}, dsB: []string{theirs}, want: "WrongDS: Remove DS " + theirs + " " + where + ", before anything else: they are not of the domain's keys; A says " + theirs},
		{name: "ForeignDSFirst", reason: "It has to go before the nameservers change", nsA: []string{"ns.old.example."}, nsB: []string{"ns.old.example."}, dsB: []string{theirs}, want: "WrongDS: Remove DS " + theirs + " " + where + ", before anything else: they are not of the domain's keys; B says " + theirs},
		{name: "Published", reason: "All is as wanted", nsA: want, nsB: want, dsA: []string{ours}, dsB: []string{ours}, want: "Available"},
		{name: "MoreDigests", reason: "A registrar may publish further digests of the same key", nsA: want, nsB: want, dsA: []string{ours, sha384}, dsB: []string{ours, sha384}, want: "Available"},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			r.enter("NS", 60, tc.nsA, a)
			r.enter("NS", 60, tc.nsB, b)
			r.enter("DS", 60, tc.dsA, a)
			r.enter("DS", 60, tc.dsB, b)
			mg := r.delegation()
			if diff := cmp.Diff(tc.want, r.observe(mg)); diff != "" {
				t.Errorf("%s: -want, +got:\n%s", tc.reason, diff)
			}
			if got := mg.Status.AtProvider.Published; got != (tc.want == "Available") {
				t.Errorf("%s: published %t", tc.reason, got)
			}
			before := mg.Status.DeepCopy()
			r.at = r.at.Add(time.Minute)
			r.observe(mg)
			if diff := cmp.Diff(before.AtProvider, mg.Status.AtProvider); diff != "" {
				t.Errorf("%s: the status changes although nothing did: -before, +after:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestStatus(t *testing.T) {
	r := newRegistry(t)
	r.servers = r.servers[:1]
	r.servers = append(r.servers, r.servers[0])
	r.enter("NS", 1800, []string{"ns1.example.net.", "ns.old.example."}, r.servers[0])
	r.enter("DS", 900, []string{theirs}, r.servers[0])
	mg := r.delegation()
	mg.Spec.ForProvider.Servers = mg.Spec.ForProvider.Servers[:1]
	r.observe(mg)
	found := []string{"ns.old.example.", "ns1.example.net."}
	want := v1alpha1.DelegationObservation{
		ParentZone:     zone,
		Servers:        []v1alpha1.DelegationServer{{Name: r.servers[0].DNS.DNS, Nameservers: found, DS: []string{theirs}}},
		Nameservers:    found,
		DS:             []string{theirs},
		Missing:        []string{"NS ns2.example.net.", "DS " + ours},
		Unexpected:     []string{"NS ns.old.example.", "DS " + theirs},
		NameserversTTL: new(int64(1800)),
		DSTTL:          new(int64(900)),
		Validated:      true,
	}
	if diff := cmp.Diff(want, mg.Status.AtProvider); diff != "" {
		t.Errorf("-want, +got:\n%s", diff)
	}
}

// A domain moves here from servers that sign it: at no step may somebody be told
// to enter what makes it bogus, whatever resolvers still hold.
func TestMove(t *testing.T) {
	r := newRegistry(t)
	all := r.servers
	r.enter("NS", 600, []string{"ns.old.example."}, all...)
	r.enter("DS", 300, []string{theirs}, all...)
	mg := r.delegation()
	step := func(reason, want string, validated bool) {
		t.Helper()
		if got, _, _ := strings.Cut(r.observe(mg), ":"); got != want {
			t.Errorf("%s: got %s, want %s", reason, r.observe(mg), want)
		}
		if got := mg.Status.AtProvider.Validated; got != validated {
			t.Errorf("%s: validated is %t, want %t", reason, got, validated)
		}
	}
	step("The DS records go first", "WrongDS", true)
	r.enter("DS", 0, nil, all...)
	step("Resolvers hold them for 300 s", "DSCached", true)
	if next := poll(mg, 10*time.Minute); next > time.Minute {
		t.Errorf("looked at again after %s, want a minute at most", next)
	}
	r.at = r.at.Add(299 * time.Second)
	step("Still", "DSCached", true)
	r.at = r.at.Add(time.Second)
	step("The nameservers may change", "WrongNameservers", false)
	r.enter("NS", 600, want, all...)
	step("Resolvers ask the old ones for 600 s, which do not sign", "NameserversCached", false)
	r.at = r.at.Add(599 * time.Second)
	step("Still", "NameserversCached", false)
	r.at = r.at.Add(time.Second)
	step("DS records may come", "MissingDS", false)
	r.enter("DS", 300, []string{ours}, all...)
	step("All is as wanted", "Available", true)
	if next := poll(mg, 10*time.Minute); next < 9*time.Minute || next > 11*time.Minute {
		t.Errorf("looked at again after %s, want ten minutes or so", next)
	}
	r.enter("DS", 0, nil, all...)
	step("Resolvers validate for 300 s more", "MissingDS", true)
	r.at = r.at.Add(300 * time.Second)
	step("No resolver validates any more", "MissingDS", false)
}

func TestUnreachable(t *testing.T) {
	r := newRegistry(t)
	all := r.servers
	r.enter("NS", 60, want, all...)
	r.enter("DS", 60, []string{ours}, all...)
	mg := r.delegation()
	r.observe(mg)
	all[1].DNS.Kill()
	if diff := cmp.Diff("ParentUnreachable: Cannot ask B, a server of the parent zone: connection refused", r.observe(mg)); diff != "" {
		t.Errorf("one of two: -want, +got:\n%s", diff)
	}
	all[0].DNS.Kill()
	r.observe(mg)
	o := mg.Status.AtProvider
	if o.Published || !o.Validated || len(o.DS) != 1 || len(o.Servers) != 2 || o.Servers[0].Error == "" {
		t.Errorf("what was known of servers that do not answer should stay, without being published: %+v", o)
	}
	all[0].DNS.Restart()
	all[1].DNS.Restart()
	if diff := cmp.Diff("Available", r.observe(mg)); diff != "" {
		t.Errorf("back: -want, +got:\n%s", diff)
	}
}

// A server that has the domain as well names the domain's servers itself, and
// tells only by its answer for DS whether the parent zone delegates it.
func TestSameServer(t *testing.T) {
	r := newRegistry(t)
	r.servers[1] = r.servers[0]
	b := r.servers[0]
	err := b.Server.Write(t.Context(), domain, func(ctx context.Context) error {
		return b.Server.API.CreateZone(ctx, domain, want, map[string]any{"kind": "Native"})
	})
	if err != nil {
		t.Fatal(err)
	}
	mg := r.delegation()
	mg.Spec.ForProvider.Servers = mg.Spec.ForProvider.Servers[:1]
	for _, step := range []struct {
		reason, rrtype, content, want string
	}{
		{reason: "The parent zone has nothing", rrtype: "DS", want: "NotDelegated"},
		{reason: "The parent zone delegates", rrtype: "NS", want: "MissingDS"},
		{reason: "The parent zone says that it is signed", rrtype: "DS", content: ours, want: "Available"},
	} {
		contents := want
		if step.rrtype == "DS" {
			contents = nil
		}
		if step.content != "" {
			contents = []string{step.content}
		}
		r.enter(step.rrtype, 60, contents, b)
		if got, _, _ := strings.Cut(r.observe(mg), ":"); got != step.want {
			t.Errorf("%s: got %s, want %s", step.reason, r.observe(mg), step.want)
		}
	}
}

// An answer that does not fit into a packet is asked for over TCP.
func TestLargeAnswer(t *testing.T) {
	r := newRegistry(t)
	mg := r.delegation()
	mg.Spec.ForProvider.DS, mg.Spec.ForProvider.Nameservers = nil, nil
	for i := range 16 {
		mg.Spec.ForProvider.Nameservers = append(mg.Spec.ForProvider.Nameservers, fmt.Sprintf("%s.%s.n%02d.example.", strings.Repeat("a", 60), strings.Repeat(string(rune('a'+i)), 60), i))
	}
	r.enter("NS", 60, mg.Spec.ForProvider.Nameservers, r.servers...)
	if diff := cmp.Diff("Available", r.observe(mg)); diff != "" {
		t.Errorf("-want, +got:\n%s", diff)
	}
}

func TestNotTheParent(t *testing.T) {
	r := newRegistry(t)
	mg := r.delegation()
	mg.Spec.ForProvider.Domain = "a.cloud.example.org"
	r.enter("NS", 60, want, r.servers...)
	if got := r.observe(mg); !strings.HasPrefix(got, "ParentUnreachable") || !strings.HasSuffix(got, "it is not a server of the parent zone: it has no authority for cloud.example.org.") {
		t.Errorf("got %q", got)
	}
}

func TestDeletion(t *testing.T) {
	now := metav1.Now()
	mg := &v1alpha1.Delegation{ObjectMeta: metav1.ObjectMeta{DeletionTimestamp: &now}}
	if o, err := New(nil, nil, nil, nil).Observe(t.Context(), mg); err != nil || o.ResourceExists {
		t.Errorf("there is nothing to delete: %+v, %v", o, err)
	}
}

// A resolver that knows some names.
type resolver struct{}

func (resolver) LookupNS(_ context.Context, name string) ([]*net.NS, error) {
	switch name {
	case "broken.":
		return nil, &net.DNSError{Err: "read udp 10.0.0.1:4711->10.0.0.2:53: i/o timeout", IsTimeout: true}
	default:
		return nil, &net.DNSError{IsNotFound: true}
	}
}

func (resolver) LookupNetIP(context.Context, string, string) ([]netip.Addr, error) { return nil, nil }

func TestParentNotFound(t *testing.T) {
	mg := &v1alpha1.Delegation{Spec: v1alpha1.DelegationSpec{ForProvider: v1alpha1.DelegationParameters{Domain: "cloud.broken", Nameservers: want}}}
	if _, err := New(nil, resolver{}, nil, nil).Observe(t.Context(), mg); err != nil {
		t.Fatal(err)
	}
	c := mg.GetCondition(xpv1.TypeReady)
	if diff := cmp.Diff("ParentUnreachable Cannot find the servers of the parent zone: cannot look up the servers of broken.: no answer in time", fmt.Sprintf("%s %s", c.Reason, c.Message)); diff != "" {
		t.Errorf("-want, +got:\n%s", diff)
	}
}
