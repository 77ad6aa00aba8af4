// Package parent asks the servers of a domain's parent zone what they say of the
// domain: its NS records, which they only refer with, and its DS records, which
// are theirs.
package parent

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/miekg/dns"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"

	"github.com/openova-io/catalyst/providers/provider-powerdns/internal/canonical"
)

const (
	// maxServers that are asked. The largest zones have 13.
	maxServers = 16
	// timeout of one query.
	timeout = 2 * time.Second
	// tries of one query over UDP, which loses some.
	tries = 2
	// udpSize is how large an answer over UDP may be. Larger ones would come in
	// fragments, which many networks drop.
	// https://www.dnsflagday.net/2020/
	udpSize = 1232
)

// A Server of a parent zone.
type Server struct {
	// Name of the server, or what it was configured as.
	Name string
	// Address with port. Empty if the name has none.
	Address string
}

// An Answer is what a server says of a domain.
type Answer struct {
	Server

	// Zone that the server answers from.
	Zone string
	// Nameservers of the domain, sorted.
	Nameservers []string
	// NameserversTTL is how long they, or that there are none, may be cached, in
	// seconds.
	NameserversTTL int64
	// DS records of the domain, sorted.
	DS []string
	// DSTTL is how long they, or that there are none, may be cached, in seconds.
	DSTTL int64
	// Err that kept the server from answering. The same for the same cause.
	Err error
}

// A Resolver looks names up, as the system does.
type Resolver interface {
	LookupNS(ctx context.Context, name string) ([]*net.NS, error)
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
}

// Find the servers of a domain's parent zone: of the nearest name above the
// domain that has NS records.
func Find(ctx context.Context, r Resolver, domain string) ([]Server, error) {
	for zone := above(domain); ; zone = above(zone) {
		found, err := r.LookupNS(ctx, zone)
		if err != nil && !notFound(err) {
			return nil, errors.Errorf("cannot look up the servers of %s: %s", zone, cause(err))
		}
		if len(found) > 0 {
			return addresses(ctx, r, found), nil
		}
		if zone == "." {
			return nil, errors.Errorf("no name above %s has servers", canonical.Name(domain))
		}
	}
}

// addresses of servers: one of each, IPv4 if it has any.
func addresses(ctx context.Context, r Resolver, found []*net.NS) []Server {
	names := make([]string, 0, len(found))
	for _, ns := range found {
		names = append(names, canonical.Name(ns.Host))
	}
	slices.Sort(names)
	names = slices.Compact(names)
	out := make([]Server, min(len(names), maxServers))
	var all sync.WaitGroup
	for i := range out {
		all.Go(func() {
			out[i].Name = names[i]
			for _, network := range []string{"ip4", "ip6"} {
				ips, err := r.LookupNetIP(ctx, network, names[i])
				if err != nil || len(ips) == 0 {
					continue
				}
				// In any order otherwise, and the status must not flap.
				slices.SortFunc(ips, netip.Addr.Compare)
				out[i].Address = netip.AddrPortFrom(ips[0].Unmap(), 53).String()
				return
			}
		})
	}
	all.Wait()
	return out
}

// Ask every server what it says of the domain, all at once. Answers come in the
// order of the servers.
func Ask(ctx context.Context, domain string, servers []Server) []Answer {
	out := make([]Answer, min(len(servers), maxServers))
	var all sync.WaitGroup
	for i := range out {
		all.Go(func() { out[i] = ask(ctx, canonical.Name(domain), servers[i]) })
	}
	all.Wait()
	return out
}

func ask(ctx context.Context, domain string, s Server) Answer {
	a := Answer{Server: s}
	if s.Address == "" {
		a.Err = errors.New("it has no address")
		return a
	}
	negative, err := a.zone(ctx, domain)
	if err == nil {
		err = a.records(ctx, domain, negative)
	}
	if err != nil {
		return Answer{Server: s, Err: err}
	}
	return a
}

// zone that the server answers from for the name above the domain, and for how
// long it may be cached that something is not there.
func (a *Answer) zone(ctx context.Context, domain string) (negative int64, err error) {
	name := above(domain)
	r, err := query(ctx, a.Address, name, dns.TypeSOA)
	if err != nil {
		return 0, err
	}
	soa := soaOf(r)
	if soa == nil || !r.Authoritative {
		return 0, errors.Errorf("it is not a server of the parent zone: it has no authority for %s", name)
	}
	a.Zone = canonical.Name(soa.Hdr.Name)
	return negativeTTL(soa), nil
}

