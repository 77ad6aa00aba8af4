package clients

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"

	"github.com/openova-io/catalyst/internal/provider"
)

func TestError(t *testing.T) {
	cases := map[string]struct {
		reason string
		status int
		body   string
		want   string
	}{
		"JSON":  {"Gitea's explanation is kept.", 422, `{"message":"team does not exist","url":"x"}`, "GET /x: Gitea answered 422 Unprocessable Entity: team does not exist (the server does not accept a value, or something it names does not exist)"},
		"List":  {"Gitea's list of errors is kept.", 404, `{"message":"GetOrgByName","errors":["no such org"]}`, "GET /x: Gitea answered 404 Not Found: GetOrgByName no such org (it does not exist, or the token's user may not see it)"},
		"Null":  {"A list may be null.", 404, `{"message":"not found","errors":null}`, "GET /x: Gitea answered 404 Not Found: not found (it does not exist, or the token's user may not see it)"},
		"Plain": {"Plain text is tolerated.", 500, "database is\n locked", "GET /x: Gitea answered 500 Internal Server Error: database is locked (the server failed; its log says why; tried again later)"},
		"HTML":  {"A page is left out.", 502, "<html>…</html>", "GET /x: Gitea answered 502 Bad Gateway (the server failed; its log says why; tried again later)"},
		"Empty": {"Nothing is tolerated.", 401, "", "GET /x: Gitea answered 401 Unauthorized (the provider configuration's token is wrong, expired or revoked)"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			err := errors.Wrap(newError(http.MethodGet, "/x", tc.status, []byte(tc.body)), "wrapped")
			if diff := cmp.Diff("wrapped: "+tc.want, err.Error()); diff != "" {
				t.Errorf("%s\n-want, +got:\n%s", tc.reason, diff)
			}
			if !IsStatus(err, tc.status) || IsStatus(err, 418) {
				t.Errorf("IsStatus(...): %v", err)
			}
		})
	}
}

func TestPath(t *testing.T) {
	cases := map[string]struct {
		reason string
		args   []string
		want   string
		err    bool
	}{
		"Plain":     {reason: "Names are filled in.", args: []string{"acme", "app"}, want: "/repos/acme/app"},
		"Slash":     {reason: "A name stays one segment.", args: []string{"acme", "a/b?c#d"}, want: "/repos/acme/a%2Fb%3Fc%23d"},
		"Parent":    {reason: "A name can't reach another path.", args: []string{"acme", ".."}, err: true},
		"Self":      {reason: "A name can't reach another path.", args: []string{".", "x"}, err: true},
		"Empty":     {reason: "A name can't be empty.", args: []string{"", "x"}, err: true},
		"Backslash": {reason: "Some servers take a backslash for a slash.", args: []string{`..\x`, "x"}, err: true},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got, err := call{route: "/repos/{}/{}", args: tc.args}.path()
			if (err != nil) != tc.err {
				t.Errorf("%s\nerror: %v", tc.reason, err)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("%s\n-want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func newTest(t *testing.T, h http.HandlerFunc) *Client {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	c, err := New(provider.Endpoint{URL: s.URL + "/sub", Credentials: "s3cret"})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestRetries(t *testing.T) {
	cases := map[string]struct {
		reason string
		method string
		status int
		want   int32
	}{
		"ReadFails":        {"A read is repeated after any failure.", http.MethodGet, 500, maxAttempts},
		"ReadUnavailable":  {"A read is repeated.", http.MethodGet, 503, maxAttempts},
		"ReadMissing":      {"What is not there is not asked for twice.", http.MethodGet, 404, 1},
		"WriteFails":       {"A failed write may be one that can't succeed.", http.MethodDelete, 500, 1},
		"WriteUnavailable": {"A write that sets values is repeated.", http.MethodPatch, 502, maxAttempts},
		"CreateLost":       {"A creation may have been made.", http.MethodPost, 502, 1},
		"CreateLimited":    {"A creation that was not looked at is repeated.", http.MethodPost, 429, maxAttempts},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			n := atomic.Int32{}
			c := newTest(t, func(w http.ResponseWriter, r *http.Request) {
				n.Add(1)
				if !strings.HasPrefix(r.URL.Path, "/sub/api/v1/") || r.Header.Get("Authorization") != "token s3cret" {
					t.Errorf("unexpected request: %s %s", r.URL.Path, r.Header.Get("Authorization"))
				}
				w.Header().Set("Retry-After", "0")
				w.WriteHeader(tc.status)
			})
			err := c.do(t.Context(), call{method: tc.method, route: "/x", body: map[string]any{"a": 1}}, nil)
			if !IsStatus(err, tc.status) || strings.Contains(err.Error(), "s3cret") {
				t.Errorf("do(...): %v", err)
			}
			if diff := cmp.Diff(tc.want, n.Load()); diff != "" {
				t.Errorf("%s\n-want attempts, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestUnreachable(t *testing.T) {
	c, err := New(provider.Endpoint{URL: "http://127.0.0.1:1", Credentials: "s3cret"})
	if err != nil {
		t.Fatal(err)
	}
	err = c.do(t.Context(), call{method: http.MethodGet, route: "/x"}, nil)
	if diff := cmp.Diff("cannot reach Gitea at http://127.0.0.1:1: dial: connect: connection refused", err.Error()); diff != "" {
		t.Errorf("The message is the same every time.\n-want, +got:\n%s", diff)
	}
	if u := (&UnreachableError{}); !errors.As(err, &u) {
		t.Errorf("errors.As(...): %v", err)
	}
}

func TestNew(t *testing.T) {
	cases := map[string]struct {
		reason string
		e      provider.Endpoint
	}{
		"NoHost":      {"An address needs a host.", provider.Endpoint{URL: "nonsense"}},
		"Credentials": {"An address holds no credentials.", provider.Endpoint{URL: "http://u:p@x"}},
		"CABundle":    {"A bundle holds certificates.", provider.Endpoint{URL: "http://x", CABundle: []byte("x")}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if _, err := New(tc.e); err == nil || strings.Contains(err.Error(), ":p@") {
				t.Errorf("%s\n%v", tc.reason, err)
			}
		})
	}
}

func TestRedirectKeepsToken(t *testing.T) {
	other := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("the token went elsewhere: %s", r.Header.Get("Authorization"))
	}))
	defer other.Close()
	c := newTest(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, other.URL, http.StatusTemporaryRedirect)
	})
	if err := c.do(t.Context(), call{method: http.MethodGet, route: "/x"}, nil); !IsStatus(err, http.StatusTemporaryRedirect) {
		t.Errorf("do(...): %v", err)
	}
}

