package hcloudsim

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hetznercloud/hcloud-go/v2/hcloud"
)

func TestSelector(t *testing.T) {
	labels := map[string]string{"env": "prod", "catalyst.openova.io/role": "worker", "empty": ""}
	cases := map[string]struct {
		reason, selector string
		matches, invalid bool
	}{
		"Empty":         {"Nothing asked, everything wanted.", "", true, false},
		"Equal":         {"One equals sign.", "env=prod", true, false},
		"EqualTwice":    {"Or two.", "env==prod", true, false},
		"EqualNot":      {"Another value.", "env=dev", false, false},
		"EqualEmpty":    {"An empty value is a value.", "empty=", true, false},
		"EqualAbsent":   {"A key that is missing has no empty value.", "nothing=", false, false},
		"NotEqual":      {"Another value is what is wanted.", "env!=dev", true, false},
		"NotEqualSame":  {"This one is not.", "env!=prod", false, false},
		"NotEqualNone":  {"A missing key has no value, so not that one.", "nothing!=x", true, false},
		"Key":           {"The key is there.", "catalyst.openova.io/role", true, false},
		"KeyAbsent":     {"The key is not.", "role", false, false},
		"NoKey":         {"And should not be.", "!role", true, false},
		"NoKeyPresent":  {"But is.", "!env", false, false},
		"In":            {"One of several.", "env in (dev,prod)", true, false},
		"InSpaces":      {"However it is written.", "env in ( dev , prod )", true, false},
		"InNot":         {"None of several.", "env in (dev,stg)", false, false},
		"NotIn":         {"None of several is wanted.", "env notin (dev,stg)", true, false},
		"NotInOne":      {"One is there.", "env notin (dev,prod)", false, false},
		"NotInAbsent":   {"No value is none of them.", "nothing notin (dev)", true, false},
		"And":           {"Commas join.", "env=prod,!role", true, false},
		"AndIn":         {"Commas in parentheses don't.", "env in (dev,prod),empty", true, false},
		"AndNot":        {"All must hold.", "env=prod,role=x", false, false},
		"Space":         {"Two words are no key.", "a b", false, true},
		"Trailing":      {"A comma needs two sides.", "env=prod,", false, true},
		"Open":          {"A parenthesis is closed.", "env in (dev", false, true},
		"BadValue":      {"Values have a grammar.", "env=a/b", false, true},
		"BadKey":        {"Keys have one.", "-env=a", false, true},
		"TwoPrefixes":   {"With one prefix at most.", "a/b/c", false, true},
		"LongKey":       {"Of a length.", strings.Repeat("a", 64), false, true},
		"PrefixAndDots": {"A prefix is a domain.", "catalyst.openova.io/role=worker", true, false},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			s, err := parseSelector(tc.selector)
			if (err != nil) != tc.invalid {
				t.Fatalf("%s\n%q: error %v, want one: %v", tc.reason, tc.selector, err, tc.invalid)
			}
			if err == nil && s.matches(labels) != tc.matches {
				t.Errorf("%s\n%q: matches %v, want %v", tc.reason, tc.selector, !tc.matches, tc.matches)
			}
		})
	}
}

func TestPage(t *testing.T) {
	cases := map[string]struct {
		reason, query string
		total         int
		want          page
		from, to      int
	}{
		"Default":  {"25 a page.", "", 60, page{Page: 1, PerPage: 25, NextPage: new(2), LastPage: 3, TotalEntries: 60}, 0, 25},
		"Most":     {"50 at most.", "per_page=100", 60, page{Page: 1, PerPage: 50, NextPage: new(2), LastPage: 2, TotalEntries: 60}, 0, 50},
		"Middle":   {"Neighbours on both sides.", "page=2&per_page=10", 25, page{Page: 2, PerPage: 10, PreviousPage: new(1), NextPage: new(3), LastPage: 3, TotalEntries: 25}, 10, 20},
		"Last":     {"The last is as long as it is.", "page=3&per_page=10", 25, page{Page: 3, PerPage: 10, PreviousPage: new(2), LastPage: 3, TotalEntries: 25}, 20, 25},
		"Beyond":   {"After the last there is nothing.", "page=9&per_page=10", 25, page{Page: 9, PerPage: 10, PreviousPage: new(3), LastPage: 3, TotalEntries: 25}, 25, 25},
		"Empty":    {"Nothing is one page.", "", 0, page{Page: 1, PerPage: 25, LastPage: 1}, 0, 0},
		"Boundary": {"A full page is not followed by an empty one.", "per_page=10", 10, page{Page: 1, PerPage: 10, LastPage: 1, TotalEntries: 10}, 0, 10},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			q, err := url.ParseQuery(tc.query)
			if err != nil {
				t.Fatal(err)
			}
			p, err := parsePage(q)
			if err != nil {
				t.Fatal(err)
			}
			from, to := p.of(tc.total)
			if diff := cmp.Diff(tc.want, p); diff != "" || from != tc.from || to != tc.to {
				t.Errorf("%s\nrows %d to %d, want %d to %d; -want, +got:\n%s", tc.reason, from, to, tc.from, tc.to, diff)
			}
		})
	}
}

