package registrar

import (
	"context"
	"encoding/xml"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// ownServers is what the names of Namecheap's own nameservers end with. A domain
// goes back to them by a command of its own, which brings back what hangs on them.
const ownServers = ".registrar-servers.com."

// namecheap sets the nameservers of domains that are registered there. It answers
// 200 with errors in XML, and takes its key in the query.
type namecheap struct {
	*account

	login url.Values
}

func newNamecheap(c Config) (Registrar, error) {
	p, err := parts(c, "apiUser:apiKey:clientIP", "apiUser:apiKey:userName:clientIP")
	if err != nil {
		return nil, err
	}
	a, err := newAccount(c, "https://api.namecheap.com/xml.response", p[1])
	if err != nil {
		return nil, err
	}
	login := url.Values{"ApiUser": {p[0]}, "ApiKey": {p[1]}, "UserName": {p[0]}, "ClientIp": {p[len(p)-1]}}
	if len(p) > 3 { //nolint:mnd // With a user name.
		login.Set("UserName", p[2])
	}
	return &namecheap{account: a, login: login}, nil
}

// A namecheapAnswer to any command.
type namecheapAnswer struct {
	Status string `xml:"Status,attr"`
	Errors []struct {
		Number string `xml:"Number,attr"`
		Text   string `xml:",chardata"`
	} `xml:"Errors>Error"`
	List *struct {
		Nameservers []string `xml:"Nameserver"`
	} `xml:"CommandResponse>DomainDNSGetListResult"`
	Custom *struct {
		Updated string `xml:"Updated,attr"`
	} `xml:"CommandResponse>DomainDNSSetCustomResult"`
	Default *struct {
		Updated string `xml:"Updated,attr"`
	} `xml:"CommandResponse>DomainDNSSetDefaultResult"`
}

// call a command about a domain: what is before its first dot, and what is after.
func (n *namecheap) call(ctx context.Context, op, command, domain string, more url.Values) (*namecheapAnswer, *answer, error) {
	sld, tld, _ := strings.Cut(bareName(domain), ".")
	q := url.Values{"Command": {command}, "SLD": {sld}, "TLD": {tld}}
	for _, v := range []url.Values{n.login, more} {
		for k := range v {
			q.Set(k, v.Get(k))
		}
	}
	r, err := n.do(ctx, request{op: op, method: http.MethodGet, query: q})
	if err != nil {
		return nil, nil, err
	}
	if r.status == http.StatusMethodNotAllowed {
		return nil, nil, n.fail(op, r, Limited, "too many requests")
	}
	out := &namecheapAnswer{}
	if xml.Unmarshal(r.body, out) != nil {
		return nil, nil, n.unreadable(op, r)
	}
	if !r.good() || out.Status != "OK" || len(out.Errors) > 0 {
		return nil, nil, n.refusal(op, r, out)
	}
	return out, r, nil
}

// refusal of a command, by the first error's number.
// https://www.namecheap.com/support/api/error-codes/
func (n *namecheap) refusal(op string, r *answer, a *namecheapAnswer) error {
	if len(a.Errors) == 0 {
		return n.unreadable(op, r)
	}
	e := a.Errors[0]
	c := Refused
	switch {
	case slices.Contains([]string{"1011102", "1010101", "1010102", "1010104", "1030408"}, e.Number):
		c = Unauthorized
	case slices.Contains([]string{"1011150", "1010105", "2030166"}, e.Number):
		c = Forbidden
	case slices.Contains([]string{"2019166", "2016166"}, e.Number):
		c = UnknownDomain
	case strings.Contains(strings.ToLower(e.Text), "too many requests"):
		c = Limited
	case slices.Contains([]string{"3031510", "3050900", "4022288", "5050900"}, e.Number), !r.good():
		c = Unavailable
	}
	return n.fail(op, r, c, "error "+e.Number+": "+e.Text)
}

// Observe the domain.
func (n *namecheap) Observe(ctx context.Context, domain string) (State, error) {
	op := "read the nameservers of " + bareName(domain)
	a, r, err := n.call(ctx, op, "namecheap.domains.dns.getList", domain, nil)
	if err != nil {
		return State{}, err
	}
	if a.List == nil {
		return State{}, n.unreadable(op, r)
	}
	return State{Records: Records{Nameservers: names(a.List.Nameservers)}, Capabilities: Capabilities{SetNS: true}}, nil
}

// Ensure the nameservers.
func (n *namecheap) Ensure(ctx context.Context, domain string, want Records) error {
	if err := n.noDS(domain, want); err != nil || want.Nameservers == nil {
		return err
	}
	op := "set the nameservers of " + bareName(domain)
	command, more := "namecheap.domains.dns.setCustom", url.Values{"Nameservers": {strings.Join(bare(want.Nameservers), ",")}}
	if !slices.ContainsFunc(want.Nameservers, func(ns string) bool { return !strings.HasSuffix(ns, ownServers) }) {
		command, more = "namecheap.domains.dns.setDefault", nil
	}
	a, r, err := n.call(ctx, op, command, domain, more)
	if err != nil {
		return err
	}
	if a.Custom != nil && a.Custom.Updated == "true" || a.Default != nil && a.Default.Updated == "true" {
		return nil
	}
	return n.fail(op, r, Unavailable, "they were not updated")
}

// Remove is not possible.
func (n *namecheap) Remove(_ context.Context, domain string) error { return n.keeps(domain) }
