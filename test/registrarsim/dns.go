package main

import (
	"context"
	"log"
	"net"
	"strings"
	"time"

	"github.com/miekg/dns"
)

// A front before the PowerDNS that has the parent zone and the domain, which asks it
// as if these were two servers. A registrar's are: a domain that the parent zone
// does not name is denied, whoever still has it. PowerDNS by itself answers from
// the domain's zone for as long as there is one, and that is bogus then.
type front struct {
	zone, server string
}

// listen for queries over UDP and TCP.
func (f *front) listen(address string) error {
	packets, err := (&net.ListenConfig{}).ListenPacket(context.Background(), "udp", address)
	if err != nil {
		return err
	}
	l, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", address)
	if err != nil {
		return err
	}
	for _, s := range []*dns.Server{{PacketConn: packets, Handler: f}, {Listener: l, Handler: f}} {
		go func() { log.Fatal(s.ActivateAndServe()) }()
	}
	return nil
}

// ServeDNS answers one query.
func (f *front) ServeDNS(w dns.ResponseWriter, q *dns.Msg) {
	out, err := f.answer(q, w.RemoteAddr().Network())
	if err != nil {
		log.Printf("query: %v", err)
		out = new(dns.Msg).SetRcode(q, dns.RcodeServerFailure)
	}
	_ = w.WriteMsg(out)
}

func (f *front) answer(q *dns.Msg, network string) (*dns.Msg, error) {
	c := &dns.Client{Net: network, Timeout: 5 * time.Second}
	if child := f.child(q); child != "" {
		ds := q.Copy()
		ds.Question[0].Name, ds.Question[0].Qtype = child, dns.TypeDS
		// Only the parent zone answers for DS records. If it has no such name, the
		// proof holds for all types and for all names below.
		denied, _, err := c.Exchange(ds, f.server)
		if err != nil {
			return nil, err
		}
		if denied.Rcode == dns.RcodeNameError {
			denied.Question = q.Question
			return denied, nil
		}
	}
	out, _, err := c.Exchange(q, f.server)
	return out, err
}

// child of the zone that a query is about or below, or nothing.
func (f *front) child(q *dns.Msg) string {
	if len(q.Question) != 1 {
		return ""
	}
	name := dns.CanonicalName(q.Question[0].Name)
	below, ok := strings.CutSuffix(name, "."+dns.CanonicalName(f.zone))
	if !ok {
		return ""
	}
	return below[strings.LastIndex(below, ".")+1:] + "." + dns.CanonicalName(f.zone)
}
