package rrset

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/miekg/dns"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"github.com/crossplane/crossplane-runtime/v2/pkg/event"
	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"

	"github.com/openova-io/catalyst/providers/provider-powerdns/apis/v1alpha1"
	"github.com/openova-io/catalyst/providers/provider-powerdns/internal/clients"
	"github.com/openova-io/catalyst/providers/provider-powerdns/internal/connect"
	"github.com/openova-io/catalyst/providers/provider-powerdns/internal/drift"
	"github.com/openova-io/catalyst/test/servers/powerdns"
)

const zoneName = "example.org."

// A recorder keeps the events it records.
type recorder struct {
	mu     sync.Mutex
	events []event.Event
}

func (r *recorder) Event(_ runtime.Object, e event.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.events = append(r.events, e)
}

func (r *recorder) WithAnnotations(...string) event.Recorder { return r }

// A bench is a server with one zone, and a way to reconcile RRsets there.
type bench struct {
	*fleet

	dns   *powerdns.Server
	proxy *powerdns.Proxy
	rec   *recorder
}

func newBench(t *testing.T) *bench {
	t.Helper()
	s := powerdns.Start(t)
	p := s.Proxy(t)
	rec := &recorder{}
	b := &bench{dns: s, proxy: p, rec: rec, fleet: &fleet{tb: t, hub: connect.Hub{Recorder: rec}, server: serverAt(t, p.URL, clients.Options{})}}
	b.zone(t, zoneName)
	return b
}

func (b *bench) zone(t *testing.T, name string) {
	t.Helper()
	err := b.server.Write(t.Context(), name, func(ctx context.Context) error {
		return b.server.API.CreateZone(ctx, name, []string{"ns1.example.net."}, map[string]any{"kind": "Native"})
	})
	if err != nil {
		t.Fatal(err)
	}
}

func newRRset(name, rrtype string, contents ...string) *v1alpha1.RRset {
	mg := &v1alpha1.RRset{
		ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: strings.ToLower(name + "-" + rrtype), Generation: 1},
		Spec:       v1alpha1.RRsetSpec{ForProvider: v1alpha1.RRsetParameters{Zone: "Example.ORG", Name: name, Type: rrtype, TTL: new(int64(60))}},
	}
	for _, c := range contents {
		mg.Spec.ForProvider.Records = append(mg.Spec.ForProvider.Records, v1alpha1.Record{Content: c})
	}
	return mg
}

// settle marks an RRset as the managed reconciler does when it found it as it
// should be.
func settle(mg *v1alpha1.RRset) {
	mg.SetConditions(xpv1.Available(), xpv1.ReconcileSuccess().WithObservedGeneration(mg.GetGeneration()))
}

func (b *bench) must(t *testing.T, mg *v1alpha1.RRset) {
	t.Helper()
	if err := b.reconcile(t.Context(), mg); err != nil {
		t.Fatal(err)
	}
	o, err := New(b.hub, b.server).Observe(t.Context(), mg)
	if err != nil {
		t.Fatal(err)
	}
	if !o.ResourceExists || !o.ResourceUpToDate {
		t.Fatalf("want the RRset to exist and be up to date, got exists %t, diff:\n%s", o.ResourceExists, o.Diff)
	}
}

// answers of the server to a query, without the owner.
func (b *bench) answers(t *testing.T, name, rrtype string) []string {
	t.Helper()
	out := []string{}
	for _, rr := range b.dns.Query(t, name, dns.StringToType[rrtype]).Answer {
		if rr.Header().Rrtype == dns.StringToType[rrtype] {
			out = append(out, strings.TrimPrefix(rr.String(), rr.Header().String()))
		}
	}
	return out
}