func (a *Answer) records(ctx context.Context, domain string, negative int64) error {
	ds, err := query(ctx, a.Address, domain, dns.TypeDS)
	if err != nil {
		return err
	}
	a.DSTTL, a.NameserversTTL = negative, negative
	if soa := soaOf(ds); soa != nil {
		a.DSTTL = negativeTTL(soa)
	}
	for _, rr := range ds.Answer {
		if d, ok := rr.(*dns.DS); ok && canonical.Name(d.Hdr.Name) == domain {
			a.DS = append(a.DS, fmt.Sprintf("%d %d %d %s", d.KeyTag, d.Algorithm, d.DigestType, strings.ToLower(d.Digest)))
			a.DSTTL = int64(d.Hdr.Ttl)
		}
	}
	slices.Sort(a.DS)
	if ds.Rcode == dns.RcodeNameError {
		// The parent zone has nothing of that name. A server that has the
		// domain itself as well would name its servers all the same.
		return nil
	}

	ns, err := query(ctx, a.Address, domain, dns.TypeNS)
	if err != nil {
		return err
	}
	if len(ns.Answer) > 0 && !ns.Authoritative {
		return errors.New("it answers from a cache")
	}
	for _, rr := range append(ns.Answer, ns.Ns...) {
		n, ok := rr.(*dns.NS)
		if !ok {
			continue
		}
		if canonical.Name(n.Hdr.Name) != domain {
			if ns.Authoritative {
				continue
			}
			return errors.Errorf("it is not a server of the parent zone: it refers to %s", canonical.Name(n.Hdr.Name))
		}
		a.Nameservers = append(a.Nameservers, canonical.Name(n.Ns))
		a.NameserversTTL = int64(n.Hdr.Ttl)
	}
	slices.Sort(a.Nameservers)
	a.Nameservers = slices.Compact(a.Nameservers)
	return nil
}

// query a server itself: no recursion is asked for, so that it has no reason to
// answer for others.
func query(ctx context.Context, address, name string, rrtype uint16) (*dns.Msg, error) {
	m := new(dns.Msg)
	m.SetQuestion(name, rrtype)
	m.RecursionDesired = false
	m.SetEdns0(udpSize, false)
	r, err := exchange(ctx, "udp", m, address)
	for range tries - 1 {
		if err != nil {
			r, err = exchange(ctx, "udp", m, address)
		}
	}
	if err == nil && r.Truncated {
		r, err = exchange(ctx, "tcp", m, address)
	}
	if err != nil {
		return nil, errors.New(cause(err))
	}
	if r.Rcode != dns.RcodeSuccess && r.Rcode != dns.RcodeNameError {
		return nil, errors.Errorf("it answers %s for %s", dns.RcodeToString[r.Rcode], name)
	}
	return r, nil
}

func exchange(ctx context.Context, network string, m *dns.Msg, address string) (*dns.Msg, error) {
	c := &dns.Client{Net: network, Timeout: timeout, UDPSize: udpSize}
	r, _, err := c.ExchangeContext(ctx, m, address)
	return r, err
}

func soaOf(r *dns.Msg) *dns.SOA {
	for _, rr := range append(r.Answer, r.Ns...) {
		if soa, ok := rr.(*dns.SOA); ok {
			return soa
		}
	}
	return nil
}

// negativeTTL is how long it may be cached that something is not in a zone.
// https://www.rfc-editor.org/rfc/rfc2308#section-5
func negativeTTL(soa *dns.SOA) int64 { return int64(min(soa.Hdr.Ttl, soa.Minttl)) }

// above is the name one label above.
func above(name string) string {
	name = canonical.Name(name)
	if i, end := dns.NextLabel(name, 0); !end {
		return name[i:]
	}
	return "."
}

func notFound(err error) bool {
	d := &net.DNSError{}
	return errors.As(err, &d) && d.IsNotFound
}

// cause of an error, without the ports and addresses that change from one try to
// the next.
func cause(err error) string {
	var d *net.DNSError
	var n net.Error
	switch {
	case errors.As(err, &d) && d.IsNotFound:
		return "no such name"
	case errors.As(err, &n) && n.Timeout(), errors.Is(err, context.DeadlineExceeded):
		return "no answer in time"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "connection refused"
	case errors.Is(err, syscall.ENETUNREACH), errors.Is(err, syscall.EHOSTUNREACH):
		return "no route to it"
	default:
		return "no answer that can be read"
	}
}
