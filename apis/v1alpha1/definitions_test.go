package v1alpha1

import (
	"os"
	"path/filepath"
	"testing"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	extv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"
)

// TestDefinitions asks the API server's own validation whether it would take the
// CRDs that Crossplane makes of our definitions. When it would not, for instance
// because a CEL rule may cost too much, an installed definition keeps its old
// schema and says so in an event only.
func TestDefinitions(t *testing.T) {
	files, err := filepath.Glob("../*/definition.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no definitions: %v", err)
	}
	for _, f := range files {
		t.Run(filepath.Base(filepath.Dir(f)), func(t *testing.T) {
			for _, err := range validation.ValidateCustomResourceDefinition(t.Context(), crd(t, f)) {
				t.Error(err)
			}
		})
	}
}

// crd is what Crossplane makes of the definition, as far as that is ours.
func crd(t *testing.T, file string) *apiextensions.CustomResourceDefinition {
	t.Helper()
	text, err := os.ReadFile(file) //nolint:gosec // A file of this repository.
	if err != nil {
		t.Fatal(err)
	}
	xrd := struct {
		Metadata metav1.ObjectMeta `json:"metadata"`
		Spec     struct {
			Group    string                              `json:"group"`
			Scope    extv1.ResourceScope                 `json:"scope"`
			Names    extv1.CustomResourceDefinitionNames `json:"names"`
			Versions []struct {
				Name   string                          `json:"name"`
				Schema *extv1.CustomResourceValidation `json:"schema"`
			} `json:"versions"`
		} `json:"spec"`
	}{}
	if err := yaml.Unmarshal(text, &xrd); err != nil {
		t.Fatal(err)
	}
	out := &extv1.CustomResourceDefinition{ObjectMeta: xrd.Metadata}
	out.Spec = extv1.CustomResourceDefinitionSpec{Group: xrd.Spec.Group, Scope: xrd.Spec.Scope, Names: xrd.Spec.Names}
	out.Spec.Names.ListKind = out.Spec.Names.Kind + "List"
	for i, v := range xrd.Spec.Versions {
		v.Schema.OpenAPIV3Schema.Type = "object"
		out.Spec.Versions = append(out.Spec.Versions, extv1.CustomResourceDefinitionVersion{Name: v.Name, Served: true, Storage: i == 0, Schema: v.Schema})
	}
	out.Status.StoredVersions = []string{out.Spec.Versions[0].Name}
	extv1.SetDefaults_CustomResourceDefinition(out)
	extv1.SetDefaults_CustomResourceDefinitionSpec(&out.Spec)
	internal := &apiextensions.CustomResourceDefinition{}
	if err := extv1.Convert_v1_CustomResourceDefinition_To_apiextensions_CustomResourceDefinition(out, internal, nil); err != nil {
		t.Fatal(err)
	}
	return internal
}
