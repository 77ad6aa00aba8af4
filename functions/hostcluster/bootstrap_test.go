package hostcluster

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/types/known/structpb"
	"sigs.k8s.io/yaml"

	fnv1 "github.com/crossplane/function-sdk-go/proto/v1"

	"github.com/openova-io/catalyst/internal/proptest"
)

// bootstrap is the end of a spec.
const bootstrap = `
  bootstrap:
    git: {providerConfig: default, owner: system, repository: catalyst-config, branch: main, path: ./clusters/omantel.omani.works/bootstrap-kit}
    secrets:
    - {name: ghcr-pull, namespace: flux-system, type: kubernetes.io/dockerconfigjson, sourceRef: {name: bootstrap}, keys: [.dockerconfigjson]}
    - {name: cloud-credentials, namespace: flux-system, sourceRef: {name: bootstrap}, keys: [hcloud-token]}`

// deployKeySecret in base64 is the-identity, the-public-half and the-known-hosts.
const deployKeySecret = `apiVersion: v1
kind: Secret
metadata: {name: hz-fsn-mgt-prod-deploy-key, namespace: sovereign-omantel}
data: {identity: dGhlLWlkZW50aXR5, identity.pub: dGhlLXB1YmxpYy1oYWxm, known_hosts: dGhlLWtub3duLWhvc3Rz}`

// sourceSecret in base64 is the-pull-secret and the-hcloud-token.
const sourceSecret = `apiVersion: v1
kind: Secret
metadata: {name: bootstrap, namespace: sovereign-omantel}
data: {.dockerconfigjson: dGhlLXB1bGwtc2VjcmV0, hcloud-token: dGhlLWhjbG91ZC10b2tlbg==}`

// sources are what the cluster's bootstrap is made of.
const sources = deployKeySecret + "\n---\n" + sourceSecret

func bootstrapped() string {
	return with("providerConfig: default", "providerConfig: default"+bootstrap)
}

// objects of a manifest, by kind and name.
func objects(t *testing.T, text string) map[string]map[string]any {
	t.Helper()
	out := map[string]map[string]any{}
	for doc := range strings.SplitSeq(text, "---\n") {
		o := map[string]any{}
		if err := yaml.UnmarshalStrict([]byte(doc), &o); err != nil {
			t.Fatalf("%v:\n%s", err, doc)
		}
		md := o["metadata"].(map[string]any)
		name := fmt.Sprint(o["kind"], " ", md["name"])
		if ns := md["namespace"]; ns != nil {
			name = fmt.Sprint(o["kind"], " ", ns, "/", md["name"])
		}
		out[name] = o
	}
	return out
}

