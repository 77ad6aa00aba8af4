package leftovers

import (
	"context"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hetznercloud/hcloud-go/v2/hcloud"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/openova-io/catalyst/providers/provider-hcloud/apis/v1alpha1"
	"github.com/openova-io/catalyst/test/hcloudsim"
)

// A project with two clusters in it.
type project struct {
	t        *testing.T
	sim      *hcloudsim.Sim
	api      *hcloud.Client
	requests int
	// later is how much of the time has passed that nobody waited for.
	later time.Duration

	network, other *hcloud.Network
	// w1 is the cluster's, b1 the other one's.
	w1, b1 *hcloud.Server
}

var mine = map[string]string{"openova.io/cluster": "a"}

func newProject(t *testing.T) *project {
	t.Helper()
	p := &project{t: t, sim: hcloudsim.New(hcloudsim.Config{Tokens: map[string]string{"sim": "default"}})}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.requests++
		p.sim.ServeHTTP(w, r)
	}))
	t.Cleanup(srv.Close)
	p.api = hcloud.NewClient(hcloud.WithEndpoint(srv.URL+"/v1"), hcloud.WithToken("sim"), hcloud.WithRetryOpts(hcloud.RetryOpts{MaxRetries: 0}))
	p.network, p.other = p.net("a"), p.net("b")
	p.w1 = p.server("a-w1", p.network, mine)
	p.b1 = p.server("b-w1", p.other, map[string]string{"openova.io/cluster": "b"})
	return p
}

func (p *project) check(err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
}

func (p *project) net(name string) *hcloud.Network {
	p.t.Helper()
	_, cidr, err := net.ParseCIDR("10.0.0.0/16")
	p.check(err)
	n, _, err := p.api.Network.Create(p.t.Context(), hcloud.NetworkCreateOpts{Name: name, IPRange: cidr, Subnets: []hcloud.NetworkSubnet{{Type: "cloud", NetworkZone: "eu-central", IPRange: cidr}}})
	p.check(err)
	return n
}

func (p *project) server(name string, n *hcloud.Network, labels map[string]string) *hcloud.Server {
	p.t.Helper()
	r, _, err := p.api.Server.Create(p.t.Context(), hcloud.ServerCreateOpts{
		Name: name, ServerType: &hcloud.ServerType{Name: "cx33"}, Image: &hcloud.Image{Name: "ubuntu-24.04"},
		Location: &hcloud.Location{Name: "fsn1"}, Networks: []*hcloud.Network{n}, Labels: labels,
	})
	p.check(err)
	return r.Server
}

func (p *project) loadBalancer(name string, n *hcloud.Network, labels map[string]string, targets ...*hcloud.Server) *hcloud.LoadBalancer {
	p.t.Helper()
	opts := hcloud.LoadBalancerCreateOpts{Name: name, LoadBalancerType: &hcloud.LoadBalancerType{Name: "lb11"}, Location: &hcloud.Location{Name: "fsn1"}, Network: n, Labels: labels}
	for _, s := range targets {
		opts.Targets = append(opts.Targets, hcloud.LoadBalancerCreateOptsTarget{Type: "server", Server: hcloud.LoadBalancerCreateOptsTargetServer{Server: s}})
	}
	r, _, err := p.api.LoadBalancer.Create(p.t.Context(), opts)
	p.check(err)
	return r.LoadBalancer
}

func (p *project) volume(name string, s *hcloud.Server, labels map[string]string) *hcloud.Volume {
	p.t.Helper()
	opts := hcloud.VolumeCreateOpts{Name: name, Size: 10, Labels: labels, Server: s}
	if s == nil {
		opts.Location = &hcloud.Location{Name: "fsn1"}
	}
	r, _, err := p.api.Volume.Create(p.t.Context(), opts)
	p.check(err)
	return r.Volume
}

