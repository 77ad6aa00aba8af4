package clients

import (
	"sync"
	"time"

	"github.com/openova-io/catalyst/internal/provider"
)

// idle clients are forgotten: their credentials were probably replaced.
const idle = 15 * time.Minute

// A Pool of clients, one per endpoint.
type Pool struct {
	opts []Option

	mu      sync.Mutex
	clients map[string]*pooled
}

type pooled struct {
	client *Client
	used   time.Time
}

// NewPool returns a pool of clients with the options.
func NewPool(opts ...Option) *Pool {
	return &Pool{opts: opts, clients: map[string]*pooled{}}
}

// Get the client of the endpoint.
func (p *Pool) Get(e provider.Endpoint) (*Client, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	key := e.Key()
	for k, c := range p.clients {
		if k != key && now.Sub(c.used) > idle {
			c.client.Close()
			delete(p.clients, k)
		}
	}
	if c := p.clients[key]; c != nil {
		c.used = now
		return c.client, nil
	}
	c, err := New(e, p.opts...)
	if err != nil {
		return nil, err
	}
	p.clients[key] = &pooled{client: c, used: now}
	return c, nil
}
