// Package registrar has registrars set what the parent zone says of a domain.
//
// The adapters were written against what the registrars document, and tried on
// stand-ins only.
package registrar

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"

	"github.com/openova-io/catalyst/providers/provider-powerdns/internal/canonical"
)

// Types of registrars.
const (
	Cloudflare = "Cloudflare"
	GoDaddy    = "GoDaddy"
	Namecheap  = "Namecheap"
	OVH        = "OVH"
	Dynadot    = "Dynadot"
)

// Records of a domain in its parent zone: sorted, names in lower case with a
// trailing dot, digests as package canonical writes them.
type Records struct {
	Nameservers []string
	DS          []string
}

// Capabilities of a registrar's API for one domain. None of the adapters writes a
// whole zone: what Namecheap and Dynadot have for that drops records that are left
// out.
type Capabilities struct {
	// SetNS says that the nameservers of the domain itself are set: it is
	// registered there.
	SetNS bool
	// ChildNS says that the domain is delegated by records of a zone above it, and
	// may be without.
	ChildNS bool
	// DS says that DS records are set.
	DS bool
	// Async says that a change is a task, which is done later.
	Async bool
}

// A State of a domain at its registrar.
type State struct {
	Records

	// Capabilities for this domain.
	Capabilities Capabilities
	// Task that was accepted and is not done.
	Task string
	// Failure of the last task, if it did not succeed.
	Failure string
}

// A Registrar sets what the parent zone says of a domain.
type Registrar interface {
	// Observe what the registrar has of the domain.
	Observe(ctx context.Context, domain string) (State, error)
	// Ensure that it has exactly these records. Nil leaves the records of a type
	// as they are. Done again, it changes nothing.
	Ensure(ctx context.Context, domain string, want Records) error
	// Remove the delegation. Only with ChildNS: a domain that is registered has
	// nameservers.
	Remove(ctx context.Context, domain string) error
}

// A Config says how a registrar is reached.
type Config struct {
	// Type of the registrar.
	Type string
	// Credentials in the registrar's own form.
	Credentials string
	// Endpoint in place of the usual one. May be empty.
	Endpoint string
}

// New returns the adapter of a registrar.
func New(c Config) (Registrar, error) {
	switch c.Type {
	case Cloudflare:
		return newCloudflare(c)
	case GoDaddy:
		return newGoDaddy(c)
	case Namecheap:
		return newNamecheap(c)
	case OVH:
		return newOVH(c)
	case Dynadot:
		return newDynadot(c)
	default:
		return nil, errors.Errorf("registrar.type is %q, must be %s", c.Type, strings.Join([]string{Cloudflare, GoDaddy, Namecheap, OVH, Dynadot}, ", "))
	}
}

// newAccount at a registrar.
func newAccount(c Config, usual string, secrets ...string) (*account, error) {
	endpoint := c.Endpoint
	if endpoint == "" {
		endpoint = usual
	}
	u, err := url.Parse(endpoint)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return nil, errors.New("registrar.endpoint must be a URL without user, query and fragment")
	}
	if u.Scheme != "https" && (u.Scheme != "http" || !loopback(u.Hostname())) {
		return nil, errors.Errorf("registrar.endpoint has the scheme %q, must be https, or http at localhost, 127.0.0.1 or [::1]: credentials are sent there", u.Scheme)
	}
	u.Path = strings.TrimRight(u.Path, "/")
	return &account{name: c.Type, base: u, http: shared, secrets: longestFirst(secrets)}, nil
}

func loopback(host string) bool {
	return slices.Contains([]string{"localhost", "127.0.0.1", "::1"}, host)
}

// shared by all adapters. It follows no redirects: credentials would go along.
var shared = &http.Client{
	Timeout:       callTimeout,
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// parts of credentials. What they hold is in no error.
func parts(c Config, forms ...string) ([]string, error) {
	got := strings.Split(strings.TrimSpace(c.Credentials), ":")
	for _, form := range forms {
		if len(strings.Split(form, ":")) == len(got) && !slices.Contains(got, "") {
			return got, nil
		}
	}
	return nil, errors.Errorf("credentials of %s must have the form %s", c.Type, strings.Join(forms, " or "))
}

// names as package canonical writes them, sorted. Registrars leave places empty.
func names(in []string) []string {
	out := make([]string, 0, len(in))
	for _, n := range in {
		if strings.Trim(n, " .") != "" {
			out = append(out, canonical.Name(n))
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// bare names have no trailing dot, as registrars write them.
func bare(in []string) []string {
	out := make([]string, 0, len(in))
	for _, n := range in {
		out = append(out, strings.TrimSuffix(canonical.Name(n), "."))
	}
	return out
}

func bareName(n string) string { return bare([]string{n})[0] }

// noDS is the error of a registrar whose API sets no DS records.
func (a *account) noDS(domain string, want Records) error {
	if len(want.DS) == 0 {
		return nil
	}
	return a.impossible("set DS records of "+bareName(domain), "its API sets none", "enter them by hand")
}

// keeps is the error of a registrar that cannot leave a domain without
// nameservers.
func (a *account) keeps(domain string) error {
	return a.impossible("remove the nameservers of "+bareName(domain), "a domain that is registered has some", "set others")
}
