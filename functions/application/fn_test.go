package application

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/crossplane/crossplane-runtime/v2/pkg/logging"
	fnv1 "github.com/crossplane/function-sdk-go/proto/v1"

	"github.com/openova-io/catalyst/internal/composing"
	"github.com/openova-io/catalyst/internal/proptest"
)

const organization = `apiVersion: catalyst.openova.io/v1alpha1
kind: Organization
metadata: {name: acme}
spec: {displayName: Acme, domain: acme.example, owners: [{email: a@acme.example, role: owner}]}`

const onSovereign = `apiVersion: catalyst.openova.io/v1alpha1
kind: Organization
metadata: {name: acme}
spec: {displayName: Acme, sovereignRef: {name: omantel}, owners: [{email: a@acme.example, role: owner}]}`

const sovereign = `apiVersion: catalyst.openova.io/v1alpha1
kind: Sovereign
metadata: {name: omantel}
spec: {domain: {name: omantel.example}}`

const environments = `apiVersion: catalyst.openova.io/v1alpha1
kind: Environment
metadata: {name: acme-dev, namespace: acme}
spec: {envType: dev, placement: {hostClusters: [hz-fsn-rtz-dev]}, ingress: [{hostCluster: hz-fsn-rtz-dev, addresses: [192.0.2.10]}]}
---
apiVersion: catalyst.openova.io/v1alpha1
kind: Environment
metadata: {name: acme-prod, namespace: acme}
spec:
  envType: prod
  placement: {hostClusters: [hz-fsn-rtz-prod, hz-hel-rtz-prod]}
  ingress:
  - {hostCluster: hz-fsn-rtz-prod, addresses: [192.0.2.20]}
  - {hostCluster: hz-hel-rtz-prod, addresses: [192.0.2.30, 192.0.2.31]}`

const wordpress = `apiVersion: catalyst.openova.io/v1alpha1
kind: Blueprint
metadata: {name: bp-wordpress, namespace: catalog}
spec:
  version: 1.3.0
  configSchema:
    type: object
    required: [domain]
    properties:
      domain: {type: string, format: hostname}
      replicas: {type: integer, minimum: 1, maximum: 5}
  placementSchema: {modes: [single-region, active-hotstandby]}
  manifests:
    source: {kind: HelmChart, ref: "oci://ghcr.io/openova-io/bp-wordpress"}
    values: {image: {tag: "6.7"}, replicas: 1}
    overlays: {large: {replicas: 3}}`

const app = `apiVersion: catalyst.openova.io/v1alpha1
kind: Application
metadata: {name: marketing-site, namespace: acme}
spec:
  blueprintRef: {name: bp-wordpress, version: 1.3.0}
  environments:
  - {name: acme-dev}
  - {name: acme-prod, placement: {mode: active-hotstandby, hostClusters: [hz-fsn-rtz-prod, hz-hel-rtz-prod]}, size: large}
  parameters: {domain: acme.example, image: {pullPolicy: Always}}`

func fluxKinds() []string {
	return []string{
		"source.toolkit.fluxcd.io/v1/GitRepository", "kustomize.toolkit.fluxcd.io/v1/Kustomization",
		"source.toolkit.fluxcd.io/v1/OCIRepository", "helm.toolkit.fluxcd.io/v2/HelmRelease",
	}
}

func newFn() fnv1.FunctionRunnerServiceServer {
	return composing.NewFunction(logging.NewNopLogger(), Compose)
}

func world(t testing.TB, docs ...string) *proptest.World {
	t.Helper()
	return proptest.NewWorld(t, strings.Join(docs, "\n---\n"), fluxKinds()...)
}

func TestProperties(t *testing.T) {
	proptest.Check(t, newFn(), world(t, app, organization, environments, wordpress))
}