func TestListThroughClient(t *testing.T) {
	d, ctx := serve(t, Config{Limits: map[string]int{"placement_groups": 0}}), t.Context()
	for i := range 120 {
		must[hcloud.PlacementGroupCreateResult](t)(d.PlacementGroup.Create(ctx, hcloud.PlacementGroupCreateOpts{
			Name: fmt.Sprintf("pg-%03d", i), Type: hcloud.PlacementGroupTypeSpread, Labels: map[string]string{"third": strconv.FormatBool(i%3 == 0)},
		}))
	}
	all, err := d.PlacementGroup.All(ctx)
	if err != nil || len(all) != 120 {
		t.Errorf("all pages: got %d, %v; want 120", len(all), err)
	}
	some, err := d.PlacementGroup.AllWithOpts(ctx, hcloud.PlacementGroupListOpts{ListOpts: hcloud.ListOpts{LabelSelector: "third=true"}, Sort: []string{"name:desc"}})
	if err != nil || len(some) != 40 || some[0].Name != "pg-117" {
		t.Errorf("selected and sorted: got %d, %v", len(some), err)
	}
	_, h, _ := raw(t, d, http.MethodGet, "/v1/placement_groups?per_page=50&page=2", testToken, "")
	want := `</v1/placement_groups?page=1&per_page=50>; rel="prev", </v1/placement_groups?page=3&per_page=50>; rel="next", </v1/placement_groups?page=3&per_page=50>; rel="last"`
	if diff := cmp.Diff(want, h.Get("Link")); diff != "" {
		t.Errorf("Link header: -want, +got:\n%s", diff)
	}
}

func TestBucket(t *testing.T) {
	start := time.Unix(1_000_000, 0)
	b := newBucket(3600, start)
	for i := range 3600 {
		if !b.take(start) {
			t.Fatalf("request %d of a full bucket is refused", i)
		}
	}
	if b.take(start) {
		t.Error("request 3601 is allowed")
	}
	if want := start.Add(time.Hour); !b.reset().Equal(want) {
		t.Errorf("empty at %v, full again at %v, want %v", start, b.reset(), want)
	}
	if b.take(start.Add(999 * time.Millisecond)) {
		t.Error("a request comes back before its second is over")
	}
	if !b.take(start.Add(time.Second)) || b.take(start.Add(time.Second)) {
		t.Error("one second is not one request")
	}
	b.refill(start.Add(10 * time.Hour))
	if b.Tokens != 3600 {
		t.Errorf("a bucket that rests has %v requests, want 3600", b.Tokens)
	}
}