// there are load balancers and volumes of these names.
func (p *project) there() []string {
	p.t.Helper()
	lbs, err := p.api.LoadBalancer.All(p.t.Context())
	p.check(err)
	volumes, err := p.api.Volume.All(p.t.Context())
	p.check(err)
	out := []string{}
	for _, lb := range lbs {
		out = append(out, lb.Name)
	}
	for _, v := range volumes {
		out = append(out, v.Name)
	}
	slices.Sort(out)
	return out
}

func (p *project) leftovers() *v1alpha1.ClusterLeftovers {
	mg := &v1alpha1.ClusterLeftovers{}
	mg.Spec.ForProvider = v1alpha1.ClusterLeftoversParameters{NetworkID: new(fmt.Sprint(p.network.ID)), ServerSelector: "openova.io/cluster=a", VolumeLabels: mine}
	return mg
}

// lag of lists.
const lag = time.Minute

func (p *project) external() *external {
	return &external{api: p.api, lag: lag, now: func() time.Time { return time.Now().Add(p.later) }}
}

// remove the leftovers as a managed reconciler does, in so many attempts, and
// wait between them as long as it would.
func (p *project) remove(mg *v1alpha1.ClusterLeftovers, attempts int) (gone bool) {
	p.t.Helper()
	now := metav1.Now()
	mg.DeletionTimestamp = &now
	for range attempts {
		e := p.external()
		o, err := e.Observe(context.Background(), mg)
		p.check(err)
		if !o.ResourceExists {
			return true
		}
		_, err = e.Delete(context.Background(), mg)
		p.check(err)
		p.later += pace(mg)
	}
	return false
}

func with(labels map[string]string, kv ...string) map[string]string {
	out := maps.Clone(labels)
	for i := 0; i < len(kv); i += 2 {
		out[kv[i]] = kv[i+1]
	}
	return out
}

var (
	ccm = map[string]string{byCCM: "3f1d"}
	csi = map[string]string{"managed-by": "csi-driver", "pvc-name": "data"}
)

