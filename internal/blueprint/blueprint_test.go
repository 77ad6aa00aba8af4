package blueprint

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/openova-io/catalyst/apis/v1alpha1"
)

func raw(j string) *runtime.RawExtension {
	if j == "" {
		return nil
	}
	return &runtime.RawExtension{Raw: []byte(j)}
}

func TestCheckParameters(t *testing.T) {
	const schema = `{"type":"object","required":["title"],"unevaluatedProperties":false,"properties":{
		"title":{"type":"string","minLength":1},
		"replicas":{"type":"integer","minimum":1,"maximum":5},
		"mode":{"enum":["embedded","external"]},
		"host":{"type":"string","format":"hostname"},
		"db":{"type":"object","properties":{"size":{"type":"string","pattern":"^[0-9]+Gi$"}}}}}`
	cases := map[string]struct {
		reason     string
		schema     string
		parameters string
		want       string
	}{
		"Valid":        {reason: "Parameters that match are fine", schema: schema, parameters: `{"title":"x","replicas":3,"db":{"size":"5Gi"}}`},
		"NoSchema":     {reason: "Without a schema anything goes", parameters: `{"anything":1}`},
		"NoParameters": {reason: "No parameters are an empty object", schema: schema, want: "spec.parameters: missing property 'title'"},
		"WrongType":    {reason: "A parameter is named by JSON Pointer", schema: schema, parameters: `{"title":"x","replicas":"many"}`, want: "spec.parameters/replicas: got string, want integer"},
		"Nested":       {reason: "So is one inside another", schema: schema, parameters: `{"title":"x","db":{"size":"5G"}}`, want: "spec.parameters/db/size: '5G' does not match pattern '^[0-9]+Gi$'"},
		"Enum":         {reason: "What is allowed is said", schema: schema, parameters: `{"title":"x","mode":"other"}`, want: "spec.parameters/mode: value must be one of 'embedded', 'external'"},
		"Format":       {reason: "Formats are checked", schema: schema, parameters: `{"title":"x","host":"not a host"}`, want: "spec.parameters/host: 'not a host' is not valid hostname: invalid character ' '"},
		"Typo":         {reason: "A schema may refuse what it does not know", schema: schema, parameters: `{"title":"x","replica":3}`, want: "spec.parameters/replica: is not a parameter of the Blueprint"},
		"Several":      {reason: "All problems are named at once, in order", schema: schema, parameters: `{"replicas":9,"mode":"x"}`, want: "spec.parameters/mode: value must be one of 'embedded', 'external'; spec.parameters/replicas: maximum: got 9, want 5; spec.parameters: missing property 'title'"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got := ""
			bp := &v1alpha1.Blueprint{Spec: v1alpha1.BlueprintSpec{ConfigSchema: raw(tc.schema)}}
			if err := CheckParameters(bp, raw(tc.parameters)); err != nil {
				got = err.Error()
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("%s: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestValues(t *testing.T) {
	cases := map[string]struct {
		reason           string
		base, parameters string
		want             map[string]any
	}{
		"Nothing":  {reason: "Nothing and nothing is nothing", want: map[string]any{}},
		"Base":     {reason: "A Blueprint's values are where an Application starts", base: `{"a":1}`, want: map[string]any{"a": 1.0}},
		"Deep":     {reason: "Objects are merged by key", base: `{"image":{"tag":"1","pull":"Always"}}`, parameters: `{"image":{"tag":"2"}}`, want: map[string]any{"image": map[string]any{"tag": "2", "pull": "Always"}}},
		"Lists":    {reason: "Lists are replaced", base: `{"l":[1,2]}`, parameters: `{"l":[3]}`, want: map[string]any{"l": []any{3.0}}},
		"Replaced": {reason: "A scalar replaces an object", base: `{"a":{"b":1}}`, parameters: `{"a":null}`, want: map[string]any{"a": nil}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			bp := &v1alpha1.Blueprint{Spec: v1alpha1.BlueprintSpec{Manifests: &v1alpha1.BlueprintManifests{Values: raw(tc.base)}}}
			got, err := Values(bp, raw(tc.parameters))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("%s: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}
