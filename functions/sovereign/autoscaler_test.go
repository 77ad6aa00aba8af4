package sovereign

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/types/known/structpb"
	"sigs.k8s.io/yaml"

	fnv1 "github.com/crossplane/function-sdk-go/proto/v1"

	"github.com/openova-io/catalyst/internal/proptest"
)

const kitFolder = "clusters/omantel.omani.works/bootstrap-kit/"

// kit returns the example with that in its bootstrapKit.
func kitWith(fields string) string {
	return with("  deletionPolicy", "  bootstrapKit: {"+fields+"}\n  sovereignty: Sovereign\n  deletionPolicy")
}

// helmRelease in a file of the kit.
func helmRelease(t *testing.T, rsp *fnv1.RunFunctionResponse, file string) map[string]any {
	t.Helper()
	_, text, _ := strings.Cut(rendered(rsp)[kitFolder+file], "kind: HelmRepository")
	_, text, _ = strings.Cut(text, "---\n")
	out := map[string]any{}
	if err := yaml.Unmarshal([]byte(text), &out); err != nil {
		t.Fatal(err)
	}
	spec, _ := out["spec"].(map[string]any)
	return spec
}

const autoscalerVersion = "versions: {cluster-autoscaler-hcloud: 1.0.0}"

func TestAutoscaler(t *testing.T) {
	w := world(t, kitWith(autoscalerVersion))
	rsp := w.Settle(t, newFn())
	got := helmRelease(t, rsp, "40-cluster-autoscaler-hcloud.yaml")
	key := w.Composed[keySSHKeyPrefix+proptestKey(w)].GetFields()["status"].GetStructValue().GetFields()["atProvider"].GetStructValue().GetFields()["id"].GetStringValue()
	want := map[string]any{
		"global": map[string]any{"sovereignFQDN": "omantel.omani.works", "keycloakTopology": ""},
		"cluster-autoscaler": map[string]any{
			"cloudProvider": "hetzner",
			// NodePools have two of the ten.
			"autoscalingGroups": []any{map[string]any{"name": "omantel-hfmp-elastic", "instanceType": "cx32", "region": "fsn1", "minSize": 0.0, "maxSize": 8.0}},
			"nodeSelector":      map[string]any{"node-role.kubernetes.io/control-plane": "true"},
			"tolerations":       []any{map[string]any{"key": "node-role.kubernetes.io/control-plane", "operator": "Exists", "effect": "NoSchedule"}},
			"extraArgs": map[string]any{
				"expander": "least-waste", "scale-down-unneeded-time": "10m", "scale-down-delay-after-add": "10m", "scale-down-delay-after-failure": "3m",
			},
			"extraEnv":        map[string]any{"HCLOUD_NETWORK": "4711", "HCLOUD_FIREWALL": "4711", "HCLOUD_SSH_KEY": key},
			"extraEnvSecrets": map[string]any{"HCLOUD_CLUSTER_CONFIG": map[string]any{"name": "cluster-autoscaler-hcloud", "key": "cluster-config"}},
		},
	}
	if diff := cmp.Diff(any(want), got["values"]); diff != "" {
		t.Errorf("values: -want, +got:\n%s", diff)
	}
	from := []any{map[string]any{"kind": "Secret", "name": "cloud-credentials", "valuesKey": "hcloud-token", "targetPath": "clusterAutoscalerHcloud.hcloudToken"}}
	if diff := cmp.Diff(any(from), got["valuesFrom"]); diff != "" {
		t.Errorf("the token comes from a Secret: -want, +got:\n%s", diff)
	}
	if diff := cmp.Diff(any("kube-system"), got["targetNamespace"]); diff != "" {
		t.Errorf("the Secret that servers join with is in kube-system: -want, +got:\n%s", diff)
	}
}

// proptestKey is the name of the world's SSH key.
func proptestKey(w *proptest.World) string {
	for key := range w.Composed {
		if id, ok := strings.CutPrefix(key, keySSHKeyPrefix); ok {
			return id
		}
	}
	return ""
}

// setWorkers of the world's only host cluster.
func setWorkers(w *proptest.World, field string, n int) {
	region := w.XR.GetFields()["spec"].GetStructValue().GetFields()["regions"].GetListValue().GetValues()[0].GetStructValue()
	cluster := region.GetFields()["hostClusters"].GetListValue().GetValues()[0].GetStructValue()
	cluster.GetFields()["workers"].GetStructValue().Fields[field] = structpb.NewNumberValue(float64(n))
}

func groups(t *testing.T, rsp *fnv1.RunFunctionResponse) any {
	t.Helper()
	values, _ := helmRelease(t, rsp, "40-cluster-autoscaler-hcloud.yaml")["values"].(map[string]any)
	upstream, _ := values["cluster-autoscaler"].(map[string]any)
	return upstream["autoscalingGroups"]
}