// An Organization whose domain is its Sovereign's: one more input that can be
// missing.
func TestPropertiesOnSovereign(t *testing.T) {
	w := world(t, app, onSovereign, environments, wordpress, sovereign)
	proptest.Check(t, newFn(), w)
	if diff := cmp.Diff([]string{"marketing-site.acme-dev.omantel.example-a", "marketing-site.acme-prod.omantel.example-lua"}, hostsOf(w.Settle(t, newFn()))); diff != "" {
		t.Errorf("names under the Sovereign's domain: -want, +got:\n%s", diff)
	}
}

func hostsOf(rsp *fnv1.RunFunctionResponse) []string {
	var out []string
	for _, k := range proptest.Keys(rsp) {
		if strings.HasPrefix(k, keyHostPrefix) {
			out = append(out, k[strings.LastIndex(k, "/")+1:])
		}
	}
	return out
}

func FuzzRunFunction(f *testing.F) {
	proptest.Fuzz(f, newFn(), world(f, app, organization, environments, wordpress))
}

func TestComposed(t *testing.T) {
	everything := []string{
		"access-acme-dev/hz-fsn-rtz-dev", "access-acme-prod/hz-fsn-rtz-prod", "access-acme-prod/hz-hel-rtz-prod",
		"branch-main", "branch-staging", "content", "delivery-acme-dev/hz-fsn-rtz-dev",
		"delivery-acme-prod/hz-fsn-rtz-prod", "delivery-acme-prod/hz-hel-rtz-prod", "deploy-key",
		"host-acme-dev/marketing-site.acme-dev.acme.example-a", "host-acme-prod/marketing-site.acme-prod.acme.example-lua",
		"protection-develop", "protection-main", "protection-staging",
		"repository", "source-acme-dev", "source-acme-prod",
	}
	withoutFlux := []string{
		"branch-main", "branch-staging", "content", "host-acme-dev/marketing-site.acme-dev.acme.example-a", "host-acme-prod/marketing-site.acme-prod.acme.example-lua",
		"protection-develop", "protection-main", "protection-staging", "repository",
	}
	cases := map[string]struct {
		reason string
		world  func(t *testing.T) *proptest.World
		want   []string
	}{
		"Everything": {
			reason: "A repository, its branches, a name per Environment and a delivery per host cluster",
			world: func(t *testing.T) *proptest.World {
				t.Helper()
				return world(t, app, organization, environments, wordpress)
			},
			want: everything,
		},
		"NoFlux": {
			reason: "Without Flux there is nothing to deliver with",
			world: func(t *testing.T) *proptest.World {
				t.Helper()
				return proptest.NewWorld(t, strings.Join([]string{app, organization, environments, wordpress}, "\n---\n"))
			},
			want: withoutFlux,
		},
		"NoBlueprint": {
			reason: "Nothing is composed of an Application that cannot be carried out",
			world:  func(t *testing.T) *proptest.World { t.Helper(); return world(t, app, organization, environments) },
			want:   nil,
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			rsp := tc.world(t).Settle(t, newFn())
			if diff := cmp.Diff(tc.want, proptest.Keys(rsp)); diff != "" {
				t.Errorf("%s: -want, +got:\n%s", tc.reason, diff)
			}
			if n := len(rsp.GetDesired().GetResources()); n > 40 {
				t.Errorf("%d composed resources, at most 40 are allowed", n)
			}
		})
	}
}

// The API lets an Application have five Environments and name nine host
// clusters. More would be more than one composite resource should compose.
func TestComposesAtMostForty(t *testing.T) {
	for _, tc := range []struct{ environments, clusters int }{{5, 1}, {3, 3}} {
		rsp := world(t, manyEnvironments(tc.environments, tc.clusters), organization, wordpress).Settle(t, newFn())
		if n := len(rsp.GetDesired().GetResources()); n > 40 {
			t.Errorf("%d Environments on %d host clusters: %d composed resources, at most 40 are allowed", tc.environments, tc.clusters, n)
		}
	}
}

