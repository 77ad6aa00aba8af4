// Package blueprint checks an Application's parameters against a Blueprint and
// merges its values.
package blueprint

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
	apiextensions "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	extv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/openova-io/catalyst/apis/v1alpha1"
)

// schemaURL names the config schema within the compiler. Nothing is loaded.
const schemaURL = "catalyst:configSchema"

// noLoader refuses references out of the schema: a Blueprint must mean the same
// on every Sovereign, connected or not.
type noLoader struct{}

func (noLoader) Load(url string) (any, error) {
	return nil, fmt.Errorf("configSchema may not refer to %s: references to other documents are not allowed", url)
}

// Check a Blueprint's config schema: it must be a JSON Schema, and one that the
// Kubernetes API server would accept as a structural schema, so that what is
// valid here is valid everywhere.
func Check(bp *v1alpha1.Blueprint) error {
	if _, err := compile(bp.Spec.ConfigSchema); err != nil {
		return err
	}
	if err := structural(bp.Spec.ConfigSchema); err != nil {
		return err
	}
	_, err := overlays(bp)
	return err
}

func compile(raw *runtime.RawExtension) (*jsonschema.Schema, error) {
	data := []byte(`{"type":"object"}`)
	if raw != nil && len(raw.Raw) > 0 {
		data = raw.Raw
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("configSchema is not JSON: %w", err)
	}
	c := jsonschema.NewCompiler()
	c.UseLoader(noLoader{})
	c.AssertFormat()
	if err := c.AddResource(schemaURL, doc); err != nil {
		return nil, fmt.Errorf("configSchema cannot be read: %w", err)
	}
	s, err := c.Compile(schemaURL)
	if err != nil {
		return nil, fmt.Errorf("configSchema is not a JSON Schema: %s", strings.ReplaceAll(err.Error(), schemaURL, "configSchema"))
	}
	return s, nil
}

func structural(raw *runtime.RawExtension) error {
	if raw == nil || len(raw.Raw) == 0 {
		return nil
	}
	v1 := &extv1.JSONSchemaProps{}
	if err := json.Unmarshal(raw.Raw, v1); err != nil {
		return fmt.Errorf("configSchema is not a schema Kubernetes can store: %w", err)
	}
	in := &apiextensions.JSONSchemaProps{}
	if err := extv1.Convert_v1_JSONSchemaProps_To_apiextensions_JSONSchemaProps(v1, in, nil); err != nil {
		return fmt.Errorf("configSchema is not a schema Kubernetes can store: %w", err)
	}
	s, err := schema.NewStructural(in)
	if err != nil {
		return fmt.Errorf("configSchema is not structural: %w", err)
	}
	if errs := schema.ValidateStructural(field.NewPath("configSchema"), s); len(errs) > 0 {
		return fmt.Errorf("configSchema is not structural: %w", errs.ToAggregate())
	}
	return nil
}

// CheckParameters of an Application against the Blueprint's config schema. The
// error names each parameter by JSON Pointer and what is allowed, in a stable
// order.
func CheckParameters(bp *v1alpha1.Blueprint, parameters *runtime.RawExtension) error {
	s, err := compile(bp.Spec.ConfigSchema)
	if err != nil {
		return err
	}
	data := []byte("{}")
	if parameters != nil && len(parameters.Raw) > 0 {
		data = parameters.Raw
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		return fmt.Errorf("parameters are not JSON: %w", err)
	}
	err = s.Validate(doc)
	if err == nil {
		return nil
	}
	ve, ok := err.(*jsonschema.ValidationError) //nolint:errorlint // Validate returns no other, unwrapped.
	if !ok {
		return fmt.Errorf("parameters cannot be checked: %w", err)
	}
	var problems []string
	leaves(ve, &problems)
	slices.Sort(problems)
	return fmt.Errorf("%s", strings.Join(slices.Compact(problems), "; "))
}

func leaves(e *jsonschema.ValidationError, out *[]string) {
	if len(e.Causes) > 0 {
		for _, c := range e.Causes {
			leaves(c, out)
		}
		return
	}
	if _, ok := e.ErrorKind.(*kind.Schema); ok {
		return
	}
	p := message.NewPrinter(language.English)
	at := "spec.parameters"
	if len(e.InstanceLocation) > 0 {
		at += "/" + strings.Join(e.InstanceLocation, "/")
	}
	what := e.ErrorKind.LocalizedString(p)
	if _, ok := e.ErrorKind.(*kind.FalseSchema); ok {
		what = "is not a parameter of the Blueprint"
	}
	*out = append(*out, at+": "+what)
}

// Sizes that the Blueprint offers, sorted.
func Sizes(bp *v1alpha1.Blueprint) []string {
	o, err := overlays(bp)
	if err != nil {
		return nil
	}
	return slices.Sorted(maps.Keys(o))
}

func overlays(bp *v1alpha1.Blueprint) (map[string]map[string]any, error) {
	out := map[string]map[string]any{}
	if bp.Spec.Manifests == nil || bp.Spec.Manifests.Overlays == nil {
		return out, nil
	}
	if err := json.Unmarshal(bp.Spec.Manifests.Overlays.Raw, &out); err != nil {
		return nil, fmt.Errorf("manifests.overlays is not a map of sizes to values: %w", err)
	}
	return out, nil
}

// Values of an Application: what the Blueprint starts from, overridden by the
// parameters.
func Values(bp *v1alpha1.Blueprint, parameters *runtime.RawExtension) (map[string]any, error) {
	out := map[string]any{}
	if m := bp.Spec.Manifests; m != nil && m.Values != nil {
		if err := json.Unmarshal(m.Values.Raw, &out); err != nil {
			return nil, fmt.Errorf("manifests.values is not an object: %w", err)
		}
	}
	if parameters == nil || len(parameters.Raw) == 0 {
		return out, nil
	}
	p := map[string]any{}
	if err := json.Unmarshal(parameters.Raw, &p); err != nil {
		return nil, fmt.Errorf("parameters are not an object: %w", err)
	}
	return merge(out, p), nil
}

// SizeValues are the values of one of the Blueprint's sizes. Empty for none.
func SizeValues(bp *v1alpha1.Blueprint, size string) map[string]any {
	o, err := overlays(bp)
	if err != nil || o[size] == nil {
		return map[string]any{}
	}
	return o[size]
}

// merge over into base: objects by key, everything else is replaced.
func merge(base, over map[string]any) map[string]any {
	out := maps.Clone(base)
	for k, v := range over {
		b, okb := out[k].(map[string]any)
		o, oko := v.(map[string]any)
		if okb && oko {
			out[k] = merge(b, o)
			continue
		}
		out[k] = v
	}
	return out
}
