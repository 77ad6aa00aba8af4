package sovereign

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/types/known/structpb"
	"sigs.k8s.io/yaml"

	fnv1 "github.com/crossplane/function-sdk-go/proto/v1"

	"github.com/openova-io/catalyst/internal/hetzner"
	"github.com/openova-io/catalyst/internal/proptest"
)

// handedOver is the Sovereign with spec.adopt as the response's status has it.
func handedOver(t *testing.T, rsp *fnv1.RunFunctionResponse) *proptest.World {
	t.Helper()
	handover, _ := status(rsp)["handover"].(map[string]any)
	w := world(t, sme)
	adopt, err := structpb.NewValue(handover["adopt"])
	if err != nil {
		t.Fatal(err)
	}
	w.XR.GetFields()["spec"].GetStructValue().Fields["adopt"] = adopt
	return w
}

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

// What one Sovereign says in its status another takes in its spec.
func TestAdoptWhatWasHandedOver(t *testing.T) {
	first := world(t, sme)
	before := first.Settle(t, newFn())
	key := keySSHKeyPrefix + hetzner.KeyID("ssh-ed25519 AAAA admin")
	id := first.Composed[key].GetFields()["status"].GetStructValue().GetFields()["atProvider"].GetStructValue().GetFields()["id"].GetStringValue()

	after := handedOver(t, before).Settle(t, newFn())
	want := map[string]string{key: id, keyZone: "omantel.omani.works", keyKSK: "7", keyZSK: "7"}
	if diff := cmp.Diff(want, externalNames(after)); diff != "" {
		t.Errorf("external names: -want, +got:\n%s", diff)
	}
	wantCluster := map[string]any{"networkID": "4711", "subnet": "10.0.1.0/24", "firewallID": "4711", "placementGroupID": "4711", "loadBalancerID": "4711"}
	if diff := cmp.Diff(any(wantCluster), spec(after, keyClusterPrefix+"hz-fsn-mgt-prod")["adopt"]); diff != "" {
		t.Errorf("what the host cluster takes over: -want, +got:\n%s", diff)
	}
	if diff := cmp.Diff(status(before)["handover"], status(after)["handover"]); diff != "" {
		t.Errorf("what is handed over again: -first, +second:\n%s", diff)
	}
	if names := externalNames(before); len(names) > 0 {
		t.Errorf("a Sovereign that adopts nothing names %v", names)
	}
}

func TestAdoptedProperties(t *testing.T) {
	proptest.Check(t, newFn(), handedOver(t, world(t, sme).Settle(t, newFn())))
}

// The largest Sovereign's handover fits into an object many times over.
func TestHandoverIsBounded(t *testing.T) {
	w := corporate(t)
	w.Settle(t, newFn())
	clusters, servers := 0, 0
	for key, o := range w.Composed {
		if !strings.HasPrefix(key, keyClusterPrefix) {
			continue
		}
		list := &structpb.ListValue{}
		for n := range 100 / 6 {
			list.Values = append(list.Values, structpb.NewStructValue(&structpb.Struct{Fields: map[string]*structpb.Value{
				"number": structpb.NewNumberValue(float64(n + 1)), "id": structpb.NewStringValue(fmt.Sprintf("10%07d", n)),
			}}))
			servers++
		}
		o.GetFields()["status"].GetStructValue().GetFields()["hetzner"].GetStructValue().Fields["workers"] = structpb.NewListValue(list)
		clusters++
	}
	_, rsp := w.Run(t, newFn())
	text, err := yaml.Marshal(status(rsp)["handover"])
	if err != nil {
		t.Fatal(err)
	}
	if clusters != 6 || strings.Count(string(text), "number:") != servers || len(text) > 10_000 {
		t.Errorf("%d clusters, %d of %d servers in %d bytes", clusters, strings.Count(string(text), "number:"), servers, len(text))
	}
}

// Where Secrets are, and nothing of what they hold.
func TestHandoverNamesSecrets(t *testing.T) {
	named := with("  deletionPolicy", "  bootstrapKit: {pullSecretRef: {name: registry}, cloudCredentialsRef: {name: registry, key: token}}\n  deletionPolicy")
	handover, _ := status(world(t, named).Settle(t, newFn()))["handover"].(map[string]any)
	secret := func(namespace, name, purpose string) any {
		return map[string]any{"namespace": namespace, "name": name, "purpose": purpose}
	}
	want := []any{
		secret("sovereign-omantel", "hz-fsn-mgt-prod-authority", "What vouches for the host cluster"),
		secret("sovereign-omantel", "hz-fsn-mgt-prod-deploy-key", "What Flux reads the bootstrap kit with"),
		secret("sovereign-omantel", "hz-fsn-mgt-prod-join-token", "What servers of the host cluster join it with"),
		secret("catalyst-system", "registry", "What spec.bootstrapKit.pullSecretRef names"),
	}
	if diff := cmp.Diff(any(want), handover["secrets"]); diff != "" {
		t.Errorf("secrets: -want, +got:\n%s", diff)
	}
	configs := []any{
		map[string]any{"group": "gitea.openova.io", "name": "default"}, map[string]any{"group": "hcloud.openova.io", "name": "default"}, map[string]any{"group": "powerdns.openova.io", "name": "default"},
	}
	if diff := cmp.Diff(any(configs), handover["providerConfigs"]); diff != "" {
		t.Errorf("provider configs: -want, +got:\n%s", diff)
	}
}
