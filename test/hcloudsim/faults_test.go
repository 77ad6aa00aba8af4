package hcloudsim

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hetznercloud/hcloud-go/v2/hcloud"
)

// admin asks the Sim's own side, and fails the test unless that is answered so.
func (d *double) ask(tb testing.TB, want int, method, path, body string) string {
	tb.Helper()
	status, _, text := raw(tb, d, method, path, "", body)
	if status != want {
		tb.Fatalf("%s %s: %d %s, want %d", method, path, status, text, want)
	}
	return text
}

func (d *double) names(t *testing.T) string {
	t.Helper()
	var out []string
	for _, g := range must[[]*hcloud.PlacementGroup](t)(d.PlacementGroup.List(t.Context(), hcloud.PlacementGroupListOpts{})) {
		out = append(out, g.Name)
	}
	return strings.Join(out, " ")
}

func (d *double) group(t *testing.T, name string) error {
	t.Helper()
	return second(d.PlacementGroup.Create(t.Context(), hcloud.PlacementGroupCreateOpts{Name: name, Type: hcloud.PlacementGroupTypeSpread}))
}

func TestFaults(t *testing.T) {
	cases := map[string]struct {
		reason string
		fault  string
		do     func(t *testing.T, d *double)
	}{
		"PlainText": {
			reason: "A proxy's error page is no API error.",
			fault:  `{"effect":"answer","status":502,"body":"Bad Gateway","count":1}`,
			do: func(t *testing.T, d *double) {
				if err := d.group(t, "a"); err == nil || !strings.Contains(err.Error(), "502") {
					t.Errorf("got %v, want a 502", err)
				}
				if err := d.group(t, "a"); err != nil {
					t.Errorf("a fault that is used up still hits: %v", err)
				}
			},
		},
		"Lose": {
			reason: "The answer is lost, what was asked for is not.",
			fault:  `{"effect":"lose","method":"POST","path":"/v1/placement_groups","count":1}`,
			do: func(t *testing.T, d *double) {
				if err := d.group(t, "a"); err == nil {
					t.Error("an answer arrived")
				}
				if got := d.names(t); got != "a" {
					t.Errorf("there is %q, want a", got)
				}
			},
		},
		"Drop": {
			reason: "The connection ends before anything is done.",
			fault:  `{"effect":"drop","method":"POST","count":1}`,
			do: func(t *testing.T, d *double) {
				if err := d.group(t, "a"); err == nil {
					t.Error("an answer arrived")
				}
				if got := d.names(t); got != "" {
					t.Errorf("there is %q, want nothing", got)
				}
			},
		},
		"RateLimit": {
			reason: "A storm of 429s ends when it says it will.",
			fault:  `{"effect":"rate_limit","seconds":600}`,
			do: func(t *testing.T, d *double) {
				_, r, err := d.Server.List(t.Context(), hcloud.ServerListOpts{})
				if codeOf(err) != "429 rate_limit_exceeded" || r.Meta.Ratelimit.Remaining != 0 || !r.Meta.Ratelimit.Reset.Equal(d.clk.now().Add(10*time.Minute)) {
					t.Errorf("got %v, %+v", err, r.Meta.Ratelimit)
				}
				d.pass(10 * time.Minute)
				must[[]*hcloud.Server](t)(d.Server.List(t.Context(), hcloud.ServerListOpts{}))
			},
		},
		"Stale": {
			reason: "Lists are behind; what is asked for by id is not.",
			fault:  `{"effect":"stale","behind":10,"seconds":60}`,
			do: func(t *testing.T, d *double) {
				_ = d.group(t, "a")
				got := []string{d.names(t)}
				d.pass(10 * time.Second)
				got = append(got, d.names(t))
				_ = d.group(t, "b")
				got = append(got, d.names(t))
				d.pass(50 * time.Second)
				got = append(got, d.names(t))
				if diff := cmp.Diff([]string{"", "a", "a", "a b"}, got); diff != "" {
					t.Errorf("-want, +got:\n%s", diff)
				}
			},
		},
		"InUse": {
			reason: "A deletion is refused for a while.",
			fault:  `{"effect":"in_use","path":"/networks/*","seconds":300}`,
			do: func(t *testing.T, d *double) {
				n := must[*hcloud.Network](t)(d.Network.Create(t.Context(), hcloud.NetworkCreateOpts{Name: "n", IPRange: cidr(t, "10.0.0.0/16")}))
				if got := codeOf(first(d.Network.Delete(t.Context(), n))); got != "422 resource_in_use" {
					t.Errorf("got %q", got)
				}
				d.pass(300 * time.Second)
				ok(t)(d.Network.Delete(t.Context(), n))
			},
		},
		"FailAction": {
			reason: "An action that fails changes nothing.",
			fault:  `{"effect":"fail_action","command":"start_server","code":"start_failed","message":"no"}`,
			do: func(t *testing.T, d *double) {
				r := must[hcloud.ServerCreateResult](t)(d.Server.Create(t.Context(), hcloud.ServerCreateOpts{Name: "s", ServerType: &hcloud.ServerType{Name: "cx22"}, Image: &hcloud.Image{Name: "debian-12"}}))
				err := d.Action.WaitFor(t.Context(), r.NextActions...)
				if err == nil || !strings.Contains(err.Error(), "start_failed") {
					t.Errorf("got %v", err)
				}
				if s := must[*hcloud.Server](t)(d.Server.GetByID(t.Context(), r.Server.ID)); s.Status != hcloud.ServerStatusOff {
					t.Errorf("server is %s, want off", s.Status)
				}
			},
		},
		"Delay": {
			reason: "An answer takes its time, and holds up no other.",
			fault:  `{"effect":"delay","behind":0.5,"path":"/servers"}`,
			do: func(t *testing.T, d *double) {
				start, slow := time.Now(), make(chan time.Duration)
				go func() {
					_, _, _ = d.Server.List(t.Context(), hcloud.ServerListOpts{})
					slow <- time.Since(start)
				}()
				must[[]*hcloud.Network](t)(d.Network.List(t.Context(), hcloud.NetworkListOpts{}))
				quick := time.Since(start)
				if got := <-slow; got < 500*time.Millisecond || quick >= got {
					t.Errorf("delayed answer after %v, another after %v", got, quick)
				}
			},
		},
		"Slow": {
			reason: "A deletion takes its time.",
			fault:  `{"effect":"slow","command":"delete_server","behind":300}`,
			do: func(t *testing.T, d *double) {
				s := d.server(t, hcloud.ServerCreateOpts{Name: "s"})
				must[*hcloud.ServerDeleteResult](t)(d.Server.DeleteWithResult(t.Context(), s))
				d.pass(299 * time.Second)
				if s = must[*hcloud.Server](t)(d.Server.GetByID(t.Context(), s.ID)); s == nil || s.Status != hcloud.ServerStatusDeleting {
					t.Errorf("server is %v, want one that is being deleted", s)
				}
				d.pass(time.Second)
				d.empty(t)
			},
		},
		"Capacity": {
			reason: "Only what is named has run out.",
			fault:  `{"effect":"capacity","location":"fsn1","server_type":"cx22","count":1}`,
			do: func(t *testing.T, d *double) {
				opts := hcloud.ServerCreateOpts{Name: "s", ServerType: &hcloud.ServerType{Name: "cx32"}, Image: &hcloud.Image{Name: "debian-12"}, Location: &hcloud.Location{Name: "fsn1"}}
				must[hcloud.ServerCreateResult](t)(d.Server.Create(t.Context(), opts))
				opts.Name, opts.ServerType = "t", &hcloud.ServerType{Name: "cx22"}
				var got []string
				for range 2 {
					got = append(got, codeOf(second(d.Server.Create(t.Context(), opts))))
				}
				if diff := cmp.Diff([]string{"412 resource_unavailable", ""}, got); diff != "" {
					t.Errorf("-want, +got:\n%s", diff)
				}
			},
		},
		"OtherProject": {
			reason: "A fault of one project is not another's.",
			fault:  `{"effect":"answer","status":500,"project":"b"}`,
			do:     func(t *testing.T, d *double) { ok(t)(nil, d.group(t, "a")) },
		},
		"OtherToken": {
			reason: "Nor is one of another token of the same project.",
			fault:  `{"effect":"answer","status":500,"token":"another"}`,
			do:     func(t *testing.T, d *double) { ok(t)(nil, d.group(t, "a")) },
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			d := serve(t, Config{})
			d.ask(t, http.StatusCreated, http.MethodPost, "/_sim/faults", tc.fault)
			tc.do(t, d)
			if t.Failed() {
				t.Log(tc.reason)
			}
		})
	}
}

