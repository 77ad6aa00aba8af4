package registrar

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"sigs.k8s.io/controller-runtime/pkg/metrics"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
)

const (
	// userAgent tells a registrar who asks.
	userAgent = "catalyst-provider-powerdns"
	// callTimeout bounds one call.
	callTimeout = 20 * time.Second
	// maxBody that is read of an answer.
	maxBody = 1 << 20
	// maxMessage of a registrar that is shown.
	maxMessage = 200
	// maxRetryAfter that a registrar may ask for.
	maxRetryAfter = time.Hour
)

//nolint:gochecknoglobals // Metrics are registered once per process.
var requests = prometheus.NewCounterVec(prometheus.CounterOpts{
	Name: "catalyst_registrar_requests_total",
	Help: "Requests sent to registrars by type, method and status; status is 0 when there was no answer.",
}, []string{"registrar", "method", "status"})

//nolint:gochecknoinits // Metrics are registered once per process.
func init() { metrics.Registry.MustRegister(requests) }

// An account at a registrar, and how it is reached.
type account struct {
	name    string
	base    *url.URL
	http    *http.Client
	secrets []string
}

// A request to a registrar.
type request struct {
	// op is what it is for, as errors say it.
	op     string
	method string
	path   string
	query  url.Values
	// body that is sent as JSON. Nil sends none.
	body any
	// sign the request, once its URL and its body are known.
	sign func(r *http.Request, body []byte)
}

// An answer of a registrar.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// do a request once. An error says that there was no answer.
func (a *account) do(ctx context.Context, q request) (*answer, error) {
	u := *a.base
	u.Path += q.path
	u.RawQuery = q.query.Encode()
	var body []byte
	if q.body != nil {
		var err error
		if body, err = json.Marshal(q.body); err != nil {
			return nil, errors.Wrapf(err, "cannot %s", q.op)
		}
	}
	r, err := http.NewRequestWithContext(ctx, q.method, u.String(), bytes.NewReader(body))
	if err != nil {
		return nil, errors.Errorf("cannot %s: the request cannot be made", q.op)
	}
	r.Header.Set("User-Agent", userAgent)
	r.Header.Set("Accept", "application/json, text/xml")
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if q.sign != nil {
		q.sign(r, body)
	}
	got, err := a.roundTrip(r)
	status := 0
	if got != nil {
		status = got.status
	}
	requests.WithLabelValues(a.name, q.method, strconv.Itoa(status)).Inc()
	if err != nil {
		return nil, &Error{Registrar: a.name, Op: q.op, Cause: Unavailable, Message: reason(err), Hint: a.hint(Unavailable)}
	}
	return got, nil
}

func (a *account) roundTrip(r *http.Request) (*answer, error) {
	rsp, err := a.http.Do(r) //nolint:gosec // Who may name credentials says where they go; only https leaves the host.
	if err != nil {
		return nil, err
	}
	defer rsp.Body.Close() //nolint:errcheck // It was only read.
	body, err := io.ReadAll(io.LimitReader(rsp.Body, maxBody))
	if err != nil {
		return nil, err
	}
	return &answer{status: rsp.StatusCode, header: rsp.Header, body: body}, nil
}

// good says that the status is one of success.
func (r *answer) good() bool {
	return r.status >= http.StatusOK && r.status < http.StatusMultipleChoices
}

// unreadable answers are not relied on, whatever their status.
func (a *account) unreadable(op string, r *answer) error {
	if r.good() {
		return a.fail(op, r, Unavailable, "an answer that cannot be read")
	}
	return a.fail(op, r, causeOf(r.status), "")
}