func TestContents(t *testing.T) {
	b := newBench(t)
	cases := map[string]struct {
		reason   string
		rrtype   string
		contents []string
		query    string
		want     []string
	}{
		"A":           {reason: "Order does not matter.", rrtype: "A", contents: []string{"192.0.2.2", "192.0.2.1"}, want: []string{"192.0.2.1", "192.0.2.2"}},
		"AAAA":        {reason: "An address may be written the long way.", rrtype: "AAAA", contents: []string{"2001:DB8:0:0:0:0:0:1"}, want: []string{"2001:db8::1"}},
		"CNAME":       {reason: "The dot may be left out.", rrtype: "CNAME", contents: []string{"Target.example.net"}, want: []string{"Target.example.net."}},
		"MX":          {reason: "The dot may be left out after a preference.", rrtype: "MX", contents: []string{"10  mail.example.net", "20 mail2.example.net."}, want: []string{"10 mail.example.net.", "20 mail2.example.net."}},
		"NullMX":      {reason: "A domain may refuse mail.", rrtype: "MX", contents: []string{"0 ."}, want: []string{"0 ."}},
		"SRV":         {reason: "The dot may be left out after a port.", rrtype: "SRV", contents: []string{"0 5 443 x.example.net"}, want: []string{"0 5 443 x.example.net."}},
		"PTR":         {reason: "The dot may be left out.", rrtype: "PTR", contents: []string{"host.example.net"}, want: []string{"host.example.net."}},
		"DNAME":       {reason: "The dot may be left out.", rrtype: "DNAME", contents: []string{"other.example.net"}, want: []string{"other.example.net."}},
		"ALIAS":       {reason: "PowerDNS's own type has a name too.", rrtype: "ALIAS", contents: []string{"LB.example.net"}},
		"TXT":         {reason: "Bare text is quoted.", rrtype: "TXT", contents: []string{`v=spf1 include:example.net; -all`}, want: []string{`"v=spf1 include:example.net; -all"`}},
		"TXTBytes":    {reason: "Any byte may be in a text.", rrtype: "TXT", contents: []string{`café "quoted" \slash`}, want: []string{`"caf\195\169 \"quoted\" \\slash"`}},
		"TXTStrings":  {reason: "A text may be several strings.", rrtype: "TXT", contents: []string{`"one"    "two"`}, want: []string{`"one" "two"`}},
		"TXTLong":     {reason: "A DKIM key is longer than a string.", rrtype: "TXT", contents: []string{"v=DKIM1; p=" + strings.Repeat("A", 400)}, want: []string{`"v=DKIM1; p=` + strings.Repeat("A", 244) + `" "` + strings.Repeat("A", 156) + `"`}},
		"TXTLongOne":  {reason: "A quoted string that is too long is cut too.", rrtype: "TXT", contents: []string{`"` + strings.Repeat("B", 300) + `"`}, want: []string{`"` + strings.Repeat("B", 255) + `" "` + strings.Repeat("B", 45) + `"`}},
		"CAA":         {reason: "A value may be quoted.", rrtype: "CAA", contents: []string{`0 issue "letsencrypt.org"`}, want: []string{`0 issue "letsencrypt.org"`}},
		"HTTPS":       {reason: "Service binding.", rrtype: "HTTPS", contents: []string{"1 . alpn=h2,h3 ipv4hint=192.0.2.1"}, want: []string{`1 . alpn="h2,h3" ipv4hint="192.0.2.1"`}},
		"SVCB":        {reason: "Service binding with a target.", rrtype: "SVCB", contents: []string{"1 svc.example.net. port=8443"}, want: []string{`1 svc.example.net. port="8443"`}},
		"DS":          {reason: "A digest may be in capitals.", rrtype: "DS", contents: []string{"42576 13 2 E6641A6C3E34F5A95A12C5BBB5F5F4CDF776B4C861BCC93C6E84E0991FB19478"}, want: []string{"42576 13 2 E6641A6C3E34F5A95A12C5BBB5F5F4CDF776B4C861BCC93C6E84E0991FB19478"}},
		"TLSA":        {reason: "A digest may be in pieces.", rrtype: "TLSA", contents: []string{"3 1 1 E6641A6C3E34F5A95A12C5BBB5F5F4CDF776B4C861BCC93C 6E84E0991FB19478"}, want: []string{"3 1 1 e6641a6c3e34f5a95a12c5bbb5f5f4cdf776b4c861bcc93c6e84e0991fb19478"}},
		"SSHFP":       {reason: "A fingerprint.", rrtype: "SSHFP", contents: []string{"4 2 123456789ABCDEF67890123456789ABCDEF67890123456789ABCDEF123456789"}, want: []string{"4 2 123456789ABCDEF67890123456789ABCDEF67890123456789ABCDEF123456789"}},
		"NAPTR":       {reason: "Quotes and a name.", rrtype: "NAPTR", contents: []string{`100 10 "u" "E2U+sip" "!^.*$!sip:info@example.net!" .`}, want: []string{`100 10 "u" "E2U+sip" "!^.*$!sip:info@example.net!" .`}},
		"LUA":         {reason: "The server computes the answer.", rrtype: "LUA", contents: []string{`A  "ifurlup('https://app.example.org/healthz', {{'192.0.2.7'}}, {selector='all'})"`}, query: "A", want: []string{"192.0.2.7"}},
		"UnknownType": {reason: "A type without a name.", rrtype: "TYPE65280", contents: []string{`\# 2 ABCD`}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			owner := strings.ToLower(name) + ".example.org"
			mg := newRRset(owner, tc.rrtype, tc.contents...)
			b.must(t, mg)
			if tc.want != nil {
				query := tc.query
				if query == "" {
					query = tc.rrtype
				}
				got := b.answers(t, owner, query)
				if diff := cmp.Diff(sortedCopy(tc.want), sortedCopy(got)); diff != "" {
					t.Errorf("%s\nanswers: -want, +got:\n%s", tc.reason, diff)
				}
			}
			b.proxy.Reset()
			b.must(t, mg)
			if got := b.proxy.Writes(); got != 0 {
				t.Errorf("%s\nwant no write of what is as it should be, got %v", tc.reason, b.proxy.Trace())
			}
		})
	}
}