func TestFaultsThatCanNotHit(t *testing.T) {
	d := serve(t, Config{})
	for _, body := range []string{`{"effect":"nothing"}`, `{"effect":"answer"}`, `{"effect":"lose","pth":"/servers"}`, `{"effect":"lose","path":"["}`, `{`} {
		d.ask(t, http.StatusBadRequest, http.MethodPost, "/_sim/faults", body)
	}
}

func TestAdmin(t *testing.T) {
	d, ctx := serve(t, Config{}), t.Context()
	c := d.cluster(t)
	d.ask(t, http.StatusNoContent, http.MethodDelete, "/_sim/requests", "")
	must[*hcloud.Server](t)(d.Server.GetByID(ctx, c.servers[0].ID))
	must[*hcloud.Server](t)(d.Server.GetByID(ctx, c.servers[1].ID))
	must[[]*hcloud.Network](t)(d.Network.List(ctx, hcloud.NetworkListOpts{}))
	want := `[{"method":"GET","pattern":"/networks","count":1},{"method":"GET","pattern":"/servers/{id}","count":2}]`
	if diff := cmp.Diff(want, strings.TrimSpace(d.ask(t, http.StatusOK, http.MethodGet, "/_sim/requests?project=a", ""))); diff != "" {
		t.Errorf("requests: -want, +got:\n%s", diff)
	}
	if text := d.ask(t, http.StatusOK, http.MethodGet, "/_sim/log", ""); !strings.Contains(text, `"pattern":"/servers/{id}","status":200`) {
		t.Errorf("log: %s", text)
	}
	if text := d.ask(t, http.StatusOK, http.MethodGet, "/_sim/dump?project=a", ""); !strings.Contains(text, `"name":"cp1"`) {
		t.Errorf("dump: %s", text)
	}
	d.ask(t, http.StatusCreated, http.MethodPost, "/_sim/settings", `{"action_duration":"1m","remaining":5,"project":"a","limits":{"servers":2}}`)
	a, r, err := d.Server.Reboot(ctx, c.servers[0])
	if err != nil || a.Status != hcloud.ActionStatusRunning || r.Meta.Ratelimit.Remaining != 4 {
		t.Errorf("settings have no effect: %v %v %+v", err, a, r.Meta.Ratelimit)
	}
	d.ask(t, http.StatusCreated, http.MethodPost, "/_sim/settings", `{"advance":"1m"}`)
	if a := must[*hcloud.Action](t)(d.Action.GetByID(ctx, a.ID)); a.Status != hcloud.ActionStatusSuccess {
		t.Errorf("the clock did not advance: %v", a)
	}
	d.ask(t, http.StatusCreated, http.MethodPost, "/_sim/faults", `{"effect":"drop"}`)
	if text := d.ask(t, http.StatusOK, http.MethodGet, "/_sim/faults", ""); !strings.Contains(text, `"effect":"drop"`) {
		t.Errorf("faults: %s", text)
	}
	d.ask(t, http.StatusNoContent, http.MethodDelete, "/_sim/faults", "")
	d.ask(t, http.StatusBadRequest, http.MethodPost, "/_sim/settings", `{"advance":"soon"}`)
	d.ask(t, http.StatusNotFound, http.MethodGet, "/_sim/nothing", "")
	d.ask(t, http.StatusOK, http.MethodGet, "/_sim/health", "")
	d.ask(t, http.StatusNoContent, http.MethodPost, "/_sim/reset", "")
	if text := strings.TrimSpace(d.ask(t, http.StatusOK, http.MethodGet, "/_sim/dump", "")); text != "{}" {
		t.Errorf("left after reset: %s", text)
	}
}
