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
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hetznercloud/hcloud-go/v2/hcloud"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	kubeclient "sigs.k8s.io/controller-runtime/pkg/client"

	catalyst "github.com/openova-io/catalyst/apis/v1alpha1"
	"github.com/openova-io/catalyst/internal/hetzner"
	"github.com/openova-io/catalyst/providers/provider-hcloud/apis/v1alpha1"
	"github.com/openova-io/catalyst/test/hcloudsim"
)

var (
	sequences = flag.Int("sequences", 20, "number of random sequences")
	seed      = flag.Uint64("seed", 1, "seed of the first sequence; the others follow")
	verbose   = flag.Bool("story", false, "print what happens in each sequence")
)

// Tokens of the provider and of people. Faults are the provider's alone.
const (
	token       = "sim-token-0123456789012345678901234567890123456789012345678901234"
	peopleToken = "sim-token-people-6789012345678901234567890123456789012345678901234"
)

// prefix of what the cluster is called at Hetzner.
const prefix = "catalyst-omantel-hz-fsn-mgt-prod"

func TestMain(m *testing.M) {
	// The Terraform provider writes to the standard logger.
	log.SetOutput(io.Discard)
	// There is little to keep and much to throw away.
	debug.SetGCPercent(400)
	code := m.Run()
	for _, stop := range slices.Backward(stops) {
		stop()
	}
	os.Exit(code)
}

// TestSequences creates a HostCluster, scales and edits it, deletes it, and has
// Hetzner, the provider and people get in the way. What is asked for comes about
// once they let it, nothing is made twice, what is to stay stays the one it was,
// what belongs to others is not touched, and nothing is left in the end.
func TestSequences(t *testing.T) {
	started, err := functions()
	if err != nil {
		t.Fatal(err)
	}
	for n := range uint64(*sequences) { //nolint:gosec // Not negative.
		t.Run(fmt.Sprint(*seed+n), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { run(t, started, *seed+n) })
		})
	}
}

// TestDrifts has people do to a cluster at Hetzner whatever they can, one thing
// after the other. Each is put right, and nothing else is touched.
func TestDrifts(t *testing.T) {
	started, err := functions()
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		s := begin(t, started, 0)
		s.apply0()
		s.edit("3 workers", func(spec *catalyst.HostClusterSpec) { spec.Workers.Count = 3 })
		s.settle()
		for _, d := range drifts() {
			for _, th := range s.ours(d.of) {
				err := d.do(t.Context(), s, th)
				s.notef("people %s %s: %v", d.what, th.Name, err)
				if err != nil {
					s.failf("people cannot %s %s: %v", d.what, th.Name, err)
				}
				s.settle()
				if d.of == "servers" && strings.HasSuffix(th.Name, "-w1") {
					break
				}
			}
		}
		s.end()
	})
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
	// foreign things, which nobody may change: each by kind and id.
	foreign map[string]string
	// strangers are things that were made later under names that are ours, and
	// elastic are the cluster's autoscaler's servers, by kind and id.
	strangers map[string]*stranger
	elastic   map[string]hcloud.ServerCreateOpts
	// doomed are servers that people have deleted.
	doomed map[string]bool
	// read things, by how they were written.
	read map[string]thing
	// asked says that Hetzner was asked to change something since the last check.
	asked bool
	// people have a client of their own, and so do the cluster's controllers.
	people *hcloud.Client
	made   int
	// between says in how many of the provider's requests others get in between.
	// They do when it is inside.
	between int
	inside  bool
	// spec of the HostCluster as it was applied last.
	spec    *catalyst.HostClusterSpec
	edited  time.Time
	deleted bool
	// kept things: the id of each that is to stay, by its object.
	kept map[item]string
}