func sortedCopy(s []string) []string {
	out := append([]string{}, s...)
	for i := range out {
		out[i] = strings.ToLower(out[i])
	}
	slices.Sort(out)
	return out
}

func TestLifecycle(t *testing.T) {
	b := newBench(t)
	ctx := t.Context()
	mg := newRRset("WWW.example.org", "A", "192.0.2.1")
	mg.Spec.ForProvider.TTL = nil

	meta.SetExternalName(mg, identify(mg).externalName())
	if diff := cmp.Diff("www.example.org./A", meta.GetExternalName(mg)); diff != "" {
		t.Errorf("external name: -want, +got:\n%s", diff)
	}

	b.must(t, mg)
	if diff := cmp.Diff(new(int64(3600)), mg.Spec.ForProvider.TTL); diff != "" {
		t.Errorf("late initialized ttl: -want, +got:\n%s", diff)
	}
	if diff := cmp.Diff([]string{"192.0.2.1"}, b.answers(t, "www.example.org", "A")); diff != "" {
		t.Errorf("answers after create: -want, +got:\n%s", diff)
	}

	// A second create finds what is there and changes nothing.
	if _, err := New(b.hub, b.server).Create(ctx, mg); err != nil {
		t.Fatal(err)
	}
	b.must(t, mg)

	// A changed spec is no drift.
	settle(mg)
	mg.Generation++
	mg.Spec.ForProvider.Records = []v1alpha1.Record{{Content: "192.0.2.2"}, {Content: "192.0.2.3", Disabled: new(true)}}
	mg.Spec.ForProvider.Comments = []v1alpha1.Comment{{Content: "two", Account: "me"}}
	b.must(t, mg)
	if diff := cmp.Diff([]string{"192.0.2.2"}, b.answers(t, "www.example.org", "A")); diff != "" {
		t.Errorf("answers after update: -want, +got:\n%s", diff)
	}
	if len(b.rec.events) != 0 {
		t.Errorf("want no event for a change of the spec, got %v", b.rec.events)
	}
	want := v1alpha1.RRsetObservation{
		Zone: zoneName, FQDN: "www.example.org.", TTL: new(int64(3600)),
		Records:  []v1alpha1.Record{{Content: "192.0.2.2"}, {Content: "192.0.2.3", Disabled: new(true)}},
		Comments: []v1alpha1.Comment{{Content: "two", Account: "me"}},
	}
	if diff := cmp.Diff(want, mg.Status.AtProvider); diff != "" {
		t.Errorf("status.atProvider: -want, +got:\n%s", diff)
	}

	// Drift is put right, and told once.
	settle(mg)
	behind := clients.RRset{Name: "www.example.org.", Type: "A", TTL: 60, ChangeType: "REPLACE", Records: []clients.Record{{Content: "198.51.100.1"}}}
	if err := b.server.API.PatchZone(ctx, zoneName, []clients.RRset{behind}); err != nil {
		t.Fatal(err)
	}
	b.must(t, mg)
	wantEvents := []event.Event{{Type: event.TypeWarning, Reason: drift.ReasonCorrected, Annotations: map[string]string{}, Message: `Something else changed this; it was put right: ttl: found 60, restored 3600; records: found [198.51.100.1], restored [192.0.2.2 192.0.2.3 (disabled)]`}}
	if diff := cmp.Diff(wantEvents, b.rec.events); diff != "" {
		t.Errorf("events of drift: -want, +got:\n%s", diff)
	}

	// So is a deletion behind our back.
	settle(mg)
	b.rec.events = nil
	if err := b.server.API.PatchZone(ctx, zoneName, []clients.RRset{{Name: "www.example.org.", Type: "A", ChangeType: "DELETE"}}); err != nil {
		t.Fatal(err)
	}
	b.must(t, mg)
	if len(b.rec.events) != 1 {
		t.Errorf("want one event for a lost RRset, got %v", b.rec.events)
	}

	// An empty list of comments removes them, none leaves them alone.
	mg.Spec.ForProvider.Comments = []v1alpha1.Comment{}
	b.must(t, mg)
	if len(mg.Status.AtProvider.Comments) != 0 {
		t.Errorf("want no comments, got %v", mg.Status.AtProvider.Comments)
	}

	e := New(b.hub, b.server)
	for i := range 2 {
		if _, err := e.Delete(ctx, mg); err != nil {
			t.Fatalf("delete %d: %v", i+1, err)
		}
		o, err := e.Observe(ctx, mg)
		if err != nil || o.ResourceExists {
			t.Fatalf("after delete %d: want no RRset, got exists %t, error %v", i+1, o.ResourceExists, err)
		}
	}
	if rcode := b.dns.Query(t, "www.example.org", dns.TypeA).Rcode; rcode != dns.RcodeNameError {
		t.Errorf("want NXDOMAIN after delete, got %s", dns.RcodeToString[rcode])
	}

	// The zone may go first.
	b.must(t, mg)
	if err := b.server.Write(ctx, zoneName, func(ctx context.Context) error { return b.server.API.DeleteZone(ctx, zoneName) }); err != nil {
		t.Fatal(err)
	}
	if _, err := e.Delete(ctx, mg); err != nil {
		t.Errorf("delete after the zone: %v", err)
	}
	if o, err := e.Observe(ctx, mg); err != nil || o.ResourceExists {
		t.Errorf("observe after the zone: want no RRset, got exists %t, error %v", o.ResourceExists, err)
	}
}

