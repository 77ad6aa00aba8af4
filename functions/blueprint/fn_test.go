package blueprint

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/crossplane/crossplane-runtime/v2/pkg/logging"
	fnv1 "github.com/crossplane/function-sdk-go/proto/v1"

	"github.com/openova-io/catalyst/internal/composing"
	"github.com/openova-io/catalyst/internal/proptest"
)

const wordpress = `apiVersion: catalyst.openova.io/v1alpha1
kind: Blueprint
metadata: {name: bp-wordpress, namespace: catalog}
spec:
  version: 1.3.0
  configSchema: {type: object, properties: {replicas: {type: integer}}}
  manifests: {overlays: {large: {replicas: 3}}}`

func newFn() fnv1.FunctionRunnerServiceServer {
	return composing.NewFunction(logging.NewNopLogger(), Compose)
}

func TestProperties(t *testing.T) {
	proptest.Check(t, newFn(), proptest.NewWorld(t, wordpress))
}

func FuzzRunFunction(f *testing.F) {
	proptest.Fuzz(f, newFn(), proptest.NewWorld(f, wordpress))
}

func TestCompose(t *testing.T) {
	cases := map[string]struct {
		reason  string
		old     string
		now     string
		want    string
		message string
	}{
		"Sound":          {reason: "A sound Blueprint is accepted", want: ReasonAccepted, message: "Applications can be made of the Blueprint"},
		"NoJSONSchema":   {reason: "The schema must be a JSON Schema", old: "type: integer", now: "type: number-ish", want: ReasonInvalid},
		"NotStructural":  {reason: "Kubernetes must be able to store the schema", old: "properties: {replicas: {type: integer}}", now: "properties: {replicas: {}}", want: ReasonInvalid, message: "configSchema is not structural: configSchema.properties[replicas].type: Required value: must not be empty for specified object fields"},
		"RemoteReferred": {reason: "A Blueprint means the same everywhere", old: "type: integer", now: `$ref: "https://example.org/s.json"`, want: ReasonInvalid},
		"OverlaysNoMap":  {reason: "Sizes are a map of values", old: "large: {replicas: 3}", now: "large: 3", want: ReasonInvalid},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			_, rsp := proptest.NewWorld(t, strings.Replace(wordpress, tc.old, tc.now, 1)).Run(t, newFn())
			c := rsp.GetConditions()[0]
			if diff := cmp.Diff(tc.want, c.GetReason()); diff != "" {
				t.Errorf("%s: reason: -want, +got:\n%s\n%s", tc.reason, diff, c.GetMessage())
			}
			if tc.message != "" {
				if diff := cmp.Diff(tc.message, c.GetMessage()); diff != "" {
					t.Errorf("%s: message: -want, +got:\n%s", tc.reason, diff)
				}
			}
		})
	}
}

func TestGolden(t *testing.T) {
	w := proptest.Example(t, "../../examples/quickstart", "Blueprint", "bp-wordpress")
	proptest.Golden(t, w.Settle(t, newFn()), "testdata/quickstart.yaml")
}
