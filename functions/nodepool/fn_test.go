package nodepool

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/crossplane/crossplane-runtime/v2/pkg/logging"
	fnv1 "github.com/crossplane/function-sdk-go/proto/v1"

	"github.com/openova-io/catalyst/internal/composing"
	"github.com/openova-io/catalyst/internal/hetzner"
	"github.com/openova-io/catalyst/internal/naming"
	"github.com/openova-io/catalyst/internal/proptest"
)

const nodePool = `apiVersion: catalyst.openova.io/v1alpha1
kind: NodePool
metadata: {name: hz-fsn-mgt-prod-w1, namespace: sovereign-omantel}
spec:
  hostCluster: hz-fsn-mgt-prod
  domain: omantel.omani.works
  role: worker
  count: 3
  min: 0
  max: 35
  firstNumber: 1
  firstAddress: 10.0.1.10
  serverType: cx32
  image: ubuntu-24.04
  subnetRef: {name: hz-fsn-mgt-prod-subnet}
  firewallRef: {name: hz-fsn-mgt-prod-firewall}
  sshKeyRefs: [{name: admin}]
  userDataSecretRef: {name: hz-fsn-mgt-prod-cloud-init, key: worker-1}
  providerConfig: default`

const subnet = `apiVersion: hcloud.openova.io/v1alpha1
kind: NetworkSubnet
metadata: {name: hz-fsn-mgt-prod-subnet, namespace: sovereign-omantel}
status: {atProvider: {id: 4711-10.0.1.0/24}}`

// keys that servers may accept.
const keys = `apiVersion: hcloud.openova.io/v1alpha1
kind: SSHKey
metadata: {name: admin, namespace: sovereign-omantel, annotations: {crossplane.io/external-name: "4713"}}
---
apiVersion: hcloud.openova.io/v1alpha1
kind: SSHKey
metadata: {name: other, namespace: sovereign-omantel, annotations: {crossplane.io/external-name: "4714"}}`

// access is who reaches servers, and where they stand.
const access = `apiVersion: hcloud.openova.io/v1alpha1
kind: Firewall
metadata: {name: hz-fsn-mgt-prod-firewall, namespace: sovereign-omantel, annotations: {crossplane.io/external-name: "4715"}}
---
apiVersion: hcloud.openova.io/v1alpha1
kind: PlacementGroup
metadata: {name: hz-fsn-mgt-prod-spread, namespace: sovereign-omantel, annotations: {crossplane.io/external-name: "4716"}}`

func newFn() fnv1.FunctionRunnerServiceServer {
	return composing.NewFunction(logging.NewNopLogger(), Compose)
}

func world(t testing.TB, docs ...string) *proptest.World {
	t.Helper()
	return proptest.NewWorld(t, strings.Join(append(docs, subnet, keys, access), "\n---\n"))
}

func with(pairs ...string) string { return strings.NewReplacer(pairs...).Replace(nodePool) }

func TestProperties(t *testing.T) {
	proptest.Check(t, newFn(), world(t, nodePool, with("-w1", "-w2", "firstNumber: 1", "firstNumber: 36", "1.10", "1.45")))
}

func FuzzRunFunction(f *testing.F) { proptest.Fuzz(f, newFn(), world(f, nodePool)) }

func forProvider(rsp *fnv1.RunFunctionResponse, key string) map[string]any {
	return rsp.GetDesired().GetResources()[key].GetResource().AsMap()["spec"].(map[string]any)["forProvider"].(map[string]any)
}

func address(rsp *fnv1.RunFunctionResponse, key string) string {
	return forProvider(rsp, key)["network"].([]any)[0].(map[string]any)["ip"].(string)
}

func TestCount(t *testing.T) {
	for _, n := range []int{0, 1, 3, 35} {
		t.Run(fmt.Sprintf("%d", n), func(t *testing.T) {
			rsp := world(t, with("count: 3", fmt.Sprintf("count: %d", n))).Settle(t, newFn())
			if diff := cmp.Diff(n, len(proptest.Keys(rsp))); diff != "" {
				t.Errorf("there are as many servers as asked for: -want, +got:\n%s", diff)
			}
			seen := map[string]bool{}
			for _, key := range proptest.Keys(rsp) {
				if a := address(rsp, key); seen[a] {
					t.Errorf("two servers have the address %s", a)
				} else {
					seen[a] = true
				}
			}
		})
	}
}