// Each kind of Blueprint takes other kinds of Flux.
func TestMissingKinds(t *testing.T) {
	git, kustomization, oci, helm := fluxKinds()[0], fluxKinds()[1], fluxKinds()[2], fluxKinds()[3]
	const chart = `    source: {kind: HelmChart, ref: "oci://ghcr.io/openova-io/bp-wordpress"}`
	kustomize := strings.Replace(wordpress, "kind: HelmChart", "kind: Kustomize", 1)
	bare := strings.Replace(wordpress, chart, "", 1)
	const skipped = "Delivery Skipped IntegrationMissing Missing kinds of Flux: "
	cases := map[string]struct {
		reason    string
		blueprint string
		kinds     []string
		step      string
		state     string
	}{
		"ChartWithoutFlux":           {reason: "Every missing kind is named", blueprint: wordpress, step: skipped + "GitRepository, Kustomization, OCIRepository, HelmRelease", state: "Published"},
		"ChartWithoutHelmController": {reason: "A chart takes helm-controller", blueprint: wordpress, kinds: []string{git, kustomization, oci}, step: skipped + "HelmRelease", state: "Published"},
		"Chart":                      {reason: "With all of Flux a chart is delivered", blueprint: wordpress, kinds: fluxKinds(), step: "Delivery Ready", state: "Installing"},
		"KustomizeWithoutSources":    {reason: "Manifests come as an OCI artifact", blueprint: kustomize, kinds: []string{kustomization, helm}, step: skipped + "GitRepository, OCIRepository", state: "Published"},
		"Kustomize":                  {reason: "Plain manifests take no helm-controller", blueprint: kustomize, kinds: []string{git, kustomization, oci}, step: "Delivery Ready", state: "Installing"},
		"BareWithoutKustomization":   {reason: "An overlay takes kustomize-controller", blueprint: bare, kinds: []string{git, oci, helm}, step: skipped + "Kustomization", state: "Published"},
		"Bare":                       {reason: "A Blueprint without manifests takes neither artifact nor chart", blueprint: bare, kinds: []string{git, kustomization}, step: "Delivery Ready", state: "Installing"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			w := proptest.NewWorld(t, strings.Join([]string{app, organization, environments, tc.blueprint}, "\n---\n"), tc.kinds...)
			rsp := w.Settle(t, newFn())
			if diff := cmp.Diff(tc.step, stepOf(rsp, "Delivery")); diff != "" {
				t.Errorf("%s: step: -want, +got:\n%s", tc.reason, diff)
			}
			if diff := cmp.Diff(tc.state, statesOf(rsp)["acme-dev"]); diff != "" {
				t.Errorf("%s: state in acme-dev: -want, +got:\n%s", tc.reason, diff)
			}
			for _, api := range []string{"v1.source.toolkit.fluxcd.io", "v1.kustomize.toolkit.fluxcd.io", "v2.helm.toolkit.fluxcd.io"} {
				if rsp.GetRequirements().GetResources()[api] == nil {
					t.Errorf("%s: %s is not asked for", tc.reason, api)
				}
			}
		})
	}
}

