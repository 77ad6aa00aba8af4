package parent

import (
	"context"
	"net"
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
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
