package sequences

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log"
	"maps"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hetznercloud/hcloud-go/v2/hcloud"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	kubeclient "sigs.k8s.io/controller-runtime/pkg/client"

	catalyst "github.com/openova-io/catalyst/apis/v1alpha1"
	"github.com/openova-io/catalyst/providers/provider-hcloud/apis/v1alpha1"
	"github.com/openova-io/catalyst/test/hcloudsim"
)

var (
	sequences = flag.Int("sequences", 20, "number of random sequences")
	seed      = flag.Uint64("seed", 1, "seed of the first sequence; the others follow")
	verbose   = flag.Bool("story", false, "print what happens in each sequence")
)

const token = "sim-token-0123456789012345678901234567890123456789012345678901234"

// prefix of what the cluster is called at Hetzner.
const prefix = "catalyst-omantel-hz-fsn-mgt-prod"

func TestMain(m *testing.M) {
	// The Terraform provider writes to the standard logger.
	log.SetOutput(io.Discard)
	os.Exit(m.Run())
}

// TestSequences creates a HostCluster, scales and edits it, deletes it, and has
// Hetzner, the provider and people get in the way. What is asked for comes about
// once they let it, nothing is made twice, what is to stay stays the one it was,
// what belongs to others is not touched, and nothing is left in the end.
func TestSequences(t *testing.T) {
	functions := startFunctions(t, map[string]string{catalyst.KindHostCluster: "hostcluster", catalyst.KindNodePool: "nodepool"})
	for n := range uint64(*sequences) { //nolint:gosec // Not negative.
		t.Run(fmt.Sprint(*seed+n), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { run(t, functions, *seed+n) })
		})
	}
}

// A sequence of things that happen to one HostCluster.
type sequence struct {
	*plane

	t        *testing.T
	seed     uint64
	sim      *hcloudsim.Sim
	provider *provider
	log      []string
	start    time.Time
	foreign  map[string]string
	// asked says that Hetzner was asked for something since the last check.
	asked bool
	// people have a client of their own, and so do the cluster's controllers.
	people *hcloud.Client
	made   int
	// wanted workers and control planes, and the most since all was settled.
	workers, heads, mostWorkers int
	keys                        int
	deleted                     bool
	// kept servers: the id of each that is to stay, by the name of its object.
	kept map[string]string
}

func run(t *testing.T, functions map[string]*function, seed uint64) {
	t.Helper()
	s := &sequence{t: t, seed: seed, start: time.Now(), kept: map[string]string{}}
	rng := rand.New(rand.NewPCG(seed, 0)) //nolint:gosec // Random on purpose, and repeatable.
	p, err := newPlane(rng, s.notef)
	if err != nil {
		t.Fatal(err)
	}
	s.plane = p
	s.sim = hcloudsim.New(hcloudsim.Config{
		Tokens:          map[string]string{token: "default"},
		ActionDuration:  time.Duration(rng.IntN(4)) * time.Second,
		FirewallRelease: time.Duration(rng.IntN(3)) * time.Minute,
	})
	api := newWire(fmt.Sprintf("hetzner-%d.test", seed), http.HandlerFunc(s.serve))
	defer api.stop()
	people := newWire(fmt.Sprintf("people-%d.test", seed), s.sim)
	defer people.stop()
	s.restart()
	for kind, f := range functions {
		s.look[catalyst.SchemeGroupVersion.WithKind(kind).GroupKind()] = func(i item) (time.Duration, error) { return s.compose(f, i) }
	}
	for _, gvk := range managedKinds() {
		s.look[gvk.GroupKind()] = s.manage
	}
	s.configure(api.host)
	s.others(people.host)

	s.apply0()
	for range 3 + rng.IntN(5) {
		s.happen()
		s.pass(time.Duration(rng.IntN(300)) * time.Second)
		if rng.IntN(4) == 0 {
			s.settle()
		}
	}
	if rng.IntN(2) == 0 {
		s.settle()
	}
	s.end()
}

func (s *sequence) notef(format string, args ...any) {
	line := fmt.Sprintf("%8.1fs ", time.Since(s.start).Seconds()) + fmt.Sprintf(format, args...)
	if len(line) > 1200 {
		line = line[:1200]
	}
	if *verbose {
		fmt.Println(line) //nolint:forbidigo // Asked for.
	}
	s.log = append(s.log, line)
}