func TestManifests(t *testing.T) {
	rsp := world(t, bootstrapped(), generated, sources).Settle(t, newFn())
	text, _ := cloudInit(t, rsp, keyControlPlane)
	all := files(t, text)
	secrets := map[string]map[string]any{}
	for path, f := range all {
		if name := strings.TrimPrefix(path, manifestsDir); strings.HasPrefix(name, "catalyst-secret-") || strings.HasPrefix(name, "catalyst-namespace-") {
			o := objects(t, f.Content)
			if len(o) != 1 {
				t.Errorf("%s has %d objects: k3s would take away what another server's has not", path, len(o))
			}
			maps.Copy(secrets, o)
		}
	}
	kit := objects(t, all[manifestsDir+"catalyst-bootstrap-kit.yaml"].Content)
	cases := map[string]struct {
		reason string
		in     map[string]map[string]any
		fields []string
		want   map[string]any
	}{
		"Namespace flux-system": {reason: "Secrets are there before Flux", in: secrets, fields: []string{"apiVersion"}, want: map[string]any{"apiVersion": "v1"}},
		"Secret flux-system/ghcr-pull": {reason: "The registry of the kit's charts is not public", in: secrets, fields: []string{"type", "data"}, want: map[string]any{
			"type": "kubernetes.io/dockerconfigjson", "data": map[string]any{".dockerconfigjson": "dGhlLXB1bGwtc2VjcmV0"},
		}},
		"Secret flux-system/cloud-credentials": {reason: "What the Sovereign runs itself opens the project", in: secrets, fields: []string{"type", "data"}, want: map[string]any{
			"type": "Opaque", "data": map[string]any{"hcloud-token": "dGhlLWhjbG91ZC10b2tlbg=="},
		}},
		"Secret flux-system/bootstrap-kit": {reason: "Flux may read the repository", in: secrets, fields: []string{"data"}, want: map[string]any{
			"data": map[string]any{"identity": "dGhlLWlkZW50aXR5", "identity.pub": "dGhlLXB1YmxpYy1oYWxm", "known_hosts": "dGhlLWtub3duLWhvc3Rz"},
		}},
		"GitRepository flux-system/bootstrap-kit": {reason: "Flux follows the repository", in: kit, fields: []string{"apiVersion", "spec"}, want: map[string]any{
			"apiVersion": "source.toolkit.fluxcd.io/v1", "spec": map[string]any{
				"interval": "1m", "url": "ssh://git@git.example.org/system/hz-fsn-mgt-prod-deploy-key.git",
				"ref": map[string]any{"branch": "main"}, "secretRef": map[string]any{"name": "bootstrap-kit"},
			},
		}},
		"Kustomization flux-system/bootstrap-kit": {reason: "Flux applies the kit", in: kit, fields: []string{"apiVersion", "spec"}, want: map[string]any{
			"apiVersion": "kustomize.toolkit.fluxcd.io/v1", "spec": map[string]any{
				"interval": "5m", "retryInterval": "1m", "timeout": "30m", "prune": true, "wait": true,
				"path": "./clusters/omantel.omani.works/bootstrap-kit", "sourceRef": map[string]any{"kind": "GitRepository", "name": "bootstrap-kit"},
			},
		}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got := map[string]any{}
			for _, f := range tc.fields {
				got[f] = tc.in[name][f]
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("%s: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
	if len(secrets)+len(kit) != len(cases) {
		t.Errorf("the cluster starts with more than that: %d Secrets and namespaces, %d objects of Flux", len(secrets), len(kit))
	}
}

// A cluster that nothing was asked of has nobody's repository and Secrets.
func TestNoBootstrap(t *testing.T) {
	rsp := world(t, cluster, generated).Settle(t, newFn())
	text, _ := cloudInit(t, rsp, keyControlPlane)
	for path := range files(t, text) {
		if strings.HasPrefix(path, manifestsDir) && !slices.Contains([]string{"cilium.yaml", "catalyst-autoscaler.yaml"}, strings.TrimPrefix(path, manifestsDir)) {
			t.Errorf("the cluster starts with %s", path)
		}
	}
	if slices.Contains(proptest.Keys(rsp), keyDeployKey) {
		t.Error("there is a deploy key")
	}
}

// New servers of cluster-autoscaler join as workers do.
func TestElastic(t *testing.T) {
	rsp := world(t, cluster, generated).Settle(t, newFn())
	text, _ := cloudInit(t, rsp, keyControlPlane)
	worker, _ := cloudInit(t, rsp, "pool-workers-1")
	o := objects(t, files(t, text)[manifestsDir+"catalyst-autoscaler.yaml"].Content)["Secret kube-system/cluster-autoscaler-hcloud"]
	raw, err := base64.StdEncoding.DecodeString(o["stringData"].(map[string]any)["cluster-config"].(string))
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]any{}
	if err := json.Unmarshal(raw, &got); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"imagesForArch": map[string]any{"amd64": "ubuntu-24.04", "arm64": "ubuntu-24.04"},
		"nodeConfigs": map[string]any{"omantel-hfmp-elastic": map[string]any{
			"cloudInit": worker, "labels": map[string]any{"catalyst.openova.io/role": "worker"},
		}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("configuration of cluster-autoscaler: -want, +got:\n%s", diff)
	}
}

// What the cluster starts with is waited for by name, and no server starts
// without it.
func TestBootstrapWaits(t *testing.T) {
	without := func(s, part string) string { return strings.Replace(s, part, "", 1) }
	cases := map[string]struct {
		reason string
		docs   []string
		want   string
	}{
		"DeployKey":  {reason: "Flux could not read the repository", docs: []string{sourceSecret}, want: "DeployKey hz-fsn-mgt-prod-deploy-key: Waits for the key that opens the repository that Flux follows"},
		"KnownHosts": {reason: "Flux would not trust the server", docs: []string{without(deployKeySecret, ", known_hosts: dGhlLWtub3duLWhvc3Rz"), sourceSecret}, want: "DeployKey hz-fsn-mgt-prod-deploy-key: Waits for known_hosts of the repository that Flux follows. Set spec.sshKnownHosts of the provider configuration if its SSH port cannot be reached"},
		"Secret":     {reason: "The kit could not be pulled", docs: []string{deployKeySecret}, want: "Secret bootstrap: Waits for Secret bootstrap of spec.bootstrap.secrets"},
		"Key":        {reason: "The kit could not open the project", docs: []string{deployKeySecret, without(sourceSecret, ", hcloud-token: dGhlLWhjbG91ZC10b2tlbg==")}, want: "Secret bootstrap: Secret bootstrap of spec.bootstrap.secrets has no key hcloud-token"},
		"Elsewhere":  {reason: "Secrets of other namespaces are out of reach", docs: []string{deployKeySecret, strings.Replace(sourceSecret, "sovereign-omantel", "catalyst-system", 1)}, want: "Secret bootstrap: Waits for Secret bootstrap of spec.bootstrap.secrets"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			w := world(t, append([]string{bootstrapped(), generated}, tc.docs...)...)
			var rsp *fnv1.RunFunctionResponse
			for range 8 {
				_, rsp = w.Run(t, newFn())
				w.Apply(rsp, proptest.All)
			}
			for _, key := range proptest.Keys(rsp) {
				if strings.HasPrefix(key, keyPoolPrefix) || key == keyCloudInit {
					t.Errorf("%s: %s is composed", tc.reason, key)
				}
			}
			b, _ := status(rsp)["blocking"].(map[string]any)
			if diff := cmp.Diff(tc.want, fmt.Sprintf("%v %v: %v", b["kind"], b["name"], b["message"])); diff != "" {
				t.Errorf("%s: what blocks: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// A Secret that is lost later takes nothing away, and one that changes reaches
// new servers only.
func TestBootstrapStays(t *testing.T) {
	w := world(t, bootstrapped(), generated, sources)
	before := w.Settle(t, newFn())
	all := w.Objects
	w.Objects = slices.DeleteFunc(slices.Clone(all), func(o *structpb.Struct) bool {
		return o.GetFields()["metadata"].GetStructValue().GetFields()["name"].GetStringValue() == "bootstrap"
	})
	_, rsp := w.Run(t, newFn())
	for _, key := range []string{keyCloudInit, keyControlPlane} {
		if diff := cmp.Diff(fmt.Sprint(before.GetDesired().GetResources()[key].GetResource().AsMap()), fmt.Sprint(rsp.GetDesired().GetResources()[key].GetResource().AsMap())); diff != "" {
			t.Errorf("%s without the Secret: -before, +after:\n%s", key, diff)
		}
	}
}

func TestKubeconfig(t *testing.T) {
	rsp := world(t, cluster, generated).Settle(t, newFn())
	want := map[string]any{
		"authoritySecretRef": map[string]any{"name": "hz-fsn-mgt-prod-authority"}, "cluster": "hz-fsn-mgt-prod",
		"server": "https://192.0.2.10:6443", "serverName": "omantel.omani.works", "user": "catalyst", "organization": "system:masters",
	}
	if diff := cmp.Diff(want, forProvider(rsp, keyKubeconfig)); diff != "" {
		t.Errorf("kubeconfig: -want, +got:\n%s", diff)
	}
	if diff := cmp.Diff(map[string]any{"cluster": "hz-fsn-mgt-prod", "domain": "omantel.omani.works"}, forProvider(rsp, keyAuthority)); diff != "" {
		t.Errorf("authority: -want, +got:\n%s", diff)
	}
	text, _ := cloudInit(t, rsp, keyControlPlane)
	for _, f := range authorityFiles() {
		got := files(t, text)["/var/lib/rancher/k3s/server/tls/"+f]
		if got.Content != f || got.Permissions != "0600" {
			t.Errorf("%s of the control plane: %+v", f, got)
		}
	}
}

// It is not signed before there is what signs it, nor for an address that is
// not known, and stays when that is lost.
func TestKubeconfigWaits(t *testing.T) {
	w := world(t, cluster, joinToken)
	for range 6 {
		_, rsp := w.Run(t, newFn())
		if slices.Contains(proptest.Keys(rsp), keyKubeconfig) {
			t.Fatal("there is a kubeconfig before there is an authority")
		}
		w.Apply(rsp, proptest.All)
	}
	w = world(t, cluster, generated)
	w.Settle(t, newFn())
	at := w.Composed[keyLB].GetFields()["status"].GetStructValue().GetFields()["atProvider"].GetStructValue()
	delete(at.GetFields(), "ipv4")
	_, rsp := w.Run(t, newFn())
	if got := forProvider(rsp, keyKubeconfig)["server"]; got != "https://192.0.2.10:6443" {
		t.Errorf("the kubeconfig leads to %v when the address is lost", got)
	}
}

// Hetzner takes 32 KiB of user data, and certificates are larger in life than
// above.
func TestSize(t *testing.T) {
	certificate := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("x", 900)))
	pull := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("x", 2000)))
	docs := strings.NewReplacer(
		"Y2xpZW50LWNhLmNydA==", certificate, "Y2xpZW50LWNhLmtleQ==", certificate, "c2VydmVyLWNhLmNydA==", certificate, "c2VydmVyLWNhLmtleQ==", certificate,
		"dGhlLXB1bGwtc2VjcmV0", pull, "dGhlLWtub3duLWhvc3Rz", pull, "dGhlLWlkZW50aXR5", certificate,
	).Replace(strings.Join([]string{bootstrapped(), generated, sources}, "\n---\n"))
	text, _ := cloudInit(t, world(t, docs).Settle(t, newFn()), keyControlPlane)
	t.Logf("the control plane starts with %d bytes", len(text))
	if len(text) > 32*1024 {
		t.Errorf("the control plane starts with %d bytes, more than Hetzner takes", len(text))
	}
}
