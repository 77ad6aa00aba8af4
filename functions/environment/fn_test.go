package environment

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/crossplane/crossplane-runtime/v2/pkg/logging"
	fnv1 "github.com/crossplane/function-sdk-go/proto/v1"

	"github.com/openova-io/catalyst/internal/composing"
	"github.com/openova-io/catalyst/internal/proptest"
)

const environment = `apiVersion: catalyst.openova.io/v1alpha1
kind: Environment
metadata: {name: acme-prod, namespace: acme}
spec: {envType: prod}`

const others = `apiVersion: catalyst.openova.io/v1alpha1
kind: Organization
metadata: {name: acme}
spec: {displayName: Acme, owners: [{email: a@acme.example, role: owner}]}
---
apiVersion: catalyst.openova.io/v1alpha1
kind: Application
metadata: {name: site, namespace: acme}
spec: {environments: [{name: acme-dev}, {name: acme-prod}]}
status: {environments: [{name: acme-prod, state: Running}]}
---
apiVersion: catalyst.openova.io/v1alpha1
kind: Application
metadata: {name: tool, namespace: acme}
spec: {environments: [{name: acme-dev}]}`

func allKinds() []string {
	return []string{
		"jetstream.nats.io/v1beta2/Stream", "jetstream.nats.io/v1beta2/KeyValue",
		"external-secrets.io/v1/SecretStore", "kustomize.toolkit.fluxcd.io/v1/Kustomization",
	}
}

func newFn() fnv1.FunctionRunnerServiceServer {
	return composing.NewFunction(logging.NewNopLogger(), Compose)
}

func TestProperties(t *testing.T) {
	proptest.Check(t, newFn(), proptest.NewWorld(t, environment+"\n---\n"+others, allKinds()...))
}

func FuzzRunFunction(f *testing.F) {
	proptest.Fuzz(f, newFn(), proptest.NewWorld(f, environment+"\n---\n"+others, allKinds()...))
}

func TestCompose(t *testing.T) {
	type want struct {
		keys    []string
		reason  string
		summary string
		branch  string
		apps    []any
	}
	site := []any{map[string]any{"name": "site", "state": "Running"}}
	cases := map[string]struct {
		reason string
		xr     string
		docs   string
		kinds  []string
		want   want
	}{
		"Everything": {
			reason: "Every system that is installed learns of the Environment", xr: environment, docs: others, kinds: allKinds(),
			want: want{keys: []string{"delivery-account", "events-state", "events-stream", "guard-environment", "secret-store"}, reason: ReasonAccepted, summary: "Ready", branch: "main", apps: site},
		},
		"Bare": {
			reason: "Systems that are not installed are skipped", xr: environment, docs: others,
			want: want{keys: []string{"guard-environment"}, reason: ReasonAccepted, summary: "Ready", branch: "main", apps: site},
		},
		"OtherVersion": {
			reason: "A system counts as installed when the version that is composed is served", xr: environment, docs: others, kinds: []string{"jetstream.nats.io/v1beta1/Stream"},
			want: want{keys: []string{"guard-environment"}, reason: ReasonAccepted, summary: "Ready", branch: "main", apps: site},
		},
		"WrongNamespace": {
			reason: "An Environment is called after its Organization", xr: strings.Replace(environment, "namespace: acme", "namespace: globex", 1),
			want: want{reason: ReasonWrongNamespace, summary: `Accepted: metadata.name is "acme-prod", must be "globex-prod": an Environment is called after its namespace, which is its Organization, and spec.envType`},
		},
		"OrganizationsNamespace": {
			reason: "A namespace that an Organization has taken speaks for it",
			xr:     environment, docs: "apiVersion: v1\nkind: Namespace\nmetadata: {name: acme, labels: {openova.io/organization: acme}}",
			want: want{reason: ReasonAccepted, summary: "Ready", branch: "main"},
		},
		"OthersNamespace": {
			reason: "One of that name that nobody has taken does not",
			xr:     environment, docs: "apiVersion: v1\nkind: Namespace\nmetadata: {name: acme}",
			want: want{reason: ReasonOrganizationMissing, summary: `Organization: Organization acme: There is no Organization "acme"`, branch: "main"},
		},
		"NoOrganization": {
			reason: "The Organization may come later", xr: environment,
			want: want{reason: ReasonOrganizationMissing, summary: `Organization: Organization acme: There is no Organization "acme"`, branch: "main"},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			docs := tc.xr
			if tc.docs != "" {
				docs += "\n---\n" + tc.docs
			}
			rsp := proptest.NewWorld(t, docs, tc.kinds...).Settle(t, newFn())
			st := rsp.GetDesired().GetComposite().GetResource().AsMap()["status"].(map[string]any)
			got := want{keys: proptest.Keys(rsp), reason: rsp.GetConditions()[0].GetReason()}
			got.summary, _ = st["summary"].(string)
			got.branch, _ = st["branch"].(string)
			got.apps, _ = st["applications"].([]any)
			if diff := cmp.Diff(tc.want, got, cmp.AllowUnexported(want{})); diff != "" {
				t.Errorf("%s: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestGolden(t *testing.T) {
	w := proptest.Example(t, "../../examples/quickstart", "Environment", "acme-prod", allKinds()...)
	proptest.Golden(t, w.Settle(t, newFn()), "testdata/quickstart.yaml")
}