// The autoscaler's servers and those of NodePools together are never more than
// the Sovereign allows.
func TestAutoscalerLeavesRoom(t *testing.T) {
	w := world(t, kitWith(autoscalerVersion))
	for _, tc := range []struct {
		reason     string
		count, max int
		want       []any
	}{
		{reason: "More servers of NodePools leave fewer", count: 7, max: 10, want: []any{3.0}},
		{reason: "A higher bound gives more", count: 7, max: 20, want: []any{13.0}},
		{reason: "No room, no group", count: 20, max: 20, want: nil},
	} {
		setWorkers(w, "count", tc.count)
		setWorkers(w, "max", tc.max)
		var got []any
		for _, g := range groups(t, w.Settle(t, newFn())).([]any) {
			got = append(got, g.(map[string]any)["maxSize"])
		}
		if diff := cmp.Diff(tc.want, got); diff != "" {
			t.Errorf("%s: -want, +got:\n%s", tc.reason, diff)
		}
	}
}

// A server without network, firewall and key never joins, so the slot waits for
// their ids, and what it was stays while they are not known for a while.
func TestAutoscalerWaitsForIDs(t *testing.T) {
	const file, cluster = "40-cluster-autoscaler-hcloud.yaml", keyClusterPrefix + "hz-fsn-mgt-prod"
	w := world(t, kitWith(autoscalerVersion))
	var rsp *fnv1.RunFunctionResponse
	for range 12 {
		_, rsp = w.Run(t, newFn())
		w.Apply(rsp, func(key string) bool { return key != cluster })
	}
	files := rendered(rsp)
	if files[kitFolder+"01-cilium.yaml"] == "" || files[kitFolder+file] != "" || strings.Contains(files[kitFolder+"kustomization.yaml"], file) {
		t.Errorf("before the ids are known the kit is there without the autoscaler:\n%s", files[kitFolder+"kustomization.yaml"])
	}

	settled := rendered(w.Settle(t, newFn()))
	if settled[kitFolder+file] == "" || !strings.Contains(settled[kitFolder+"kustomization.yaml"], file) {
		t.Error("the autoscaler is not there although the ids are known")
	}
	ids := func() map[string]*structpb.Value {
		return w.Composed[cluster].GetFields()["status"].GetStructValue().GetFields()["hetzner"].GetStructValue().GetFields()
	}
	network := ids()["networkID"]
	delete(ids(), "networkID")
	setWorkers(w, "count", 4)
	_, rsp = w.Run(t, newFn())
	if diff := cmp.Diff(settled[kitFolder+file], rendered(rsp)[kitFolder+file]); diff != "" {
		t.Errorf("the file stays while an id is not known: -before, +after:\n%s", diff)
	}
	ids()["networkID"] = network
	if diff := cmp.Diff(any(6.0), groups(t, w.Settle(t, newFn())).([]any)[0].(map[string]any)["maxSize"]); diff != "" {
		t.Errorf("the file follows once the id is known again: -want, +got:\n%s", diff)
	}
}

func TestSizes(t *testing.T) {
	cases := map[string]struct {
		reason, sizes, file string
		want                any
	}{
		"None":   {reason: "Nothing asked for, nothing said", sizes: "{}", file: "09-keycloak.yaml", want: nil},
		"Both":   {reason: "What was asked for goes to the upstream chart", sizes: "{keycloak: {cpu: 500m, memory: 1Gi}}", file: "09-keycloak.yaml", want: map[string]any{"keycloak": map[string]any{"resources": map[string]any{"requests": map[string]any{"cpu": "500m", "memory": "1Gi"}}}}},
		"Memory": {reason: "Memory only", sizes: "{cnpg: {memory: 1Gi}}", file: "16-cnpg.yaml", want: map[string]any{"cloudnative-pg": map[string]any{"resources": map[string]any{"requests": map[string]any{"memory": "1Gi"}}}}},
		"Number": {reason: "A number is a quantity too", sizes: "{gitea: {cpu: 2}}", file: "10-gitea.yaml", want: map[string]any{"gitea": map[string]any{"resources": map[string]any{"requests": map[string]any{"cpu": "2"}}}}},
		"Other":  {reason: "The size of another slot", sizes: "{keycloak: {cpu: 500m}}", file: "10-gitea.yaml", want: nil},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got := helmRelease(t, world(t, kitWith("sizes: "+tc.sizes)).Settle(t, newFn()), tc.file)["values"].(map[string]any)
			delete(got, "global")
			if len(got) == 0 {
				got = nil
			}
			if tc.want == nil {
				tc.want = map[string]any(nil)
			}
			if diff := cmp.Diff(tc.want, any(got)); diff != "" {
				t.Errorf("%s: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// The API server knows the slots by name: what it allows is what the table has.
func TestSlotNames(t *testing.T) {
	var names []string
	for _, s := range theKit().Slots {
		names = append(names, s.Name)
	}
	definition, err := os.ReadFile("../../apis/sovereigns/definition.yaml")
	if err != nil {
		t.Fatal(err)
	}
	text := strings.ReplaceAll(strings.Join(strings.Fields(string(definition)), ""), "''", "'")
	rule := "['" + strings.Join(names, "','") + "']"
	message := strings.Join(names[:len(names)-1], ",") + "or" + names[len(names)-1]
	// For versions and for sizes a rule, its message, and in that what is wrong.
	for _, tc := range []struct {
		text string
		want int
	}{{rule, 4}, {message, 2}} {
		if n := strings.Count(text, tc.text); n != tc.want {
			t.Errorf("the API server's rules for versions and sizes: %d of %d have %s", n, tc.want, tc.text)
		}
	}
}
