package main

import (
	"bytes"
	"context"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
)

// A request that a server was asked.
type request struct {
	method, path string
	body         []byte
	status       int
	at           time.Time
	took         time.Duration
}

// A proxy before a server writes down what the server is asked.
type proxy struct {
	url string

	target string
	// header that authenticates requests of our own.
	header, value string
	server        *http.Server

	mu  sync.Mutex
	log []request
}

func newProxy(ctx context.Context, target, header, value string) (*proxy, error) {
	to, err := url.Parse(target)
	if err != nil {
		return nil, errors.Wrapf(err, "cannot parse %q", target)
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, errors.Wrap(err, "cannot listen")
	}
	p := &proxy{url: "http://" + l.Addr().String(), target: target, header: header, value: value}
	rp := &httputil.ReverseProxy{
		Rewrite:   func(r *httputil.ProxyRequest) { r.SetURL(to) },
		Transport: &http.Transport{MaxIdleConnsPerHost: 64, IdleConnTimeout: time.Minute},
		ErrorLog:  log.New(io.Discard, "", 0),
	}
	p.server = &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			http.Error(w, "cannot read the request", http.StatusBadRequest)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		sw := &statusWriter{ResponseWriter: w, status: http.StatusOK}
		begin := time.Now()
		rp.ServeHTTP(sw, r)
		p.mu.Lock()
		defer p.mu.Unlock()
		p.log = append(p.log, request{method: r.Method, path: r.URL.RequestURI(), body: body, status: sw.status, at: begin, took: time.Since(begin)})
	})}
	go func() { _ = p.server.Serve(l) }()
	return p, nil
}

type statusWriter struct {
	http.ResponseWriter

	status int
}

// WriteHeader remembers the status.
func (w *statusWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

func (p *proxy) close() { _ = p.server.Close() }

// take what was asked since the last time.
func (p *proxy) take() []request {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := p.log
	p.log = nil
	return out
}

// call the server itself, past the proxy.
func (p *proxy) call(ctx context.Context, method, path string, body []byte) error {
	_, err := p.ask(ctx, method, path, body)
	return err
}

// isPush tells a push of Git's from a call of an API.
func isPush(path string) bool { return strings.HasSuffix(path, "/git-receive-pack") }

func (p *proxy) ask(ctx context.Context, method, path string, body []byte) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, method, p.target+path, bytes.NewReader(body))
	if err != nil {
		return nil, errors.Wrap(err, "cannot make a request")
	}
	r.Header.Set(p.header, p.value)
	r.Header.Set("Content-Type", "application/json")
	if isPush(path) {
		r.Header.Set("Content-Type", "application/x-git-receive-pack-request")
		_, token, _ := strings.Cut(p.value, " ")
		r.SetBasicAuth("token", token)
	}
	rsp, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, errors.Wrapf(err, "%s %s", method, path)
	}
	defer rsp.Body.Close() //nolint:errcheck // It was read.
	answer, err := io.ReadAll(rsp.Body)
	if err != nil {
		return nil, errors.Wrapf(err, "%s %s", method, path)
	}
	if rsp.StatusCode >= http.StatusMultipleChoices {
		return nil, errors.Errorf("%s %s: %s: %s", method, path, rsp.Status, answer)
	}
	return answer, nil
}

func writes(rs []request) []request {
	return slices.DeleteFunc(slices.Clone(rs), func(r request) bool { return !isWrite(r.method) })
}

func count(rs []request, method string) int {
	n := 0
	for _, r := range rs {
		if r.method == method {
			n++
		}
	}
	return n
}

func total(rs []request) time.Duration {
	var d time.Duration
	for _, r := range rs {
		d += r.took
	}
	return d
}