func (s *sequence) failf(format string, args ...any) {
	s.t.Helper()
	tail := s.log[max(0, len(s.log)-60):]
	s.t.Fatalf("%s\nAgain: go test ./providers/provider-hcloud/internal/sequences -run TestSequences -sequences 1 -seed %d -story\n%s", fmt.Sprintf(format, args...), s.seed, strings.Join(tail, "\n"))
}

// manage looks at a managed resource as the provider does, and starts the
// provider again when it died of it.
func (s *sequence) manage(i item) (time.Duration, error) {
	after, err := s.provider.reconcile(i)
	if s.provider.dead {
		s.notef("the provider died while it looked at %s", i)
		s.restart()
		return 0, nil
	}
	if err != nil {
		if o, ok := s.objects[i]; ok {
			return after, fmt.Errorf("%w: %s", err, unsettled(o))
		}
	}
	return after, err
}

// restart the provider: what it remembered is gone, and it looks at everything.
func (s *sequence) restart() {
	var err error
	if s.provider, err = startProvider(s.kube); err != nil {
		s.t.Fatal(err)
	}
	for i := range s.objects {
		s.enqueue(i, time.Now())
	}
}

func (s *sequence) create(o kubeclient.Object) {
	s.t.Helper()
	if err := s.kube.Create(context.Background(), o); err != nil {
		s.t.Fatal(err)
	}
}

func (s *sequence) configure(host string) {
	s.create(&corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "catalyst-system", Name: "hcloud-token"}, Data: map[string][]byte{"token": []byte(token)}})
	cfg := &v1alpha1.ClusterProviderConfig{ObjectMeta: metav1.ObjectMeta{Name: "default"}}
	cfg.Spec.Endpoint = "http://" + host + "/v1"
	raw := `{"source": "Secret", "secretRef": {"namespace": "catalyst-system", "name": "hcloud-token", "key": "token"}}`
	if err := json.Unmarshal([]byte(raw), &cfg.Spec.Credentials); err != nil {
		s.t.Fatal(err)
	}
	s.create(cfg)
}

// others have things in the project, with names and labels much like ours.
func (s *sequence) others(host string) {
	ctx := context.Background()
	s.people = hcloud.NewClient(hcloud.WithEndpoint("http://"+host+"/v1"), hcloud.WithToken(token), hcloud.WithHTTPClient(&http.Client{Transport: &http.Transport{DialContext: http.DefaultTransport.(*http.Transport).DialContext, DisableKeepAlives: true}}))
	api := s.people
	_, cidr, err := net.ParseCIDR("10.0.0.0/16")
	check := func(err error) {
		if err != nil {
			s.t.Fatal(err)
		}
	}
	check(err)
	net, _, err := api.Network.Create(ctx, hcloud.NetworkCreateOpts{Name: prefix + "-net-2", IPRange: cidr, Subnets: []hcloud.NetworkSubnet{{Type: "cloud", NetworkZone: "eu-central", IPRange: cidr}}})
	check(err)
	for _, name := range []string{prefix + "-w", prefix + "-w1-old", "catalyst-oman-hz-fsn-mgt-prod-w1", "workers-5f3a"} {
		_, _, err = api.Server.Create(ctx, hcloud.ServerCreateOpts{
			Name: name, ServerType: &hcloud.ServerType{Name: "cx33"}, Image: &hcloud.Image{Name: "ubuntu-24.04"}, Location: &hcloud.Location{Name: "fsn1"},
			Networks: []*hcloud.Network{net}, Labels: map[string]string{"hcloud/node-group": "workers", "openova.io/cluster": "hz-fsn-mgt-prod"},
		})
		check(err)
	}
	_, _, err = api.LoadBalancer.Create(ctx, hcloud.LoadBalancerCreateOpts{Name: prefix + "-lb-2", LoadBalancerType: &hcloud.LoadBalancerType{Name: "lb11"}, Location: &hcloud.Location{Name: "fsn1"}, Network: net})
	check(err)
	_, _, err = api.Firewall.Create(ctx, hcloud.FirewallCreateOpts{Name: prefix + "-fw-2"})
	check(err)
	_, _, err = api.PlacementGroup.Create(ctx, hcloud.PlacementGroupCreateOpts{Name: prefix + "-control", Type: "spread"})
	check(err)
	_, _, err = api.Volume.Create(ctx, hcloud.VolumeCreateOpts{Name: "pvc-other", Size: 10, Location: &hcloud.Location{Name: "fsn1"}})
	check(err)
	time.Sleep(time.Minute)
	s.foreign = s.dump()
}