func setCount(w *proptest.World, n int) {
	w.XR.GetFields()["spec"].GetStructValue().Fields["count"] = structpb.NewNumberValue(float64(n))
}

func TestScaling(t *testing.T) {
	w := world(t, with("count: 3", "count: 2"))
	for _, tc := range []struct {
		reason string
		count  int
		want   []string
	}{
		{reason: "Up: the numbers go on", count: 5, want: []string{"server-1", "server-2", "server-3", "server-4", "server-5"}},
		{reason: "Down: the highest numbers go", count: 1, want: []string{"server-1"}},
		{reason: "To nothing", count: 0, want: nil},
	} {
		setCount(w, tc.count)
		if diff := cmp.Diff(tc.want, proptest.Keys(w.Settle(t, newFn()))); diff != "" {
			t.Errorf("%s: -want, +got:\n%s", tc.reason, diff)
		}
	}
}

func TestRefused(t *testing.T) {
	// Named so that it sorts before: pools of the same second are told apart by
	// their names.
	older := with("-w1,", "-a,")
	cases := map[string]struct {
		reason string
		docs   []string
		want   string
	}{
		"Region":    {reason: "A region nobody has heard of", docs: []string{with("hz-fsn", "hz-xxx")}, want: `spec.hostCluster: "xxx" is not a region of provider hz`},
		"TooMany":   {reason: "More than a pool takes", docs: []string{with("count: 3", "count: 36")}, want: "spec.count 36 must be between 0 and the lesser of spec.max 35 and 35"},
		"Subnet":    {reason: "The load balancer has the last address", docs: []string{with("10.0.1.10", "10.0.1.220")}, want: "spec.firstAddress: 35 addresses from 10.0.1.220 reach beyond address 253 of the subnet"},
		"Numbers":   {reason: "An older pool's numbers are taken", docs: []string{nodePool, older}, want: "spec.firstNumber 1: NodePool hz-fsn-mgt-prod-a has the numbers 1 to 35"},
		"Address":   {reason: "An older pool's addresses are taken, whether it uses them or not", docs: []string{with("firstNumber: 1", "firstNumber: 50", "10.0.1.10", "10.0.1.44"), older}, want: "spec.firstAddress 10.0.1.44: NodePool hz-fsn-mgt-prod-a has the addresses 10.0.1.10 to 10.0.1.44"},
		"Younger":   {reason: "A younger pool takes nothing away", docs: []string{nodePool, with("-w1,", "-w2,")}},
		"Elsewhere": {reason: "Another cluster has a network of its own", docs: []string{nodePool, strings.Replace(older, "hostCluster: hz-fsn", "hostCluster: hz-hel", 1)}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			_, rsp := world(t, tc.docs...).Run(t, newFn())
			c := rsp.GetConditions()[0]
			if tc.want == "" {
				if diff := cmp.Diff(ReasonAccepted, c.GetReason()); diff != "" {
					t.Errorf("%s: -want, +got:\n%s", tc.reason, diff)
				}
				return
			}
			if !strings.HasPrefix(c.GetMessage(), tc.want) {
				t.Errorf("%s: message %q, want %q", tc.reason, c.GetMessage(), tc.want)
			}
			if keys := proptest.Keys(rsp); len(keys) > 0 {
				t.Errorf("%s: composes %v", tc.reason, keys)
			}
		})
	}
}

func TestWaitsForSubnet(t *testing.T) {
	_, rsp := proptest.NewWorld(t, nodePool+"\n---\n"+keys+"\n---\n"+access).Run(t, newFn())
	if keys := proptest.Keys(rsp); len(keys) > 0 {
		t.Errorf("servers that cannot be attached anywhere are composed: %v", keys)
	}
	got := rsp.GetDesired().GetComposite().GetResource().AsMap()["status"].(map[string]any)["summary"]
	if diff := cmp.Diff("Servers: NetworkSubnet hz-fsn-mgt-prod-subnet: Waits for NetworkSubnet hz-fsn-mgt-prod-subnet", got); diff != "" {
		t.Errorf("summary: -want, +got:\n%s", diff)
	}
}

