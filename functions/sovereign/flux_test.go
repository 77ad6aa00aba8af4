package sovereign

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	extv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/pruning"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
	"sigs.k8s.io/yaml"
)

// Flux's controllers, whose modules hold the CRDs of the kinds they reconcile.
const (
	helmController   = "github.com/fluxcd/helm-controller@v1.6.0"
	sourceController = "github.com/fluxcd/source-controller@v1.9.5"
)

// A fluxKind checks objects of a kind of Flux's the way an API server does.
type fluxKind struct {
	structural *schema.Structural
	schema     validation.SchemaValidator
	rules      *cel.Validator
}

// readKind of a CRD in a module, by way of Go's module cache.
func readKind(t *testing.T, module, file, version string) fluxKind {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "mod", "download", "-json", module).Output()
	if err != nil {
		t.Fatalf("cannot have Go's module proxy give %s: %v\n%s", module, err, out)
	}
	got := struct {
		Dir string `json:"Dir"` //nolint:tagliatelle // As Go says it.
	}{}
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(filepath.Join(got.Dir, "config", "crd", "bases", file))
	if err != nil {
		t.Fatal(err)
	}
	crd := &extv1.CustomResourceDefinition{}
	if err := yaml.Unmarshal(data, crd); err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(crd.Spec.Versions, func(v extv1.CustomResourceDefinitionVersion) bool { return v.Name == version })
	if i < 0 {
		t.Fatalf("%s of %s has no version %s", file, module, version)
	}
	props := &apiextensions.JSONSchemaProps{}
	if err := extv1.Convert_v1_JSONSchemaProps_To_apiextensions_JSONSchemaProps(crd.Spec.Versions[i].Schema.OpenAPIV3Schema, props, nil); err != nil {
		t.Fatal(err)
	}
	k := fluxKind{}
	if k.structural, err = schema.NewStructural(props); err != nil {
		t.Fatal(err)
	}
	if k.schema, _, err = validation.NewSchemaValidator(props); err != nil {
		t.Fatal(err)
	}
	k.rules = cel.NewValidator(k.structural, true, celconfig.PerCallLimit)
	return k
}

// problems an API server has with the object: fields it does not know, values
// it does not allow.
func (k fluxKind) problems(object map[string]any) []string {
	var out []string
	for _, err := range validation.ValidateCustomResource(nil, object, k.schema) {
		out = append(out, err.Error())
	}
	errs, _ := k.rules.Validate(context.Background(), nil, k.structural, object, nil, celconfig.RuntimeCELCostBudget)
	for _, err := range errs {
		out = append(out, err.Error())
	}
	unknown := pruning.PruneWithOptions(object, k.structural, true, schema.UnknownFieldPathOptions{TrackUnknownFieldPaths: true})
	for _, path := range unknown {
		out = append(out, "unknown field "+path)
	}
	return out
}

// fluxProblems of all that Flux would apply of the files, and how many objects
// of which kind there are.
func fluxProblems(t *testing.T, kinds map[string]fluxKind, files map[string]string) (problems []string, counts map[string]int) {
	t.Helper()
	counts = map[string]int{}
	for path, text := range files {
		if !strings.Contains(path, "/bootstrap-kit/") || strings.HasSuffix(path, "/kustomization.yaml") {
			continue
		}
		for doc := range strings.SplitSeq(strings.TrimPrefix(text, generated+"---\n"), "\n---\n") {
			object := map[string]any{}
			if err := yaml.UnmarshalStrict([]byte(doc), &object); err != nil {
				t.Fatalf("%s: %v", path, err)
			}
			kind := fmt.Sprint(object["kind"])
			k, ok := kinds[kind]
			if !ok {
				problems = append(problems, path+": Flux knows no kind "+kind)
				continue
			}
			counts[kind]++
			for _, p := range k.problems(object) {
				problems = append(problems, path+": "+p)
			}
		}
	}
	slices.Sort(problems)
	return problems, counts
}

func TestFluxTakesTheKit(t *testing.T) {
	kinds := map[string]fluxKind{
		"HelmRelease":    readKind(t, helmController, "helm.toolkit.fluxcd.io_helmreleases.yaml", "v2"),
		"HelmRepository": readKind(t, sourceController, "source.toolkit.fluxcd.io_helmrepositories.yaml", "v1"),
	}
	all := "  sovereignty: Sovereign\n  bootstrapKit:\n    versions: {self-sovereign-cutover: 0.1.0, keda: 0.1.0, cluster-autoscaler-hcloud: 0.1.0}\n    sizes: {keycloak: {cpu: 500m, memory: 1Gi}}\n  deletionPolicy"
	settled := rendered(world(t, with("  deletionPolicy", all)).Settle(t, newFn()))
	change := func(old, now string) map[string]string {
		out := map[string]string{}
		for path, text := range settled {
			out[path] = text
			if strings.HasSuffix(path, "/04-crossplane.yaml") {
				out[path] = strings.Replace(text, old, now, 1)
			}
		}
		return out
	}
	cases := map[string]struct {
		reason string
		files  map[string]string
		want   string
	}{
		"All":     {reason: "All slots of the table", files: settled},
		"Unknown": {reason: "A field that Flux does not know would be dropped", files: change("releaseName:", "releasedName:"), want: "unknown field spec.releasedName"},
		"Value":   {reason: "A value that Flux does not allow", files: change("interval: 15m", "interval: often"), want: "spec.interval"},
		"Rule":    {reason: "A rule across fields", files: change("  chart:\n    spec:\n", "  chartless:\n    spec:\n"), want: "either chart or chartRef must be set"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			problems, counts := fluxProblems(t, kinds, tc.files)
			if got := strings.Join(problems, "\n"); !strings.Contains(got, tc.want) || (tc.want == "") != (got == "") {
				t.Errorf("%s: problems %q, want %q", tc.reason, got, tc.want)
			}
			n := len(theKit().Slots)
			if diff := cmp.Diff(map[string]int{"HelmRelease": n, "HelmRepository": n}, counts); diff != "" {
				t.Errorf("%s: objects: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}
