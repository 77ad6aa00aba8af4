package hcloudsim

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/hetznercloud/hcloud-go/v2/hcloud"
)

const testToken = "token-a"

// A double is a Sim that is served, and the official client for it.
type double struct {
	*Sim
	*hcloud.Client

	url string
	clk *clock
}

// clock stands still unless it is moved.
type clock struct{ at time.Time }

func (c *clock) now() time.Time { return c.at }

func (d *double) pass(t time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.clk.at = d.clk.at.Add(t)
}

// serve a Sim whose actions end at once, unless cfg says otherwise.
func serve(tb testing.TB, cfg Config) *double {
	tb.Helper()
	clk := &clock{at: time.Date(2026, time.November, 22, 12, 0, 0, 0, time.UTC)}
	cfg.Clock = clk.now
	if cfg.Tokens == nil {
		cfg.Tokens = map[string]string{testToken: "a", "token-b": "b"}
	}
	sim := New(cfg)
	srv := httptest.NewServer(sim)
	tb.Cleanup(srv.Close)
	return &double{Sim: sim, Client: client(srv.URL, testToken), url: srv.URL, clk: clk}
}

// client that does not retry: tests want to see the first answer.
func client(url, token string) *hcloud.Client {
	return hcloud.NewClient(
		hcloud.WithEndpoint(url+"/v1"), hcloud.WithHetznerEndpoint(url+"/v1"), hcloud.WithToken(token), hcloud.WithPollOpts(hcloud.PollOpts{BackoffFunc: hcloud.ConstantBackoff(time.Millisecond)}),
		hcloud.WithRetryOpts(hcloud.RetryOpts{BackoffFunc: hcloud.ConstantBackoff(0), MaxRetries: 0}),
	)
}

func must[T any](tb testing.TB) func(v T, resp *hcloud.Response, err error) T {
	tb.Helper()
	return func(v T, _ *hcloud.Response, err error) T {
		tb.Helper()
		if err != nil {
			tb.Fatalf("unexpected error: %v", err)
		}
		return v
	}
}

// ok fails the test when a call that returns a response fails.
func ok(tb testing.TB) func(resp *hcloud.Response, err error) {
	tb.Helper()
	return func(_ *hcloud.Response, err error) {
		tb.Helper()
		if err != nil {
			tb.Fatalf("unexpected error: %v", err)
		}
	}
}

// done waits for actions and fails the test when one fails.
func (d *double) done(tb testing.TB, actions ...*hcloud.Action) {
	tb.Helper()
	if err := d.Action.WaitFor(tb.Context(), actions...); err != nil {
		tb.Fatalf("action failed: %v", err)
	}
}

func codeOf(err error) string {
	var e hcloud.Error
	if err == nil {
		return ""
	}
	if !asError(err, &e) {
		return err.Error()
	}
	return fmt.Sprintf("%d %s", statusOf(e), e.Code)
}

func statusOf(e hcloud.Error) int {
	if e.Response() == nil {
		return 0
	}
	return e.Response().StatusCode
}

// nothing is left in a project, but what the catalog offers.
func (d *double) empty(tb testing.TB) {
	tb.Helper()
	for plural, rows := range d.Dump("a") {
		if len(rows) > 0 {
			tb.Errorf("%d %s are left: %s", len(rows), plural, rows)
		}
	}
}

func raw(tb testing.TB, d *double, method, path, token, body string) (int, http.Header, string) {
	tb.Helper()
	return call1(tb, method, d.url+path, token, body)
}
