package registrar

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// maxDynadot is how many nameservers a domain may have at Dynadot.
const maxDynadot = 13

// dynadot sets the nameservers of domains that are registered there, with the
// third version of its API. That takes its key in the query, answers 200 with
// errors in JSON, and makes changes by GET.
type dynadot struct {
	*account

	key string
}

func newDynadot(c Config) (Registrar, error) {
	// The secret beside the key is for another version.
	p, err := parts(c, "key", "key:secret")
	if err != nil {
		return nil, err
	}
	a, err := newAccount(c, "https://api.dynadot.com/api3.json", p...)
	if err != nil {
		return nil, err
	}
	return &dynadot{account: a, key: p[0]}, nil
}

// A dynadotAnswer is what is in the one field that an answer has, whose name
// depends on the command.
type dynadotAnswer struct {
	// Code is 0 for success. A number or a string.
	Code   any    `json:"ResponseCode"`
	Status string `json:"Status"`
	Error  string `json:"Error"`
	Info   *struct {
		Name     string `json:"Name"`
		Settings struct {
			Nameservers []struct {
				Name string `json:"ServerName"`
			} `json:"NameServers"`
		} `json:"NameServerSettings"`
	} `json:"DomainInfo"`
}

func (d *dynadot) call(ctx context.Context, op, command string, q url.Values) (*dynadotAnswer, *answer, error) {
	q.Set("key", d.key)
	q.Set("command", command)
	r, err := d.do(ctx, request{op: op, method: http.MethodGet, query: q})
	if err != nil {
		return nil, nil, err
	}
	all := map[string]*dynadotAnswer{}
	if json.Unmarshal(r.body, &all) != nil || len(all) != 1 {
		return nil, nil, d.unreadable(op, r)
	}
	for _, a := range all {
		if a == nil {
			break
		}
		if r.good() && fmt.Sprint(a.Code) == "0" {
			return a, r, nil
		}
		return nil, nil, d.refusal(op, r, a)
	}
	return nil, nil, d.unreadable(op, r)
}

// refusal of a command, by its text: there are no numbers.
func (d *dynadot) refusal(op string, r *answer, a *dynadotAnswer) error {
	text := strings.ToLower(a.Error + " " + a.Status)
	has := func(some ...string) bool {
		for _, s := range some {
			if strings.Contains(text, s) {
				return true
			}
		}
		return false
	}
	c := Refused
	switch {
	case !r.good():
		c = causeOf(r.status)
	case has("too many", "rate limit", "limit exceeded"):
		c = Limited
	case has("busy", "try again", "offline", "timeout"):
		c = Unavailable
	case has("could not find domain", "not find domain", "no such domain"):
		c = UnknownDomain
	case has("ip address", "not allowed", "permission"):
		c = Forbidden
	case has("invalid key", "api key", "key is invalid"):
		c = Unauthorized
	}
	return d.fail(op, r, c, a.Error)
}

// Observe the domain.
func (d *dynadot) Observe(ctx context.Context, domain string) (State, error) {
	op := "read the nameservers of " + bareName(domain)
	a, r, err := d.call(ctx, op, "domain_info", url.Values{"domain": {bareName(domain)}})
	if err != nil {
		return State{}, err
	}
	if a.Info == nil || bareName(a.Info.Name) != bareName(domain) {
		return State{}, d.unreadable(op, r)
	}
	found := []string{}
	for _, ns := range a.Info.Settings.Nameservers {
		found = append(found, ns.Name)
	}
	return State{Records: Records{Nameservers: names(found)}, Capabilities: Capabilities{SetNS: true}}, nil
}

// Ensure the nameservers: the account has to know each before the domain can have
// it.
func (d *dynadot) Ensure(ctx context.Context, domain string, want Records) error {
	if err := d.noDS(domain, want); err != nil || want.Nameservers == nil {
		return err
	}
	op := "set the nameservers of " + bareName(domain)
	if len(want.Nameservers) > maxDynadot {
		return d.impossible(op, fmt.Sprintf("a domain has %d nameservers at most, not %d", maxDynadot, len(want.Nameservers)), "name fewer")
	}
	q := url.Values{"domain": {bareName(domain)}}
	for i, host := range bare(want.Nameservers) {
		if _, _, err := d.call(ctx, "have the account know nameserver "+host, "add_ns", url.Values{"host": {host}}); err != nil && !strings.Contains(err.Error(), "already exists") {
			return err
		}
		q.Set(fmt.Sprintf("ns%d", i), host)
	}
	_, _, err := d.call(ctx, op, "set_ns", q)
	return err
}

// Remove is not possible.
func (d *dynadot) Remove(_ context.Context, domain string) error { return d.keeps(domain) }