// What Flux says becomes the Application's state.
func TestStates(t *testing.T) {
	const sha = "main@sha1:6dcd4ce23d88e2ee9568ba546c007c63d9131c1b"
	status := func(ready, applied, attempted string) map[string]any {
		return map[string]any{
			"conditions":            []any{map[string]any{"type": "Ready", "status": ready, "reason": "Test", "message": "configmaps is forbidden", "lastTransitionTime": "2026-01-02T03:04:05Z"}},
			"lastAppliedRevision":   applied,
			"lastAttemptedRevision": attempted,
		}
	}
	cases := map[string]struct {
		reason string
		status map[string]any
		want   string
		step   string
	}{
		"Waiting":   {reason: "Without a source there is nothing to apply yet", status: status("False", "", ""), want: "Installing", step: "Delivery Working Test configmaps is forbidden"},
		"Refused":   {reason: "What never applied is not about to", status: status("False", "", sha), want: "Degraded", step: "Delivery Working Test configmaps is forbidden"},
		"Applied":   {reason: "What is applied runs", status: status("True", sha, sha), want: "Running", step: "Delivery Ready"},
		"NextFails": {reason: "What ran before is no longer what was asked for", status: status("False", sha, sha), want: "Degraded", step: "Delivery Working Test configmaps is forbidden"},
		"Next":      {reason: "Another revision is on its way", status: status("Unknown", sha, "main@sha1:0000"), want: "Updating", step: "Delivery Working Test configmaps is forbidden"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			w := world(t, app, organization, environments, wordpress)
			w.Settle(t, newFn())
			s, err := structpb.NewStruct(tc.status)
			if err != nil {
				t.Fatal(err)
			}
			w.Composed["delivery-acme-dev/hz-fsn-rtz-dev"].Fields["status"] = structpb.NewStructValue(s)
			_, rsp := w.Run(t, newFn())
			if diff := cmp.Diff(tc.want, statesOf(rsp)["acme-dev"]); diff != "" {
				t.Errorf("%s: state in acme-dev: -want, +got:\n%s", tc.reason, diff)
			}
			if diff := cmp.Diff(tc.step, stepOf(rsp, "Delivery")); diff != "" {
				t.Errorf("%s: step: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func statusOf(rsp *fnv1.RunFunctionResponse) map[string]any {
	return rsp.GetDesired().GetComposite().GetResource().AsMap()["status"].(map[string]any)
}

func statesOf(rsp *fnv1.RunFunctionResponse) map[string]string {
	out := map[string]string{}
	for _, e := range statusOf(rsp)["environments"].([]any) {
		m := e.(map[string]any)
		out[m["name"].(string)] = m["state"].(string)
	}
	return out
}

// stepOf the status: its name, state, reason and message.
func stepOf(rsp *fnv1.RunFunctionResponse, name string) string {
	for _, s := range statusOf(rsp)["steps"].([]any) {
		m := s.(map[string]any)
		if m["name"] != name {
			continue
		}
		var out []string
		for _, k := range []string{"name", "state", "reason", "message"} {
			if v, ok := m[k].(string); ok && v != "" {
				out = append(out, v)
			}
		}
		return strings.Join(out, " ")
	}
	return ""
}

func TestRefusals(t *testing.T) {
	edit := func(s, old, now string) string {
		if !strings.Contains(s, old) {
			t.Fatalf("no %q to replace", old)
		}
		return strings.Replace(s, old, now, 1)
	}
	cases := map[string]struct {
		reason  string
		docs    []string
		want    string
		message string
	}{
		"NoOrganization": {
			reason: "The namespace decides the Organization", docs: []string{app, environments, wordpress},
			want: ReasonOrganizationMissing, message: `There is no Organization "acme", which the namespace belongs to`,
		},
		"NoEnvironment": {
			reason: "Environments may come later", docs: []string{app, organization, wordpress},
			want: ReasonEnvironmentMissing, message: `spec.environments[0].name is "acme-dev", and there is no such Environment in namespace acme`,
		},
		"ForeignEnvironment": {
			reason: "Another Organization's Environment is out of reach", docs: []string{edit(app, "acme-dev", "globex-dev"), organization, environments, wordpress},
			want: ReasonForeignEnvironment, message: `spec.environments[0].name is "globex-dev", must be an Environment of Organization acme: acme-<prod|stg|uat|dev|poc>`,
		},
		"UnknownBlueprint": {
			reason: "A Blueprint is looked up in three namespaces", docs: []string{app, organization, environments},
			want: ReasonBlueprintNotFound, message: `spec.blueprintRef.name is "bp-wordpress", and there is no such Blueprint in namespaces acme, catalog-sovereign and catalog`,
		},
		"BlueprintOfAnotherOrganization": {
			reason: "A private Blueprint is invisible to others", docs: []string{app, organization, environments, edit(wordpress, "namespace: catalog", "namespace: globex")},
			want: ReasonBlueprintNotFound, message: `spec.blueprintRef.name is "bp-wordpress", and there is no such Blueprint in namespaces acme, catalog-sovereign and catalog`,
		},
		"VersionMismatch": {
			reason: "Versions are exact", docs: []string{edit(app, "version: 1.3.0", "version: 1.4.0"), organization, environments, wordpress},
			want: ReasonVersionMismatch, message: `spec.blueprintRef.version is "1.4.0", and Blueprint bp-wordpress in namespace catalog has version 1.3.0`,
		},
		"WrongType": {
			reason: "Parameters are named by JSON Pointer", docs: []string{edit(app, "domain: acme.example", "domain: acme.example, replicas: many"), organization, environments, wordpress},
			want: ReasonInvalidParameters, message: "spec.parameters/replicas: got string, want integer",
		},
		"MissingParameter": {
			reason: "What is required must be there", docs: []string{edit(app, "domain: acme.example, ", ""), organization, environments, wordpress},
			want: ReasonInvalidParameters, message: "spec.parameters: missing property 'domain'",
		},
		"UnknownSize": {
			reason: "Sizes are the Blueprint's overlays", docs: []string{edit(app, "size: large", "size: huge"), organization, environments, wordpress},
			want: ReasonUnknownSize, message: `spec.environments[1].size is "huge", and Blueprint bp-wordpress offers large`,
		},
		"UnsupportedMode": {
			reason: "Modes are the Blueprint's", docs: []string{edit(app, "active-hotstandby", "active-active"), organization, environments, wordpress},
			want: ReasonInvalidPlacement, message: `spec.environments[1].placement.mode is "active-active", and Blueprint bp-wordpress supports single-region, active-hotstandby`,
		},
		"ForeignHostCluster": {
			reason: "An Application stays on its Environment's host clusters", docs: []string{edit(app, "hz-hel-rtz-prod", "hz-nbg-rtz-prod"), organization, environments, wordpress},
			want: ReasonInvalidPlacement, message: `spec.environments[1].placement.hostClusters names "hz-nbg-rtz-prod", and Environment acme-prod is on hz-fsn-rtz-prod, hz-hel-rtz-prod`,
		},
		"BrokenSchema": {
			reason: "A Blueprint's schema must be sound", docs: []string{app, organization, environments, edit(wordpress, "type: integer", "$ref: https://example.org/schema")},
			want: ReasonBlueprintInvalid, message: "",
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			_, rsp := world(t, tc.docs...).Run(t, newFn())
			if f := proptest.Fatal(rsp); f != "" {
				t.Fatalf("%s: fatal: %s", tc.reason, f)
			}
			c := rsp.GetConditions()[0]
			if diff := cmp.Diff(tc.want, c.GetReason()); diff != "" {
				t.Errorf("%s: reason: -want, +got:\n%s", tc.reason, diff)
			}
			if tc.message != "" {
				if diff := cmp.Diff(tc.message, c.GetMessage()); diff != "" {
					t.Errorf("%s: message: -want, +got:\n%s", tc.reason, diff)
				}
			}
			if len(rsp.GetResults()) != 1 {
				t.Errorf("%s: want one event for the transition, got %v", tc.reason, rsp.GetResults())
			}
		})
	}
}

// A protection that is there before its branch keeps the branch out, and what
// waits for a branch has to find the object that makes it.
func TestProtectionsComeAfterBranches(t *testing.T) {
	protections := func(rsp *fnv1.RunFunctionResponse) []string {
		return slices.DeleteFunc(proptest.Keys(rsp), func(k string) bool { return !strings.HasPrefix(k, keyProtectionPrefix) })
	}
	w := world(t, app, organization, environments, wordpress)
	nothing := func(string) bool { return false }
	for {
		_, rsp := w.Run(t, newFn())
		fresh := w.Composed[keyContent] == nil || w.Composed[keyBranchPrefix+"main"] == nil
		if fresh && len(protections(rsp)) > 0 {
			t.Errorf("protections before there are objects of their branches: %v", protections(rsp))
		}
		if !fresh {
			if diff := cmp.Diff([]string{"protection-develop", "protection-main", "protection-staging"}, protections(rsp)); diff != "" {
				t.Errorf("protections beside branches that nobody has made yet: -want, +got:\n%s", diff)
			}
			return
		}
		w.Apply(rsp, nothing)
	}
}

// A refused change must not take down what runs.
func TestRefusedChangeKeepsEverything(t *testing.T) {
	w := world(t, app, organization, environments, wordpress)
	before := w.Settle(t, newFn())
	w.XR.Fields["spec"].GetStructValue().Fields["blueprintRef"].GetStructValue().Fields["version"] = structpb.NewStringValue("9.9.9")
	_, after := w.Run(t, newFn())
	if diff := cmp.Diff(proptest.Keys(before), proptest.Keys(after)); diff != "" {
		t.Errorf("composed resources after a refused change: -before, +after:\n%s", diff)
	}
}

// Removing an Environment takes its name and delivery away, and leaves its
// branch: history is not the Application's to delete.
func TestRemovedEnvironment(t *testing.T) {
	w := world(t, app, organization, environments, wordpress)
	w.Settle(t, newFn())
	envs := w.XR.GetFields()["spec"].GetStructValue().GetFields()["environments"].GetListValue()
	envs.Values = envs.GetValues()[:1]
	_, rsp := w.Run(t, newFn())
	want := []string{
		"access-acme-dev/hz-fsn-rtz-dev",
		"branch-main", "branch-staging", "content", "delivery-acme-dev/hz-fsn-rtz-dev", "deploy-key",
		"host-acme-dev/marketing-site.acme-dev.acme.example-a", "protection-develop", "protection-main", "protection-staging", "repository", "source-acme-dev",
	}
	if diff := cmp.Diff(want, proptest.Keys(rsp)); diff != "" {
		t.Errorf("composed resources after removing acme-prod: -want, +got:\n%s", diff)
	}
}

// What cannot change about an RRset makes another one.
func TestMovedHosts(t *testing.T) {
	const prodA, prodLUA = "host-acme-prod/marketing-site.acme-prod.acme.example-a", "host-acme-prod/marketing-site.acme-prod.acme.example-lua"
	hosts := func(rsp *fnv1.RunFunctionResponse) []string {
		return slices.DeleteFunc(proptest.Keys(rsp), func(k string) bool { return !strings.HasPrefix(k, "host-acme-prod") })
	}
	cases := map[string]struct {
		reason string
		move   func(w *proptest.World)
		want   []string
	}{
		"Stay": {reason: "Nothing moves by itself", move: func(*proptest.World) {}, want: []string{prodLUA}},
		"Placement": {
			reason: "A single region has a plain address",
			move: func(w *proptest.World) {
				envs := w.XR.GetFields()["spec"].GetStructValue().GetFields()["environments"].GetListValue()
				delete(envs.GetValues()[1].GetStructValue().GetFields(), "placement")
			},
			want: []string{prodA},
		},
		"Domain": {
			reason: "Another domain is another name",
			move: func(w *proptest.World) {
				w.Objects[0].GetFields()["spec"].GetStructValue().Fields["domain"] = structpb.NewStringValue("acme.test")
			},
			want: []string{"host-acme-prod/marketing-site.acme-prod.acme.test-lua"},
		},
		"NoAddress": {
			reason: "A name stays while nobody knows where to",
			move: func(w *proptest.World) {
				delete(w.Objects[2].GetFields()["spec"].GetStructValue().GetFields(), "ingress")
			},
			want: []string{prodLUA},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			w := world(t, app, organization, environments, wordpress)
			w.Settle(t, newFn())
			tc.move(w)
			_, rsp := w.Run(t, newFn())
			if diff := cmp.Diff(tc.want, hosts(rsp)); diff != "" {
				t.Errorf("%s: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// Without host clusters there is nowhere to run.
func TestStateWithoutHostClusters(t *testing.T) {
	w := world(t, app, organization, strings.Replace(environments, "placement: {hostClusters: [hz-fsn-rtz-dev]}, ", "", 1), wordpress)
	rsp := w.Settle(t, newFn())
	envs := rsp.GetDesired().GetComposite().GetResource().AsMap()["status"].(map[string]any)["environments"].([]any)
	if diff := cmp.Diff(any("Published"), envs[0].(map[string]any)["state"]); diff != "" {
		t.Errorf("state in acme-dev: -want, +got:\n%s", diff)
	}
}

func TestContent(t *testing.T) {
	rsp := world(t, app, organization, environments, wordpress).Settle(t, newFn())
	files := map[string]string{}
	fp := rsp.GetDesired().GetResources()["content"].GetResource().AsMap()["spec"].(map[string]any)["forProvider"].(map[string]any)
	for _, f := range fp["files"].([]any) {
		m := f.(map[string]any)
		files[m["path"].(string)] = m["content"].(string)
	}
	cases := map[string]struct {
		reason, path, want string
	}{
		"Values": {
			reason: "Parameters win over the Blueprint's values, key by key", path: "values.yaml",
			want: generated + "domain: acme.example\nimage:\n  pullPolicy: Always\n  tag: \"6.7\"\nreplicas: 1\n",
		},
		"Size":       {reason: "A size is where an overlay starts", path: "overlays/prod/values.yaml", want: "# Values for acme-prod. They win over ../../values.yaml.\nreplicas: 3\n"},
		"NoSize":     {reason: "Without a size the overlay is empty", path: "overlays/dev/values.yaml", want: "# Values for acme-dev. They win over ../../values.yaml.\n{}\n"},
		"CodeOwners": {reason: "The Organization's developers review", path: "CODEOWNERS", want: "# Written by Catalyst. Who is asked to review changes of the Application.\n.* @acme/developers\n"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, files[tc.path]); diff != "" {
				t.Errorf("%s: %s: -want, +got:\n%s", tc.reason, tc.path, diff)
			}
		})
	}
	if !strings.Contains(files["kustomization.yaml"], "catalyst.openova.io/blueprint-version: 1.3.0") {
		t.Errorf("kustomization.yaml does not pin the Blueprint's version:\n%s", files["kustomization.yaml"])
	}
}

func TestHosts(t *testing.T) {
	rsp := world(t, app, organization, environments, wordpress).Settle(t, newFn())
	record := func(key string) string {
		fp := rsp.GetDesired().GetResources()[key].GetResource().AsMap()["spec"].(map[string]any)["forProvider"].(map[string]any)
		return fp["name"].(string) + " " + fp["type"].(string) + " " + fp["records"].([]any)[0].(map[string]any)["content"].(string)
	}
	cases := map[string]struct{ reason, key, want string }{
		"SingleRegion": {reason: "One region is a plain address", key: "host-acme-dev/marketing-site.acme-dev.acme.example-a", want: "marketing-site.acme-dev.acme.example A 192.0.2.10"},
		"HotStandby": {
			reason: "The standby answers when the primary does not", key: "host-acme-prod/marketing-site.acme-prod.acme.example-lua",
			want: `marketing-site.acme-prod.acme.example LUA A "ifurlup('https://marketing-site.acme-prod.acme.example/healthz', {{'192.0.2.20'},{'192.0.2.30','192.0.2.31'}}, {selector='all'})"`,
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, record(tc.key)); diff != "" {
				t.Errorf("%s: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestGolden(t *testing.T) {
	w := proptest.Example(t, "../../examples/quickstart", "Application", "marketing-site")
	proptest.Golden(t, w.Settle(t, newFn()), "testdata/quickstart.yaml")
	w = proptest.Example(t, "../../examples/quickstart", "Application", "marketing-site", fluxKinds()...)
	proptest.Golden(t, w.Settle(t, newFn()), "testdata/quickstart-flux.yaml")
}
