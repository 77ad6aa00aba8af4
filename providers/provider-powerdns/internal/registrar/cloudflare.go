package registrar

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/miekg/dns"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"

	"github.com/openova-io/catalyst/providers/provider-powerdns/internal/canonical"
)

const (
	// automatic lets Cloudflare choose a record's TTL, which is five minutes then.
	automatic = 1
	// maxRecords on a page. A delegation has far fewer.
	maxRecords = 100
)

// cloudflare sets NS and DS records of a name in one of the account's zones. The
// nameservers of a domain that is such a zone itself can be changed by few
// accounts.
type cloudflare struct {
	*account

	token string
	// zones that were found, by domain.
	zones map[string]*cloudflareZone
}

func newCloudflare(c Config) (Registrar, error) {
	p, err := parts(c, "token")
	if err != nil {
		return nil, err
	}
	a, err := newAccount(c, "https://api.cloudflare.com/client/v4", p...)
	if err != nil {
		return nil, err
	}
	return &cloudflare{account: a, token: p[0], zones: map[string]*cloudflareZone{}}, nil
}

type cloudflareZone struct {
	ID          string   `json:"id"`
	Name        string   `json:"name"`
	NameServers []string `json:"name_servers"`
}

type cloudflareRecord struct {
	ID      string        `json:"id,omitempty"`
	Type    string        `json:"type"`
	Name    string        `json:"name"`
	Content string        `json:"content,omitempty"`
	TTL     int           `json:"ttl"`
	Data    *cloudflareDS `json:"data,omitempty"`
}

type cloudflareDS struct {
	KeyTag     int    `json:"key_tag"`
	Algorithm  int    `json:"algorithm"`
	DigestType int    `json:"digest_type"`
	Digest     string `json:"digest"`
}

type cloudflareError struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
}

type cloudflareAnswer struct {
	Success bool              `json:"success"`
	Errors  []cloudflareError `json:"errors"`
	Result  json.RawMessage   `json:"result"`
	Info    *struct {
		Total int `json:"total_count"`
	} `json:"result_info"`
}

// call the API. Errors with one of the codes are none.
func (c *cloudflare) call(ctx context.Context, op, method, path string, query url.Values, body, into any, fine ...int) (*cloudflareAnswer, error) {
	r, err := c.do(ctx, request{op: op, method: method, path: path, query: query, body: body, sign: func(r *http.Request, _ []byte) {
		r.Header.Set("Authorization", "Bearer "+c.token)
	}})
	if err != nil {
		return nil, err
	}
	a := &cloudflareAnswer{}
	if json.Unmarshal(r.body, a) != nil {
		return nil, c.unreadable(op, r)
	}
	if r.good() && a.Success {
		if into != nil && json.Unmarshal(a.Result, into) != nil {
			return nil, c.unreadable(op, r)
		}
		return a, nil
	}
	if len(a.Errors) == 0 {
		return nil, c.unreadable(op, r)
	}
	e := a.Errors[0]
	if slices.Contains(fine, e.Code) {
		return a, nil
	}
	cause := causeOf(r.status)
	if slices.Contains([]int{6003, 9109, 10000}, e.Code) {
		// A token that is no token, or not one that is known.
		cause = Unauthorized
	}
	return nil, c.fail(op, r, cause, fmt.Sprintf("error %d: %s", e.Code, e.Message))
}

// zone of a domain: the one that is called like it, or the next above.
func (c *cloudflare) zone(ctx context.Context, domain string) (*cloudflareZone, error) {
	if z, ok := c.zones[domain]; ok {
		return z, nil
	}
	op := "find the zone of " + bareName(domain)
	for name := bareName(domain); strings.Contains(name, "."); _, name, _ = strings.Cut(name, ".") {
		found := []*cloudflareZone{}
		if _, err := c.call(ctx, op, http.MethodGet, "/zones", url.Values{"name": {name}}, nil, &found); err != nil {
			return nil, err
		}
		for _, z := range found {
			if z != nil && z.ID != "" && bareName(z.Name) == name {
				c.zones[domain] = z
				return z, nil
			}
		}
	}
	return nil, c.fail(op, &answer{status: http.StatusNotFound}, UnknownDomain, "the account has no zone of that name, and none above it")
}

// Observe the domain.
func (c *cloudflare) Observe(ctx context.Context, domain string) (State, error) {
	// A zone may have been made anew, or one nearer.
	delete(c.zones, domain)
	z, err := c.zone(ctx, domain)
	if err != nil {
		return State{}, err
	}
	if bareName(z.Name) == bareName(domain) {
		now := &cloudflareZone{}
		_, err := c.call(ctx, "read the nameservers of "+bareName(domain), http.MethodGet, "/zones/"+url.PathEscape(z.ID), nil, nil, now)
		return State{Records: Records{Nameservers: names(now.NameServers)}, Capabilities: Capabilities{SetNS: true}}, err
	}
	s := State{Capabilities: Capabilities{ChildNS: true, DS: true}}
	for _, typ := range []string{"NS", "DS"} {
		found, err := c.records(ctx, z, domain, typ)
		if err != nil {
			return State{}, err
		}
		for _, content := range found {
			if typ == "NS" {
				s.Nameservers = append(s.Nameservers, content)
			} else {
				s.DS = append(s.DS, content)
			}
		}
	}
	slices.Sort(s.Nameservers)
	slices.Sort(s.DS)
	return s, nil
}