// dump of what there is at Hetzner, by kind and id.
func (s *sequence) dump() map[string]string {
	out := map[string]string{}
	for plural, all := range s.sim.Dump("default") {
		for _, raw := range all {
			out[fmt.Sprintf("%s/%d", plural, read(raw).ID)] = string(raw)
		}
	}
	return out
}

type thing struct {
	ID     int64             `json:"id"`
	Name   string            `json:"name"`
	Labels map[string]string `json:"labels"`
}

func read(raw json.RawMessage) (out thing) {
	_ = json.Unmarshal(raw, &out)
	return out
}

// pass time.
func (s *sequence) pass(d time.Duration) {
	s.t.Helper()
	for until := time.Now().Add(d); s.step(until); {
		if s.looks > busy {
			s.failf("the control plane does not come to rest: %v", s.due)
		}
		if s.asked {
			s.asked = false
			s.check()
		}
	}
	s.check()
}

// busy is how often the control plane may look at something at one time: more
// is for ever.
const busy = 1000

const cluster = "hz-fsn-mgt-prod"

func (s *sequence) cluster() item {
	return item{GroupVersionKind: catalyst.SchemeGroupVersion.WithKind(catalyst.KindHostCluster), name: cluster}
}

// apply0 applies the HostCluster for the first time.
func (s *sequence) apply0() {
	s.workers, s.heads = s.rng.IntN(4), 1
	if s.rng.IntN(8) == 0 {
		s.heads = 3
	}
	s.mostWorkers, s.keys = s.workers, 1
	spec := catalyst.HostClusterSpec{}
	raw := fmt.Sprintf(`{"domain": "omantel.omani.works", "provider": "hetzner", "region": "fsn", "buildingBlock": "mgt", "envType": "prod",
		"network": {"cidr": "10.0.0.0/16", "subnet": "10.0.1.0/24"}, "kubernetes": {"version": "v1.31.4+k3s1"},
		"controlPlane": {"serverType": "cx43", "count": %d}, "workers": {"serverType": "cx33", "count": %d, "min": 0, "max": 10},
		"loadBalancer": {"type": "lb11"}, "ssh": {"publicKeys": [%q]}, "providerConfig": "default"}`, s.heads, s.workers, key(0))
	if err := json.Unmarshal([]byte(raw), &spec); err != nil {
		s.t.Fatal(err)
	}
	s.notef("create %s with %d control planes and %d workers", cluster, s.heads, s.workers)
	hc := &unstructured.Unstructured{}
	hc.SetGroupVersionKind(s.cluster().GroupVersionKind)
	hc.SetNamespace(namespace)
	hc.SetName(cluster)
	s.put(hc, &spec)
	s.create(hc)
}

// put the spec into the object.
func (s *sequence) put(hc *unstructured.Unstructured, spec *catalyst.HostClusterSpec) {
	m, err := runtime.DefaultUnstructuredConverter.ToUnstructured(spec)
	if err != nil {
		s.t.Fatal(err)
	}
	hc.Object["spec"] = m
}

func key(n int) string {
	return []string{
		"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl a",
		"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGJmXbA6h1QLb+cSGqv/V8YJAWzQ0r1f3LwF8e5eYv3b b",
	}[n]
}

// edit the HostCluster.
func (s *sequence) edit(what string, f func(spec *catalyst.HostClusterSpec)) {
	was, ok := s.objects[s.cluster()]
	if !ok || s.deleted {
		return
	}
	s.notef("edit: %s", what)
	hc, spec := was.DeepCopy(), &catalyst.HostClusterSpec{}
	m, _, _ := unstructured.NestedMap(hc.Object, "spec")
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(m, spec); err != nil {
		s.t.Fatal(err)
	}
	f(spec)
	s.put(hc, spec)
	if err := s.kube.Update(context.Background(), hc); err != nil {
		s.t.Fatal(err)
	}
}

