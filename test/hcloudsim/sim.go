package hcloudsim

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	defaultRateLimit = 3600
	prefix           = "/v1"
)

// Config of a Sim. The zero value has no project, acts at once and has the
// limits Hetzner documents.
type Config struct {
	// Tokens are bearer tokens and the project each of them opens.
	Tokens map[string]string
	// ActionDuration is how long most actions run; creating a server takes four
	// times as long. Zero ends them before they are answered.
	ActionDuration time.Duration
	// Limits by plural of a kind ("servers"), on top of DefaultLimits. Zero is
	// no limit.
	Limits map[string]int
	// RateLimit is requests an hour and project, 3600 if zero.
	RateLimit int
	// StrictLocks refuses what the API queues, such as a second service for a
	// load balancer whose first is still being added.
	StrictLocks bool
	// FirewallRelease is how long a firewall stays in use after a server that had
	// it is gone.
	FirewallRelease time.Duration
	// OldTargetCodes answers with the error codes load balancer targets had in an
	// earlier release of the API.
	OldTargetCodes bool
	// Clock tells the time, time.Now if nil.
	Clock func() time.Time
	// StateFile keeps everything over a restart. None if empty.
	StateFile string
}

// DefaultLimits that Hetzner documents. What depends on the account, such as
// the number of servers, has none.
//
//   - https://docs.hetzner.com/cloud/networks/faq
//   - https://docs.hetzner.com/cloud/placement-groups/overview
//   - https://docs.hetzner.com/cloud/firewalls/overview
func DefaultLimits() map[string]int {
	return map[string]int{
		"network_members":         100,
		"server_networks":         3,
		"placement_groups":        50,
		"placement_group_servers": 10,
		"firewalls":               50,
		"server_firewalls":        5,
		"firewall_rules":          50,
		"server_volumes":          16,
		"rrset_records":           50,
	}
}

// A Sim stands in for Hetzner's Cloud API. It is an http.Handler for /v1 and
// for its own administration at /_sim.
type Sim struct {
	cfg Config

	mu       sync.Mutex
	seq      int64
	address  int64
	offset   time.Duration
	projects map[string]*project
	faults   *faults
	anyone   *bucket // for requests without a valid token
	requests []Request
}

// New stand-in.
func New(cfg Config) *Sim {
	limits := DefaultLimits()
	maps.Copy(limits, cfg.Limits)
	cfg.Limits = limits
	if cfg.RateLimit == 0 {
		cfg.RateLimit = defaultRateLimit
	}
	if cfg.Clock == nil {
		cfg.Clock = time.Now
	}
	s := &Sim{cfg: cfg, seq: 1000, projects: map[string]*project{}}
	s.faults = &faults{sim: s}
	s.anyone = newBucket(cfg.RateLimit, s.now())
	for _, name := range cfg.Tokens {
		s.projects[name] = newProject(name, s)
	}
	return s
}

func (s *Sim) now() time.Time { return s.cfg.Clock().Add(s.offset) }

func (s *Sim) nextID() int64 {
	s.seq++
	return s.seq
}

// A call is one request to a project.
type call struct {
	sim    *Sim
	p      *project
	now    time.Time
	token  string
	method string
	url    *url.URL
	query  url.Values
	body   []byte

	kind   *kind
	obj    object
	parent target   // that obj is within
	path   []string // after /v1
}

func (c *call) target() target { return target{kind: c.kind, obj: c.obj} }

// decode a request's body.
func decode[T any](c *call) (T, error) {
	var out T
	if len(c.body) == 0 {
		return out, nil
	}
	err := json.Unmarshal(c.body, &out)
	if err == nil {
		return out, nil
	}
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return out, invalid(wrong.Field, "has the wrong type")
	}
	return out, fail("json_error", "invalid JSON in request: %v", err)
}

// ServeHTTP answers as Hetzner's API would.
func (s *Sim) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, adminPrefix) {
		s.admin(w, r)
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // The User is gone.
	}
	s.mu.Lock()
	reply := s.handle(w.Header(), r, body)
	s.mu.Unlock()
	reply(w)
}

