// Package clients makes the clients of Hetzner's API: one for each project,
// shared by everything that lives in it, behind the project's budget.
package clients

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/hetznercloud/hcloud-go/v2/hcloud"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"

	"github.com/openova-io/catalyst/internal/provider"
)

// Waits between two looks at an action.
const (
	defaultPoll = 500 * time.Millisecond
	maxPoll     = 10 * time.Second
)

// defaultListLag is longer than any list of Hetzner's is known to have been
// behind.
const defaultListLag = time.Minute

// requestTimeout bounds one request. Actions are polled, so no request takes
// long.
const requestTimeout = 30 * time.Second

// A Project is what a client is made for.
type Project struct {
	provider.Endpoint

	// Storage is the endpoint of the storage box API. Empty means Hetzner's.
	Storage string
	// Poll is the time between the first two looks at an action. Zero means
	// half a second.
	Poll time.Duration
	// ListLag is how far lists may be behind. Zero means a minute.
	ListLag time.Duration
}

func (p Project) key() string {
	return strings.Join([]string{p.Key(), p.Storage, p.Poll.String(), p.ListLag.String()}, " ")
}

// A Client of one project.
type Client struct {
	*hcloud.Client

	// Budget of the project.
	Budget *Budget
	// ListLag is how far lists of the project may be behind.
	ListLag time.Duration
	// Tag names the project in metrics without revealing its token.
	Tag string
}

// A Pool hands out one client a project.
type Pool struct {
	// MakeBudget of a project. It is replaced in tests.
	MakeBudget func() *Budget

	mu      sync.Mutex
	clients map[string]*Client
	budgets map[string]*Budget
}

// NewPool returns an empty pool.
func NewPool() *Pool {
	return &Pool{MakeBudget: NewBudget, clients: map[string]*Client{}, budgets: map[string]*Budget{}}
}

// Client of the project.
func (p *Pool) Client(project Project) (*Client, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if c, ok := p.clients[project.key()]; ok {
		return c, nil
	}
	next, err := transport(project.CABundle)
	if err != nil {
		return nil, err
	}
	// Hetzner counts by project, and a token belongs to one.
	key := project.Key()
	budget, ok := p.budgets[key]
	if !ok {
		budget = p.MakeBudget()
		p.budgets[key] = budget
	}
	opts := []hcloud.ClientOption{
		hcloud.WithApplication("provider-hcloud", ""),
		hcloud.WithEndpoint(project.URL),
		hcloud.WithToken(project.Credentials),
		hcloud.WithHTTPClient(&http.Client{Transport: &gate{budget: budget, next: &nothing{next: next}}}),
		hcloud.WithPollOpts(hcloud.PollOpts{BackoffFunc: hcloud.ExponentialBackoffWithOpts(hcloud.ExponentialBackoffOpts{
			Base: positive(project.Poll, defaultPoll), Multiplier: 1.5, Cap: maxPoll, Jitter: true,
		})}),
	}
	if project.Storage != "" {
		opts = append(opts, hcloud.WithHetznerEndpoint(project.Storage))
	}
	c := &Client{Client: hcloud.NewClient(opts...), Budget: budget, ListLag: positive(project.ListLag, defaultListLag), Tag: key[:12]}
	p.clients[project.key()] = c
	return c, nil
}

func positive(d, otherwise time.Duration) time.Duration {
	if d > 0 {
		return d
	}
	return otherwise
}

// Readings of every project's budget by its tag.
func (p *Pool) Readings() map[string]Reading {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := make(map[string]Reading, len(p.budgets))
	for k, b := range p.budgets {
		out[k[:12]] = b.Read()
	}
	return out
}

func transport(caBundle []byte) (http.RoundTripper, error) {
	t, ok := http.DefaultTransport.(*http.Transport)
	if !ok {
		return nil, errors.New("the default HTTP transport is not one")
	}
	t = t.Clone()
	t.MaxIdleConnsPerHost = 16
	t.ResponseHeaderTimeout = requestTimeout
	if len(caBundle) > 0 {
		pool := x509.NewCertPool()
		if !pool.AppendCertsFromPEM(caBundle) {
			return nil, errors.New("spec.caBundle holds no PEM certificate")
		}
		t.TLSClientConfig = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
	}
	return t, nil
}

// nothing answers for what can't exist. Terraform resources of the newer kind
// read before there is anything to read, with an identifier of zero.
type nothing struct{ next http.RoundTripper }

// RoundTrip makes the request unless it asks for number zero.
func (n *nothing) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Method != http.MethodGet || !strings.HasSuffix(req.URL.Path, "/0") {
		return n.next.RoundTrip(req)
	}
	body := []byte(`{"error":{"code":"not_found","message":"there is no number zero"}}`)
	return &http.Response{
		Status: "404 Not Found", StatusCode: http.StatusNotFound,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header:        http.Header{"Content-Type": {"application/json"}},
		Body:          io.NopCloser(bytes.NewReader(body)),
		ContentLength: int64(len(body)),
		Request:       req,
	}, nil
}