func (s *sequence) scale(n int) {
	s.edit(fmt.Sprintf("%d workers", n), func(spec *catalyst.HostClusterSpec) { spec.Workers.Count = n })
	s.workers, s.mostWorkers = n, max(s.mostWorkers, n)
	s.forget()
}

// forget servers that need not stay.
func (s *sequence) forget() {
	for name := range s.kept {
		if !s.wanted(name) {
			delete(s.kept, name)
		}
	}
}

// wanted says whether an object of the server's name is to be there.
func (s *sequence) wanted(name string) bool {
	if s.deleted {
		return false
	}
	var role string
	var n int
	rest := strings.TrimPrefix(name, cluster+"-")
	switch {
	case strings.HasPrefix(rest, "cp"):
		role = "cp"
	case strings.HasPrefix(rest, "w"):
		role = "w"
	default:
		return false
	}
	if _, err := fmt.Sscanf(strings.TrimPrefix(rest, role), "%d", &n); err != nil || n < 1 {
		return false
	}
	return role == "cp" && n <= s.heads || role == "w" && n <= s.workers
}

// happen is what happens next.
func (s *sequence) happen() {
	for range 1 + s.rng.IntN(3) {
		switch s.rng.IntN(13) {
		case 12:
			s.serveAndClaim()
		case 0, 1, 2:
			s.scale(s.rng.IntN(5))
		case 3:
			s.rename()
		case 4:
			s.edit("load balancer type", func(spec *catalyst.HostClusterSpec) {
				spec.LoadBalancer.Type = []string{"lb11", "lb21"}[s.rng.IntN(2)]
			})
		case 5:
			s.edit("who may use SSH", func(spec *catalyst.HostClusterSpec) {
				spec.SSH.AllowedCIDRs = [][]string{nil, {"192.0.2.0/24"}, {"198.51.100.0/24", "192.0.2.0/24"}}[s.rng.IntN(3)]
			})
		case 6:
			s.kill()
		default:
			s.fault()
		}
	}
}

// serveAndClaim has the cluster's own controllers make a load balancer and a
// volume, as far as they can.
func (s *sequence) serveAndClaim() {
	ctx := context.Background()
	s.made++
	n, _, err := s.people.Network.GetByName(ctx, prefix+"-net")
	if err != nil || n == nil {
		return
	}
	w, _, err := s.people.Server.GetByName(ctx, fmt.Sprintf("%s-w%d", prefix, 1+s.rng.IntN(max(1, s.workers))))
	if err != nil || w == nil {
		return
	}
	name := fmt.Sprintf("a%d", s.made)
	_, _, err = s.people.LoadBalancer.Create(ctx, hcloud.LoadBalancerCreateOpts{
		Name: name, LoadBalancerType: &hcloud.LoadBalancerType{Name: "lb11"}, Location: &hcloud.Location{Name: "fsn1"}, Network: n,
		Labels: map[string]string{"hcloud-ccm/service-uid": name},
	})
	s.notef("the cluster makes load balancer %s: %v", name, err)
	_, _, err = s.people.Volume.Create(ctx, hcloud.VolumeCreateOpts{Name: "pvc-" + name, Size: 10, Server: w, Labels: map[string]string{
		"managed-by": "csi-driver", "openova.io/cluster": cluster, "catalyst.openova.io/sovereign": "omantel.omani.works",
	}})
	s.notef("the cluster makes volume pvc-%s on %s: %v", name, w.Name, err)
}

// rename keys: there is one or there are two.
func (s *sequence) rename() {
	s.edit("SSH keys", func(spec *catalyst.HostClusterSpec) {
		spec.SSH.PublicKeys = [][]string{{key(0)}, {key(1)}, {key(0), key(1)}}[s.rng.IntN(3)]
	})
}

// kill the provider in a moment.
func (s *sequence) kill() {
	p := s.provider
	p.before = s.rng.IntN(2) == 0
	if s.rng.IntN(2) == 0 {
		p.writes = 1 + s.rng.IntN(12)
		s.notef("the provider is to die with write %d, before it is carried out: %t", p.writes, p.before)
		return
	}
	p.requests = 1 + s.rng.IntN(12)
	s.notef("the provider is to die with request %d, before it is carried out: %t", p.requests, p.before)
}