func TestBadInput(t *testing.T) {
	b := newBench(t)
	b.must(t, newRRset("taken.example.org", "A", "192.0.2.1"))
	b.must(t, newRRset("alias.example.org", "CNAME", "x.example.net"))

	cases := map[string]struct {
		reason string
		mg     *v1alpha1.RRset
		want   string
	}{
		"CNAMEBesideA": {
			reason: "A CNAME stands alone.",
			mg:     newRRset("taken.example.org", "CNAME", "x.example.net"),
			want:   "a CNAME cannot stand beside A at name taken.example.org.; delete one of them",
		},
		"ABesideCNAME": {
			reason: "Nothing stands beside a CNAME.",
			mg:     newRRset("alias.example.org", "A", "192.0.2.1"),
			want:   "a CNAME cannot stand beside other records: there is a CNAME at name alias.example.org., so type A can't be; delete one of them",
		},
		"NoRecords": {
			reason: "The server would delete the RRset.",
			mg:     newRRset("empty.example.org", "A"),
			want:   "spec.forProvider.records is empty, must have at least one record",
		},
		"SameRecordTwice": {
			reason: "Records of a set differ.",
			mg:     newRRset("twice.example.org", "MX", "10 mail.example.net", "10 MAIL.example.net."),
			want:   "spec.forProvider.records[1] is the same record as records[0]",
		},
		"OutOfZone": {
			reason: "A name lies in its zone.",
			mg:     newRRset("www.example.com", "A", "192.0.2.1"),
			want:   `spec.forProvider.name is "www.example.com.", must lie in zone "example.org."`,
		},
		"Relative": {
			reason: "A name is not relative.",
			mg:     newRRset("www", "A", "192.0.2.1"),
			want:   `must lie in zone "example.org."`,
		},
		"BadAddress": {
			reason: "The server judges contents.",
			mg:     newRRset("bad.example.org", "A", "192.0.2.300"),
			want:   "unable to parse IP address",
		},
		"BadType": {
			reason: "The server judges types.",
			mg:     newRRset("bad.example.org", "BOGUS", "1"),
			want:   "unknown type given",
		},
		"SecondLine": {
			reason: "A content can't bring another record along.",
			mg:     newRRset("line.example.org", "A", "192.0.2.1\nevil.example.org. 60 IN A 192.0.2.66"),
			want:   "422",
		},
		"NoZone": {
			reason: "A zone must exist.",
			mg: func() *v1alpha1.RRset {
				mg := newRRset("www.nowhere.example", "A", "192.0.2.1")
				mg.Spec.ForProvider.Zone = "nowhere.example"
				return mg
			}(),
			want: "zone nowhere.example. does not exist on the server",
		},
		"WrongName": {
			reason: "The external name and the spec agree.",
			mg: func() *v1alpha1.RRset {
				mg := newRRset("www.example.org", "A", "192.0.2.1")
				meta.SetExternalName(mg, "other.example.org./A")
				return mg
			}(),
			want: `annotation crossplane.io/external-name is "other.example.org./A", must be "www.example.org./A"`,
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			err := b.reconcile(t.Context(), tc.mg)
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("%s\nwant an error with %q, got %v", tc.reason, tc.want, err)
			}
			// Whatever is wrong with it, it was never created and can go.
			tc.mg.SetDeletionTimestamp(&metav1.Time{Time: time.Now()})
			if _, err := New(b.hub, b.server).Observe(t.Context(), tc.mg); err != nil {
				t.Errorf("%s\nwant it to be deletable, got %v", tc.reason, err)
			}
		})
	}
	if got := b.answers(t, "taken.example.org", "A"); len(got) != 1 {
		t.Errorf("want what was there before to be left alone, got %v", got)
	}
}

