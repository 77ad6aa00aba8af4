package hcloudsim

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// chaos sends random requests to a Sim: most are refused, all must leave it
// whole.
type chaos struct {
	sim *Sim
	clk *clock
	rnd *rand.Rand
	tb  testing.TB
	p   *project
}

func (x *chaos) send(method, path, body string) int {
	r := httptest.NewRequestWithContext(x.tb.Context(), method, "/v1"+path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+testToken)
	w := httptest.NewRecorder()
	x.sim.ServeHTTP(w, r)
	if w.Code >= http.StatusInternalServerError {
		x.tb.Fatalf("%s %s %s: %d %s", method, path, body, w.Code, w.Body)
	}
	return w.Code
}

// any object's id, or one that nobody has.
func (x *chaos) any(plural string) int64 {
	rows := x.p.all(plural)
	if len(rows) == 0 || x.rnd.IntN(20) == 0 {
		return 1
	}
	return rows[x.rnd.IntN(len(rows))].base().ID
}

func (x *chaos) pick(of ...string) string { return of[x.rnd.IntN(len(of))] }

func (x *chaos) step() {
	n := x.rnd.IntN(40)
	server, network, lb := x.any("servers"), x.any("networks"), x.any("load_balancers")
	where := x.pick("fsn1", "fsn1", "ash")
	act := func(plural string, id int64, name, body string) {
		x.send(http.MethodPost, fmt.Sprintf("/%s/%d/actions/%s", plural, id, name), body)
	}
	switch x.rnd.IntN(16) {
	case 0, 1:
		kind := map[string]string{"fsn1": "cx22", "ash": "cpx11"}[where]
		x.send(http.MethodPost, "/servers", fmt.Sprintf(`{"name":"s%d","server_type":%q,"image":"debian-12","location":%q,"labels":{"role":%q},"networks":[%d],"public_net":{"enable_ipv4":%v,"enable_ipv6":true}}`, n, kind, where, x.pick("a", "b"), network, n%2 == 0))
	case 2:
		x.send(http.MethodPost, "/networks", fmt.Sprintf(`{"name":"n%d","ip_range":"10.%d.0.0/24","subnets":[{"type":"cloud","network_zone":%q,"ip_range":"10.%d.0.0/29"}]}`, n, n%3, x.pick("eu-central", "us-east"), n%3))
	case 3:
		x.send(http.MethodPost, "/load_balancers", fmt.Sprintf(`{"name":"l%d","load_balancer_type":"lb11","location":%q,"network":%d}`, n, where, network))
	case 4:
		x.send(http.MethodPost, "/volumes", fmt.Sprintf(`{"name":"v%d","size":10,"server":%d}`, n, server))
	case 5:
		x.send(http.MethodPost, "/floating_ips", fmt.Sprintf(`{"name":"f%d","type":"ipv4","server":%d}`, n, server))
	case 6:
		x.send(http.MethodPost, "/firewalls", fmt.Sprintf(`{"name":"w%d","apply_to":[{"type":"server","server":{"id":%d}}]}`, n, server))
	case 7:
		act("servers", server, "attach_to_network", fmt.Sprintf(`{"network":%d,"alias_ips":["10.%d.0.%d"]}`, network, n%3, n%8))
	case 8:
		act("servers", server, "detach_from_network", fmt.Sprintf(`{"network":%d}`, network))
	case 9:
		act("load_balancers", lb, "add_target", fmt.Sprintf(`{"type":"server","server":{"id":%d},"use_private_ip":%v}`, server, n%2 == 0))
	case 10:
		act("load_balancers", lb, x.pick("attach_to_network", "detach_from_network"), fmt.Sprintf(`{"network":%d}`, network))
	case 11:
		act("servers", server, x.pick("poweroff", "poweron", "rebuild"), `{"image":"debian-12"}`)
	case 12:
		act("primary_ips", x.any("primary_ips"), x.pick("assign", "unassign"), fmt.Sprintf(`{"assignee_type":"server","assignee_id":%d}`, server))
	case 13:
		plural := x.pick("servers", "networks", "load_balancers", "volumes", "floating_ips", "firewalls", "primary_ips")
		x.send(http.MethodDelete, fmt.Sprintf("/%s/%d", plural, x.any(plural)), "")
	case 14:
		x.clk.at = x.clk.at.Add(time.Duration(x.rnd.IntN(5000)) * time.Millisecond)
	case 15:
		x.send(http.MethodGet, "/"+x.pick("servers", "networks", "load_balancers"), "")
	}
}

