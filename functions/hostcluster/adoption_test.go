package hostcluster

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/types/known/structpb"

	fnv1 "github.com/crossplane/function-sdk-go/proto/v1"

	"github.com/openova-io/catalyst/internal/hetzner"
	"github.com/openova-io/catalyst/internal/naming"
	"github.com/openova-io/catalyst/internal/proptest"
)

const adopt = `  adopt:
    networkID: "1"
    subnet: 10.0.1.0/24
    firewallID: "2"
    placementGroupID: "3"
    loadBalancerID: "4"
    sshKeys: [{publicKey: ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl somebody, id: "5"}]
    controlPlane: [{number: 1, id: "6"}]
    workers: [{number: 1, id: "7"}, {number: 2, id: "8"}, {number: 36, id: "9"}]
  providerConfig`

// externalNames that composed resources are to have, by key.
func externalNames(rsp *fnv1.RunFunctionResponse) map[string]string {
	out := map[string]string{}
	for _, key := range proptest.Keys(rsp) {
		md, _ := rsp.GetDesired().GetResources()[key].GetResource().AsMap()["metadata"].(map[string]any)
		a, _ := md["annotations"].(map[string]any)
		if name, ok := a["crossplane.io/external-name"].(string); ok {
			out[key] = name
		}
	}
	return out
}

func TestAdopt(t *testing.T) {
	rsp := world(t, with("  providerConfig", adopt, "count: 2, min: 2, max: 10", "count: 40, min: 2, max: 70"), generated).Settle(t, newFn())
	want := map[string]string{
		keyNetwork: "1", keySubnet: "1-10.0.1.0/24", keyFirewall: "2", keyPlacementGroup: "3", keyLB: "4", keySSHKeyPrefix + hetzner.KeyID("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl"): "5",
	}
	if diff := cmp.Diff(want, externalNames(rsp)); diff != "" {
		t.Errorf("names at Hetzner: -want, +got:\n%s", diff)
	}
	servers := map[string]string{}
	for _, key := range []string{keyControlPlane, "pool-workers-1", "pool-workers-2"} {
		servers[key] = fmt.Sprint(spec(rsp, key)["adopt"])
	}
	wantServers := map[string]string{
		keyControlPlane: "[map[id:6 number:1]]", "pool-workers-1": "[map[id:7 number:1] map[id:8 number:2]]", "pool-workers-2": "[map[id:9 number:36]]",
	}
	if diff := cmp.Diff(wantServers, servers); diff != "" {
		t.Errorf("each pool takes its own servers over: -want, +got:\n%s", diff)
	}
}

// What the status shows is what spec.adopt takes.
func TestIDs(t *testing.T) {
	w := world(t, with("  providerConfig", adopt), generated)
	w.Settle(t, newFn())
	servers := func(ids ...string) *structpb.Value {
		out := &structpb.ListValue{}
		for i, id := range ids {
			out.Values = append(out.Values, structpb.NewStructValue(&structpb.Struct{Fields: map[string]*structpb.Value{
				"name": structpb.NewStringValue(fmt.Sprint(i)), "privateAddress": structpb.NewStringValue(""), "number": structpb.NewNumberValue(float64(i + 1)), "id": structpb.NewStringValue(id),
			}}))
		}
		return structpb.NewListValue(out)
	}
	w.Composed[keyControlPlane].GetFields()["status"].GetStructValue().Fields["servers"] = servers("6")
	w.Composed["pool-workers-1"].GetFields()["status"].GetStructValue().Fields["servers"] = servers("7", "8", "")
	_, rsp := w.Run(t, newFn())
	want := map[string]any{
		"networkID": "1", "subnet": "10.0.1.0/24", "firewallID": "2", "placementGroupID": "3", "loadBalancerID": "4",
		"sshKeys":      []any{map[string]any{"publicKey": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl admin@omantel", "id": "5"}},
		"controlPlane": []any{map[string]any{"number": 1.0, "id": "6"}},
		"workers":      []any{map[string]any{"number": 1.0, "id": "7"}, map[string]any{"number": 2.0, "id": "8"}},
	}
	if diff := cmp.Diff(any(want), status(rsp)["hetzner"]); diff != "" {
		t.Errorf("ids: -want, +got:\n%s", diff)
	}
	if diff := cmp.Diff(nil, status(runOnce(t, cluster))["hetzner"]); diff != "" {
		t.Errorf("ids while there is nothing: -want, +got:\n%s", diff)
	}
}

func runOnce(t *testing.T, doc string) *fnv1.RunFunctionResponse {
	t.Helper()
	_, rsp := world(t, doc, generated).Run(t, newFn())
	return rsp
}

// Traffic goes to the control plane. What cluster-autoscaler makes has its own
// label only, and no composed server or target can be mistaken for it.
func TestElasticServersAreNoTargets(t *testing.T) {
	c := hetzner.Cluster{HostCluster: naming.HostCluster{Provider: "hz", Region: "fsn", BuildingBlock: "mgt", EnvType: "prod"}, Namespace: "sovereign-omantel", Domain: "omantel.omani.works"}
	group, err := c.ElasticGroup()
	if err != nil {
		t.Fatal(err)
	}
	elastic := map[string]string{hetzner.LabelNodeGroup: group}
	selector, _ := forProvider(world(t, cluster, generated).Settle(t, newFn()), keyTarget)["labelSelector"].(string)
	selects := func(labels map[string]string) bool {
		for want := range strings.SplitSeq(selector, ",") {
			k, v, _ := strings.Cut(want, "=")
			if labels[k] != v {
				return false
			}
		}
		return true
	}
	if selects(elastic) {
		t.Errorf("%s selects elastic servers", selector)
	}
	controlPlane := map[string]string{}
	for k, v := range c.ServerLabels("control-plane") {
		controlPlane[k] = *v
	}
	if !selects(controlPlane) {
		t.Errorf("%s does not select the control plane", selector)
	}
}