// A reply is written when the Sim is unlocked: it may wait or hang up.
type reply func(w http.ResponseWriter)

func (s *Sim) handle(h http.Header, r *http.Request, body []byte) reply {
	h.Set("X-Correlation-Id", fmt.Sprintf("%016x", s.nextRequest()))
	path := strings.TrimSuffix(strings.TrimPrefix(r.URL.EscapedPath(), prefix), "/")
	now := s.now()
	p, err := s.authorize(r)
	if err != nil {
		if !s.anyone.take(now) {
			err = fail("rate_limit_exceeded", "limit of %d requests per hour reached", s.anyone.Limit)
		}
		s.anyone.headers(h)
		s.record(now, "", r.Method, pattern(path), err.Status)
		return err.write
	}
	c := &call{sim: s, p: p, now: now, token: bearer(r), method: r.Method, url: r.URL, query: r.URL.Query(), body: body, path: segments(path)}
	p.settle(now)
	allowed := p.Bucket.take(now)
	p.Bucket.headers(h)
	if !allowed {
		e := fail("rate_limit_exceeded", "limit of %d requests per hour reached", p.Bucket.Limit)
		s.record(now, p.Name, r.Method, pattern(path), e.Status)
		return e.write
	}
	status, out := s.faults.around(c, h, func() (int, reply) { return s.answer(c, h) })
	s.record(now, p.Name, r.Method, pattern(path), status)
	return out
}

// answer a call that is allowed to be made.
func (s *Sim) answer(c *call, h http.Header) (int, reply) {
	a, err := c.route()
	c.p.settle(c.now)
	if c.method != http.MethodGet {
		s.save()
	}
	if err != nil {
		e, ok := errors.AsType[*apiError](err)
		if !ok {
			e = fail("server_error", "%v", err)
		}
		return e.Status, e.write
	}
	if a.Link != "" {
		h.Set("Link", a.Link)
	}
	if a.Body == nil {
		return a.Status, func(w http.ResponseWriter) { w.WriteHeader(a.Status) }
	}
	// Encoded while the Sim is locked: views hold maps of the store.
	raw, err := json.Marshal(a.Body)
	if err != nil {
		e := fail("server_error", "cannot encode answer: %v", err)
		return e.Status, e.write
	}
	return a.Status, func(w http.ResponseWriter) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(a.Status)
		_, _ = w.Write(raw)
	}
}

func (s *Sim) authorize(r *http.Request) (*project, *apiError) {
	name, known := s.cfg.Tokens[bearer(r)]
	if !known {
		return nil, fail("unauthorized", "unable to authenticate")
	}
	return s.projects[name], nil
}

// bearer token of a request, or empty.
func bearer(r *http.Request) string {
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok {
		return ""
	}
	return token
}

func segments(path string) []string {
	var out []string
	for seg := range strings.SplitSeq(strings.Trim(path, "/"), "/") {
		plain, err := url.PathUnescape(seg)
		if err != nil {
			plain = seg
		}
		out = append(out, plain)
	}
	return out
}

// route to what the path names:
//
//	/actions[/{id}]
//	/{kind}[/actions[/{id}]]
//	/{kind}/{id}[/actions[/{id or name}]]
//	/{kind}/{id}/{sub}/...
func (c *call) route() (answer, error) {
	first, rest := c.path[0], c.path[1:]
	if first == "actions" && len(rest) == 0 {
		return c.only(http.MethodGet, allActions)
	}
	if first == "actions" && len(rest) == 1 {
		return getAction(c, rest[0], func(*action) bool { return true })
	}
	if first == "pricing" && len(rest) == 0 {
		return c.only(http.MethodGet, getPricing)
	}
	k, ok := kinds[first]
	if !ok || k.within != nil {
		return answer{}, fail("not_found", "%s not found", c.url.Path)
	}
	c.kind = k
	switch {
	case len(rest) == 0:
		return c.collection()
	case rest[0] == "actions" && len(rest) == 1:
		return listActions(c, func(a *action) bool { return a.on(k, 0) })
	case rest[0] == "actions":
		return getAction(c, rest[1], func(a *action) bool { return a.on(k, 0) })
	}
	return c.one(rest[0], rest[1:])
}