// fault of Hetzner's.
func (s *sequence) fault() {
	one := func(of ...string) string { return of[s.rng.IntN(len(of))] }
	path := one("", "/servers", "/load_balancers", "/networks", "/firewalls", "/ssh_keys", "/placement_groups", "/*/*", "/*/*/actions/*", "/actions")
	method := one(http.MethodPost, http.MethodPost, http.MethodDelete, http.MethodGet, http.MethodPut, "")
	count := 1 + s.rng.IntN(4)
	f := hcloudsim.Fault{Method: method, Path: path, Count: count}
	switch s.rng.IntN(12) {
	case 0, 1:
		f.Effect = hcloudsim.EffectLose
	case 2:
		f.Effect = hcloudsim.EffectDrop
	case 3:
		f.Effect, f.Status, f.Body = hcloudsim.EffectAnswer, []int{500, 502, 503, 504}[s.rng.IntN(4)], "upstream is away"
	case 4:
		f.Effect, f.Code = hcloudsim.EffectAnswer, one("locked", "conflict", "service_error", "timeout", "resource_in_use", "unavailable")
	case 5:
		f = hcloudsim.Fault{Effect: hcloudsim.EffectRateLimit, Seconds: float64(5 + s.rng.IntN(600))}
	case 6:
		f = hcloudsim.Fault{Effect: hcloudsim.EffectStale, Behind: float64(1 + s.rng.IntN(60)), Seconds: float64(30 + s.rng.IntN(300))}
	case 7:
		f = hcloudsim.Fault{Effect: hcloudsim.EffectInUse, Path: one("/firewalls/*", "/networks/*", "/placement_groups/*", "/*/*"), Seconds: float64(10 + s.rng.IntN(300))}
	case 8:
		f = hcloudsim.Fault{Effect: hcloudsim.EffectSlow, Command: one("", "create_server", "delete_server", "create_load_balancer", "attach_to_network"), Behind: float64(5 + s.rng.IntN(900)), Count: count}
	case 9:
		f = hcloudsim.Fault{Effect: hcloudsim.EffectFailAction, Command: one("", "create_server", "start_server", "add_target", "attach_to_network", "delete_server", "add_service", "apply_firewall"), Count: count}
	case 10:
		f = hcloudsim.Fault{Effect: hcloudsim.EffectCapacity, Code: one("resource_unavailable", "placement_error"), Seconds: float64(10 + s.rng.IntN(600))}
	case 11:
		f = hcloudsim.Fault{Effect: hcloudsim.EffectDelay, Method: method, Path: path, Count: count, Behind: float64(1 + s.rng.IntN(60))}
	}
	raw, _ := json.Marshal(f) //nolint:errchkjson // It can be.
	s.notef("fault: %s", raw)
	if _, err := s.sim.Inject(f); err != nil {
		s.t.Fatal(err)
	}
}

// check what must hold at any time.
func (s *sequence) check() {
	s.t.Helper()
	now := s.dump()
	names := map[string]string{}
	for id, raw := range now {
		th := read(json.RawMessage(raw))
		plural, _, _ := strings.Cut(id, "/")
		if th.Name == "" {
			continue
		}
		if other, ok := names[plural+th.Name]; ok {
			s.failf("%s and %s are both called %s", other, id, th.Name)
		}
		names[plural+th.Name] = id
	}
	for id, raw := range s.foreign {
		if now[id] != raw {
			s.failf("somebody else's %s was changed\nfrom %s\nto   %s", id, raw, now[id])
		}
	}
	s.checkKept(now)
}

// checkKept checks that servers that are to stay are the ones they were.
func (s *sequence) checkKept(now map[string]string) {
	s.t.Helper()
	for i, o := range s.objects {
		id := o.GetAnnotations()["crossplane.io/external-name"]
		if i.Kind != "Server" || id == "" {
			continue
		}
		if !s.wanted(i.name) {
			continue
		}
		had := s.kept[i.name]
		switch {
		case had == "" && o.GetDeletionTimestamp() == nil && now["servers/"+id] != "":
			s.kept[i.name] = id
		case had != "" && had != id:
			s.failf("server %s was number %s and is %s", i.name, had, id)
		case had != "" && o.GetDeletionTimestamp() != nil:
			s.failf("server %s is being deleted", i.name)
		}
	}
	for name, id := range s.kept {
		if now["servers/"+id] == "" {
			s.failf("server %s, number %s, is gone", name, id)
		}
	}
}