// What Hetzner only takes at the start would otherwise replace every server.
func TestServersKeepTheirStart(t *testing.T) {
	w := world(t, nodePool)
	before := w.Settle(t, newFn())
	spec := w.XR.GetFields()["spec"].GetStructValue()
	changed := world(t, with("count: 3", "count: 4", "worker-1", "worker-2", "ubuntu-24.04", "ubuntu-26.04", "name: admin", "name: other")).XR.GetFields()["spec"].GetStructValue()
	maps.Copy(spec.Fields, changed.GetFields())
	after := w.Settle(t, newFn())
	if diff := cmp.Diff(forProvider(before, "server-1"), forProvider(after, "server-1")); diff != "" {
		t.Errorf("a server that is there: -before, +after:\n%s", diff)
	}
	if diff := cmp.Diff("ubuntu-26.04", forProvider(after, "server-4")["image"]); diff != "" {
		t.Errorf("image of a new server: -want, +got:\n%s", diff)
	}
	got := after.GetDesired().GetComposite().GetResource().AsMap()["status"].(map[string]any)["userDataKeys"]
	if diff := cmp.Diff([]any{"worker-1", "worker-2"}, got); diff != "" {
		t.Errorf("user data in use: -want, +got:\n%s", diff)
	}
}

// A key that is gone before the server came would never be found.
func TestServersToComeFollow(t *testing.T) {
	w := world(t, nodePool)
	_, rsp := w.Run(t, newFn())
	w.Apply(rsp, func(key string) bool { return key != "server-3" })
	changed := world(t, with("worker-1", "worker-2", "name: admin", "name: other")).XR.GetFields()["spec"].GetStructValue()
	maps.Copy(w.XR.GetFields()["spec"].GetStructValue().Fields, changed.GetFields())
	_, rsp = w.Run(t, newFn())
	if diff := cmp.Diff([]any{"4714"}, forProvider(rsp, "server-3")["sshKeys"]); diff != "" {
		t.Errorf("keys of a server that is not there yet: -want, +got:\n%s", diff)
	}
	if diff := cmp.Diff([]any{"4713"}, forProvider(rsp, "server-1")["sshKeys"]); diff != "" {
		t.Errorf("keys of a server that is there: -want, +got:\n%s", diff)
	}
}

