// Package registrartest stands in for registrars in tests. Its servers keep state,
// check credentials, and refuse in the forms that the registrars document. They are
// stricter than what they stand in for: what an adapter should not ask is a failure
// of the test.
package registrartest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/openova-io/catalyst/providers/provider-powerdns/internal/registrar"
)

// A Server stands in for a registrar.
type Server struct {
	// Config that reaches and opens it.
	Config registrar.Config
	// Secrets among the credentials.
	Secrets []string

	t       testing.TB
	handle  handler
	mu      sync.Mutex
	domains map[string]*domain
	calls   int
	writes  []string
	trouble Trouble
	left    int
}

// A domain as a registrar knows it: names without trailing dots.
type domain struct {
	nameservers []string
	// external says that OVH does not host the zone.
	external bool
	tasks    []*task
}

// A task of OVH's.
type task struct {
	id     int
	status string
	hosts  []string
}

// A handler is one registrar. It is called with the server locked.
type handler interface {
	// serve a request.
	serve(s *Server, w http.ResponseWriter, r *http.Request)
	// limited answers one that is too many.
	limited(w http.ResponseWriter)
	// denied answers one that the account may not make.
	denied(w http.ResponseWriter)
	// writes tells whether the request changes something.
	writes(r *http.Request) bool
}

// A Trouble is what a server does in place of what it should.
type Trouble int

// Troubles.
const (
	// Limit answers that there were too many requests.
	Limit Trouble = iota + 1
	// Deny answers that the account may not.
	Deny
	// Break answers as a proxy does whose server is gone.
	Break
	// Lose does what it is told and cuts the connection. Only for writes.
	Lose
	// Redirect answers with another address.
	Redirect
)

// Start a server for a test.
func Start(t testing.TB, typ string) *Server {
	t.Helper()
	s := &Server{t: t, domains: map[string]*domain{}, Config: registrar.Config{Type: typ}}
	path := ""
	switch typ {
	case registrar.Cloudflare:
		s.handle, s.Config.Credentials, s.Secrets, path = &cloudflare{}, "cf-token-0123456789", []string{"cf-token-0123456789"}, "/client/v4"
	case registrar.GoDaddy:
		s.handle, s.Config.Credentials, s.Secrets = &godaddy{}, "gd-key-01234:gd-secret-56789", []string{"gd-key-01234", "gd-secret-56789"}
	case registrar.Namecheap:
		s.handle, s.Config.Credentials, s.Secrets, path = &namecheap{}, "user:nc/key+0123456789:192.0.2.7", []string{"nc/key+0123456789", "nc%2Fkey%2B0123456789"}, "/xml.response"
	case registrar.OVH:
		s.handle, s.Config.Credentials, s.Secrets, path = &ovh{}, "ovh-app-key:ovh-app-secret:ovh-consumer-key", []string{"ovh-app-key", "ovh-app-secret", "ovh-consumer-key"}, "/1.0"
	case registrar.Dynadot:
		s.handle, s.Config.Credentials, s.Secrets, path = &dynadot{known: map[string]bool{}}, "dd&key=0123456789:dd-secret", []string{"dd&key=0123456789", "dd%26key%3D0123456789", "dd-secret"}, "/api3.json"
	default:
		t.Fatalf("no registrar %q", typ)
	}
	srv := httptest.NewServer(s)
	t.Cleanup(srv.Close)
	s.Config.Endpoint = srv.URL + path
	return s
}

// Types of registrars.
func Types() []string {
	return []string{registrar.Cloudflare, registrar.Dynadot, registrar.GoDaddy, registrar.Namecheap, registrar.OVH}
}

// Register a domain with nameservers.
func (s *Server) Register(name string, nameservers ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.domains[name] = &domain{nameservers: nameservers}
}

// Nameservers of a domain that the parent zone gets.
func (s *Server) Nameservers(name string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c, ok := s.handle.(*cloudflare); ok && s.domains[name] == nil {
		return c.contents(name, "NS")
	}
	out := slices.Clone(s.domains[name].nameservers)
	slices.Sort(out)
	return out
}

// DS records of a domain that the parent zone gets.
func (s *Server) DS(name string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c, ok := s.handle.(*cloudflare); ok {
		return c.contents(name, "DS")
	}
	return nil
}

// Cause trouble with the next requests.
func (s *Server) Cause(tr Trouble, requests int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.trouble, s.left = tr, requests
}

// Calls so far.
func (s *Server) Calls() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls
}

// Writes that had an effect since they were last taken.
func (s *Server) Writes() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := s.writes
	s.writes = nil
	return out
}

// Finish OVH's tasks, well or not.
func (s *Server) Finish(ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, d := range s.domains {
		for _, t := range d.tasks {
			switch {
			case t.status != "todo":
			case ok:
				t.status, d.nameservers = "done", t.hosts
			default:
				t.status = "error"
			}
		}
	}
}

// NameServers of a zone at Cloudflare, when an account that may changes them
// (true), and when they are left as they are without a word (false) or with an
// error (the default).
func (s *Server) NameServers(change bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c, ok := s.handle.(*cloudflare); ok {
		c.change = &change
	}
}

// wrotef notes a write that had an effect.
func (s *Server) wrotef(format string, args ...any) {
	s.writes = append(s.writes, fmt.Sprintf(format, args...))
}

// wrong request, which fails the test.
func (s *Server) wrong(w http.ResponseWriter, r *http.Request) {
	s.t.Errorf("an adapter should not ask %s %s", r.Method, r.URL.Path)
	w.WriteHeader(http.StatusNotImplemented)
}

// ServeHTTP serves a request, or causes trouble.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls++
	trouble := s.trouble
	if s.left == 0 || trouble == Lose && !s.handle.writes(r) {
		trouble = 0
	}
	if trouble != 0 {
		s.left--
	}
	switch trouble {
	case Limit:
		s.handle.limited(w)
	case Deny:
		s.handle.denied(w)
	case Break:
		w.WriteHeader(http.StatusBadGateway)
		_, _ = fmt.Fprintf(w, "<html><h1>502 Bad Gateway</h1>%s %s</html>", r.URL, r.Header)
	case Lose:
		s.handle.serve(s, httptest.NewRecorder(), r)
		panic(http.ErrAbortHandler)
	case Redirect:
		http.Redirect(w, r, "/elsewhere?"+r.URL.RawQuery, http.StatusTemporaryRedirect)
	default:
		if r.URL.Path == "/elsewhere" {
			s.t.Error("credentials were sent elsewhere")
		}
		s.handle.serve(s, w, r)
	}
}

func answer(w http.ResponseWriter, status int, v any) {
	data, err := json.Marshal(v)
	if err != nil {
		panic(err) // Only literals are answered.
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(data)
}

// read a JSON body, without fields that are not known.
func read(s *Server, r *http.Request, into any) {
	dec := json.NewDecoder(r.Body)
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
		s.t.Errorf("%s %s: %v", r.Method, r.URL.Path, err)
	}
}

// checkNames that a registrar is told: in lower case, without trailing dots.
func checkNames(s *Server, hosts []string) {
	for _, h := range hosts {
		if h == "" || h != strings.ToLower(h) || strings.HasSuffix(h, ".") {
			s.t.Errorf("nameserver %q is not as a registrar takes it", h)
		}
	}
}
