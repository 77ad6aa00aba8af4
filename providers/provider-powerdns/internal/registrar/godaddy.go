package registrar

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"time"
)

// godaddy sets the nameservers of domains that are registered there. Its API for
// DS records was not to be verified, so somebody has to enter them.
type godaddy struct {
	*account

	key string
}

func newGoDaddy(c Config) (Registrar, error) {
	p, err := parts(c, "key:secret")
	if err != nil {
		return nil, err
	}
	a, err := newAccount(c, "https://api.godaddy.com", append(p, p[0]+":"+p[1])...)
	if err != nil {
		return nil, err
	}
	return &godaddy{account: a, key: p[0] + ":" + p[1]}, nil
}

// call the API about a domain.
func (g *godaddy) call(ctx context.Context, op, method, domain string, body, into any) error {
	r, err := g.do(ctx, request{op: op, method: method, path: "/v1/domains/" + url.PathEscape(bareName(domain)), body: body, sign: func(r *http.Request, _ []byte) {
		r.Header.Set("Authorization", "sso-key "+g.key)
	}})
	if err != nil {
		return err
	}
	if !r.good() {
		return g.refusal(op, r)
	}
	if into != nil && json.Unmarshal(r.body, into) != nil {
		return g.unreadable(op, r)
	}
	return nil
}

func (g *godaddy) refusal(op string, r *answer) error {
	e := struct {
		Code          string  `json:"code"`
		Message       string  `json:"message"`
		RetryAfterSec float64 `json:"retryAfterSec"`
	}{}
	if json.Unmarshal(r.body, &e) != nil {
		return g.unreadable(op, r)
	}
	out := g.fail(op, r, causeOf(r.status), e.Code+" "+e.Message)
	if out.Cause == Limited && e.RetryAfterSec > 0 {
		out.After = min(time.Duration(e.RetryAfterSec)*time.Second, maxRetryAfter)
	}
	return out
}

// Observe the domain.
func (g *godaddy) Observe(ctx context.Context, domain string) (State, error) {
	d := struct {
		Domain      string   `json:"domain"`
		NameServers []string `json:"nameServers"`
	}{}
	op := "read the nameservers of " + bareName(domain)
	if err := g.call(ctx, op, http.MethodGet, domain, nil, &d); err != nil {
		return State{}, err
	}
	if bareName(d.Domain) != bareName(domain) {
		return State{}, g.fail(op, &answer{status: http.StatusOK}, Unavailable, "an answer about another domain")
	}
	return State{Records: Records{Nameservers: names(d.NameServers)}, Capabilities: Capabilities{SetNS: true}}, nil
}

// Ensure the nameservers.
func (g *godaddy) Ensure(ctx context.Context, domain string, want Records) error {
	if err := g.noDS(domain, want); err != nil || want.Nameservers == nil {
		return err
	}
	return g.call(ctx, "set the nameservers of "+bareName(domain), http.MethodPatch, domain, map[string]any{"nameServers": bare(want.Nameservers)}, nil)
}

// Remove is not possible.
func (g *godaddy) Remove(_ context.Context, domain string) error { return g.keeps(domain) }