// A server that somebody deleted at Hetzner cannot be created anew with a key that
// is gone, too.
func TestServersMadeAnewFollow(t *testing.T) {
	const succeeded, failed = "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"
	cases := map[string]struct {
		reason                    string
		succeeded, failed, status string
		want                      any
	}{
		"There":   {reason: "A server keeps the keys it started with", succeeded: succeeded, status: "Available", want: "4713"},
		"Gone":    {reason: "What could not be created again is not there", succeeded: succeeded, failed: failed, status: "Creating", want: "5713"},
		"Retried": {reason: "A create that failed before one that did not means nothing", succeeded: failed, failed: succeeded, status: "Creating", want: "4713"},
		"Found":   {reason: "What was created although that failed is there", succeeded: succeeded, failed: failed, status: "Available", want: "4713"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			w := world(t, nodePool)
			w.Settle(t, newFn())
			w.Objects = proptest.NewWorld(t, strings.Join([]string{nodePool, subnet, strings.ReplaceAll(keys, "4713", "5713"), access}, "\n---\n")).Objects
			o := w.Composed["server-1"].AsMap()
			a := o["metadata"].(map[string]any)["annotations"].(map[string]any)
			a["crossplane.io/external-create-succeeded"], a["crossplane.io/external-create-failed"] = tc.succeeded, tc.failed
			o["status"].(map[string]any)["conditions"] = []any{map[string]any{"type": "Ready", "reason": tc.status}}
			var err error
			if w.Composed["server-1"], err = structpb.NewStruct(o); err != nil {
				t.Fatal(err)
			}
			_, rsp := w.Run(t, newFn())
			if diff := cmp.Diff([]any{tc.want}, forProvider(rsp, "server-1")["sshKeys"]); diff != "" {
				t.Errorf("%s: keys: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// Keys that change while a server is being created come too late for it: its spec
// has the new ones, and it was created with the old ones.
func TestKeysOfServerInTheMaking(t *testing.T) {
	w := world(t, nodePool)
	w.Settle(t, newFn())
	o := w.Composed["server-1"].AsMap()
	o["status"].(map[string]any)["atProvider"].(map[string]any)["sshKeys"] = []any{"4711", "4712"}
	var err error
	if w.Composed["server-1"], err = structpb.NewStruct(o); err != nil {
		t.Fatal(err)
	}
	_, rsp := w.Run(t, newFn())
	if diff := cmp.Diff([]any{"4711", "4712"}, forProvider(rsp, "server-1")["sshKeys"]); diff != "" {
		t.Errorf("keys: -want, +got:\n%s", diff)
	}
}

// A server that has no id yet may be about to get one.
func TestServersToComeStay(t *testing.T) {
	w := world(t, nodePool)
	_, rsp := w.Run(t, newFn())
	w.Apply(rsp, func(key string) bool { return key != "server-3" })
	spec := world(t, with("name: admin", "name: nobody")).XR.GetFields()["spec"].GetStructValue()
	maps.Copy(w.XR.GetFields()["spec"].GetStructValue().Fields, spec.GetFields())
	_, rsp = w.Run(t, newFn())
	if diff := cmp.Diff([]string{"server-1", "server-2", "server-3"}, proptest.Keys(rsp)); diff != "" {
		t.Errorf("servers while a key they are to accept is missing: -want, +got:\n%s", diff)
	}
}

func TestWaitsForKey(t *testing.T) {
	_, rsp := world(t, with("name: admin", "name: nobody")).Run(t, newFn())
	if keys := proptest.Keys(rsp); len(keys) > 0 {
		t.Errorf("servers that nobody could log in to are composed: %v", keys)
	}
	got := rsp.GetDesired().GetComposite().GetResource().AsMap()["status"].(map[string]any)["summary"]
	if diff := cmp.Diff("Servers: SSHKey nobody: Waits for SSHKey nobody", got); diff != "" {
		t.Errorf("summary: -want, +got:\n%s", diff)
	}
}

// What was deleted behind our back is made anew under another id. Servers follow,
// and hold what they have until there is one.
func TestServersFollowWhatTheyReferTo(t *testing.T) {
	anew := strings.NewReplacer("4715", "5715", "4716", "5716")
	cases := map[string]struct {
		reason          string
		access          string
		firewall, group any
	}{
		"Same": {reason: "Nothing has happened", access: access, firewall: []any{4715.0}, group: 4716.0},
		"Anew": {reason: "Both were made anew", access: anew.Replace(access), firewall: []any{5715.0}, group: 5716.0},
		"Gone": {reason: "Neither has an id yet", access: strings.NewReplacer("4715", "", "4716", "").Replace(access), firewall: []any{4715.0}, group: 4716.0},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			pool := with("  providerConfig", "  placementGroupRef: {name: hz-fsn-mgt-prod-spread}\n  providerConfig")
			w := world(t, pool)
			w.Settle(t, newFn())
			w.Objects = proptest.NewWorld(t, strings.Join([]string{pool, subnet, keys, tc.access}, "\n---\n")).Objects
			_, rsp := w.Run(t, newFn())
			got := forProvider(rsp, "server-1")
			if diff := cmp.Diff(tc.firewall, got["firewallIds"]); diff != "" {
				t.Errorf("%s: firewall: -want, +got:\n%s", tc.reason, diff)
			}
			if diff := cmp.Diff(tc.group, got["placementGroupId"]); diff != "" {
				t.Errorf("%s: placement group: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestWaitsForAccess(t *testing.T) {
	_, rsp := proptest.NewWorld(t, strings.Join([]string{nodePool, subnet, keys}, "\n---\n")).Run(t, newFn())
	if keys := proptest.Keys(rsp); len(keys) > 0 {
		t.Errorf("servers that anybody could reach are composed: %v", keys)
	}
	got := rsp.GetDesired().GetComposite().GetResource().AsMap()["status"].(map[string]any)["summary"]
	if diff := cmp.Diff("Servers: Firewall hz-fsn-mgt-prod-firewall: Waits for Firewall hz-fsn-mgt-prod-firewall", got); diff != "" {
		t.Errorf("summary: -want, +got:\n%s", diff)
	}
}

func TestGolden(t *testing.T) {
	proptest.Golden(t, world(t, with("count: 3", "count: 1")).Settle(t, newFn()), "testdata/worker.yaml")
}

// externalName a server is to have.
func externalName(rsp *fnv1.RunFunctionResponse, key string) string {
	md := rsp.GetDesired().GetResources()[key].GetResource().AsMap()["metadata"].(map[string]any)
	a, _ := md["annotations"].(map[string]any)
	name, _ := a["crossplane.io/external-name"].(string)
	return name
}

// Servers that exist are taken over by number, and never a second time.
func TestAdopt(t *testing.T) {
	w := world(t, with("  providerConfig", "  adopt: [{number: 1, id: \"42\"}, {number: 3, id: \"43\"}, {number: 9, id: \"44\"}]\n  providerConfig"))
	_, rsp := w.Run(t, newFn())
	got := map[string]string{}
	for _, key := range proptest.Keys(rsp) {
		got[key] = externalName(rsp, key)
	}
	if diff := cmp.Diff(map[string]string{"server-1": "42", "server-2": "", "server-3": "43"}, got); diff != "" {
		t.Errorf("names at Hetzner: -want, +got:\n%s", diff)
	}
	w.Settle(t, newFn())
	md := w.Composed["server-1"].GetFields()["metadata"].GetStructValue().GetFields()["annotations"].GetStructValue()
	md.Fields["crossplane.io/external-name"] = structpb.NewStringValue("99")
	_, rsp = w.Run(t, newFn())
	if diff := cmp.Diff("", externalName(rsp, "server-1")); diff != "" {
		t.Errorf("a server that was lost and made anew keeps its new name: -want, +got:\n%s", diff)
	}
	if diff := cmp.Diff("43", externalName(rsp, "server-3")); diff != "" {
		t.Errorf("one that was taken over keeps its name: -want, +got:\n%s", diff)
	}
}

// What cluster-autoscaler makes beside the pool is none of the pool's: it has
// no number, and no name of the pool's can be one of its names.
func TestElasticServersAreNotTouched(t *testing.T) {
	w := world(t, nodePool)
	before := w.Settle(t, newFn())
	group, err := (hetzner.Cluster{HostCluster: naming.HostCluster{Provider: "hz", Region: "fsn", BuildingBlock: "mgt", EnvType: "prod"}, Namespace: "sovereign-omantel"}).ElasticGroup()
	if err != nil {
		t.Fatal(err)
	}
	elastic := proptest.NewWorld(t, "apiVersion: hcloud.openova.io/v1alpha1\nkind: Server\nmetadata:\n  name: "+group+"-77439321e2047e3e\n  namespace: sovereign-omantel\n  labels: {catalyst.openova.io/host-cluster: hz-fsn-mgt-prod}\nspec: {forProvider: {labels: {hcloud/node-group: "+group+"}}}")
	w.Objects = append(w.Objects, elastic.XR)
	setCount(w, 1)
	w.Settle(t, newFn())
	setCount(w, 3)
	after := w.Settle(t, newFn())
	if diff := cmp.Diff(before.GetDesired(), after.GetDesired(), protocmp.Transform()); diff != "" {
		t.Errorf("a pool with elastic servers beside it: -without, +with:\n%s", diff)
	}
	for _, key := range proptest.Keys(after) {
		p := forProvider(after, key)
		if labels := p["labels"].(map[string]any); labels[hetzner.LabelNodeGroup] != nil {
			t.Errorf("%s would be taken for an elastic server: %v", key, labels)
		}
		if name := p["name"].(string); strings.HasPrefix(name, group+"-") {
			t.Errorf("%s is called like an elastic server: %s", key, name)
		}
	}
}