func TestWritesWait(t *testing.T) {
	var now, most, perRepo, mostPerRepo atomic.Int32
	up := func(n, most *atomic.Int32) {
		v := n.Add(1)
		for m := most.Load(); v > m && !most.CompareAndSwap(m, v); m = most.Load() {
			continue
		}
	}
	c := newTest(t, func(_ http.ResponseWriter, r *http.Request) {
		up(&now, &most)
		if strings.HasSuffix(r.URL.Path, "/o/a/branches") {
			up(&perRepo, &mostPerRepo)
			defer perRepo.Add(-1)
		}
		time.Sleep(10 * time.Millisecond)
		now.Add(-1)
	})
	wg := sync.WaitGroup{}
	for _, name := range []string{"a", "b", "c", "d", "e", "f"} {
		for range 4 {
			wg.Go(func() { _ = c.CreateBranch(context.Background(), Repo{"o", name}, "x", "") })
		}
	}
	wg.Wait()
	if most.Load() > maxWrites || mostPerRepo.Load() > 1 {
		t.Errorf("at most %d writes at once and one per repository, got %d and %d", maxWrites, most.Load(), mostPerRepo.Load())
	}
	if len(c.locks.locks) != 0 {
		t.Errorf("locks nobody holds are forgotten, got %d", len(c.locks.locks))
	}
}

func TestShare(t *testing.T) {
	s := newSnapshots()
	loads := atomic.Int32{}
	load := func(context.Context) (int32, error) { time.Sleep(5 * time.Millisecond); return loads.Add(1), nil }
	wg := sync.WaitGroup{}
	for range 10 {
		wg.Go(func() { _, _ = share(context.Background(), s, "repos/o/a/heads", load) })
	}
	wg.Wait()
	if got := loads.Load(); got != 1 {
		t.Errorf("who asks at the same time shares one answer, got %d", got)
	}
	s.drop("repos/O/A")
	if got, _ := share(t.Context(), s, "repos/o/a/heads", load); got != 2 {
		t.Errorf("a write makes the next look fresh, got %d", got)
	}
	s.drop("repos/o/ab")
	s.drop("repos/o/a/headsx")
	if got, _ := share(t.Context(), s, "repos/o/a/heads", load); got != 2 {
		t.Errorf("a write elsewhere does not, got %d", got)
	}
	if got, _ := share(t.Context(), s, "k", func(context.Context) (int32, error) { s.drop("k"); return load(t.Context()) }); got != 3 {
		t.Errorf("got %d", got)
	}
	if got, _ := share(t.Context(), s, "k", load); got != 4 {
		t.Errorf("what was read before a write is not kept after it, got %d", got)
	}
	s.age = 0
	if got, _ := share(t.Context(), s, "k", load); got != 5 {
		t.Errorf("old answers are not shared, got %d", got)
	}
	boom := errors.New("boom")
	if _, err := share(t.Context(), s, "e", func(context.Context) (int32, error) { return 0, boom }); !errors.Is(err, boom) {
		t.Errorf("share(...): %v", err)
	}
}

func TestHookEvents(t *testing.T) {
	if diff := cmp.Diff([]string{"push"}, HookEvents(nil)); diff != "" {
		t.Errorf("-want, +got:\n%s", diff)
	}
	if diff := cmp.Diff([]string{"issue_assign", "issue_comment", "issue_label", "issue_milestone", "issues", "pull_request", "push"}, HookEvents([]string{"push", "issues", "pull_request_only", "issue_comment"})); diff != "" {
		t.Errorf("-want, +got:\n%s", diff)
	}
}

func TestBlobSHA(t *testing.T) {
	if diff := cmp.Diff("e69de29bb2d1d6434b8b29ae775ad8c2e48c5391", BlobSHA(nil)); diff != "" {
		t.Errorf("-want, +got:\n%s", diff)
	}
}
