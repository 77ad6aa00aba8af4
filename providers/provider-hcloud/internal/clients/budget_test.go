package clients

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/openova-io/catalyst/internal/provider"
)

// A clock that only moves when somebody sleeps.
type clock struct {
	mu    sync.Mutex
	now   time.Time
	slept []time.Duration
}

func (c *clock) budget() *Budget {
	b := NewBudget()
	b.Now = func() time.Time {
		c.mu.Lock()
		defer c.mu.Unlock()
		return c.now
	}
	b.Jitter = func(d time.Duration) time.Duration { return d / 2 }
	b.Sleep = func(_ context.Context, d time.Duration) error {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.slept = append(c.slept, d)
		c.now = c.now.Add(d)
		return nil
	}
	return b
}

// A reply of the API.
type reply struct {
	status int
	header http.Header
}

func (b *Budget) learn(r reply) bool { return b.Learn(r.status, r.header) }

func answer(status int, limit, remaining int64, reset time.Time) reply {
	h := http.Header{}
	if limit > 0 {
		h.Set("Ratelimit-Limit", strconv.FormatInt(limit, 10))
		h.Set("Ratelimit-Remaining", strconv.FormatInt(remaining, 10))
		h.Set("Ratelimit-Reset", strconv.FormatInt(reset.Unix(), 10))
	}
	return reply{status: status, header: h}
}