func TestBudgetOnTheWire(t *testing.T) {
	d, ctx := serve(t, Config{}), t.Context()
	_, r, err := d.Server.List(ctx, hcloud.ServerListOpts{})
	if err != nil || r.Meta.Ratelimit.Limit != 3600 || r.Meta.Ratelimit.Remaining != 3599 {
		t.Errorf("first request: %+v, %v", r.Meta.Ratelimit, err)
	}
	d.SetBudget("a", 1)
	must[[]*hcloud.Server](t)(d.Server.List(ctx, hcloud.ServerListOpts{}))
	_, r, err = d.Server.List(ctx, hcloud.ServerListOpts{})
	if codeOf(err) != "429 rate_limit_exceeded" || r.Meta.Ratelimit.Remaining != 0 {
		t.Errorf("after the last request: %v, %+v", err, r.Meta.Ratelimit)
	}
	if got, want := r.Meta.Ratelimit.Reset, d.clk.now().Add(time.Hour); !got.Equal(want) {
		t.Errorf("full again at %v, want %v", got, want)
	}
	if _, _, err := client(d.url, "token-b").Server.List(ctx, hcloud.ServerListOpts{}); err != nil {
		t.Errorf("one project's budget is another's: %v", err)
	}
	d.pass(2 * time.Second)
	must[[]*hcloud.Server](t)(d.Server.List(ctx, hcloud.ServerListOpts{}))
	if _, h, _ := raw(t, d, http.MethodGet, "/v1/servers", "wrong", ""); h.Get("Ratelimit-Limit") == "" {
		t.Error("an answer without a project has no budget")
	}
}

func TestBudgetOfNobody(t *testing.T) {
	d := serve(t, Config{RateLimit: 2})
	var got []int
	for range 3 {
		status, _, _ := raw(t, d, http.MethodGet, "/v1/servers", "wrong", "")
		got = append(got, status)
	}
	if diff := cmp.Diff([]int{401, 401, 429}, got); diff != "" {
		t.Errorf("requests without a project: -want, +got:\n%s", diff)
	}
}

func TestProjectsAreApart(t *testing.T) {
	d, ctx := serve(t, Config{}), t.Context()
	s := d.server(t, hcloud.ServerCreateOpts{Name: "mine"})
	b := client(d.url, "token-b")
	if got, _, err := b.Server.GetByID(ctx, s.ID); err != nil || got != nil {
		t.Errorf("another project sees %v, %v", got, err)
	}
	d.Reset("a")
	d.empty(t)
}

// TestActionLife follows a server from its creation: what is seen while an
// action runs is what was there before it.
func TestActionLife(t *testing.T) {
	d, ctx := serve(t, Config{ActionDuration: 10 * time.Second}), t.Context()
	r := must[hcloud.ServerCreateResult](t)(d.Server.Create(ctx, hcloud.ServerCreateOpts{
		Name: "s", ServerType: &hcloud.ServerType{Name: "cx22"}, Image: &hcloud.Image{Name: "debian-12"}, Location: &hcloud.Location{Name: "fsn1"},
	}))
	look := func() string {
		s := must[*hcloud.Server](t)(d.Server.GetByID(ctx, r.Server.ID))
		if s == nil {
			return "gone"
		}
		a := must[*hcloud.Action](t)(d.Action.GetByID(ctx, r.Action.ID))
		return fmt.Sprintf("%s locked=%v %s %d%%", s.Status, s.Locked, a.Status, a.Progress)
	}
	var got []string
	// Creating takes four times as long as starting.
	for _, wait := range []time.Duration{0, 20 * time.Second, 20 * time.Second, 10 * time.Second} {
		d.pass(wait)
		got = append(got, look())
	}
	must[*hcloud.ServerDeleteResult](t)(d.Server.DeleteWithResult(ctx, r.Server))
	s := must[*hcloud.Server](t)(d.Server.Update(ctx, r.Server, hcloud.ServerUpdateOpts{Labels: map[string]string{"a": "b"}}))
	if s.Labels["a"] != "b" {
		t.Errorf("a label that was just written is not seen: %v", s.Labels)
	}
	got = append(got, look())
	d.pass(20 * time.Second)
	got = append(got, look())
	want := []string{
		"initializing locked=true running 0%",
		"initializing locked=true running 50%",
		"initializing locked=true success 100%",
		"running locked=false success 100%",
		"deleting locked=true success 100%",
		"gone",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want, +got:\n%s", diff)
	}
	d.empty(t)
}