// begin with the things of others, and no cluster.
func begin(t *testing.T, functions map[string]*function, seed uint64) *sequence {
	t.Helper()
	s := &sequence{
		t: t, seed: seed, start: time.Now(), kept: map[item]string{}, doomed: map[string]bool{}, read: map[string]thing{},
		strangers: map[string]*stranger{}, elastic: map[string]hcloud.ServerCreateOpts{},
	}
	rng := rand.New(rand.NewPCG(seed, 0)) //nolint:gosec // Random on purpose, and repeatable.
	p, err := newPlane(rng, s.notef)
	if err != nil {
		t.Fatal(err)
	}
	s.plane = p
	skew := time.Duration(rng.IntN(41)-20) * time.Second
	s.sim = hcloudsim.New(hcloudsim.Config{
		Tokens:          map[string]string{token: "default", peopleToken: "default"},
		ActionDuration:  time.Duration(rng.IntN(4)) * time.Second,
		FirewallRelease: time.Duration(rng.IntN(3)) * time.Minute,
		StrictLocks:     rng.IntN(3) == 0,
		OldTargetCodes:  rng.IntN(4) == 0,
		Clock:           func() time.Time { return time.Now().Add(skew) },
	})
	api := newWire(fmt.Sprintf("hetzner-%d.test", seed), http.HandlerFunc(s.serve))
	t.Cleanup(api.stop)
	people := newWire(fmt.Sprintf("people-%d.test", seed), s.sim)
	t.Cleanup(people.stop)
	s.restart()
	for kind, f := range functions {
		s.look[catalyst.SchemeGroupVersion.WithKind(kind).GroupKind()] = func(i item) (time.Duration, error) { return s.compose(f, i) }
	}
	for _, gvk := range managedKinds() {
		s.look[gvk.GroupKind()] = s.manage
	}
	s.configure(api.host)
	s.others(people.host)
	return s
}

