package registrar_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/openova-io/catalyst/providers/provider-powerdns/internal/registrar"
	"github.com/openova-io/catalyst/providers/provider-powerdns/internal/registrar/registrartest"
)

const (
	apex  = "example.org."
	child = "cloud.example.org."
	ds    = "12345 13 2 00000000000000000000000000000000000000000000000000000000000000aa"
)

var (
	before = []string{"ns1.old.example.", "ns2.old.example."}
	after  = []string{"ns1.example.net.", "ns2.example.net."}
)

// A bench is a registrar, its stand-in, and a clock.
type bench struct {
	*registrartest.Server

	desk   *registrar.Desk
	domain *registrar.Domain
	now    time.Time
}

func newBench(t *testing.T, typ, domain string) *bench {
	t.Helper()
	b := &bench{Server: registrartest.Start(t, typ), desk: registrar.NewDesk(), now: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
	b.desk.Now = func() time.Time { return b.now }
	b.Register("example.org", "ns1.old.example", "ns2.old.example")
	b.NameServers(true)
	b.use(t, b.Config, domain)
	return b
}

// use a configuration from now on.
func (b *bench) use(t *testing.T, c registrar.Config, domain string) {
	t.Helper()
	d, err := b.desk.Domain(c, domain)
	if err != nil {
		t.Fatal(err)
	}
	b.domain = d
}

// observe as after a while.
func (b *bench) observe(t *testing.T) registrar.State {
	t.Helper()
	b.now = b.now.Add(registrar.Patience)
	s, err := b.domain.Observe(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// each registrar's own test.
func each(t *testing.T, fn func(t *testing.T, typ string)) {
	t.Helper()
	for _, typ := range registrartest.Types() {
		t.Run(typ, func(t *testing.T) { fn(t, typ) })
	}
}

// silent checks that an error tells no secret.
func (b *bench) silent(t *testing.T, err error) {
	t.Helper()
	for _, s := range b.Secrets {
		if err != nil && strings.Contains(err.Error(), s) {
			t.Errorf("%q tells %q", err, s)
		}
	}
}

func TestNameservers(t *testing.T) {
	each(t, func(t *testing.T, typ string) {
		b := newBench(t, typ, apex)
		want := registrar.State{Records: registrar.Records{Nameservers: before}, Capabilities: registrar.Capabilities{SetNS: true, Async: typ == registrar.OVH}}
		if diff := cmp.Diff(want, b.observe(t), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("before: -want, +got:\n%s", diff)
		}
		if err := b.domain.Ensure(t.Context(), registrar.Records{Nameservers: after}); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{"set example.org: ns1.example.net ns2.example.net"}, b.Writes()); diff != "" {
			t.Errorf("what was told: -want, +got:\n%s", diff)
		}
		want.Nameservers = after
		if typ == registrar.OVH {
			want.Task = "task 1 is todo"
			if diff := cmp.Diff(want, b.observe(t), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("before the task is done: -want, +got:\n%s", diff)
			}
			want.Task = ""
			b.Finish(true)
		}
		if diff := cmp.Diff(want, b.observe(t), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("after: -want, +got:\n%s", diff)
		}
		if diff := cmp.Diff([]string{"ns1.example.net", "ns2.example.net"}, b.Nameservers("example.org")); diff != "" {
			t.Errorf("what the parent zone gets: -want, +got:\n%s", diff)
		}
		for name, err := range map[string]error{
			"DS":     b.domain.Ensure(t.Context(), registrar.Records{DS: []string{ds}}),
			"Remove": b.domain.Remove(t.Context()),
		} {
			if registrar.CauseOf(err) != registrar.Impossible {
				t.Errorf("%s: want it to be impossible, got %v", name, err)
			}
		}
	})
}

// Cloudflare delegates a name in one of its zones, with DS records.
func TestChild(t *testing.T) {
	b := newBench(t, registrar.Cloudflare, child)
	can := registrar.Capabilities{ChildNS: true, DS: true}
	steps := []struct {
		reason string
		tell   registrar.Records
		want   registrar.Records
		writes []string
	}{
		{reason: "Nameservers first", tell: registrar.Records{Nameservers: after}, want: registrar.Records{Nameservers: after}, writes: []string{"add cloud.example.org NS ns1.example.net", "add cloud.example.org NS ns2.example.net"}},
		{reason: "DS records beside them", tell: registrar.Records{DS: []string{ds}}, want: registrar.Records{Nameservers: after, DS: []string{ds}}, writes: []string{"add cloud.example.org DS " + strings.ToUpper(ds)}},
		{reason: "The same again", tell: registrar.Records{Nameservers: after, DS: []string{strings.ToUpper(ds)}}, want: registrar.Records{Nameservers: after, DS: []string{ds}}},
		{reason: "One nameserver less", tell: registrar.Records{Nameservers: after[:1]}, want: registrar.Records{Nameservers: after[:1], DS: []string{ds}}, writes: []string{"remove cloud.example.org NS ns2.example.net"}},
		{reason: "No DS records", tell: registrar.Records{DS: []string{}}, want: registrar.Records{Nameservers: after[:1]}, writes: []string{"remove cloud.example.org DS " + strings.ToUpper(ds)}},
	}
	for _, s := range steps {
		if err := b.domain.Ensure(t.Context(), s.tell); err != nil {
			t.Fatalf("%s: %v", s.reason, err)
		}
		if diff := cmp.Diff(s.writes, b.Writes()); diff != "" {
			t.Errorf("%s: what was told: -want, +got:\n%s", s.reason, diff)
		}
		if diff := cmp.Diff(registrar.State{Records: s.want, Capabilities: can}, b.observe(t), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s: -want, +got:\n%s", s.reason, diff)
		}
	}
	if err := b.domain.Ensure(t.Context(), registrar.Records{DS: []string{ds}}); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		b.now = b.now.Add(registrar.Patience)
		if err := b.domain.Remove(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if got := b.observe(t); len(got.Nameservers) > 0 || len(got.DS) > 0 {
		t.Errorf("still there: %v", got)
	}
}

// Cloudflare leaves the nameservers of a domain of its own as they are, with an
// error or without.
func TestReadOnly(t *testing.T) {
	const want = "cannot set the nameservers of example.org: Cloudflare cannot do it: the nameservers of a domain that is registered there stay Cloudflare's (move the domain to another registrar, or delegate a name below it)"
	for _, ignores := range []bool{false, true} {
		s := registrartest.Start(t, registrar.Cloudflare)
		s.Register("example.org", "a.ns.cloudflare.com", "b.ns.cloudflare.com")
		if ignores {
			s.NameServers(false)
		}
		d, err := registrar.NewDesk().Domain(s.Config, apex)
		if err != nil {
			t.Fatal(err)
		}
		err = d.Ensure(t.Context(), registrar.Records{Nameservers: after})
		if err == nil {
			t.Fatal("want an error")
		}
		if diff := cmp.Diff(want, err.Error()); diff != "" {
			t.Errorf("ignores %t: -want, +got:\n%s", ignores, diff)
		}
	}
}

// A registrar's own nameservers come back by a command of their own.
func TestNamecheapsOwn(t *testing.T) {
	b := newBench(t, registrar.Namecheap, apex)
	if err := b.domain.Ensure(t.Context(), registrar.Records{Nameservers: []string{"dns1.registrar-servers.com.", "dns2.registrar-servers.com."}}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"set example.org: its own"}, b.Writes()); diff != "" {
		t.Errorf("-want, +got:\n%s", diff)
	}
}

func TestRefusals(t *testing.T) {
	wrong := map[string]string{
		registrar.Cloudflare: "another-token", registrar.GoDaddy: "a-key:a-secret", registrar.Namecheap: "user:a/key+:192.0.2.7",
		registrar.OVH: "ovh-app-key:a-secret:ovh-consumer-key", registrar.Dynadot: "a&key",
	}
	each(t, func(t *testing.T, typ string) {
		cases := map[string]struct {
			reason string
			domain string
			creds  string
			cause  registrartest.Trouble
			want   registrar.Cause
		}{
			"Credentials": {reason: "Credentials that are wrong", domain: apex, creds: wrong[typ], want: registrar.Unauthorized},
			"Denied":      {reason: "The account may not", domain: apex, cause: registrartest.Deny, want: registrar.Forbidden},
			"Unknown":     {reason: "A domain of somebody else's", domain: "example.com.", want: registrar.UnknownDomain},
			"Limited":     {reason: "Too many requests", domain: apex, cause: registrartest.Limit, want: registrar.Limited},
			"Broken":      {reason: "A proxy whose server is gone, and who tells what it was sent", domain: apex, cause: registrartest.Break, want: registrar.Unavailable},
			"Redirected":  {reason: "Credentials don't go elsewhere", domain: apex, cause: registrartest.Redirect, want: registrar.Refused},
		}
		for name, tc := range cases {
			t.Run(name, func(t *testing.T) {
				b := newBench(t, typ, tc.domain)
				if tc.creds != "" {
					c := b.Config
					c.Credentials = tc.creds
					b.use(t, c, tc.domain)
					b.Secrets = append(b.Secrets, strings.Split(tc.creds, ":")...)
					if typ == registrar.Namecheap {
						b.Secrets = []string{"a/key+", "a%2Fkey%2B"}
					}
				}
				if tc.cause != 0 {
					b.Cause(tc.cause, 1)
				}
				_, err := b.domain.Observe(t.Context(), 0)
				if got := registrar.CauseOf(err); got != tc.want {
					t.Errorf("%s: got %q, want %q: %v", tc.reason, got, tc.want, err)
				}
				b.silent(t, err)
			})
		}
	})
}

// A change that was made although its answer was lost is neither made again nor an
// error.
func TestLostAnswer(t *testing.T) {
	each(t, func(t *testing.T, typ string) {
		b := newBench(t, typ, apex)
		b.observe(t)
		b.Cause(registrartest.Lose, 1)
		err := b.domain.Ensure(t.Context(), registrar.Records{Nameservers: after})
		if err != nil {
			t.Errorf("it is done, and said to have failed: %v", err)
		}
		for range 2 {
			b.now = b.now.Add(registrar.Patience)
			if err := b.domain.Ensure(t.Context(), registrar.Records{Nameservers: after}); err != nil {
				t.Errorf("told again: %v", err)
			}
			if typ != registrar.OVH {
				break
			}
		}
		b.Finish(true)
		if diff := cmp.Diff(after, b.observe(t).Nameservers); diff != "" {
			t.Errorf("-want, +got:\n%s", diff)
		}
	})
}

// A lost answer that cannot be read back is an error that says so, once, and the
// registrar is left alone for a while.
func TestLostForLong(t *testing.T) {
	each(t, func(t *testing.T, typ string) {
		b := newBench(t, typ, apex)
		b.observe(t)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		err := b.domain.Ensure(ctx, registrar.Records{Nameservers: after})
		if registrar.CauseOf(err) != registrar.Unavailable {
			t.Fatalf("want it to be unavailable, got %v", err)
		}
		b.silent(t, err)
		calls := b.Calls()
		again := b.domain.Ensure(t.Context(), registrar.Records{Nameservers: after})
		if again == nil || again.Error() != err.Error() || b.Calls() != calls {
			t.Errorf("%d more calls within a minute, and another error: %v", b.Calls()-calls, again)
		}
		b.now = b.now.Add(registrar.Patience)
		if err := b.domain.Ensure(t.Context(), registrar.Records{Nameservers: after}); err != nil {
			t.Errorf("after a minute: %v", err)
		}
	})
}

// A registrar that says yes and does nothing is seen through.
func TestNothingDone(t *testing.T) {
	b := newBench(t, registrar.OVH, apex)
	if err := b.domain.Ensure(t.Context(), registrar.Records{Nameservers: after}); err != nil {
		t.Fatal(err)
	}
	b.Finish(false)
	s := b.observe(t)
	want := registrar.State{Records: registrar.Records{Nameservers: before}, Capabilities: registrar.Capabilities{SetNS: true, Async: true}, Failure: "task 1 failed: the zone is not served there"}
	if diff := cmp.Diff(want, s, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("-want, +got:\n%s", diff)
	}
}

func TestPatience(t *testing.T) {
	each(t, func(t *testing.T, typ string) {
		b := newBench(t, typ, apex)
		b.observe(t)
		calls := b.Calls()
		for range 10 {
			b.now = b.now.Add(5 * time.Second)
			if _, err := b.domain.Observe(t.Context(), 0); err != nil {
				t.Fatal(err)
			}
		}
		if b.Calls() != calls {
			t.Errorf("%d calls within a minute", b.Calls()-calls)
		}
		b.now = b.now.Add(10 * time.Second)
		if _, err := b.domain.Observe(t.Context(), 10*time.Minute); err != nil || b.Calls() != calls {
			t.Errorf("%d calls although ten minutes would do, %v", b.Calls()-calls, err)
		}
		if _, err := b.domain.Observe(t.Context(), 0); err != nil || b.Calls() == calls {
			t.Errorf("no call after a minute, %v", err)
		}
	})
}

// An account that has made too many requests is left alone, all its domains
// included, for as long as the registrar says.
func TestPause(t *testing.T) {
	each(t, func(t *testing.T, typ string) {
		b := newBench(t, typ, apex)
		b.Register("example.net", "ns1.old.example")
		b.Cause(registrartest.Limit, 1)
		if _, err := b.domain.Observe(t.Context(), 0); registrar.CauseOf(err) != registrar.Limited {
			t.Fatalf("want it to be limited, got %v", err)
		}
		calls := b.Calls()
		b.use(t, b.Config, "example.net")
		pause := 2 * time.Minute
		if typ == registrar.Namecheap || typ == registrar.Dynadot {
			pause = time.Minute
		}
		b.now = b.now.Add(pause - time.Second)
		_, err := b.domain.Observe(t.Context(), 0)
		told := b.domain.Ensure(t.Context(), registrar.Records{Nameservers: after})
		if registrar.CauseOf(err) != registrar.Limited || registrar.CauseOf(told) != registrar.Limited || b.Calls() != calls {
			t.Errorf("%d calls during the pause: %v, %v", b.Calls()-calls, err, told)
		}
		b.now = b.now.Add(time.Second)
		if _, err := b.domain.Observe(t.Context(), 0); err != nil {
			t.Errorf("after the pause: %v", err)
		}
	})
}

func TestUnreachable(t *testing.T) {
	each(t, func(t *testing.T, typ string) {
		b := newBench(t, typ, apex)
		gone := httptest.NewServer(http.NotFoundHandler())
		c := b.Config
		c.Endpoint = gone.URL
		gone.Close()
		b.use(t, c, apex)
		_, err := b.domain.Observe(t.Context(), 0)
		if err == nil || !strings.Contains(err.Error(), typ+" can't be reached: connection refused") || strings.Contains(err.Error(), "127.0.0.1") {
			t.Errorf("got %v", err)
		}
		b.silent(t, err)
	})
}

func TestConfig(t *testing.T) {
	cases := map[string]struct {
		reason string
		config registrar.Config
		want   string
	}{
		"Type":      {reason: "There are five", config: registrar.Config{Type: "Gandi"}, want: `registrar.type is "Gandi", must be Cloudflare, GoDaddy, Namecheap, OVH, Dynadot`},
		"Form":      {reason: "What credentials look like is said, and not what they are", config: registrar.Config{Type: registrar.OVH, Credentials: "a:b"}, want: "credentials of OVH must have the form applicationKey:applicationSecret:consumerKey"},
		"Empty":     {reason: "A part that is missing", config: registrar.Config{Type: registrar.GoDaddy, Credentials: "key:"}, want: "credentials of GoDaddy must have the form key:secret"},
		"Plain":     {reason: "Credentials don't go over plain HTTP", config: registrar.Config{Type: registrar.GoDaddy, Credentials: "a:b", Endpoint: "http://api.example.org"}, want: `registrar.endpoint has the scheme "http", must be https, or http at localhost, 127.0.0.1 or [::1]: credentials are sent there`},
		"Disguised": {reason: "Nor to a host that looks like this one", config: registrar.Config{Type: registrar.GoDaddy, Credentials: "a:b", Endpoint: "http://127.0.0.1.example.org"}, want: `registrar.endpoint has the scheme "http", must be https, or http at localhost, 127.0.0.1 or [::1]: credentials are sent there`},
		"User":      {reason: "There is one place for credentials", config: registrar.Config{Type: registrar.GoDaddy, Credentials: "a:b", Endpoint: "https://s3cret@example.org"}, want: "registrar.endpoint must be a URL without user, query and fragment"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got := ""
			if _, err := registrar.New(tc.config); err != nil {
				got = err.Error()
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("%s: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// What a registrar does not take is refused before it is asked.
func TestLimitsOfNames(t *testing.T) {
	many := []string{}
	for _, c := range "abcdefghijklmn" {
		many = append(many, "ns-"+string(c)+".example.net.")
	}
	cases := map[string]struct {
		reason, typ string
		nameservers []string
		want        string
	}{
		"Underscore": {reason: "OVH takes none", typ: registrar.OVH, nameservers: []string{"ns_1.example.net."}, want: "cannot set the nameservers of example.org: OVH cannot do it: nameserver ns_1.example.net has an underscore in its name (name it otherwise)"},
		"Fourteen":   {reason: "Dynadot takes thirteen", typ: registrar.Dynadot, nameservers: many, want: "cannot set the nameservers of example.org: Dynadot cannot do it: a domain has 13 nameservers at most, not 14 (name fewer)"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, tc.typ, apex)
			err := b.domain.Ensure(t.Context(), registrar.Records{Nameservers: tc.nameservers})
			if err == nil {
				t.Fatal(tc.reason)
			}
			if diff := cmp.Diff(tc.want, err.Error()); diff != "" {
				t.Errorf("%s: -want, +got:\n%s", tc.reason, diff)
			}
			if b.Calls() > 0 {
				t.Errorf("%s: it was asked %d times", tc.reason, b.Calls())
			}
		})
	}
}
