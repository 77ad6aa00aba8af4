package parent

import (
	"context"
	"net"
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/miekg/dns"
)

// A resolver that knows some names.
type resolver struct {
	ns  map[string][]string
	ips map[string]string
}

func (r resolver) LookupNS(_ context.Context, name string) ([]*net.NS, error) {
	var out []*net.NS
	for _, h := range r.ns[name] {
		out = append(out, &net.NS{Host: h})
	}
	if out == nil {
		return nil, &net.DNSError{IsNotFound: true}
	}
	return out, nil
}

func (r resolver) LookupNetIP(_ context.Context, network, host string) ([]netip.Addr, error) {
	ip, err := netip.ParseAddr(r.ips[host])
	if err != nil || ip.Is4() != (network == "ip4") {
		return nil, &net.DNSError{IsNotFound: true}
	}
	return []netip.Addr{ip}, nil
}

func TestFind(t *testing.T) {
	r := resolver{
		ns:  map[string][]string{"example.org.": {"NS2.example.net.", "ns1.example.net.", "ns3.example.net."}, "org.": {"a.org."}, ".": {"root."}},
		ips: map[string]string{"ns1.example.net.": "192.0.2.1", "ns2.example.net.": "2001:db8::2", "a.org.": "192.0.2.3"},
	}
	cases := map[string]struct {
		reason, domain string
		want           []Server
	}{
		"Parent":      {reason: "The zone above", domain: "cloud.example.org", want: []Server{{Name: "ns1.example.net.", Address: "192.0.2.1:53"}, {Name: "ns2.example.net.", Address: "[2001:db8::2]:53"}, {Name: "ns3.example.net."}}},
		"Grandparent": {reason: "Not every name is a zone", domain: "a.b.example.org.", want: []Server{{Name: "ns1.example.net.", Address: "192.0.2.1:53"}, {Name: "ns2.example.net.", Address: "[2001:db8::2]:53"}, {Name: "ns3.example.net."}}},
		"Registered":  {reason: "A registered domain is delegated from a top-level one", domain: "Example.ORG", want: []Server{{Name: "a.org.", Address: "192.0.2.3:53"}}},
		"TopLevel":    {reason: "A top-level domain is delegated from the root", domain: "org", want: []Server{{Name: "root."}}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got, err := Find(t.Context(), r, tc.domain)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("%s: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// serve DNS on a loopback port.
func serve(t *testing.T, answer func(r *dns.Msg, q dns.Question)) string {
	t.Helper()
	c, err := (&net.ListenConfig{}).ListenPacket(t.Context(), "udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &dns.Server{PacketConn: c, Handler: dns.HandlerFunc(func(w dns.ResponseWriter, m *dns.Msg) {
		r := new(dns.Msg).SetReply(m)
		r.Authoritative = true
		if m.RecursionDesired {
			r.Rcode = dns.RcodeServerFailure
		} else {
			answer(r, m.Question[0])
		}
		_ = w.WriteMsg(r)
	})}
	go func() { _ = s.ActivateAndServe() }()
	t.Cleanup(func() { _ = s.Shutdown() })
	return c.LocalAddr().String()
}

func record(t *testing.T, s string) dns.RR {
	t.Helper()
	rr, err := dns.NewRR(s)
	if err != nil {
		t.Fatal(err)
	}
	return rr
}

// Habits of servers that PowerDNS does not have.
func TestAsk(t *testing.T) {
	soa := record(t, "example.org. 900 IN SOA ns.example.org. admin.example.org. 1 2 3 4 300")
	ns := record(t, "cloud.example.org. 3600 IN NS NS1.Example.NET.")
	other := record(t, "example.org. 3600 IN NS ns.example.org.")
	ds := record(t, "cloud.example.org. 1200 IN DS 1 13 2 AB")
	cases := map[string]struct {
		reason string
		answer func(r *dns.Msg, q dns.Question)
		want   Answer
		err    string
	}{
		"Referral": {
			reason: "What a parent zone delegates it only refers to",
			answer: func(r *dns.Msg, q dns.Question) {
				switch q.Qtype {
				case dns.TypeSOA:
					r.Answer = []dns.RR{soa}
				case dns.TypeDS:
					r.Answer = []dns.RR{ds}
				default:
					r.Authoritative, r.Ns = false, []dns.RR{ns}
				}
			},
			want: Answer{Zone: "example.org.", Nameservers: []string{"ns1.example.net."}, NameserversTTL: 3600, DS: []string{"1 13 2 ab"}, DSTTL: 1200},
		},
		"Nothing": {
			reason: "That there is nothing may be cached as the SOA record says",
			answer: func(r *dns.Msg, q dns.Question) {
				if q.Qtype == dns.TypeSOA {
					r.Answer = []dns.RR{soa}
					return
				}
				r.Ns = []dns.RR{soa}
			},
			want: Answer{Zone: "example.org.", NameserversTTL: 300, DSTTL: 300},
		},
		"ZoneWithoutCut": {
			reason: "The name above need not be a zone",
			answer: func(r *dns.Msg, q dns.Question) {
				if q.Qtype == dns.TypeNS {
					r.Authoritative, r.Ns = false, []dns.RR{ns}
					return
				}
				r.Ns = []dns.RR{soa}
			},
			want: Answer{Zone: "example.org.", Nameservers: []string{"ns1.example.net."}, NameserversTTL: 3600, DSTTL: 300},
		},
		"Cache": {
			reason: "A cache may say what was true an hour ago",
			answer: func(r *dns.Msg, _ dns.Question) { r.Authoritative, r.Answer = false, []dns.RR{soa} },
			err:    "it is not a server of the parent zone: it has no authority for example.org.",
		},
		"CachedNS": {
			reason: "A server may have the parent zone and a cache",
			answer: func(r *dns.Msg, q dns.Question) {
				if q.Qtype == dns.TypeNS {
					r.Authoritative, r.Answer = false, []dns.RR{ns}
					return
				}
				r.Answer = []dns.RR{soa}
			},
			err: "it answers from a cache",
		},
		"Elsewhere": {
			reason: "A server that refers to the parent zone is not one of it",
			answer: func(r *dns.Msg, q dns.Question) {
				if q.Qtype == dns.TypeNS {
					r.Authoritative, r.Ns = false, []dns.RR{other}
					return
				}
				r.Answer = []dns.RR{soa}
			},
			err: "it is not a server of the parent zone: it refers to example.org.",
		},
		"Refused": {
			reason: "Most servers refuse what is not theirs",
			answer: func(r *dns.Msg, _ dns.Question) { r.Rcode = dns.RcodeRefused },
			err:    "it answers REFUSED for example.org.",
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			at := serve(t, tc.answer)
			got := Ask(t.Context(), "Cloud.example.org", []Server{{Name: "ns", Address: at}})[0]
			err := ""
			if got.Err != nil {
				err = got.Err.Error()
			}
			if diff := cmp.Diff(tc.err, err); diff != "" {
				t.Errorf("%s: error: -want, +got:\n%s", tc.reason, diff)
			}
			tc.want.Server, got.Err = Server{Name: "ns", Address: at}, nil
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("%s: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestSilentServer(t *testing.T) {
	c, err := (&net.ListenConfig{}).ListenPacket(t.Context(), "udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	for _, a := range Ask(t.Context(), "cloud.example.org", []Server{{Name: "silent", Address: c.LocalAddr().String()}, {Name: "nowhere"}}) {
		want := map[string]string{"silent": "no answer in time", "nowhere": "it has no address"}[a.Name]
		if a.Err == nil || a.Err.Error() != want {
			t.Errorf("%s: got %v, want %q", a.Name, a.Err, want)
		}
	}
}
