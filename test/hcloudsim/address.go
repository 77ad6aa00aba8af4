package hcloudsim

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// Public addresses come from ranges that are nobody's: RFC 2544 benchmarking
// and RFC 3849 documentation. They are never used twice.
var (
	publicV4 = netip.MustParsePrefix("198.18.0.0/15")
	publicV6 = netip.MustParsePrefix("2001:db8::/32")
)

// publicIP is a new address: one IPv4, or the network address of an IPv6 /64.
func (s *Sim) publicIP(kind string) string {
	s.address++
	if kind == "ipv4" {
		a := publicV4.Addr().As4()
		a[1] += byte(s.address >> 16)
		a[2] += byte(s.address >> 8)
		a[3] += byte(s.address)
		return netip.AddrFrom4(a).String()
	}
	a := publicV6.Addr().As16()
	a[5], a[6], a[7] = byte(s.address>>16), byte(s.address>>8), byte(s.address)
	return netip.AddrFrom16(a).String()
}

// reverseName is the PTR record an IPv4 address has until a User sets one.
func reverseName(ip string) string {
	parts := strings.Split(ip, ".")
	slices.Reverse(parts)
	return fmt.Sprintf("static.%s.clients.your-server.de", strings.Join(parts, "."))
}

// privateRanges may be used in networks. Source: RFC 1918.
var privateRanges = []netip.Prefix{
	netip.MustParsePrefix("10.0.0.0/8"),
	netip.MustParsePrefix("172.16.0.0/12"),
	netip.MustParsePrefix("192.168.0.0/16"),
}

// within tells whether a network lies in another.
func within(inner, outer netip.Prefix) bool {
	return outer.Bits() <= inner.Bits() && outer.Contains(inner.Addr())
}

// privateRange parses a network's range: RFC 1918, no host bits, not smaller
// than the given number of bits.
func privateRange(name, s string, smallest int) (netip.Prefix, error) {
	p, err := netip.ParsePrefix(s)
	if err != nil || !p.Addr().Is4() {
		return p, invalid(name, "is not an IPv4 network in CIDR notation")
	}
	if p.Masked() != p {
		return p, invalid(name, "has host bits set")
	}
	if p.Bits() > smallest {
		return p, invalid(name, "must be at least a /%d", smallest)
	}
	if !slices.ContainsFunc(privateRanges, func(r netip.Prefix) bool { return within(p, r) }) {
		return p, invalid(name, "is not in a private range of RFC1918")
	}
	return p, nil
}

// last address of an IPv4 network.
func last(p netip.Prefix) netip.Addr {
	a := p.Addr().As4()
	for bit := p.Bits(); bit < 32; bit++ {
		a[bit/8] |= 1 << (7 - bit%8)
	}
	return netip.AddrFrom4(a)
}

// hosts in a subnet that may be given away: not the first, not the gateway
// behind it, not the last.
func usable(ip netip.Addr, subnet, network netip.Prefix) bool {
	gateway := network.Addr().Next()
	return subnet.Contains(ip) && ip != subnet.Addr() && ip != last(subnet) && ip != gateway && ip.String() != "172.31.1.1"
}
