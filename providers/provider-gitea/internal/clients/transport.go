package clients

import (
	"context"
	"io"
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Bounds of one call.
const (
	attemptTimeout = 40 * time.Second
	maxAttempts    = 4
	minBackoff     = 100 * time.Millisecond
	maxRetryAfter  = 10 * time.Second
)

// userAgent of the provider.
const userAgent = "catalyst-provider-gitea"

// routeKey is the context key of a request's route: its path before names were
// filled in.
type routeKey struct{}

// A roundTripper is a function that makes a request.
type roundTripper func(r *http.Request) (*http.Response, error)

// RoundTrip implements http.RoundTripper.
func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// withHeaders says who asks, on the way to the one server the token is for.
func withHeaders(next http.RoundTripper, token, host string) http.RoundTripper {
	return roundTripper(func(r *http.Request) (*http.Response, error) {
		r = r.Clone(r.Context())
		r.Header.Set("User-Agent", userAgent)
		r.Header.Set("Accept", "application/json")
		// A redirect to elsewhere must not take the token along.
		if r.URL.Host == host && r.Header.Get("Authorization") == "" {
			r.Header.Set("Authorization", "token "+token)
		}
		return next.RoundTrip(r)
	})
}

// withTimeout bounds one attempt, its body included.
func withTimeout(next http.RoundTripper, d time.Duration) http.RoundTripper {
	return roundTripper(func(r *http.Request) (*http.Response, error) {
		ctx, cancel := context.WithTimeout(r.Context(), d)
		rsp, err := next.RoundTrip(r.WithContext(ctx))
		if err != nil {
			cancel()
			return nil, err
		}
		rsp.Body = &cancelBody{ReadCloser: rsp.Body, cancel: cancel}
		return rsp, nil
	})
}

type cancelBody struct {
	io.ReadCloser

	cancel context.CancelFunc
}

// Close the body and give back its timer.
func (b *cancelBody) Close() error {
	defer b.cancel()
	return b.ReadCloser.Close()
}

// withRetries repeats a call that can be repeated after a failure that may
// pass. 500 is repeated for reads only: Gitea answers writes with 500 for
// reasons that stay, such as deleting an organization that owns repositories.
func withRetries(next http.RoundTripper) http.RoundTripper {
	return roundTripper(func(r *http.Request) (*http.Response, error) {
		for attempt := 1; ; attempt++ {
			if r.GetBody != nil {
				body, err := r.GetBody()
				if err != nil {
					return nil, err
				}
				r.Body = body
			}
			rsp, err := next.RoundTrip(r)
			if attempt == maxAttempts || !repeatable(r, rsp, err) {
				return rsp, err
			}
			wait := backoff(rsp, attempt)
			if rsp != nil {
				_, _ = io.Copy(io.Discard, io.LimitReader(rsp.Body, 1<<16)) //nolint:mnd // Enough to use the connection again.
				_ = rsp.Body.Close()
			}
			select {
			case <-r.Context().Done():
				return nil, r.Context().Err()
			case <-time.After(wait):
			}
		}
	})
}

func repeatable(r *http.Request, rsp *http.Response, err error) bool {
	if r.Context().Err() != nil {
		return false
	}
	read := r.Method == http.MethodGet || r.Method == http.MethodHead
	// PATCH sets fields to values: doing it twice is doing it once.
	idempotent := read || r.Method == http.MethodPut || r.Method == http.MethodDelete || r.Method == http.MethodPatch
	if err != nil {
		return idempotent
	}
	switch rsp.StatusCode {
	case http.StatusTooManyRequests:
		// The server did not look at the request.
		return true
	case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return idempotent
	case http.StatusInternalServerError:
		return read
	}
	return false
}

// backoff doubles with every attempt, with jitter, unless the server says how
// long to wait.
func backoff(rsp *http.Response, attempt int) time.Duration {
	if rsp != nil {
		if s, err := strconv.Atoi(rsp.Header.Get("Retry-After")); err == nil && s >= 0 {
			return min(time.Duration(s)*time.Second, maxRetryAfter)
		}
	}
	d := minBackoff << (attempt - 1)
	return d/2 + rand.N(d) //nolint:gosec,mnd // Jitter needs no secrecy.
}

// Requests made to Gitea, by method, route and status.
var Requests = prometheus.NewCounterVec(prometheus.CounterOpts{ //nolint:gochecknoglobals // Metrics are registered once per process.
	Name: "catalyst_gitea_requests_total",
	Help: "Requests made to Gitea, retries included.",
}, []string{"method", "route", "status"})

// withMetrics counts every attempt.
func withMetrics(next http.RoundTripper) http.RoundTripper {
	return roundTripper(func(r *http.Request) (*http.Response, error) {
		rsp, err := next.RoundTrip(r)
		status := "none"
		if err == nil {
			status = strconv.Itoa(rsp.StatusCode)
		}
		route, _ := r.Context().Value(routeKey{}).(string)
		Requests.WithLabelValues(r.Method, route, status).Inc()
		return rsp, err
	})
}