// settle lets nobody get in the way until all is as it was asked for.
func (s *sequence) settle() {
	s.t.Helper()
	if s.deleted {
		return
	}
	s.heal()
	var open []string
	for range 240 {
		s.pass(30 * time.Second)
		if open = s.open(); len(open) == 0 {
			s.notef("settled")
			s.mostWorkers = s.workers
			return
		}
	}
	s.failf("not settled: %s", strings.Join(open, "\n"))
}

// heal everything.
func (s *sequence) heal() {
	s.notef("nobody gets in the way any more")
	s.sim.Heal(0)
	s.provider.writes, s.provider.requests = -1, -1
}

// open is what is not as it was asked for.
func (s *sequence) open() []string {
	var out []string
	for i, o := range s.objects {
		if strings.HasSuffix(i.Group, ".openova.io") && i.Kind != "ProviderConfigUsage" {
			if u := unsettled(o); u != "" {
				out = append(out, fmt.Sprintf("%s: %s", i, u))
			}
		}
	}
	var want, have []string
	for n := range s.heads {
		want = append(want, fmt.Sprintf("%s-cp%d", prefix, n+1))
	}
	for n := range s.workers {
		want = append(want, fmt.Sprintf("%s-w%d", prefix, n+1))
	}
	for id, raw := range s.dump() {
		if _, ok := s.foreign[id]; !ok && strings.HasPrefix(id, "servers/") {
			have = append(have, read(json.RawMessage(raw)).Name)
		}
	}
	slices.Sort(have)
	if !slices.Equal(want, have) {
		out = append(out, fmt.Sprintf("servers are %v, want %v", have, want))
	}
	slices.Sort(out)
	return out
}

func unsettled(o *unstructured.Unstructured) string {
	if o.GetDeletionTimestamp() != nil {
		return "is being deleted " + conditions(o)
	}
	status := map[string]string{}
	conds, _, _ := unstructured.NestedSlice(o.Object, "status", "conditions")
	for _, c := range conds {
		m, _ := c.(map[string]any)
		status[fmt.Sprint(m["type"])] = fmt.Sprint(m["status"])
	}
	if status["Ready"] == "True" && status["Synced"] == "True" {
		return ""
	}
	return "is not ready " + conditions(o)
}

func conditions(o *unstructured.Unstructured) string {
	conds, _, _ := unstructured.NestedSlice(o.Object, "status", "conditions")
	out := map[string]string{}
	for _, c := range conds {
		m, _ := c.(map[string]any)
		out[fmt.Sprint(m["type"])] = fmt.Sprint(m["status"], " ", m["reason"], " ", m["message"])
	}
	sum, _, _ := unstructured.NestedString(o.Object, "status", "summary")
	return fmt.Sprint(out, sum)
}

// end of the cluster: it is deleted while things get in the way, and in the end
// nothing is left of it.
func (s *sequence) end() {
	s.t.Helper()
	policy := []metav1.DeletionPropagation{metav1.DeletePropagationBackground, metav1.DeletePropagationForeground}[s.rng.IntN(2)]
	s.notef("delete the cluster, %s", policy)
	s.deleted, s.kept = true, map[string]string{}
	if err := s.remove(s.cluster(), policy); err != nil {
		s.t.Fatal(err)
	}
	for range s.rng.IntN(4) {
		s.pass(time.Duration(s.rng.IntN(120)) * time.Second)
		if s.rng.IntN(4) == 0 {
			s.kill()
		} else {
			s.fault()
		}
	}
	s.pass(time.Duration(s.rng.IntN(300)) * time.Second)
	s.heal()
	var left []string
	for range 240 {
		s.pass(30 * time.Second)
		left = nil
		for i, o := range s.objects {
			if i.Kind != "ProviderConfigUsage" {
				left = append(left, i.String()+" "+conditions(o))
			}
		}
		if len(left) == 0 {
			break
		}
	}
	slices.Sort(left)
	now := s.dump()
	for _, id := range slices.Sorted(maps.Keys(now)) {
		if _, ok := s.foreign[id]; !ok {
			left = append(left, now[id])
		}
	}
	if len(left) > 0 {
		s.failf("left over:\n%s", strings.Join(left, "\n"))
	}
}