// TestOneCulprit writes many RRsets at once, of which the server refuses some.
func TestOneCulprit(t *testing.T) {
	b := newBench(t)
	for i := range 60 {
		content := fmt.Sprintf("192.0.2.%d", i)
		if i%25 == 7 {
			content = "not an address"
		}
		b.rrsets = append(b.rrsets, newRRset(fmt.Sprintf("r%d.example.org", i), "A", content))
	}
	b.rrsets = append(b.rrsets, newRRset("r1.example.org", "CNAME", "x.example.net"))
	b.proxy.Reset()
	err := b.all(t.Context())
	if err == nil {
		t.Fatal("want an error for each RRset that was refused, got none")
	}
	for _, name := range []string{"r7.example.org-a", "r32.example.org-a", "r57.example.org-a"} {
		if !strings.Contains(err.Error(), name) {
			t.Errorf("want an error of %s, got %v", name, err)
		}
	}
	// Of r1's A and CNAME one is refused, whichever came second.
	if got := strings.Count(err.Error(), "cannot write RRset") + strings.Count(err.Error(), "cannot delete RRset"); got != 4 {
		t.Errorf("want 4 errors, got %d: %v", got, err)
	}
	for _, mg := range b.rrsets[:60] {
		good := strings.HasPrefix(mg.Spec.ForProvider.Records[0].Content, "192") && mg.GetName() != "r1.example.org-a"
		if got := len(b.answers(t, mg.Spec.ForProvider.Name, "A")); good && got != 1 {
			t.Errorf("%s: want it to be written, got %d answers", mg.GetName(), got)
		}
	}
	t.Logf("%d PATCHes", b.proxy.Count(http.MethodPatch))
}