// whole checks what must always hold in a project.
func (x *chaos) whole() {
	x.tb.Helper()
	for _, n := range each[*network](x.p, "networks") {
		seen := map[string]bool{}
		for _, m := range n.members(x.p) {
			for _, ip := range m.ips {
				if seen[ip] {
					x.tb.Fatalf("network %d: %s is given twice", n.ID, ip)
				}
				seen[ip] = true
			}
		}
	}
	exists := func(what string, id int64) {
		if _, ok := x.p.objects["servers"][id]; !ok && id != 0 {
			x.tb.Fatalf("%s names server %d, which is gone", what, id)
		}
	}
	names := map[string]bool{}
	for plural := range x.p.objects {
		for _, o := range x.p.all(plural) {
			if key := plural + "/" + o.base().Name; names[key] {
				x.tb.Fatalf("%s is there twice", key)
			} else {
				names[key] = true
			}
		}
	}
	for _, v := range each[*volume](x.p, "volumes") {
		exists("volume", v.Server)
	}
	for _, i := range each[*floatingIP](x.p, "floating_ips") {
		exists("floating IP", i.Server)
	}
	owners := map[string]bool{}
	for _, i := range each[*primaryIP](x.p, "primary_ips") {
		exists("primary IP", i.Server)
		if key := fmt.Sprintf("%d %s", i.Server, i.Type); i.Server != 0 && owners[key] {
			x.tb.Fatalf("server %s has two addresses", key)
		} else {
			owners[key] = true
		}
	}
	for _, f := range each[*firewall](x.p, "firewalls") {
		for _, u := range f.Applied {
			exists("firewall", u.Server)
		}
	}
	for _, l := range each[*loadBalancer](x.p, "load_balancers") {
		for _, t := range l.Targets {
			exists("load balancer", t.Server)
		}
		if _, ok := x.p.objects["networks"][l.Network]; l.Network != 0 && !ok {
			x.tb.Fatalf("load balancer %d is in network %d, which is gone", l.ID, l.Network)
		}
	}
	for _, s := range each[*server](x.p, "servers") {
		for _, n := range s.PrivateNet {
			if _, ok := x.p.objects["networks"][n.Network]; !ok {
				x.tb.Fatalf("server %d is in network %d, which is gone", s.ID, n.Network)
			}
		}
	}
}

// TestRandomRequests from fixed seeds: whatever is asked in whatever order,
// nothing is given twice, nothing names what is gone, a restart changes nothing,
// and in the end everything can be deleted.
func TestRandomRequests(t *testing.T) {
	for seed := range uint64(10) {
		clk := &clock{at: time.Unix(1_800_000_000, 0)}
		sim := New(Config{Tokens: map[string]string{testToken: "a"}, RateLimit: 1 << 30, ActionDuration: time.Second, Clock: clk.now})
		x := &chaos{sim: sim, clk: clk, rnd: rand.New(rand.NewPCG(seed, 0)), tb: t, p: sim.projects["a"]}
		for range 1000 {
			x.step()
			x.whole()
		}
		raw, err := json.Marshal(x.p)
		if err != nil {
			t.Fatal(err)
		}
		again := &project{sim: sim, now: x.p.now}
		if err := json.Unmarshal(raw, again); err != nil {
			t.Fatal(err)
		}
		second, err := json.Marshal(again)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(raw), string(second)); diff != "" {
			t.Fatalf("seed %d: state changes by being read: %s", seed, diff)
		}
		x.teardown(seed)
	}
}

// teardown in the order everybody has to follow.
func (x *chaos) teardown(seed uint64) {
	x.tb.Helper()
	for _, plural := range []string{"load_balancers", "servers", "volumes", "floating_ips", "primary_ips", "firewalls", "networks"} {
		x.clk.at = x.clk.at.Add(time.Hour)
		for _, o := range x.p.all(plural) {
			id := o.base().ID
			if ip, isFloating := o.(*floatingIP); isFloating && ip.Server != 0 {
				x.tb.Fatalf("seed %d: floating IP outlives its server", seed)
			}
			if code := x.send(http.MethodDelete, fmt.Sprintf("/%s/%d", plural, id), ""); code != http.StatusNoContent && code != http.StatusOK {
				x.tb.Fatalf("seed %d: cannot delete %s %d: %d %+v", seed, plural, id, code, o.view(x.p))
			}
		}
	}
	x.clk.at = x.clk.at.Add(time.Hour)
	if left := x.sim.Dump("a"); len(left) > 0 {
		x.tb.Errorf("seed %d: left %v", seed, left)
	}
	for _, a := range x.p.Actions {
		if s := a.view(x.clk.at); s.Status != "success" || len(s.Resources) == 0 {
			x.tb.Fatalf("seed %d: action %+v", seed, s)
		}
	}
}
