package hostcluster

import (
	"encoding/base64"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/types/known/structpb"
	"sigs.k8s.io/yaml"

	"github.com/crossplane/crossplane-runtime/v2/pkg/logging"
	fnv1 "github.com/crossplane/function-sdk-go/proto/v1"

	"github.com/openova-io/catalyst/internal/composing"
	"github.com/openova-io/catalyst/internal/proptest"
)

const cluster = `apiVersion: catalyst.openova.io/v1alpha1
kind: HostCluster
metadata: {name: hz-fsn-mgt-prod, namespace: sovereign-omantel}
spec:
  domain: omantel.omani.works
  provider: hetzner
  region: fsn
  buildingBlock: mgt
  envType: prod
  network: {cidr: 10.0.0.0/16, subnet: 10.0.1.0/24}
  kubernetes: {version: v1.31.4+k3s1}
  controlPlane: {serverType: cx42, count: 1}
  workers: {serverType: cx32, count: 2, min: 2, max: 10}
  loadBalancer: {type: lb11}
  ssh:
    publicKeys: [ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl admin@omantel]
  providerConfig: default`

// joinToken in base64 is 0123456789abcdef.
const joinToken = `apiVersion: v1
kind: Secret
metadata: {name: hz-fsn-mgt-prod-join-token, namespace: sovereign-omantel}
data: {token: MDEyMzQ1Njc4OWFiY2RlZg==}`

// authority in base64 is client-ca.crt, client-ca.key, server-ca.crt and
// server-ca.key.
const authority = `apiVersion: v1
kind: Secret
metadata: {name: hz-fsn-mgt-prod-authority, namespace: sovereign-omantel}
data: {client-ca.crt: Y2xpZW50LWNhLmNydA==, client-ca.key: Y2xpZW50LWNhLmtleQ==, server-ca.crt: c2VydmVyLWNhLmNydA==, server-ca.key: c2VydmVyLWNhLmtleQ==}`

// generated is what providers generate for the cluster.
const generated = joinToken + "\n---\n" + authority

func newFn() fnv1.FunctionRunnerServiceServer {
	return composing.NewFunction(logging.NewNopLogger(), Compose)
}

func world(t testing.TB, docs ...string) *proptest.World {
	t.Helper()
	return proptest.NewWorld(t, strings.Join(docs, "\n---\n"))
}

func with(pairs ...string) string { return strings.NewReplacer(pairs...).Replace(cluster) }

func TestProperties(t *testing.T) {
	proptest.Check(t, newFn(), world(t, bootstrapped(), generated, sources))
}

func FuzzRunFunction(f *testing.F) {
	proptest.Fuzz(f, newFn(), world(f, bootstrapped(), generated, sources))
}

func spec(rsp *fnv1.RunFunctionResponse, key string) map[string]any {
	s, _ := rsp.GetDesired().GetResources()[key].GetResource().AsMap()["spec"].(map[string]any)
	return s
}

func forProvider(rsp *fnv1.RunFunctionResponse, key string) map[string]any {
	return spec(rsp, key)["forProvider"].(map[string]any)
}

func status(rsp *fnv1.RunFunctionResponse) map[string]any {
	return rsp.GetDesired().GetComposite().GetResource().AsMap()["status"].(map[string]any)
}

// cloudInit of the role that new servers start with, and all keys there are.
func cloudInit(t *testing.T, rsp *fnv1.RunFunctionResponse, pool string) (text string, keys []string) {
	t.Helper()
	key := spec(rsp, pool)["userDataSecretRef"].(map[string]any)["key"].(string)
	data := rsp.GetDesired().GetResources()[keyCloudInit].GetResource().AsMap()["data"].(map[string]any)
	out, err := base64.StdEncoding.DecodeString(data[key].(string))
	if err != nil {
		t.Fatal(err)
	}
	return string(out), slices.Sorted(maps.Keys(data))
}