// TestAddressesAreTakenAtOnce, though they are seen later: two servers that join
// a network at the same time get two addresses.
func TestAddressesAreTakenAtOnce(t *testing.T) {
	d, ctx := serve(t, Config{}), t.Context()
	c := d.cluster(t)
	d.SetActionDuration(time.Minute)
	d.Server.DeleteWithResult(ctx, c.servers[0])
	var servers []*hcloud.Server
	for _, name := range []string{"a", "b"} {
		r := must[hcloud.ServerCreateResult](t)(d.Server.Create(ctx, hcloud.ServerCreateOpts{
			Name: name, ServerType: &hcloud.ServerType{Name: "cx22"}, Image: &hcloud.Image{Name: "debian-12"}, Location: &hcloud.Location{Name: "fsn1"}, Networks: []*hcloud.Network{c.network},
		}))
		if len(r.Server.PrivateNet) != 0 {
			t.Errorf("%s is in the network before its action is done", name)
		}
		servers = append(servers, r.Server)
	}
	d.pass(time.Hour)
	seen := map[string]bool{}
	for _, s := range servers {
		seen[must[*hcloud.Server](t)(d.Server.GetByID(ctx, s.ID)).PrivateNet[0].IP.String()] = true
	}
	if len(seen) != 2 {
		t.Errorf("two servers share %v", seen)
	}
}

func TestStrictLocks(t *testing.T) {
	for _, strict := range []bool{false, true} {
		d, ctx := serve(t, Config{StrictLocks: strict}), t.Context()
		c := d.cluster(t)
		d.SetActionDuration(time.Minute)
		var codes []string
		for _, port := range []int{80, 443} {
			_, _, err := d.LoadBalancer.AddService(ctx, c.lb, hcloud.LoadBalancerAddServiceOpts{Protocol: hcloud.LoadBalancerServiceProtocolTCP, ListenPort: &port, DestinationPort: &port})
			codes = append(codes, codeOf(err))
		}
		want := map[bool][]string{false: {"", ""}, true: {"", "423 locked"}}[strict]
		if diff := cmp.Diff(want, codes); diff != "" {
			t.Errorf("strict %v: -want, +got:\n%s", strict, diff)
		}
	}
}

// TestQueue: what waits for a load balancer's creation ends after it.
func TestQueue(t *testing.T) {
	d, ctx := serve(t, Config{ActionDuration: time.Minute}), t.Context()
	r := must[hcloud.LoadBalancerCreateResult](t)(d.LoadBalancer.Create(ctx, hcloud.LoadBalancerCreateOpts{Name: "lb", LoadBalancerType: &hcloud.LoadBalancerType{Name: "lb11"}, Location: &hcloud.Location{Name: "fsn1"}}))
	a := must[*hcloud.Action](t)(d.LoadBalancer.AddService(ctx, r.LoadBalancer, hcloud.LoadBalancerAddServiceOpts{Protocol: hcloud.LoadBalancerServiceProtocolHTTP}))
	var got []string
	for range 3 {
		d.pass(time.Minute)
		lb := must[*hcloud.LoadBalancer](t)(d.LoadBalancer.GetByID(ctx, r.LoadBalancer.ID))
		got = append(got, fmt.Sprintf("%s %d", must[*hcloud.Action](t)(d.Action.GetByID(ctx, a.ID)).Status, len(lb.Services)))
	}
	if diff := cmp.Diff([]string{"running 0", "running 1", "success 1"}, got); diff != "" {
		t.Errorf("-want, +got:\n%s", diff)
	}
}

func TestState(t *testing.T) {
	file := filepath.Join(t.TempDir(), "state.json")
	cfg := Config{StateFile: file}
	d := serve(t, cfg)
	c := d.cluster(t)
	before, err := json.Marshal(d.Dump("a"))
	if err != nil {
		t.Fatal(err)
	}
	d.Advance(time.Hour)
	again := serve(t, cfg)
	if err := again.Load(); err != nil {
		t.Fatal(err)
	}
	if got, want := again.now(), d.now(); !got.Equal(want) {
		t.Errorf("the clock is at %v after a restart, want %v", got, want)
	}
	after, err := json.Marshal(again.Dump("a"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(before), string(after)); diff != "" {
		t.Errorf("what was there before a restart is not: -want, +got:\n%s", diff)
	}
	if s := again.server(t, hcloud.ServerCreateOpts{Name: "new"}); s.ID <= c.lb.ID {
		t.Errorf("id %d is given a second time", s.ID)
	}
	again.done(t, must[*hcloud.ServerDeleteResult](t)(again.Server.DeleteWithResult(t.Context(), c.servers[0])).Action)
}
