package clients

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"sigs.k8s.io/controller-runtime/pkg/metrics"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
)

const (
	// userAgent tells a server's log who asked.
	userAgent = "catalyst-provider-powerdns"
	// callTimeout bounds one try of one call.
	callTimeout = 15 * time.Second
	// maxConcurrent calls to one server.
	maxConcurrent = 8
	// tries of one call, the first included.
	tries = 6
	// firstPause before a call is tried again; each further one is twice as
	// long, and jittered.
	firstPause = 40 * time.Millisecond
	// maxRetryAfter is how long a server may make one call wait.
	maxRetryAfter = 5 * time.Second
)

//nolint:gochecknoglobals // Metrics are registered once per process.
var requests = prometheus.NewCounterVec(prometheus.CounterOpts{
	Name: "catalyst_powerdns_requests_total",
	Help: "Requests sent to PowerDNS servers by method, route and status; status is 0 when there was no answer.",
}, []string{"method", "route", "status"})

//nolint:gochecknoinits // Metrics are registered once per process.
func init() { metrics.Registry.MustRegister(requests) }

// roundTripper is a function that makes a round trip.
type roundTripper func(*http.Request) (*http.Response, error)

// RoundTrip calls the function.
func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// A middleware is one link of the chain a request goes through.
type middleware func(http.RoundTripper) http.RoundTripper

// chain puts middlewares before a round tripper. The first one sees a request
// first.
func chain(base http.RoundTripper, ms ...middleware) http.RoundTripper {
	for _, v := range slices.Backward(ms) {
		base = v(base)
	}
	return base
}

// baseTransport with timeouts of its own, so that it never shares the process's
// default one.
func baseTransport(caBundle []byte) (*http.Transport, error) {
	t := &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: 5 * time.Second, KeepAlive: 30 * time.Second}).DialContext, //nolint:mnd // A dial that takes longer fails.
		TLSClientConfig:       &tls.Config{MinVersion: tls.VersionTLS12},
		MaxIdleConnsPerHost:   maxConcurrent,
		IdleConnTimeout:       90 * time.Second, //nolint:mnd // As the default transport.
		TLSHandshakeTimeout:   5 * time.Second,  //nolint:mnd // As the dial.
		ResponseHeaderTimeout: callTimeout,
	}
	if len(caBundle) > 0 {
		pool := x509.NewCertPool()
		if !pool.AppendCertsFromPEM(caBundle) {
			return nil, errors.New("spec.caBundle of the provider configuration holds no certificate in PEM")
		}
		t.TLSClientConfig.RootCAs = pool
	}
	return t, nil
}

// withPrefix puts the path an API is published under before the path of each
// request, which go-powerdns drops.
func withPrefix(prefix string) middleware {
	return func(next http.RoundTripper) http.RoundTripper {
		if prefix == "" {
			return next
		}
		return roundTripper(func(r *http.Request) (*http.Response, error) {
			r = r.Clone(r.Context())
			r.URL.Path = prefix + r.URL.Path
			r.URL.RawPath = ""
			return next.RoundTrip(r)
		})
	}
}

// withCredentials opens the server.
func withCredentials(c Credentials) middleware {
	return func(next http.RoundTripper) http.RoundTripper {
		return roundTripper(func(r *http.Request) (*http.Response, error) {
			r = r.Clone(r.Context())
			r.Header.Set("X-Api-Key", c.APIKey)
			r.Header.Set("User-Agent", userAgent)
			if c.Username != "" {
				r.SetBasicAuth(c.Username, c.Password)
			}
			return next.RoundTrip(r)
		})
	}
}

// withLimit bounds how many requests are under way at once.
func withLimit(n int) middleware {
	slots := make(chan struct{}, n)
	return func(next http.RoundTripper) http.RoundTripper {
		return roundTripper(func(r *http.Request) (*http.Response, error) {
			select {
			case slots <- struct{}{}:
			case <-r.Context().Done():
				return nil, r.Context().Err()
			}
			defer func() { <-slots }()
			return next.RoundTrip(r)
		})
	}
}