func (c *call) only(method string, h handler) (answer, error) {
	if c.method != method || h == nil {
		return answer{}, fail("method_not_allowed", "method %s is not allowed here", c.method)
	}
	return h(c)
}

func (c *call) collection() (answer, error) {
	if c.method == http.MethodGet {
		return c.kind.list(c)
	}
	return c.only(http.MethodPost, c.kind.create)
}

// one object, by id or where that is allowed by name.
func (c *call) one(ref string, rest []string) (answer, error) {
	o, err := c.lookup(ref)
	if err != nil {
		return answer{}, err
	}
	c.obj = o
	switch {
	case len(rest) == 0:
		return c.object()
	case rest[0] == "actions":
		return c.objectActions(rest[1:])
	}
	if sub, ok := c.kind.sub[rest[0]]; ok {
		return sub(c, rest[1:])
	}
	return answer{}, fail("not_found", "%s not found", c.url.Path)
}

// lookup an object of the project, or of what Hetzner offers to all.
func (c *call) lookup(ref string) (object, error) {
	id, err := strconv.ParseInt(ref, 10, 64)
	if err != nil && !c.kind.byName {
		return nil, invalid("id", "must be a number")
	}
	for _, p := range []*project{c.p, catalog} {
		o, ok := p.objects[c.kind.plural][id]
		if err != nil {
			o, ok = p.named(c.kind.plural, ref)
		}
		if ok && c.has(o) {
			return o, nil
		}
	}
	return nil, notFound(c.kind.singular, ref)
}

func (c *call) object() (answer, error) {
	switch c.method {
	case http.MethodGet:
		return c.kind.one(c, http.StatusOK)
	case http.MethodPut:
		return c.only(http.MethodPut, c.kind.update)
	}
	return c.only(http.MethodDelete, c.kind.remove)
}

func (c *call) objectActions(rest []string) (answer, error) {
	of := func(a *action) bool { return a.on(c.kind, c.obj.base().ID) }
	switch {
	case len(rest) == 0:
		return c.only(http.MethodGet, func(c *call) (answer, error) { return listActions(c, of) })
	case c.method == http.MethodGet:
		return getAction(c, rest[0], of)
	}
	h, ok := c.kind.actions[rest[0]]
	if !ok {
		return answer{}, fail("not_found", "%s has no action %s", c.kind.singular, rest[0])
	}
	return c.only(http.MethodPost, h)
}

// file is what the state file holds.
type file struct {
	Sequence int64               `json:"sequence"`
	Address  int64               `json:"address"`
	Offset   time.Duration       `json:"offset"`
	Projects map[string]*project `json:"projects"`
}

// Load the state file, if there is one.
func (s *Sim) Load() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cfg.StateFile == "" {
		return nil
	}
	raw, err := os.ReadFile(s.cfg.StateFile)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("cannot read state: %w", err)
	}
	var f file
	if err := json.Unmarshal(raw, &f); err != nil {
		return fmt.Errorf("cannot read state in %s: %w", s.cfg.StateFile, err)
	}
	s.seq, s.address, s.offset = f.Sequence, f.Address, f.Offset
	for name, p := range f.Projects {
		if _, ok := s.projects[name]; ok {
			p.sim = s
			if p.Bucket == nil || p.Bucket.Limit != s.cfg.RateLimit {
				p.Bucket = newBucket(s.cfg.RateLimit, s.now())
			}
			s.projects[name] = p
		}
	}
	return nil
}

// save is best effort: a double that can't write its file still answers, and
// who restarts it sees what is missing.
func (s *Sim) save() {
	if s.cfg.StateFile == "" {
		return
	}
	raw, err := json.Marshal(file{Sequence: s.seq, Address: s.address, Offset: s.offset, Projects: s.projects})
	if err != nil {
		return
	}
	temp := s.cfg.StateFile + ".new"
	if err := os.MkdirAll(filepath.Dir(temp), 0o750); err != nil {
		return
	}
	if err := os.WriteFile(temp, raw, 0o600); err != nil {
		return
	}
	_ = os.Rename(temp, s.cfg.StateFile)
}