func TestWorkers(t *testing.T) {
	cases := map[string]struct {
		reason string
		count  int
		want   map[string]string
	}{
		"0":  {reason: "No workers, no pool", count: 0, want: map[string]string{}},
		"1":  {reason: "One pool of one", count: 1, want: map[string]string{"pool-workers-1": "1 from 1 at 10.0.1.10"}},
		"35": {reason: "As many as a pool takes", count: 35, want: map[string]string{"pool-workers-1": "35 from 1 at 10.0.1.10"}},
		"37": {reason: "More than a pool takes", count: 37, want: map[string]string{"pool-workers-1": "35 from 1 at 10.0.1.10", "pool-workers-2": "2 from 36 at 10.0.1.45"}},
		"98": {reason: "As many as a network takes", count: 98, want: map[string]string{"pool-workers-1": "35 from 1 at 10.0.1.10", "pool-workers-2": "35 from 36 at 10.0.1.45", "pool-workers-3": "28 from 71 at 10.0.1.80"}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			rsp := world(t, with("count: 2, min: 2, max: 10", fmt.Sprintf("count: %d, min: 0, max: 98", tc.count)), generated).Settle(t, newFn())
			got := map[string]string{}
			for _, key := range proptest.Keys(rsp) {
				if strings.HasPrefix(key, keyWorkersPrefix) {
					s := spec(rsp, key)
					got[key] = fmt.Sprintf("%v from %v at %v", s["count"], s["firstNumber"], s["firstAddress"])
				}
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("%s: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// The circuit breaker and the API server are made for few resources per object.
func TestBound(t *testing.T) {
	largest := with("count: 2, min: 2, max: 10", "count: 96, min: 0, max: 96", "serverType: cx42, count: 1", "serverType: cx42, count: 3",
		"publicKeys: [", "publicKeys: [ssh-ed25519 AAAA, ssh-ed25519 AAAB, ssh-ed25519 AAAC, ", "providerConfig: default", "providerConfig: default"+bootstrap)
	rsp := world(t, largest, generated, sources).Settle(t, newFn())
	if n := len(proptest.Keys(rsp)); n > 40 {
		t.Errorf("the largest cluster composes %d resources, more than 40: %v", n, proptest.Keys(rsp))
	}
}

func setWorkers(w *proptest.World, n int) {
	workers := w.XR.GetFields()["spec"].GetStructValue().GetFields()["workers"].GetStructValue()
	workers.Fields["count"] = structpb.NewNumberValue(float64(n))
}

// A pool that is not needed any more stays: what keeps it until the cluster's
// volumes have left it would never let go.
func TestScaleDownEmptiesPools(t *testing.T) {
	w := world(t, with("max: 10", "max: 98"), generated)
	setWorkers(w, 98)
	w.Settle(t, newFn())
	setWorkers(w, 36)
	rsp := w.Settle(t, newFn())
	got := map[string]any{}
	for _, key := range proptest.Keys(rsp) {
		if strings.HasPrefix(key, keyWorkersPrefix) {
			got[key] = spec(rsp, key)["count"]
		}
	}
	if diff := cmp.Diff(map[string]any{"pool-workers-1": 35.0, "pool-workers-2": 1.0, "pool-workers-3": 0.0}, got); diff != "" {
		t.Errorf("pools of 36 workers: -want, +got:\n%s", diff)
	}
}

func TestFirewall(t *testing.T) {
	cases := map[string]struct {
		reason, spec string
		want         []string
	}{
		"Closed": {reason: "Nobody asked for SSH", spec: cluster, want: []string{"tcp/80", "tcp/443", "tcp/6443", "icmp/"}},
		"SSH":    {reason: "SSH from where it was asked for", spec: with("  ssh:", "  ssh:\n    allowedCIDRs: [192.0.2.0/24]"), want: []string{"tcp/80", "tcp/443", "tcp/6443", "icmp/", "tcp/22"}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			rsp := world(t, tc.spec, generated).Settle(t, newFn())
			var got []string
			for _, r := range forProvider(rsp, keyFirewall)["rule"].([]any) {
				rule := r.(map[string]any)
				port, _ := rule["port"].(string)
				got = append(got, fmt.Sprintf("%v/%s", rule["protocol"], port))
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("%s: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// The order has to be there while the cluster lives: functions do not run while
// it is deleted.
func TestOrder(t *testing.T) {
	rsp := world(t, cluster, generated).Settle(t, newFn())
	var got []string
	for _, key := range proptest.Keys(rsp) {
		if strings.HasPrefix(key, "order-") {
			s := spec(rsp, key)
			kind := func(end string) any { return s[end].(map[string]any)["kind"] }
			got = append(got, fmt.Sprintf("%v before %v", kind("by"), kind("of")))
		}
	}
	slices.Sort(got)
	want := []string{
		"ClusterLeftovers before LoadBalancer", "ClusterLeftovers before NodePool", "LoadBalancer before NodePool",
		"NodePool before ClusterAuthority", "NodePool before Firewall", "NodePool before Network", "NodePool before NetworkSubnet", "NodePool before PlacementGroup",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("order of deletion: -want, +got:\n%s", diff)
	}
}

// A load balancer that was deleted behind our back has another identifier when
// it is there again. A network that is out of sight for a moment has the one it
// had.
func TestOwners(t *testing.T) {
	cases := map[string]struct {
		reason  string
		id      string
		want    any
		service any
	}{
		"Same":    {reason: "What is there is named", id: "2001", want: 2001.0, service: "2001"},
		"Another": {reason: "What was made anew is followed", id: "2002", want: 2002.0, service: "2002"},
		"Unseen":  {reason: "What cannot be seen is what it was", want: 2001.0, service: "2001"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			w := world(t, cluster, generated)
			w.Settle(t, newFn())
			at := w.Composed[keyLB].GetFields()["status"].GetStructValue().GetFields()["atProvider"].GetStructValue()
			at.Fields["id"] = structpb.NewStringValue(tc.id)
			_, rsp := w.Run(t, newFn())
			got := []any{forProvider(rsp, keyLBNetwork)[fieldLB], forProvider(rsp, keyTarget)[fieldLB], forProvider(rsp, keyServicePrefix+"http")[fieldLB]}
			if diff := cmp.Diff([]any{tc.want, tc.want, tc.service}, got); diff != "" {
				t.Errorf("%s: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// What is not known yet is waited for by name, and no server starts without it.
func TestWaits(t *testing.T) {
	cases := map[string]struct {
		reason string
		ready  func(key string) bool
		docs   []string
		want   string
	}{
		"Address":   {reason: "The certificate names the load balancer", docs: []string{cluster, generated}, ready: func(key string) bool { return key != keyLB }, want: "LoadBalancer hz-fsn-mgt-prod-lb"},
		"Token":     {reason: "Servers join with the token", docs: []string{cluster, authority}, ready: proptest.All, want: "JoinToken hz-fsn-mgt-prod-join-token"},
		"Authority": {reason: "Servers start with the cluster's authority", docs: []string{cluster, joinToken}, ready: proptest.All, want: "ClusterAuthority hz-fsn-mgt-prod-authority"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			w := world(t, tc.docs...)
			var rsp *fnv1.RunFunctionResponse
			for range 8 {
				_, rsp = w.Run(t, newFn())
				w.Apply(rsp, tc.ready)
			}
			for _, key := range proptest.Keys(rsp) {
				if strings.HasPrefix(key, keyPoolPrefix) || key == keyCloudInit {
					t.Errorf("%s: %s is composed", tc.reason, key)
				}
			}
			b, _ := status(rsp)["blocking"].(map[string]any)
			if diff := cmp.Diff(tc.want, fmt.Sprintf("%v %v", b["kind"], b["name"])); diff != "" {
				t.Errorf("%s: what blocks: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// Nothing about a server may change after it has started, or Hetzner's Terraform
// provider would replace it.
func TestCloudInitStaysWhileInUse(t *testing.T) {
	w := world(t, cluster, generated)
	_, before := cloudInit(t, w.Settle(t, newFn()), "pool-workers-1")
	w.XR.GetFields()["spec"].GetStructValue().GetFields()["kubernetes"].GetStructValue().Fields["version"] = structpb.NewStringValue("v1.32.0+k3s1")
	_, rsp := w.Run(t, newFn())
	_, during := cloudInit(t, rsp, "pool-workers-1")
	if len(during) != 4 || !slices.Contains(during, before[0]) || !slices.Contains(during, before[1]) {
		t.Errorf("keys while servers use the old ones: %v, before: %v", during, before)
	}
	_, after := cloudInit(t, w.Settle(t, newFn()), "pool-workers-1")
	if len(after) != 2 || slices.Contains(after, before[0]) {
		t.Errorf("keys once no server uses the old ones: %v, before: %v", after, before)
	}
}

// What is secret is in the cloud-init, and nowhere else.
func TestSecrets(t *testing.T) {
	secret := []string{"0123456789abcdef", "client-ca.key", "server-ca.key", "the-identity", "the-pull-secret", "the-hcloud-token"}
	shown := func(text string) []string {
		return slices.DeleteFunc(slices.Clone(secret), func(s string) bool {
			return !strings.Contains(text, s) && !strings.Contains(text, base64.StdEncoding.EncodeToString([]byte(s)))
		})
	}
	rsp := world(t, with("providerConfig: default", "providerConfig: default"+bootstrap), generated, sources).Settle(t, newFn())
	for key, res := range rsp.GetDesired().GetResources() {
		if got := shown(fmt.Sprint(res.GetResource().AsMap())); len(got) > 0 {
			t.Errorf("%s shows %v", key, got)
		}
	}
	if got := shown(fmt.Sprint(status(rsp), rsp.GetResults(), rsp.GetConditions())); len(got) > 0 {
		t.Errorf("the status shows %v", got)
	}
	head, _ := cloudInit(t, rsp, keyControlPlane)
	if diff := cmp.Diff(secret, shown(head)); diff != "" {
		t.Errorf("the control plane starts with all: -want, +got:\n%s", diff)
	}
	worker, _ := cloudInit(t, rsp, "pool-workers-1")
	if diff := cmp.Diff([]string{"0123456789abcdef"}, shown(worker)); diff != "" {
		t.Errorf("a worker only joins: -want, +got:\n%s", diff)
	}
}

type cloudConfigFile struct{ Path, Content, Permissions string }

func files(t *testing.T, text string) map[string]cloudConfigFile {
	t.Helper()
	if !strings.HasPrefix(text, "#cloud-config\n") {
		t.Fatalf("not a cloud-config: %q", text[:min(20, len(text))])
	}
	cfg := struct {
		WriteFiles []cloudConfigFile `json:"write_files"`
	}{}
	if err := yaml.Unmarshal([]byte(text), &cfg); err != nil {
		t.Fatal(err)
	}
	out := map[string]cloudConfigFile{}
	for _, f := range cfg.WriteFiles {
		out[f.Path] = f
	}
	return out
}

func TestCloudInit(t *testing.T) {
	rsp := world(t, with("serverType: cx42, count: 1", "serverType: cx42, count: 3"), generated).Settle(t, newFn())
	cases := map[string]struct {
		reason, pool string
		k3s          map[string]any
	}{
		"ControlPlane": {reason: "Three servers make one cluster, reached by the load balancer's addresses and the domain", pool: keyControlPlane, k3s: map[string]any{
			"token": "0123456789abcdef", "tls-san": []any{"omantel.omani.works", "192.0.2.10", "10.0.1.254"},
			"flannel-backend": "none", "disable-network-policy": true, "disable": []any{"traefik", "servicelb"},
			"node-label": []any{"catalyst.openova.io/role=control-plane"},
		}},
		"Worker": {reason: "A worker only joins", pool: "pool-workers-1", k3s: map[string]any{
			"token": "0123456789abcdef", "node-label": []any{"catalyst.openova.io/role=worker"},
		}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			text, _ := cloudInit(t, rsp, tc.pool)
			if len(text) > 32*1024 {
				t.Errorf("%s: %d bytes, more than Hetzner takes", tc.reason, len(text))
			}
			fs := files(t, text)
			got := map[string]any{}
			if err := yaml.Unmarshal([]byte(fs["/etc/rancher/k3s/config.yaml"].Content), &got); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.k3s, got); diff != "" {
				t.Errorf("%s: -want, +got:\n%s", tc.reason, diff)
			}
			if p := fs["/etc/rancher/k3s/config.yaml"].Permissions; p != "0600" {
				t.Errorf("%s: the token's file has permissions %s", tc.reason, p)
			}
		})
	}
}

func TestScripts(t *testing.T) {
	shellcheck, err := exec.LookPath("shellcheck")
	if err != nil {
		t.Fatalf("make up installs shellcheck: %v", err)
	}
	scripts, err := filepath.Glob("cloudinit/*.sh")
	if err != nil || len(scripts) != 3 {
		t.Fatalf("scripts: %v, %v", scripts, err)
	}
	if out, err := exec.CommandContext(t.Context(), shellcheck, append([]string{"--shell=bash"}, scripts...)...).CombinedOutput(); err != nil {
		t.Errorf("shellcheck: %v\n%s", err, out)
	}
}

// bootstrapping runs the control plane's script with everything it calls
// replaced by what writes down how it was called.
func bootstrapping(t *testing.T, address string, answers bool) string {
	t.Helper()
	dir := t.TempDir()
	calls := filepath.Join(dir, "calls")
	curl := "exit 22"
	if answers {
		curl = "exit 0"
	}
	for name, body := range map[string]string{
		"ip":                  "echo '2: ens10    inet " + address + "/32 scope global ens10'",
		"curl":                "case \"$*\" in *get.k3s.io*) exit 0 ;; esac; " + curl,
		"sh":                  "echo \"k3s $*\" >>" + calls,
		"sleep":               "exit 0",
		"swapoff":             "exit 0",
		"update-alternatives": "exit 0",
		"kubectl":             "exit 0",
		"touch":               "exit 0",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/bash\n"+body+"\n"), 0o700); err != nil { //nolint:gosec // A program has to be executable.
			t.Fatal(err)
		}
	}
	local := func(script string) string {
		return strings.NewReplacer("/etc/catalyst", dir, "/usr/local/lib/catalyst", dir, "/etc/rancher", dir, "/var/lib/catalyst", dir).Replace(script)
	}
	env := "CATALYST_K3S_VERSION=v\nCATALYST_FLUX_VERSION=v\nCATALYST_ENDPOINT=10.0.1.254\nCATALYST_FIRST=10.0.1.2\nCATALYST_SUBNET_PREFIX=10.0.1.\n"
	for name, text := range map[string]string{"bootstrap.env": env, "common.sh": local(commonScript), "cp.sh": local(controlPlaneScript)} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.CommandContext(t.Context(), "/bin/bash", filepath.Join(dir, "cp.sh"))
	cmd.Env = []string{"PATH=" + dir + ":/usr/bin:/bin"}
	out, err := cmd.CombinedOutput()
	if err != nil {
		return "failed: " + strings.TrimSpace(string(out))
	}
	got, err := os.ReadFile(calls)
	if err != nil {
		t.Fatal(err)
	}
	_, args, _ := strings.Cut(string(got), "install.sh ")
	return strings.TrimSpace(args)
}

// Three servers that each start a cluster were three clusters.
func TestOneServerStartsTheCluster(t *testing.T) {
	cases := map[string]struct {
		reason, address string
		answers         bool
		want            string
	}{
		"First":       {reason: "The first server starts the cluster", address: "10.0.1.2", want: "server --cluster-init"},
		"Second":      {reason: "Others join it", address: "10.0.1.3", answers: true, want: "server --server https://10.0.1.254:6443"},
		"Alone":       {reason: "Others never start one", address: "10.0.1.3", want: "failed: no control plane answers at https://10.0.1.254:6443"},
		"Replacement": {reason: "The first server's replacement joins the others", address: "10.0.1.2", answers: true, want: "server --server https://10.0.1.254:6443"},
		"Elsewhere":   {reason: "A server without a private address does nothing", address: "192.0.2.3", want: "failed: no address in 10.0.1.0/24"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, bootstrapping(t, tc.address, tc.answers)); diff != "" {
				t.Errorf("%s: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestRefused(t *testing.T) {
	cases := map[string]struct{ reason, spec, want string }{
		"Name":    {reason: "A name that says nothing", spec: with("name: hz-fsn-mgt-prod", "name: mine"), want: `metadata.name: host cluster "mine" is not`},
		"Even":    {reason: "An even control plane", spec: with("serverType: cx42, count: 1", "serverType: cx42, count: 2"), want: "spec.controlPlane.count 2 must be 1 or 3"},
		"TooMany": {reason: "More servers than a network takes", spec: with("count: 2, min", "count: 99, min"), want: "spec.workers.count 99 must be between 0 and 98"},
		"Subnet":  {reason: "A subnet that is none", spec: with("10.0.1.0/24", "10.0.1.7/24"), want: `spec.network.subnet "10.0.1.7/24" must be`},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			_, rsp := world(t, tc.spec, generated).Run(t, newFn())
			if got := rsp.GetConditions()[0].GetMessage(); !strings.HasPrefix(got, tc.want) {
				t.Errorf("%s: message %q, want %q", tc.reason, got, tc.want)
			}
			if keys := proptest.Keys(rsp); len(keys) > 0 {
				t.Errorf("%s: composes %v", tc.reason, keys)
			}
		})
	}
}

func TestStatus(t *testing.T) {
	got := status(world(t, cluster, generated).Settle(t, newFn()))
	delete(got, "steps")
	delete(got, "hetzner")
	want := map[string]any{
		"phase": "Ready", "summary": "Ready", "kubeconfigSecretRef": map[string]any{"name": "hz-fsn-mgt-prod-kubeconfig"}, "locationCode": "hfmp", "endpoint": "https://192.0.2.10:6443",
		"loadBalancer": map[string]any{"ipv4": "192.0.2.10", "ipv6": "2001:db8::10"},
		"servers":      map[string]any{"controlPlane": 1.0, "workers": 2.0},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("status of a cluster that is ready: -want, +got:\n%s", diff)
	}
}

func TestGolden(t *testing.T) {
	w := proptest.Example(t, "../../examples/hostcluster", "HostCluster", "hz-fsn-mgt-prod")
	w.Objects = append(w.Objects, world(t, cluster, generated).Objects...)
	proptest.Golden(t, w.Settle(t, newFn()), "testdata/hostcluster.yaml")
}