// withMetrics counts requests.
func withMetrics(next http.RoundTripper) http.RoundTripper {
	return roundTripper(func(r *http.Request) (*http.Response, error) {
		rsp, err := next.RoundTrip(r)
		code := 0
		if err == nil {
			code = rsp.StatusCode
		}
		requests.WithLabelValues(r.Method, route(r.URL.Path), strconv.Itoa(code)).Inc()
		return rsp, err
	})
}

// route of a path: the path without names.
func route(path string) string {
	_, rest, ok := strings.Cut(path, "/servers/")
	if !ok {
		return "other"
	}
	parts := strings.Split(rest, "/")[1:]
	for i := range parts {
		if i%2 == 1 {
			parts[i] = "*"
		}
	}
	return strings.Join(parts, "/")
}

// withBody reads each answer whole, so that nobody has to close it:
// go-powerdns leaves the bodies of some answers open, and a connection whose
// body is open is lost.
func withBody(next http.RoundTripper) http.RoundTripper {
	return roundTripper(func(r *http.Request) (*http.Response, error) {
		ctx, cancel := context.WithTimeout(r.Context(), callTimeout)
		defer cancel()
		rsp, err := next.RoundTrip(r.WithContext(ctx))
		if err != nil {
			return nil, err
		}
		body, err := io.ReadAll(rsp.Body)
		_ = rsp.Body.Close()
		if err != nil {
			return nil, errors.Wrap(err, "cannot read answer")
		}
		rsp.Body = io.NopCloser(bytes.NewReader(body))
		return rsp, nil
	})
}

// withRetries tries a call again that failed for a reason that passes. SQLite
// answers writes it has no lock for with a plain 500.
func withRetries(next http.RoundTripper) http.RoundTripper {
	return roundTripper(func(r *http.Request) (*http.Response, error) {
		pause := firstPause
		for try := 1; ; try++ {
			if try > 1 && r.GetBody != nil {
				body, err := r.GetBody()
				if err != nil {
					return nil, errors.Wrap(err, "cannot send request again")
				}
				r = r.Clone(r.Context())
				r.Body = body
			}
			rsp, err := next.RoundTrip(r)
			wait := retryAfter(rsp, pause)
			if try == tries || !passes(r, rsp, err) || wait > maxRetryAfter {
				return rsp, err
			}
			select {
			case <-time.After(wait):
			case <-r.Context().Done():
				return rsp, err
			}
			pause *= 2
		}
	})
}

// retryAfter is how long to wait before a call is tried again.
func retryAfter(rsp *http.Response, pause time.Duration) time.Duration {
	if rsp != nil {
		if s, err := strconv.Atoi(rsp.Header.Get("Retry-After")); err == nil && s >= 0 {
			return time.Duration(s) * time.Second
		}
	}
	return pause/2 + rand.N(pause) //nolint:gosec // Jitter is no secret.
}

// passes says whether a call can be tried again and may then succeed.
func passes(r *http.Request, rsp *http.Response, err error) bool {
	if err != nil {
		// A connection that was never made carried no request.
		op := &net.OpError{}
		dial := errors.As(err, &op) && op.Op == "dial"
		return r.Context().Err() == nil && (dial || repeatable(r))
	}
	switch rsp.StatusCode {
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		return true
	case http.StatusInternalServerError, http.StatusBadGateway:
		return repeatable(r)
	default:
		return false
	}
}

// repeatable says whether making the same request twice is the same as making
// it once. Zones and TSIG keys are created by name; only keys that the server
// numbers would come twice.
func repeatable(r *http.Request) bool {
	return r.Method != http.MethodPost || !strings.HasSuffix(r.URL.Path, "/cryptokeys")
}

// split a URL into the server's own part and the path its API is published
// under, with or without the API's own path.
func split(raw string) (base, prefix string, err error) {
	u, err := url.Parse(strings.TrimRight(raw, "/"))
	if err != nil || u.Host == "" {
		return "", "", errors.Errorf("spec.url of the provider configuration is %q, must be like https://dns.example.org:8081", raw)
	}
	prefix = strings.TrimSuffix(strings.TrimSuffix(strings.TrimRight(u.Path, "/"), "/v1"), "/api")
	return (&url.URL{Scheme: u.Scheme, Host: u.Host}).String(), prefix, nil
}