// records of the domain in the zone above it, by id.
func (c *cloudflare) records(ctx context.Context, z *cloudflareZone, domain, typ string) (map[string]string, error) {
	op := fmt.Sprintf("read the %s records of %s", typ, bareName(domain))
	found := []cloudflareRecord{}
	a, err := c.call(ctx, op, http.MethodGet, "/zones/"+url.PathEscape(z.ID)+"/dns_records", url.Values{"name": {bareName(domain)}, "type": {typ}, "per_page": {strconv.Itoa(maxRecords)}}, nil, &found)
	if err != nil {
		return nil, err
	}
	if a.Info != nil && a.Info.Total > len(found) {
		return nil, c.fail(op, &answer{status: http.StatusOK}, Unavailable, fmt.Sprintf("%d of %d records", len(found), a.Info.Total))
	}
	out := map[string]string{}
	for _, r := range found {
		if r.Type != typ || bareName(r.Name) != bareName(domain) {
			continue
		}
		content := r.Content
		if r.Data != nil {
			content = fmt.Sprintf("%d %d %d %s", r.Data.KeyTag, r.Data.Algorithm, r.Data.DigestType, r.Data.Digest)
		}
		out[r.ID] = canonical.Key(typ, content)
	}
	return out, nil
}

// Ensure the records.
func (c *cloudflare) Ensure(ctx context.Context, domain string, want Records) error {
	z, err := c.zone(ctx, domain)
	if err != nil {
		return err
	}
	if bareName(z.Name) == bareName(domain) {
		return c.ensureApex(ctx, z, domain, want)
	}
	// DS records need NS records beside them: they come after, and go before.
	if want.DS != nil && len(want.DS) == 0 {
		if err := c.replace(ctx, z, domain, "DS", nil); err != nil {
			return err
		}
	}
	if want.Nameservers != nil {
		if err := c.replace(ctx, z, domain, "NS", want.Nameservers); err != nil {
			return err
		}
	}
	if len(want.DS) > 0 {
		return c.replace(ctx, z, domain, "DS", want.DS)
	}
	return nil
}

// ensureApex sets the nameservers of a domain that is a zone of the account, if
// the account may. Cloudflare takes what it does not change without a word.
func (c *cloudflare) ensureApex(ctx context.Context, z *cloudflareZone, domain string, want Records) error {
	if err := c.noDS(domain, want); err != nil || want.Nameservers == nil {
		return err
	}
	op := "set the nameservers of " + bareName(domain)
	const why, instead = "the nameservers of a domain that is registered there stay Cloudflare's", "move the domain to another registrar, or delegate a name below it"
	now := &cloudflareZone{}
	_, err := c.call(ctx, op, http.MethodPatch, "/zones/"+url.PathEscape(z.ID), nil, map[string]any{"name_servers": bare(want.Nameservers)}, now)
	e := &Error{}
	switch {
	case errors.As(err, &e) && e.Cause == Forbidden:
		e.Hint = "the token may not edit the zone, or " + why + ": " + instead
	case CauseOf(err) == Refused, err == nil && !slices.Equal(names(now.NameServers), names(want.Nameservers)):
		return c.impossible(op, why, instead)
	}
	return err
}

// Codes of errors that say that it is so already.
const (
	cloudflareIdentical = 81058
	cloudflareGone      = 81044
)

// replace the records of a type: those that are missing come before the others go.
func (c *cloudflare) replace(ctx context.Context, z *cloudflareZone, domain, typ string, want []string) error {
	found, err := c.records(ctx, z, domain, typ)
	if err != nil {
		return err
	}
	path := "/zones/" + url.PathEscape(z.ID) + "/dns_records"
	have := map[string]bool{}
	for _, content := range found {
		have[content] = true
	}
	for _, content := range want {
		key := canonical.Key(typ, content)
		if have[key] {
			continue
		}
		have[key] = true
		r := cloudflareRecord{Type: typ, Name: bareName(domain), TTL: automatic}
		if typ == "NS" {
			r.Content = bareName(key)
		} else if r.Data = dsData(key); r.Data == nil {
			return c.impossible(fmt.Sprintf("add DS record %s of %s", key, bareName(domain)), "it is no DS record", "name key tag, algorithm, digest type and digest as numbers")
		}
		if _, err := c.call(ctx, fmt.Sprintf("add %s record %s of %s", typ, key, bareName(domain)), http.MethodPost, path, nil, r, nil, cloudflareIdentical); err != nil {
			return err
		}
	}
	for _, id := range sortedKeys(found) {
		if slices.ContainsFunc(want, func(w string) bool { return canonical.Key(typ, w) == found[id] }) {
			continue
		}
		if _, err := c.call(ctx, fmt.Sprintf("remove %s record %s of %s", typ, found[id], bareName(domain)), http.MethodDelete, path+"/"+url.PathEscape(id), nil, nil, nil, cloudflareGone); err != nil {
			return err
		}
	}
	return nil
}

func sortedKeys(m map[string]string) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

// dsData of a DS record, or nil.
func dsData(content string) *cloudflareDS {
	rr, err := dns.NewRR(". 0 IN DS " + content)
	ds, ok := rr.(*dns.DS)
	if err != nil || !ok {
		return nil
	}
	return &cloudflareDS{KeyTag: int(ds.KeyTag), Algorithm: int(ds.Algorithm), DigestType: int(ds.DigestType), Digest: strings.ToUpper(ds.Digest)}
}

// Remove the delegation.
func (c *cloudflare) Remove(ctx context.Context, domain string) error {
	z, err := c.zone(ctx, domain)
	if err != nil {
		return err
	}
	if bareName(z.Name) == bareName(domain) {
		return c.keeps(domain)
	}
	return c.Ensure(ctx, domain, Records{Nameservers: []string{}, DS: []string{}})
}