func TestFaults(t *testing.T) {
	cases := map[string]struct {
		reason string
		// fault of the nth write.
		fault func(n int) *powerdns.Fault
		want  string
	}{
		"Locked":         {reason: "SQLite is locked for a while.", fault: first(3, powerdns.Fault{Status: 500, Body: "Internal Server Error"})},
		"AnswerLost":     {reason: "The write was made, the answer did not come.", fault: first(1, powerdns.Fault{After: true})},
		"ConnectionLost": {reason: "The write may not have been made.", fault: first(2, powerdns.Fault{})},
		"Limited":        {reason: "A proxy limits requests.", fault: first(1, powerdns.Fault{Status: 429, Header: map[string]string{"Retry-After": "1"}})},
		"Forbidden":      {reason: "The key is not good for it.", fault: first(99, powerdns.Fault{Status: 403, Body: "no"}), want: "check the server's webserver-allow-from"},
		"Broken":         {reason: "The server stays broken.", fault: first(99, powerdns.Fault{Status: 500, Body: "Internal Server Error"}), want: "PowerDNS answered 500 Internal Server Error (it is tried again later"},
		"ProxyPage":      {reason: "An answer may be a page.", fault: first(99, powerdns.Fault{Status: 502, Body: "<html>bad gateway</html>"}), want: "502 Bad Gateway: <html>bad gateway</html>"},
	}
	b := newBench(t)
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			n := 0
			b.proxy.Fail(func(r *http.Request) *powerdns.Fault {
				if r.Method != http.MethodPatch {
					return nil
				}
				n++
				return tc.fault(n)
			})
			defer b.proxy.Fail(nil)
			err := b.reconcile(t.Context(), newRRset(strings.ToLower(name)+".example.org", "A", "192.0.2.1"))
			switch {
			case tc.want == "" && err != nil:
				t.Errorf("%s\nwant it to be written in the end, got %v", tc.reason, err)
			case tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)):
				t.Errorf("%s\nwant an error with %q, got %v", tc.reason, tc.want, err)
			}
			if err != nil && strings.Contains(err.Error(), powerdns.APIKey) {
				t.Errorf("the error gives the key away: %v", err)
			}
		})
	}
}

// first n requests meet a fault.
func first(n int, f powerdns.Fault) func(int) *powerdns.Fault {
	return func(i int) *powerdns.Fault {
		if i > n {
			return nil
		}
		return &f
	}
}

// TestRestart kills the server again and again while RRsets are written.
func TestRestart(t *testing.T) {
	s := powerdns.Start(t)
	f := newFleet(t, s.URL, &clock{})
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()

	stop := make(chan struct{})
	killed := make(chan int)
	go func() {
		n := 0
		defer func() { killed <- n }()
		for {
			select {
			case <-stop:
				return
			case <-time.After(60 * time.Millisecond):
				s.Restart()
				n++
			}
		}
	}()
	// Each round is one try of each RRset that is not as it should be, as the
	// reconciler's back-off would make.
	for round := range 8 {
		for _, mg := range f.rrsets {
			mg.Spec.ForProvider.TTL = new(int64(100 + round))
		}
		_ = f.all(ctx)
	}
	close(stop)
	t.Logf("killed %d times", <-killed)
	if err := f.all(ctx); err != nil {
		t.Fatal(err)
	}
	f.inSync(ctx)
	for z := range zones {
		got, err := f.server.API.Zone(ctx, fmt.Sprintf("z%d.example.", z))
		if err != nil {
			t.Fatal(err)
		}
		if want := rrsetsAZone + 2; len(got.RRsets) != want {
			t.Errorf("zone %s: want %d RRsets, SOA and NS included, got %d", got.Name, want, len(got.RRsets))
		}
	}
}

func TestUnreachable(t *testing.T) {
	b := newBench(t)
	mg := newRRset("www.example.org", "A", "192.0.2.1")
	b.must(t, mg)
	b.dns.Kill()
	mg.SetDeletionTimestamp(&metav1.Time{Time: time.Now()})
	srv := serverAt(t, b.dns.URL, clients.Options{})
	_, err := New(b.hub, srv).Observe(t.Context(), mg)
	if err == nil || !strings.Contains(err.Error(), "PowerDNS can't be reached") {
		t.Errorf("want an error that keeps the finalizer and says why, got %v", err)
	}
	b.dns.Restart()
	if o, err := New(b.hub, srv).Observe(t.Context(), mg); err != nil || !o.ResourceExists {
		t.Errorf("want the RRset once the server is back, got exists %t, error %v", o.ResourceExists, err)
	}
}

func TestWrongKey(t *testing.T) {
	s := powerdns.Start(t)
	e := endpoint(s.URL)
	e.Credentials = "wrong-key"
	srv, err := clients.NewServers(clients.Options{}).Get(e)
	if err != nil {
		t.Fatal(err)
	}
	_, err = New(connect.Hub{}, srv).Observe(t.Context(), newRRset("www.example.org", "A", "192.0.2.1"))
	want := "cannot read zone example.org.: PowerDNS answered 401 Unauthorized (check the API key in the Secret the provider configuration names)"
	if err == nil || err.Error() != want {
		t.Errorf("want error %q, got %v", want, err)
	}
}
