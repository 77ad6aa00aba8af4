// Package clients speaks Gitea's API as the provider's kinds need it.
//
// It does not use the client of code.gitea.io/sdk: that one keeps a request's
// context in the client, loses the status and the text of failures, and lacks
// fields this provider is about (force-push rules, rule priorities, webhook
// names).
package clients

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"

	"github.com/openova-io/catalyst/internal/provider"
)

// Bounds of what one server is asked at once. Gitea starts processes for
// anything that touches Git, so more writes at once only make each slower.
const (
	maxWrites = 4
	maxReads  = 16
)

// maxAnswer bounds an answer's size: a recursive listing of a large repository
// is the largest.
const maxAnswer = 64 << 20

// A Client of one Gitea server, shared by all managed resources on it.
type Client struct {
	base  *url.URL
	http  *http.Client
	token string

	reads, writes chan struct{}
	locks         *keyedLocks
	snaps         *snapshots
}

// An Option of a Client.
type Option func(*Client)

// WithSnapshotAge sets for how long a listing that several managed resources
// look at is taken to be true. Zero turns sharing off.
func WithSnapshotAge(d time.Duration) Option {
	return func(c *Client) { c.snaps.age = d }
}

// New returns a client of the server at the endpoint.
func New(e provider.Endpoint, opts ...Option) (*Client, error) {
	base, err := url.Parse(e.URL)
	if err != nil || base.Host == "" {
		return nil, errors.New("the provider configuration's url is not an address, want e.g. https://git.example.org")
	}
	if base.User != nil {
		return nil, errors.New("the provider configuration's url must not hold credentials")
	}
	tr, err := transport(e.CABundle)
	if err != nil {
		return nil, err
	}
	c := &Client{
		base:   base,
		token:  e.Credentials,
		reads:  make(chan struct{}, maxReads),
		writes: make(chan struct{}, maxWrites),
		locks:  newKeyedLocks(),
		snaps:  newSnapshots(),
	}
	c.http = &http.Client{
		Transport: withRetries(withTimeout(withMetrics(withHeaders(tr, e.Credentials, base.Host)), attemptTimeout)),
		// Following a redirect turns writes into reads. Gitea redirects API
		// calls only for what was renamed, which is somebody else's by now.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	for _, o := range opts {
		o(c)
	}
	return c, nil
}

func transport(ca []byte) (*http.Transport, error) {
	tr, ok := http.DefaultTransport.(*http.Transport)
	if !ok {
		return nil, errors.New("unexpected default HTTP transport")
	}
	tr = tr.Clone()
	tr.MaxIdleConnsPerHost = maxReads + maxWrites
	if len(ca) == 0 {
		return tr, nil
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(ca) {
		return nil, errors.New("the provider configuration's caBundle holds no certificate in PEM")
	}
	tr.TLSClientConfig = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
	return tr, nil
}

// Close idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// A call to the server.
type call struct {
	method string
	// route with a {} for each of args.
	route string
	args  []string
	query url.Values
	body  any
	// lock names what the call writes to. Calls that write to the same thing
	// wait for each other.
	lock string
}

// path fills the route's names in. Each is one segment: a name that would
// reach another path is refused.
func (k call) path() (string, error) {
	out := &strings.Builder{}
	args := k.args
	for {
		before, after, found := strings.Cut(k.route, "{}")
		out.WriteString(before)
		if !found {
			return out.String(), nil
		}
		if len(args) == 0 || args[0] == "" || args[0] == "." || args[0] == ".." || strings.ContainsAny(args[0], "\\\x00") {
			return "", errors.Errorf("%q is not a name", strings.Join(args, " "))
		}
		out.WriteString(url.PathEscape(args[0]))
		args, k.route = args[1:], after
	}
}

// do makes the call and decodes the answer into out, unless out is nil.
func (c *Client) do(ctx context.Context, k call, out any) error {
	_, err := c.send(ctx, k, out)
	return err
}

// send makes the call and returns the answer's header too.
func (c *Client) send(ctx context.Context, k call, out any) (http.Header, error) {
	route := k.route
	path, err := k.path()
	if err != nil {
		return nil, err
	}
	release, err := c.admit(ctx, k)
	if err != nil {
		return nil, unreachable(c.base, err)
	}
	defer release()

	var body io.Reader
	if k.body != nil {
		data, err := json.Marshal(k.body)
		if err != nil {
			return nil, errors.Wrap(err, "cannot encode request")
		}
		body = bytes.NewReader(data)
	}
	u := strings.TrimRight(c.base.String(), "/") + "/api/v1" + path
	if len(k.query) > 0 {
		u += "?" + k.query.Encode()
	}
	r, err := http.NewRequestWithContext(context.WithValue(ctx, routeKey{}, route), k.method, u, body)
	if err != nil {
		return nil, errors.Wrap(err, "cannot create request")
	}
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}

	rsp, err := c.http.Do(r)
	if err != nil {
		return nil, unreachable(c.base, err)
	}
	defer rsp.Body.Close() //nolint:errcheck // Nothing to do about it.
	data, err := io.ReadAll(io.LimitReader(rsp.Body, maxAnswer))
	if err != nil {
		return nil, unreachable(c.base, err)
	}
	if rsp.StatusCode/100 != 2 { //nolint:mnd // 2xx.
		return nil, newError(k.method, path, rsp.StatusCode, data)
	}
	if out == nil || len(data) == 0 {
		return rsp.Header, nil
	}
	return rsp.Header, errors.Wrapf(json.Unmarshal(data, out), "cannot read Gitea's answer to %s %s", k.method, path)
}

// admit waits for the turn of the call. What it writes to is waited for before
// a place among the server's writes, so that a queue at one repository leaves
// room for the others.
func (c *Client) admit(ctx context.Context, k call) (func(), error) {
	places := c.writes
	if k.method == http.MethodGet {
		places = c.reads
	}
	unlock := func() {}
	if k.lock != "" {
		u, err := c.locks.lock(ctx, strings.ToLower(k.lock))
		if err != nil {
			return nil, err
		}
		unlock = u
	}
	select {
	case places <- struct{}{}:
	case <-ctx.Done():
		unlock()
		return nil, ctx.Err()
	}
	return func() { <-places; unlock() }, nil
}

// pageSize is what Gitea gives at most, unless configured otherwise.
const pageSize = "50"

// maxPages bounds a listing.
const maxPages = 100

// list reads all pages of a listing.
func list[T any](ctx context.Context, c *Client, k call) ([]T, error) {
	all := []T{}
	for page := 1; page <= maxPages; page++ {
		k.query = url.Values{"limit": {pageSize}, "page": {itoa(int64(page))}}
		part := []T{}
		h, err := c.send(ctx, k, &part)
		if err != nil {
			return nil, err
		}
		all = append(all, part...)
		if len(part) == 0 || !strings.Contains(h.Get("Link"), `rel="next"`) {
			return all, nil
		}
	}
	return all, nil
}
