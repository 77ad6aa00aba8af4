package clients

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// ErrBudgetSpent says that the API grants no request at the moment. No request
// was made.
var ErrBudgetSpent = errors.New("the API budget of the Hetzner project is spent: calls resume when it returns")

// Waits after the API has refused a request. Hetzner's budget refills steadily,
// one request a second for a limit of 3600, so a refusal is over soon unless
// others take what comes back.
const (
	minWait = 2 * time.Second
	maxWait = 15 * time.Second
	// nearReset is how near the announced reset has to be to be waited for.
	// Further ahead it means when the budget is full again, not when the next
	// request is granted.
	nearReset = time.Minute
)

// A Budget is what the API last said about the requests it grants to a
// project, and the gate all requests of the project pass.
type Budget struct {
	// Now is the time. It is replaced in tests.
	Now func() time.Time
	// Jitter between zero and the duration. It is replaced in tests.
	Jitter func(time.Duration) time.Duration
	// Sleep until the duration is over or the context is done.
	Sleep func(ctx context.Context, d time.Duration) error

	mu        sync.Mutex
	seen      time.Time
	limit     int64
	remaining int64
	reset     time.Time
	refusals  int
	// closed is until when a refusal keeps everybody from asking.
	closed time.Time
	// until is when the next request may be made. Those who wait queue up
	// behind it, a token apart: they don't wake up together.
	until time.Time
}

// NewBudget returns a budget nothing is known of.
func NewBudget() *Budget {
	return &Budget{Now: time.Now, Jitter: jitter, Sleep: sleep}
}

// A Reading of a budget.
type Reading struct {
	// Limit of requests an hour. Zero until the API has answered once.
	Limit int64
	// Remaining requests.
	Remaining int64
	// ResetAt is when the budget is full again.
	ResetAt time.Time
	// SpentUntil is when requests are made again. Zero when they are.
	SpentUntil time.Time
}

// Read the budget.
func (b *Budget) Read() Reading {
	b.mu.Lock()
	defer b.mu.Unlock()
	r := Reading{Limit: b.limit, Remaining: b.remaining, ResetAt: b.reset}
	if b.until.After(b.Now()) {
		r.SpentUntil = b.until
	}
	return r
}

// interval between two requests that the budget sustains.
func (b *Budget) interval() time.Duration {
	if b.limit <= 0 {
		return time.Second
	}
	return time.Hour / time.Duration(b.limit)
}

// Await the permission for one request. A caller that does not wait gets
// ErrBudgetSpent at once, and so does one whose context ends too soon.
func (b *Budget) Await(ctx context.Context, wait bool) error {
	b.mu.Lock()
	now := b.Now()
	if !b.until.After(now) {
		b.mu.Unlock()
		return nil
	}
	if !wait {
		b.mu.Unlock()
		return ErrBudgetSpent
	}
	at := b.until
	if deadline, ok := ctx.Deadline(); ok && deadline.Before(at) {
		b.mu.Unlock()
		return ErrBudgetSpent
	}
	b.until = at.Add(b.interval() + b.Jitter(b.interval()))
	b.mu.Unlock()
	if err := b.Sleep(ctx, at.Sub(now)); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed.After(at) {
		// Somebody before in the queue was refused.
		return ErrBudgetSpent
	}
	return nil
}

// Learn from an answer's status and header. It tells whether the API refused
// the request.
func (b *Budget) Learn(status int, header http.Header) (refused bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.Now()
	b.read(header, now)
	if status != http.StatusTooManyRequests {
		b.refusals, b.closed = 0, time.Time{}
		if b.remaining > 0 {
			// The budget has returned. Those who sleep wake as they were told.
			b.until = time.Time{}
		}
		return false
	}
	if !b.closed.After(now) {
		// Those refused together were refused once.
		b.refusals++
	}
	wait := min(minWait<<min(b.refusals-1, 8), maxWait)
	until := now.Add(wait)
	if b.reset.After(now) && b.reset.Before(now.Add(nearReset)) {
		until = b.reset
	}
	until = until.Add(b.Jitter(minWait))
	b.closed = until
	if until.After(b.until) {
		b.until = until
	}
	return true
}

func (b *Budget) read(h http.Header, now time.Time) {
	limit, err := strconv.ParseInt(h.Get("Ratelimit-Limit"), 10, 64)
	if err != nil {
		return
	}
	remaining, err := strconv.ParseInt(h.Get("Ratelimit-Remaining"), 10, 64)
	if err != nil {
		return
	}
	reset, err := strconv.ParseInt(h.Get("Ratelimit-Reset"), 10, 64)
	if err != nil {
		return
	}
	b.limit, b.remaining, b.reset, b.seen = limit, remaining, time.Unix(reset, 0), now
	if remaining > 0 {
		return
	}
	// The next request would be refused. It waits for the token it needs.
	if until := now.Add(b.interval() + b.Jitter(b.interval())); until.After(b.until) {
		b.until = until
	}
}

type mode int

const modeKey mode = 0

// Impatient marks calls that fail at once when the budget is spent. What only
// looks is impatient, and so is the first step of a change whose outcome is
// watched. Later steps wait: to stop in the middle costs more.
func Impatient(ctx context.Context) context.Context { return context.WithValue(ctx, modeKey, true) }

func impatient(ctx context.Context) bool {
	if v, _ := ctx.Value(modeKey).(bool); v {
		return true
	}
	o := outcomeOf(ctx)
	return o != nil && !o.Uncertain()
}

// A Turn is a request that was waited for and not made yet.
type Turn struct{ granted atomic.Bool }

// Grant the turn: it was waited for.
func (t *Turn) Grant() { t.granted.Store(true) }

func (t *Turn) take() bool { return t != nil && t.granted.CompareAndSwap(true, false) }

type turnKey struct{}

// WithTurn lets the first request in the context pass if the turn was granted.
func WithTurn(ctx context.Context, t *Turn) context.Context {
	return context.WithValue(ctx, turnKey{}, t)
}

func turnOf(ctx context.Context) *Turn {
	t, _ := ctx.Value(turnKey{}).(*Turn)
	return t
}

// A gate lets requests of one project pass as its budget allows.
type gate struct {
	budget *Budget
	next   http.RoundTripper
}

// RoundTrip makes the request when the budget allows, again if need be.
func (g *gate) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx := req.Context()
	for {
		if !turnOf(ctx).take() {
			if err := g.budget.Await(ctx, !impatient(ctx)); err != nil {
				return nil, err
			}
		}
		resp, err := g.next.RoundTrip(req)
		outcomeOf(ctx).learn(req, resp)
		if err != nil {
			return nil, err
		}
		if !g.budget.Learn(resp.StatusCode, resp.Header) {
			return resp, nil
		}
		// A refused request was not carried out, whatever it asks for.
		_ = resp.Body.Close()
		if req, err = again(req); err != nil {
			return nil, err
		}
	}
}

func again(req *http.Request) (*http.Request, error) {
	out := req.Clone(req.Context())
	if req.Body == nil || req.Body == http.NoBody {
		return out, nil
	}
	if req.GetBody == nil {
		return nil, ErrBudgetSpent
	}
	body, err := req.GetBody()
	if err != nil {
		return nil, fmt.Errorf("cannot repeat a refused request: %w", err)
	}
	out.Body = body
	return out, nil
}

func jitter(d time.Duration) time.Duration {
	if d <= 0 {
		return 0
	}
	return rand.N(d) //nolint:gosec // Nothing secret depends on it.
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
