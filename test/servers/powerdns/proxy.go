package powerdns

import (
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"sync"
	"testing"
	"time"
)

// A Proxy before a server counts requests and can make them fail.
type Proxy struct {
	// URL of the proxy, in place of the server's.
	URL string

	mu     sync.Mutex
	counts map[string]int
	trace  []string
	busy   int
	peak   int
	fault  func(*http.Request) *Fault
}

// A Fault is what a proxy does in place of passing a request on.
type Fault struct {
	// Status and Body to answer with. No status cuts the connection.
	Status int
	Body   string
	Header map[string]string
	// After passes the request on first, so that it has its effect and the
	// answer is lost.
	After bool
}

// Proxy before the server.
func (s *Server) Proxy(tb testing.TB) *Proxy {
	tb.Helper()
	target, err := url.Parse(s.URL)
	if err != nil {
		tb.Fatalf("cannot parse %s: %v", s.URL, err)
	}
	p := &Proxy{counts: map[string]int{}}
	rp := &httputil.ReverseProxy{
		Rewrite:   func(r *httputil.ProxyRequest) { r.SetURL(target) },
		Transport: &http.Transport{MaxIdleConnsPerHost: 32, IdleConnTimeout: time.Minute},
		ErrorLog:  log.New(io.Discard, "", 0),
	}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f := p.begin(r)
		defer p.end(r)
		if f == nil {
			rp.ServeHTTP(w, r)
			return
		}
		if f.After {
			rp.ServeHTTP(httptest.NewRecorder(), r)
		}
		if f.Status == 0 {
			panic(http.ErrAbortHandler)
		}
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		for k, v := range f.Header {
			w.Header().Set(k, v)
		}
		w.WriteHeader(f.Status)
		_, _ = io.WriteString(w, f.Body)
	}))
	tb.Cleanup(srv.Close)
	p.URL = srv.URL
	return p
}

// Fail requests for which fn returns a fault. A nil fn fails none.
func (p *Proxy) Fail(fn func(*http.Request) *Fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fault = fn
}

// Count of requests with a method since the last reset.
func (p *Proxy) Count(method string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.counts[method]
}

// Writes is the count of requests that are not reads since the last reset.
func (p *Proxy) Writes() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := 0
	for m, c := range p.counts {
		if m != http.MethodGet {
			n += c
		}
	}
	return n
}

// PeakWrites is how many writes were under way at once, at most.
func (p *Proxy) PeakWrites() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.peak
}

// Trace of the requests since the last reset.
func (p *Proxy) Trace() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string{}, p.trace...)
}

// Reset the counts.
func (p *Proxy) Reset() {
	p.mu.Lock()
	defer p.mu.Unlock()
	clear(p.counts)
	p.trace, p.peak = nil, 0
}

func (p *Proxy) begin(r *http.Request) *Fault {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.counts[r.Method]++
	p.trace = append(p.trace, fmt.Sprintf("%s %s", r.Method, r.URL.RequestURI()))
	if r.Method != http.MethodGet {
		p.busy++
		p.peak = max(p.peak, p.busy)
	}
	if p.fault == nil {
		return nil
	}
	return p.fault(r)
}

func (p *Proxy) end(r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if r.Method != http.MethodGet {
		p.busy--
	}
}
