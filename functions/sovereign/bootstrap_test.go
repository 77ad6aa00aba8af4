package sovereign

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/types/known/structpb"

	fnv1 "github.com/crossplane/function-sdk-go/proto/v1"

	"github.com/openova-io/catalyst/internal/proptest"
)

// platformSecrets in base64 are the-pull-secret, the-hcloud-token and
// the-other-token.
const platformSecrets = `apiVersion: v1
kind: Secret
metadata: {name: registry, namespace: catalyst-system}
type: kubernetes.io/dockerconfigjson
data: {.dockerconfigjson: dGhlLXB1bGwtc2VjcmV0}
---
apiVersion: v1
kind: Secret
metadata: {name: hcloud, namespace: catalyst-system}
type: Opaque
data: {token: dGhlLWhjbG91ZC10b2tlbg==, other: dGhlLW90aGVyLXRva2Vu}`

func credited() string {
	return with("  deletionPolicy: Refuse", "  deletionPolicy: Refuse\n  bootstrapKit: {pullSecretRef: {name: registry}, cloudCredentialsRef: {name: hcloud, key: token}}")
}

func TestBootstrap(t *testing.T) {
	git := map[string]any{"providerConfig": "default", "owner": "system", "repository": "catalyst-config", "branch": "main", "path": "./clusters/omantel.omani.works/bootstrap-kit"}
	pull := map[string]any{"name": "ghcr-pull", "namespace": "flux-system", "type": "kubernetes.io/dockerconfigjson", "sourceRef": map[string]any{"name": "bootstrap"}, "keys": []any{".dockerconfigjson"}}
	cloud := map[string]any{"name": "cloud-credentials", "namespace": "flux-system", "type": "Opaque", "sourceRef": map[string]any{"name": "bootstrap"}, "keys": []any{"hcloud-token"}}
	cases := map[string]struct {
		reason, spec string
		bootstrap    any
		copied       any
	}{
		"Bare":    {reason: "Flux follows the kit, whatever else", spec: sme, bootstrap: map[string]any{"git": git}},
		"Secrets": {reason: "The entrance has what the platform team names", spec: credited(), bootstrap: map[string]any{"git": git, "secrets": []any{pull, cloud}}, copied: map[string]any{".dockerconfigjson": "dGhlLXB1bGwtc2VjcmV0", "hcloud-token": "dGhlLWhjbG91ZC10b2tlbg=="}},
		"Pull": {
			reason: "One of them is enough", spec: strings.Replace(credited(), ", cloudCredentialsRef: {name: hcloud, key: token}", "", 1),
			bootstrap: map[string]any{"git": git, "secrets": []any{pull}}, copied: map[string]any{".dockerconfigjson": "dGhlLXB1bGwtc2VjcmV0"},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			rsp := world(t, tc.spec, platformSecrets).Settle(t, newFn())
			if diff := cmp.Diff(tc.bootstrap, spec(rsp, keyClusterPrefix+"hz-fsn-mgt-prod")["bootstrap"]); diff != "" {
				t.Errorf("%s: bootstrap of the entrance: -want, +got:\n%s", tc.reason, diff)
			}
			if diff := cmp.Diff(tc.copied, rsp.GetDesired().GetResources()[keyBootstrap].GetResource().AsMap()["data"]); diff != "" {
				t.Errorf("%s: copy: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// One cluster applies the kit: the one that the Sovereign's names point to.
func TestOneEntrance(t *testing.T) {
	rsp := corporate(t).Settle(t, newFn())
	var got []string
	for _, key := range proptest.Keys(rsp) {
		if strings.HasPrefix(key, keyClusterPrefix) && spec(rsp, key)["bootstrap"] != nil {
			got = append(got, key)
		}
	}
	if diff := cmp.Diff([]string{"host-cluster-hz-fsn-mgt-prod"}, got); diff != "" {
		t.Errorf("clusters that apply the kit: -want, +got:\n%s", diff)
	}
}

// What is secret is in the copy, and nowhere else.
func TestSecretsStaySecret(t *testing.T) {
	rsp := world(t, credited(), platformSecrets).Settle(t, newFn())
	all := map[string]string{"status": fmt.Sprint(status(rsp), rsp.GetResults(), rsp.GetConditions())}
	for key, res := range rsp.GetDesired().GetResources() {
		if key != keyBootstrap {
			all[key] = fmt.Sprint(res.GetResource().AsMap())
		}
	}
	for key, text := range all {
		for _, s := range []string{"the-pull-secret", "the-hcloud-token", "dGhlLXB1bGwtc2VjcmV0", "dGhlLWhjbG91ZC10b2tlbg=="} {
			if strings.Contains(text, s) {
				t.Errorf("%s shows %s", key, s)
			}
		}
	}
}

func TestBootstrapWaits(t *testing.T) {
	cases := map[string]struct {
		reason, docs, want string
	}{
		"Missing":   {reason: "It is not there yet", docs: organizations, want: "Secret registry: Waits for Secret registry of spec.bootstrapKit.pullSecretRef in the namespace catalyst-system"},
		"Elsewhere": {reason: "Secrets of other namespaces are not the platform team's", docs: strings.ReplaceAll(platformSecrets, "catalyst-system", "acme"), want: "Secret registry: Waits for Secret registry of spec.bootstrapKit.pullSecretRef in the namespace catalyst-system"},
		"Type":      {reason: "Another kind of Secret is not handed to a registry", docs: strings.ReplaceAll(platformSecrets, "kubernetes.io/dockerconfigjson", "Opaque"), want: "Secret registry: Secret registry of spec.bootstrapKit.pullSecretRef has the type Opaque, not kubernetes.io/dockerconfigjson"},
		"Key":       {reason: "It has another key", docs: strings.ReplaceAll(platformSecrets, "{token:", "{tocken:"), want: "Secret hcloud: Secret hcloud of spec.bootstrapKit.cloudCredentialsRef has no key token"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			w := world(t, credited(), tc.docs)
			var rsp *fnv1.RunFunctionResponse
			for range 8 {
				_, rsp = w.Run(t, newFn())
				w.Apply(rsp, proptest.All)
			}
			if rsp.GetDesired().GetResources()[keyBootstrap] != nil {
				t.Errorf("%s: there is a copy", tc.reason)
			}
			b, _ := status(rsp)["blocking"].(map[string]any)
			if diff := cmp.Diff(tc.want, fmt.Sprintf("%v %v: %v", b["kind"], b["name"], b["message"])); diff != "" {
				t.Errorf("%s: what blocks: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// The copy goes when the spec names nothing any more, and not before.
func TestBootstrapSecretRetired(t *testing.T) {
	w := world(t, credited(), platformSecrets)
	w.Settle(t, newFn())
	objects := w.Objects
	w.Objects = nil
	_, rsp := w.Run(t, newFn())
	if rsp.GetDesired().GetResources()[keyBootstrap] == nil {
		t.Error("the copy goes with what it is a copy of")
	}
	w.Objects = objects
	delete(w.XR.GetFields()["spec"].GetStructValue().GetFields(), "bootstrapKit")
	if rsp := w.Settle(t, newFn()); rsp.GetDesired().GetResources()[keyBootstrap] != nil {
		t.Error("the copy stays when nothing names it")
	}
}

func TestKubeconfigs(t *testing.T) {
	w := world(t, sme)
	w.Settle(t, newFn())
	st := w.Composed[keyClusterPrefix+"hz-fsn-mgt-prod"].GetFields()["status"].GetStructValue()
	st.Fields["kubeconfigSecretRef"] = structpb.NewStructValue(&structpb.Struct{Fields: map[string]*structpb.Value{"name": structpb.NewStringValue("hz-fsn-mgt-prod-kubeconfig")}})
	_, rsp := w.Run(t, newFn())
	hc := status(rsp)["hostClusters"].([]any)[0].(map[string]any)
	if diff := cmp.Diff(map[string]any{"name": "hz-fsn-mgt-prod-kubeconfig"}, hc["kubeconfigSecretRef"]); diff != "" {
		t.Errorf("what opens the host cluster: -want, +got:\n%s", diff)
	}
}