func TestDelete(t *testing.T) {
	cases := map[string]struct {
		reason string
		make   func(p *project)
		want   []string
		gone   bool
	}{
		"Nothing":            {reason: "A cluster that made nothing has no leftovers", make: func(*project) {}, want: []string{}, gone: true},
		"InNetwork":          {reason: "A Service's load balancer in the cluster's network", make: func(p *project) { p.loadBalancer("a1", p.network, ccm) }, want: []string{}, gone: true},
		"Targets":            {reason: "A Service's load balancer that reaches the servers in public", make: func(p *project) { p.loadBalancer("a1", nil, ccm, p.w1) }, want: []string{}, gone: true},
		"Attached":           {reason: "A claim's volume, from its server", make: func(p *project) { p.volume("pvc-1", p.w1, csi) }, want: []string{}, gone: true},
		"Labelled":           {reason: "A claim's volume that no pod uses, by the cluster's labels", make: func(p *project) { p.volume("pvc-1", nil, with(csi, "openova.io/cluster", "a")) }, want: []string{}, gone: true},
		"OtherNetwork":       {reason: "Another cluster's load balancer stays", make: func(p *project) { p.loadBalancer("b1", p.other, ccm) }, want: []string{"b1"}, gone: true},
		"OtherTargets":       {reason: "One that is in the network and serves another cluster stays", make: func(p *project) { p.loadBalancer("b1", p.network, ccm, p.b1) }, want: []string{"b1"}, gone: true},
		"SharedTargets":      {reason: "One that serves both stays", make: func(p *project) { p.loadBalancer("ab", nil, ccm, p.w1, p.b1) }, want: []string{"ab"}, gone: true},
		"OtherVolume":        {reason: "Another cluster's volume stays", make: func(p *project) { p.volume("pvc-b", p.b1, csi) }, want: []string{"pvc-b"}, gone: true},
		"OtherUnattached":    {reason: "A volume that hangs on nothing and says nothing stays", make: func(p *project) { p.volume("pvc-b", nil, csi) }, want: []string{"pvc-b"}, gone: true},
		"OurLabelsElsewhere": {reason: "A volume that another cluster uses stays, whatever its labels", make: func(p *project) { p.volume("pvc-b", p.b1, with(csi, "openova.io/cluster", "a")) }, want: []string{"pvc-b"}, gone: true},
		"ByHandLoadBalancer": {reason: "A load balancer that somebody made stays", make: func(p *project) { p.loadBalancer("mine", p.network, nil, p.w1) }, want: []string{"mine"}, gone: true},
		"ByHandVolume":       {reason: "A volume that somebody made and attached stays", make: func(p *project) { p.volume("mine", p.w1, mine) }, want: []string{"mine"}, gone: true},
		"Managed": {reason: "A load balancer of Catalyst's that serves a Service too is not a leftover", make: func(p *project) {
			p.loadBalancer("lb", p.network, with(ccm, "openova.io/managed-by", "catalyst"), p.w1)
		}, want: []string{"lb"}, gone: true},
		"Keep": {reason: "What is labelled to stay stays", make: func(p *project) {
			p.volume("pvc-1", p.w1, with(csi, LabelKeep, ""))
			p.loadBalancer("a1", p.network, with(ccm, LabelKeep, "yes"))
		}, want: []string{"a1", "pvc-1"}, gone: true},
		"ProtectedVolume":     {reason: "What is protected is waited for", make: func(p *project) { p.protect(p.volume("pvc-1", p.w1, csi)); p.volume("pvc-2", p.w1, csi) }, want: []string{"pvc-1"}},
		"SeveralPages":        {reason: "Lists have pages", make: func(p *project) { p.many(60) }, want: []string{}, gone: true},
		"SimilarClusterLabel": {reason: "A label of another value is another's", make: func(p *project) { p.volume("pvc-b", nil, with(csi, "openova.io/cluster", "ab")) }, want: []string{"pvc-b"}, gone: true},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			p := newProject(t)
			tc.make(p)
			mg := p.leftovers()
			gone := p.remove(mg, 10)
			if diff := cmp.Diff(tc.gone, gone); diff != "" {
				t.Errorf("%s: gone: -want, +got:\n%s", tc.reason, diff)
			}
			if diff := cmp.Diff(tc.want, p.there()); diff != "" {
				t.Errorf("%s: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func (p *project) protect(v *hcloud.Volume) {
	p.t.Helper()
	_, _, err := p.api.Volume.ChangeProtection(p.t.Context(), v, hcloud.VolumeChangeProtectionOpts{Delete: new(true)})
	p.check(err)
}

func (p *project) many(n int) {
	p.t.Helper()
	for i := range n {
		p.volume(fmt.Sprintf("pvc-%d", i), nil, with(csi, "openova.io/cluster", "a"))
	}
}

func TestCondition(t *testing.T) {
	p := newProject(t)
	p.loadBalancer("a1", p.network, ccm)
	v := p.volume("pvc-1", p.w1, csi)
	mg := p.leftovers()
	p.remove(mg, 1)
	if diff := cmp.Diff([]string{`LoadBalancer "a1"`, `Volume "pvc-1"`}, mg.Status.AtProvider.Remaining); diff != "" {
		t.Errorf("what is left: -want, +got:\n%s", diff)
	}
	if diff := cmp.Diff(`Waits until these are gone: LoadBalancer "a1", Volume "pvc-1"`, mg.GetCondition(TypeCleared).Message); diff != "" {
		t.Errorf("what is waited for: -want, +got:\n%s", diff)
	}
	p.protect(v)
	p.remove(mg, 1)
	want := `Protected against deletion: Volume "pvc-1". Lift the protection, or keep what is to stay with the label hcloud.openova.io/keep`
	if diff := cmp.Diff(want, mg.GetCondition(TypeCleared).Message); diff != "" {
		t.Errorf("what somebody has to do: -want, +got:\n%s", diff)
	}
	if diff := cmp.Diff(ReasonProtected, mg.GetCondition(TypeCleared).Reason); diff != "" {
		t.Errorf("reason: -want, +got:\n%s", diff)
	}
}

// A volume that left its server on the way is still the cluster's.
func TestServersGone(t *testing.T) {
	p := newProject(t)
	p.volume("pvc-1", p.w1, csi)
	mg := p.leftovers()
	p.remove(mg, 1)
	_, _, err := p.api.Server.DeleteWithResult(t.Context(), p.w1)
	p.check(err)
	if !p.remove(mg, 5) {
		t.Errorf("not gone: %v", mg.Status.AtProvider.Remaining)
	}
	if diff := cmp.Diff([]string{}, p.there()); diff != "" {
		t.Errorf("left: -want, +got:\n%s", diff)
	}
}

func TestAsksNothingWhileAlive(t *testing.T) {
	p := newProject(t)
	p.volume("pvc-1", p.w1, csi)
	p.requests = 0
	mg := p.leftovers()
	o, err := p.external().Observe(t.Context(), mg)
	p.check(err)
	if !o.ResourceExists || !o.ResourceUpToDate || p.requests != 0 {
		t.Errorf("Observe(...) = %v with %d requests", o, p.requests)
	}
	if strings.Contains(fmt.Sprint(mg.Status), "pvc-1") {
		t.Errorf("status says what nobody asked for: %v", mg.Status)
	}
}

// What Hetzner refuses is tried again, and says the same each time.
func TestRefused(t *testing.T) {
	p := newProject(t)
	p.loadBalancer("a1", p.network, ccm)
	p.volume("pvc-1", nil, with(csi, "openova.io/cluster", "a"))
	_, err := p.sim.Inject(hcloudsim.Fault{Effect: hcloudsim.EffectAnswer, Code: "locked", Message: "busy", Method: http.MethodDelete, Path: "/load_balancers/*", Count: 2})
	p.check(err)
	mg := p.leftovers()
	now := metav1.Now()
	mg.DeletionTimestamp = &now
	for range 2 {
		e := p.external()
		_, err := e.Observe(t.Context(), mg)
		p.check(err)
		_, err = e.Delete(t.Context(), mg)
		if diff := cmp.Diff(`LoadBalancer "a1": locked: busy`, fmt.Sprint(err)); diff != "" {
			t.Errorf("-want, +got:\n%s", diff)
		}
	}
	if diff := cmp.Diff([]string{"a1"}, p.there()); diff != "" {
		t.Errorf("one refusal keeps nothing else: -want, +got:\n%s", diff)
	}
	if !p.remove(mg, 4) {
		t.Error("not gone")
	}
}

// What lists do not have yet is waited for.
func TestListsBehind(t *testing.T) {
	p := newProject(t)
	fault, err := p.sim.Inject(hcloudsim.Fault{Effect: hcloudsim.EffectStale, Behind: 3600})
	p.check(err)
	p.loadBalancer("a1", p.network, ccm)
	p.volume("pvc-1", p.w1, csi)
	mg := p.leftovers()
	if p.remove(mg, 1) {
		t.Error("gone with the first empty list")
	}
	until := mg.Status.AtProvider.QuietUntil
	if until == nil || pace(mg) < lag-time.Second || pace(mg) > lag+time.Second {
		t.Fatalf("quiet until %v, looked at again in %s; want in %s", until, pace(mg), lag)
	}
	want := "Nothing is left as far as lists tell, which may be behind. Looks again at " + until.UTC().Format(time.RFC3339)
	if diff := cmp.Diff(want, mg.GetCondition(TypeCleared).Message); diff != "" {
		t.Errorf("what is waited for: -want, +got:\n%s", diff)
	}
	p.sim.Heal(fault)
	if p.remove(mg, 1) || mg.Status.AtProvider.QuietUntil != nil {
		t.Errorf("something was found, and it is quiet until %v", mg.Status.AtProvider.QuietUntil)
	}
	if !p.remove(mg, 5) {
		t.Errorf("not gone: %v", mg.Status.AtProvider.Remaining)
	}
	if diff := cmp.Diff([]string{}, p.there()); diff != "" {
		t.Errorf("left: -want, +got:\n%s", diff)
	}
}