func TestLearn(t *testing.T) {
	start := time.Unix(1_800_000_000, 0)
	type want struct {
		Reading Reading
		Refused bool
	}
	cases := map[string]struct {
		reason  string
		answers []reply
		want    want
	}{
		"Nothing": {
			reason:  "An answer without the headers says nothing",
			answers: []reply{answer(http.StatusOK, 0, 0, start)},
		},
		"Plenty": {
			reason:  "A budget with something left is open",
			answers: []reply{answer(http.StatusOK, 3600, 3599, start.Add(time.Second))},
			want:    want{Reading: Reading{Limit: 3600, Remaining: 3599, ResetAt: start.Add(time.Second)}},
		},
		"Empty": {
			reason:  "An empty budget is waited for before anybody is refused: a second for a limit of 3600",
			answers: []reply{answer(http.StatusOK, 3600, 0, start.Add(time.Hour))},
			want:    want{Reading: Reading{Limit: 3600, ResetAt: start.Add(time.Hour), SpentUntil: start.Add(1500 * time.Millisecond)}},
		},
		"Refused": {
			reason:  "The reset an hour ahead is when the budget is full again, not when it returns",
			answers: []reply{answer(http.StatusTooManyRequests, 3600, 0, start.Add(time.Hour))},
			want:    want{Reading: Reading{Limit: 3600, ResetAt: start.Add(time.Hour), SpentUntil: start.Add(3 * time.Second)}, Refused: true},
		},
		"NearReset": {
			reason:  "A reset that is near is waited for, with jitter",
			answers: []reply{answer(http.StatusTooManyRequests, 3600, 0, start.Add(30*time.Second))},
			want:    want{Reading: Reading{Limit: 3600, ResetAt: start.Add(30 * time.Second), SpentUntil: start.Add(31 * time.Second)}, Refused: true},
		},
		"Returned": {
			reason: "An answer ends the wait",
			answers: []reply{
				answer(http.StatusTooManyRequests, 3600, 0, start.Add(time.Hour)), answer(http.StatusOK, 3600, 7, start.Add(time.Hour)),
			},
			want: want{Reading: Reading{Limit: 3600, Remaining: 7, ResetAt: start.Add(time.Hour)}},
		},
		"RefusedAgain": {
			reason: "Those who are refused together are refused once",
			answers: []reply{
				answer(http.StatusTooManyRequests, 0, 0, start), answer(http.StatusTooManyRequests, 0, 0, start), answer(http.StatusTooManyRequests, 0, 0, start),
			},
			want: want{Reading: Reading{SpentUntil: start.Add(3 * time.Second)}, Refused: true},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			c := &clock{now: start}
			b := c.budget()
			got := want{}
			for _, a := range tc.answers {
				got.Refused = b.learn(a)
			}
			got.Reading = b.Read()
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("%s: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestGrowingWaits(t *testing.T) {
	c := &clock{now: time.Unix(1_800_000_000, 0)}
	b := c.budget()
	var waits []time.Duration
	for range 5 {
		b.Learn(http.StatusTooManyRequests, nil)
		waits = append(waits, b.Read().SpentUntil.Sub(c.now))
		c.now = b.Read().SpentUntil
	}
	want := []time.Duration{3 * time.Second, 5 * time.Second, 9 * time.Second, 16 * time.Second, 16 * time.Second}
	if diff := cmp.Diff(want, waits); diff != "" {
		t.Errorf("Waits grow while the API refuses, up to a quarter of a minute: -want, +got:\n%s", diff)
	}
}

func TestAwait(t *testing.T) {
	start := time.Unix(1_800_000_000, 0)
	c := &clock{now: start}
	b := c.budget()
	if err := b.Await(context.Background(), false); err != nil {
		t.Errorf("an unknown budget is spent: %v", err)
	}
	b.learn(answer(http.StatusTooManyRequests, 3600, 0, start.Add(time.Hour)))
	if err := b.Await(context.Background(), false); !errors.Is(err, ErrBudgetSpent) {
		t.Errorf("who does not wait is not told: %v", err)
	}
	ctx, cancel := context.WithDeadline(context.Background(), start.Add(time.Second))
	defer cancel()
	if err := b.Await(ctx, true); !errors.Is(err, ErrBudgetSpent) {
		t.Errorf("who has no time to wait is not told: %v", err)
	}
	// Those who wait come one after the other.
	b.Sleep = func(_ context.Context, d time.Duration) error {
		c.slept = append(c.slept, d)
		return nil
	}
	for range 3 {
		if err := b.Await(context.Background(), true); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff([]time.Duration{3 * time.Second, 4500 * time.Millisecond, 6 * time.Second}, c.slept); diff != "" {
		t.Errorf("waits: -want, +got:\n%s", diff)
	}
}

func TestGate(t *testing.T) {
	cases := map[string]struct {
		reason string
		ctx    func() context.Context
		calls  int
		err    error
	}{
		"Waits":      {reason: "A refused request is made again, with its body", ctx: context.Background, calls: 2},
		"Impatient":  {reason: "Unless its caller does not wait", ctx: func() context.Context { return Impatient(context.Background()) }, calls: 1, err: ErrBudgetSpent},
		"FirstStep":  {reason: "The first step of a change does not wait", ctx: func() context.Context { ctx, _ := Watch(context.Background()); return ctx }, calls: 1, err: ErrBudgetSpent},
		"SecondStep": {reason: "Later ones do", ctx: func() context.Context { ctx, o := Watch(context.Background()); o.uncertain.Store(true); return ctx }, calls: 2},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			var bodies []string
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				b, _ := io.ReadAll(r.Body)
				bodies = append(bodies, string(b))
				if len(bodies) == 1 {
					w.WriteHeader(http.StatusTooManyRequests)
				}
			}))
			defer srv.Close()
			c := &clock{now: time.Unix(1_800_000_000, 0)}
			hc := &http.Client{Transport: &gate{budget: c.budget(), next: http.DefaultTransport}}
			req, err := http.NewRequestWithContext(tc.ctx(), http.MethodPost, srv.URL, strings.NewReader("body"))
			if err != nil {
				t.Fatal(err)
			}
			resp, err := hc.Do(req)
			if diff := cmp.Diff(tc.err, err, cmpopts.EquateErrors()); diff != "" {
				t.Errorf("%s: -want, +got:\n%s", tc.reason, diff)
			}
			if err == nil {
				resp.Body.Close()
			}
			want := []string{"body", "body"}[:tc.calls]
			if diff := cmp.Diff(want, bodies); diff != "" {
				t.Errorf("%s: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// TestStorm has two hundred callers meet a budget that returns a request a
// second.
func TestStorm(t *testing.T) {
	start := time.Unix(1_800_000_000, 0)
	var at []time.Duration
	b := NewBudget()
	b.Now = func() time.Time { return start }
	b.Sleep = func(_ context.Context, d time.Duration) error {
		at = append(at, d)
		return nil
	}
	b.learn(answer(http.StatusTooManyRequests, 3600, 0, start.Add(time.Hour)))
	for range 200 {
		if err := b.Await(context.Background(), true); err != nil {
			t.Fatal(err)
		}
	}
	if at[0] > minWait+minWait {
		t.Errorf("the first call comes %s after the budget was spent", at[0])
	}
	for i := 1; i < len(at); i++ {
		if gap := at[i] - at[i-1]; gap < time.Second || gap > 2*time.Second {
			t.Fatalf("call %d comes %s after the one before", i, gap)
		}
	}
}

func TestPool(t *testing.T) {
	p := NewPool()
	one := Project{Endpoint: provider.Endpoint{URL: "http://127.0.0.1:1/v1", Credentials: "a"}}
	first, err := p.Client(one)
	if err != nil {
		t.Fatal(err)
	}
	again, err := p.Client(one)
	if err != nil {
		t.Fatal(err)
	}
	if first != again {
		t.Error("a project has two clients")
	}
	slow := one
	slow.Poll = time.Minute
	other, err := p.Client(slow)
	if err != nil {
		t.Fatal(err)
	}
	if other == first || other.Budget != first.Budget {
		t.Error("a project's clients share its budget")
	}
	first.Budget.learn(answer(http.StatusOK, 3600, 12, time.Unix(1_800_000_000, 0)))
	reg := prometheus.NewPedanticRegistry()
	if err := reg.Register(NewCollector(p)); err != nil {
		t.Fatal(err)
	}
	got, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	values := map[string]float64{}
	for _, f := range got {
		values[f.GetName()] = f.GetMetric()[0].GetGauge().GetValue()
	}
	want := map[string]float64{"hcloud_api_budget_limit": 3600, "hcloud_api_budget_remaining": 12, "hcloud_api_budget_reset_timestamp_seconds": 1_800_000_000}
	if diff := cmp.Diff(want, values); diff != "" {
		t.Errorf("-want, +got:\n%s", diff)
	}
	one.CABundle = []byte("no certificate")
	if _, err := p.Client(one); err == nil {
		t.Error("a bundle without a certificate is accepted")
	}
}

// TestNothing reads what can't exist without asking anybody.
func TestNothing(t *testing.T) {
	p := NewPool()
	c, err := p.Client(Project{Endpoint: provider.Endpoint{URL: "http://127.0.0.1:1/v1", Credentials: "a"}})
	if err != nil {
		t.Fatal(err)
	}
	got, _, err := c.SSHKey.GetByID(context.Background(), 0)
	if err != nil || got != nil {
		t.Errorf("got %v, %v", got, err)
	}
}
