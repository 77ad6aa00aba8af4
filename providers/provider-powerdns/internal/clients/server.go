package clients

import (
	"context"
	"sync"
	"time"

	"github.com/openova-io/catalyst/internal/provider"
)

// Options of servers.
type Options struct {
	// MaxAge is how old a snapshot of a zone may be to answer someone who has
	// not seen it yet. It is the poll interval.
	MaxAge time.Duration
	// Quiet is how long no further change of a zone must have come in before
	// the changes so far are written.
	Quiet time.Duration
	// MaxQuiet is how long the first of them may be kept waiting.
	MaxQuiet time.Duration
	// BusyQuiet and BusyMaxQuiet take their place for a zone that was written
	// moments ago: one change rarely comes alone.
	BusyQuiet, BusyMaxQuiet time.Duration
	// Now tells the time.
	Now func() time.Time
	// Changed is called with a reader of an RRset that someone else changed.
	// It must not block.
	Changed func(reader string)
}

// Defaults of Options. A lone change waits less than its own round trip. Those
// that follow it wait until there is silence: a thousand changes come in at the
// pace of the API server and of the provider's reconcile rate, over ten seconds
// and more, and are to share a few writes. The longest wait leaves more than half
// of a reconcile's minute to the write and to those of other zones before it.
const (
	defaultMaxAge   = time.Minute
	defaultQuiet    = 10 * time.Millisecond
	defaultMaxQuiet = 150 * time.Millisecond

	defaultBusyQuiet    = 300 * time.Millisecond
	defaultBusyMaxQuiet = 25 * time.Second
)

// busyFor is how long a zone counts as busy after it was written.
const busyFor = 10 * time.Second

// maxIdle is how long a server nobody asked for is kept.
const maxIdle = time.Hour

// Servers are the servers managed resources live on. All kinds share them, so
// that there is one writer per zone whatever is written.
type Servers struct {
	o Options

	mu      sync.Mutex
	servers map[string]*Server
	// writers is one slot per URL: two provider configurations may reach one
	// server with different keys.
	writers map[string]chan struct{}
}

// NewServers returns no servers yet.
func NewServers(o Options) *Servers {
	if o.MaxAge == 0 {
		o.MaxAge = defaultMaxAge
	}
	if o.Quiet == 0 {
		o.Quiet = defaultQuiet
	}
	if o.MaxQuiet == 0 {
		o.MaxQuiet = defaultMaxQuiet
	}
	if o.BusyQuiet == 0 {
		o.BusyQuiet = max(defaultBusyQuiet, o.Quiet)
	}
	if o.BusyMaxQuiet == 0 {
		o.BusyMaxQuiet = max(defaultBusyMaxQuiet, o.MaxQuiet)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Changed == nil {
		o.Changed = func(string) {}
	}
	return &Servers{o: o, servers: map[string]*Server{}, writers: map[string]chan struct{}{}}
}

// Get the server at an endpoint.
func (s *Servers) Get(e provider.Endpoint) (*Server, error) {
	s.mu.Lock()
	defer s.mu.Unlock()

	now, key := s.o.Now(), e.Key()
	for k, srv := range s.servers {
		if k != key && now.Sub(srv.used) > maxIdle {
			delete(s.servers, k)
		}
	}
	if srv, ok := s.servers[key]; ok {
		srv.used = now
		return srv, nil
	}
	api, err := NewAPI(e)
	if err != nil {
		return nil, err
	}
	if s.writers[e.URL] == nil {
		s.writers[e.URL] = make(chan struct{}, 1)
	}
	srv := &Server{API: api, o: s.o, used: now, writer: s.writers[e.URL], zones: map[string]*zone{}, claims: map[claim]claimant{}}
	s.servers[key] = srv
	return srv, nil
}

// A Server serializes what is written to one PowerDNS server and shares what is
// read from it.
//
// Calls of API are not serialized. Writers use Write.
type Server struct {
	API *API

	o    Options
	used time.Time // Guarded by Servers.mu.
	// writer holds the one write that is under way: SQLite answers concurrent
	// writes with 500, other backends lose nothing by it.
	writer chan struct{}

	mu     sync.Mutex
	zones  map[string]*zone
	claims map[claim]claimant
}

// zone by its canonical name.
func (s *Server) zone(name string) *zone {
	s.mu.Lock()
	defer s.mu.Unlock()
	z, ok := s.zones[name]
	if !ok {
		z = &zone{name: name, server: s, readers: map[string]*reader{}, ours: map[key]bool{}}
		s.zones[name] = z
	}
	return z
}

// Write to a zone, or to the server when zone is empty, while nobody else does.
// What was known of the zone is forgotten afterwards.
func (s *Server) Write(ctx context.Context, zone string, fn func(ctx context.Context) error) error {
	select {
	case s.writer <- struct{}{}:
	case <-ctx.Done():
		return wrap(ctx.Err(), "write to the server: another write is under way")
	}
	defer func() { <-s.writer }()
	err := fn(ctx)
	if zone != "" {
		// A write that failed may have been carried out all the same.
		s.zone(zone).forget()
	}
	return err
}

// A claim is to a key of a zone.
type claim struct {
	zone string
	id   int64
}

// A claimant has claimed a key at some time.
type claimant struct {
	owner string
	at    time.Time
}

// claimAge is how long a claim counts. Whose a key is stands in the cluster by
// then, and who is gone without the key has no use for it.
const claimAge = 5 * time.Minute

// Claim a key of a zone for an owner, unless another one has of late. Who was
// given a key is known here before it is known anywhere else.
func (s *Server) Claim(zone string, id int64, owner string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := claim{zone: zone, id: id}
	if have, ok := s.claims[c]; ok && have.owner != owner && s.o.Now().Sub(have.at) < claimAge {
		return false
	}
	s.claims[c] = claimant{owner: owner, at: s.o.Now()}
	return true
}

// Release a claim.
func (s *Server) Release(zone string, id int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.claims, claim{zone: zone, id: id})
}