func run(t *testing.T, functions map[string]*function, seed uint64) {
	t.Helper()
	s := begin(t, functions, seed)
	for range max(0, s.rng.IntN(4)-2) {
		s.takeName()
	}
	s.apply0()
	for range 3 + s.rng.IntN(5) {
		s.happen()
		s.pass(time.Duration(s.rng.IntN(300)) * time.Second)
		if s.rng.IntN(4) == 0 {
			s.settle()
		}
	}
	if s.rng.IntN(2) == 0 {
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
	// What happened from the start, and all there was in the end.
	end := max(0, len(s.log)-30)
	tail := slices.DeleteFunc(slices.Clone(s.log[:end]), func(line string) bool { return strings.Contains(line, errAgain.Error()) })
	tail = append(tail, s.log[end:]...)
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
	if s.provider, err = startProvider(s.plane); err != nil {
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
	s.people = hcloud.NewClient(hcloud.WithEndpoint("http://"+host+"/v1"), hcloud.WithToken(peopleToken), hcloud.WithRetryOpts(hcloud.RetryOpts{}), hcloud.WithHTTPClient(&http.Client{Transport: &http.Transport{DialContext: http.DefaultTransport.(*http.Transport).DialContext, DisableKeepAlives: true}}))
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
	s.foreign = map[string]string{}
	for id, th := range s.dump() {
		s.foreign[id] = th.raw
	}
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

const (
	cluster = "hz-fsn-mgt-prod"
	domain  = "omantel.omani.works"
)

func (s *sequence) cluster() item {
	return item{GroupVersionKind: catalyst.SchemeGroupVersion.WithKind(catalyst.KindHostCluster), name: cluster}
}

// apply0 applies the HostCluster for the first time.
func (s *sequence) apply0() {
	workers, heads := s.rng.IntN(4), 1
	if s.rng.IntN(8) == 0 {
		heads = 3
	}
	s.spec = &catalyst.HostClusterSpec{}
	raw := fmt.Sprintf(`{"domain": %q, "provider": "hetzner", "region": "fsn", "buildingBlock": "mgt", "envType": "prod",
		"network": {"cidr": "10.0.0.0/16", "subnet": "10.0.1.0/24"}, "kubernetes": {"version": "v1.31.4+k3s1"},
		"controlPlane": {"serverType": "cx43", "count": %d}, "workers": {"serverType": "cx33", "count": %d, "min": 0, "max": 10},
		"loadBalancer": {"type": "lb11"}, "ssh": {"publicKeys": [%q]}, "providerConfig": "default"}`, domain, heads, workers, key(0))
	if err := json.Unmarshal([]byte(raw), s.spec); err != nil {
		s.t.Fatal(err)
	}
	s.notef("create %s with %d control planes and %d workers", cluster, heads, workers)
	hc := &unstructured.Unstructured{}
	hc.SetGroupVersionKind(s.cluster().GroupVersionKind)
	hc.SetNamespace(namespace)
	hc.SetName(cluster)
	s.put(hc)
	s.create(hc)
}

// put the spec into the object.
func (s *sequence) put(hc *unstructured.Unstructured) {
	m, err := runtime.DefaultUnstructuredConverter.ToUnstructured(s.spec)
	if err != nil {
		s.t.Fatal(err)
	}
	hc.Object["spec"] = m
}

func key(n int) string {
	return []string{
		"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl a",
		"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGJmXbA6h1QLb+cSGqv/V8YJAWzQ0r1f3LwF8e5eYv3b b",
		"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPMyaV9Z0jhGq1ahbfY2kr1MLSW1xXHGFRoCVHcnTqqF c",
	}[n]
}

// edit the HostCluster.
func (s *sequence) edit(what string, f func(spec *catalyst.HostClusterSpec)) {
	was, ok := s.objects[s.cluster()]
	if !ok || s.deleted {
		return
	}
	s.notef("edit: %s", what)
	f(s.spec)
	s.edited = time.Now()
	hc := was.DeepCopy()
	s.put(hc)
	if err := s.kube.Update(context.Background(), hc); err != nil {
		s.t.Fatal(err)
	}
	maps.DeleteFunc(s.kept, func(i item, _ string) bool { return !s.wanted(i) })
}

// editOne thing of the HostCluster.
func (s *sequence) editOne() {
	switch s.rng.IntN(8) {
	default:
		n := s.rng.IntN(5)
		s.edit(fmt.Sprintf("%d workers", n), func(spec *catalyst.HostClusterSpec) { spec.Workers.Count = n })
	case 4:
		s.edit("SSH keys", func(spec *catalyst.HostClusterSpec) {
			spec.SSH.PublicKeys = [][]string{{key(0)}, {key(1)}, {key(0), key(1)}}[s.rng.IntN(3)]
		})
	case 5:
		s.edit("load balancer type", func(spec *catalyst.HostClusterSpec) {
			spec.LoadBalancer.Type = []string{"lb11", "lb21"}[s.rng.IntN(2)]
		})
	case 6:
		s.edit("who may use SSH", func(spec *catalyst.HostClusterSpec) {
			spec.SSH.AllowedCIDRs = [][]string{nil, {"192.0.2.0/24"}, {"198.51.100.0/24", "192.0.2.0/24"}}[s.rng.IntN(3)]
		})
	case 7:
		// There is no way back: a server that started with a larger disk keeps it.
		s.edit("larger workers", func(spec *catalyst.HostClusterSpec) { spec.Workers.ServerType = "cx43" })
	}
}

// flip edits the HostCluster and takes that back, at once or in a moment. What
// core never saw has no consequence.
func (s *sequence) flip() {
	was, kept := s.spec.DeepCopy(), maps.Clone(s.kept)
	for range 1 + s.rng.IntN(2) {
		s.editOne()
	}
	seen := s.rng.IntN(2) == 0
	if seen {
		s.pass(time.Duration(s.rng.IntN(8000)) * time.Millisecond)
	}
	s.edit("and back", func(spec *catalyst.HostClusterSpec) {
		if seen {
			was.Workers.ServerType = spec.Workers.ServerType
		}
		s.spec = was
	})
	if !seen {
		s.kept = kept
	}
}

// managedPlurals is what things are called at Hetzner, by kind of their object.
var managedPlurals = map[string]string{
	"Server": "servers", "Network": "networks", "LoadBalancer": "load_balancers",
	"Firewall": "firewalls", "PlacementGroup": "placement_groups", "SSHKey": "ssh_keys",
}

// wanted says whether there is to be such an object.
func (s *sequence) wanted(i item) bool {
	if s.deleted {
		return false
	}
	rest := strings.TrimPrefix(i.name, cluster+"-")
	switch i.Kind {
	case "Server":
		var n int
		if _, err := fmt.Sscanf(rest, "cp%d", &n); err == nil {
			return n >= 1 && n <= s.spec.ControlPlane.Count
		}
		_, err := fmt.Sscanf(rest, "w%d", &n)
		return err == nil && n >= 1 && n <= s.spec.Workers.Count
	case "SSHKey":
		return slices.ContainsFunc(s.spec.SSH.PublicKeys, func(k string) bool { return rest == "key-"+hetzner.KeyID(k) })
	}
	return managedPlurals[i.Kind] != ""
}

// happen is what happens next.
func (s *sequence) happen() {
	for range 1 + s.rng.IntN(3) {
		switch s.rng.IntN(24) {
		case 0, 1, 2, 3, 4:
			s.editOne()
		case 5, 6:
			s.flip()
		case 7, 8, 9, 10:
			s.drift()
		case 11:
			s.takeName()
		case 12:
			s.expand()
		case 13:
			s.serveAndClaim()
		case 14, 15:
			s.kill()
		case 16:
			s.notef("the provider is started anew")
			s.restart()
		case 17:
			s.between = 1 + s.rng.IntN(4)
			s.notef("others will get in between of %d requests", s.between)
		case 18:
			s.provider.hiccups = 1 + s.rng.IntN(4)
			s.notef("the API server will fail %d writes of the provider", s.provider.hiccups)
		case 19:
			s.lag = time.Duration(s.rng.Int64N(int64(longestLag)))
			s.notef("caches are %s behind", s.lag)
			// They may have had what they do not have now.
			for i := range s.objects {
				s.tell(i, time.Now())
			}
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
	w, _, err := s.people.Server.GetByName(ctx, fmt.Sprintf("%s-w%d", prefix, 1+s.rng.IntN(max(1, s.spec.Workers.Count))))
	if err != nil || w == nil || s.strangers[fmt.Sprintf("servers/%d", w.ID)] != nil || s.strangers[fmt.Sprintf("networks/%d", n.ID)] != nil {
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
	switch s.rng.IntN(14) {
	case 0, 1:
		f.Effect = hcloudsim.EffectLose
	case 2:
		f.Effect = hcloudsim.EffectDrop
	case 3:
		f.Effect, f.Status, f.Body = hcloudsim.EffectAnswer, []int{500, 502, 503, 504}[s.rng.IntN(4)], "upstream is away"
	case 4:
		f.Effect, f.Code = hcloudsim.EffectAnswer, one("locked", "conflict", "service_error", "timeout", "resource_in_use", "unavailable", "resource_limit_exceeded", "server_error")
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
	case 12:
		// The token was revoked, or lost the right to write.
		f = hcloudsim.Fault{Effect: hcloudsim.EffectAnswer, Code: "unauthorized", Seconds: float64(10 + s.rng.IntN(600))}
		if s.rng.IntN(2) == 0 {
			f.Code, f.Method = "token_readonly", one(http.MethodPost, http.MethodPut, http.MethodDelete)
		}
	case 13:
		f = hcloudsim.Fault{Effect: hcloudsim.EffectSlow, Command: "delete_server", Behind: float64(60 + s.rng.IntN(600)), Seconds: 900}
	}
	f.Token = token
	raw, _ := json.Marshal(f) //nolint:errchkjson // It can be.
	s.notef("fault: %s", raw)
	if _, err := s.sim.Inject(f); err != nil {
		s.t.Fatal(err)
	}
}

// settle lets nobody get in the way until all is as it was asked for.
func (s *sequence) settle() {
	s.t.Helper()
	if s.deleted {
		return
	}
	s.heal()
	s.makeRoom()
	var open []string
	for range 240 {
		s.pass(30 * time.Second)
		s.regroup()
		if open = s.open(); len(open) == 0 {
			s.notef("settled")
			return
		}
	}
	s.failf("not settled: %s", strings.Join(open, "\n"))
}

// heal everything.
func (s *sequence) heal() {
	s.notef("nobody gets in the way any more")
	s.sim.Heal(0)
	s.provider.writes, s.provider.requests, s.provider.hiccups = -1, -1, 0
	s.between, s.lag = 0, 0
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
	if diff := cmp.Diff(s.planned(), s.found()); diff != "" {
		out = append(out, "at Hetzner: -want, +got:\n"+diff)
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
	s.deleted, s.kept = true, map[item]string{}
	if err := s.remove(s.cluster(), policy); err != nil {
		s.t.Fatal(err)
	}
	for range s.rng.IntN(4) {
		s.pass(time.Duration(s.rng.IntN(120)) * time.Second)
		switch s.rng.IntN(8) {
		case 0:
			s.kill()
		case 1:
			s.drift()
		case 2:
			s.takeName()
		case 3:
			s.between = 1 + s.rng.IntN(3)
		default:
			s.fault()
		}
	}
	s.pass(time.Duration(s.rng.IntN(300)) * time.Second)
	s.heal()
	s.shrink()
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
		if !s.theirs(id, now[id]) {
			left = append(left, now[id].raw)
		}
	}
	if len(left) > 0 {
		s.failf("left over:\n%s", strings.Join(left, "\n"))
	}
}
