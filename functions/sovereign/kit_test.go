package sovereign

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/types/known/structpb"
	"sigs.k8s.io/yaml"

	fnv1 "github.com/crossplane/function-sdk-go/proto/v1"

	"github.com/openova-io/catalyst/internal/proptest"
)

// problems of a table: a name or number that is there twice, a dependency that
// is not there, or a circle.
func problems(slots []slot) []string {
	var out []string
	byName, numbers := map[string]slot{}, map[string]bool{}
	for _, s := range slots {
		if _, ok := byName[s.Name]; ok || numbers[s.Slot] {
			out = append(out, "twice: "+s.Slot+" "+s.Name)
		}
		byName[s.Name], numbers[s.Slot] = s, true
	}
	var visit func(path []string, name string)
	visit = func(path []string, name string) {
		s, ok := byName[name]
		switch {
		case !ok:
			out = append(out, "missing: "+strings.Join(append(path, name), " needs "))
		case slices.Contains(path, name):
			out = append(out, "circle: "+strings.Join(append(path, name), " needs "))
		default:
			for _, d := range s.DependsOn {
				visit(append(slices.Clone(path), name), d)
			}
		}
	}
	for _, s := range slots {
		visit(nil, s.Name)
	}
	return out
}

func TestSlots(t *testing.T) {
	all := theKit().Slots
	handover := slices.DeleteFunc(slices.Clone(all), func(s slot) bool { return !s.Handover })
	cases := map[string]struct {
		reason string
		slots  []slot
		want   []string
	}{
		"All":      {reason: "The table is closed, without circles and unique", slots: all},
		"Handover": {reason: "What is there before the handover needs nothing that is not", slots: handover},
		"Missing":  {reason: "A dependency that is not there is found", slots: []slot{{Slot: "1", Name: "a", DependsOn: []string{"b"}}}, want: []string{"missing: a needs b"}},
		"Circle":   {reason: "A circle is found", slots: []slot{{Slot: "1", Name: "a", DependsOn: []string{"a"}}}, want: []string{"circle: a needs a"}},
		"Twice":    {reason: "A slot that is there twice is found", slots: []slot{{Slot: "1", Name: "a"}, {Slot: "1", Name: "b"}}, want: []string{"twice: 1 b"}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, problems(tc.slots)); diff != "" {
				t.Errorf("%s: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
	var got []string
	for _, s := range handover {
		got = append(got, s.Slot)
	}
	if diff := cmp.Diff("01 02 03 04 05 06 06a 07 08 09 10 11 12 13 14 15 16 18 19", strings.Join(got, " ")); diff != "" {
		t.Errorf("slots before the handover: -want, +got:\n%s", diff)
	}
}

// rendered files of the kit by path.
func rendered(rsp *fnv1.RunFunctionResponse) map[string]string {
	out := map[string]string{}
	p, ok := spec(rsp, keyKit)["forProvider"].(map[string]any)
	if !ok {
		return out
	}
	for _, f := range p["files"].([]any) {
		m := f.(map[string]any)
		out[m["path"].(string)] = m["content"].(string)
	}
	return out
}

func TestKit(t *testing.T) {
	const path = "clusters/omantel.omani.works/bootstrap-kit/"
	cases := map[string]struct {
		reason, spec string
		slots        int
		has          map[string]string
		lacks        []string
	}{
		"Tethered": {
			reason: "Before the handover", spec: sme, slots: 18,
			has: map[string]string{
				"01-cilium.yaml": "version: 1.1.1", "02-cert-manager.yaml": "- name: bp-cilium", "04-crossplane.yaml": "disableWait: false",
				"19-harbor.yaml": "disableWait: true", "09-keycloak.yaml": "keycloakTopology: shared-sovereign", "kustomization.yaml": "- 19-harbor.yaml",
			},
			lacks: []string{"25-grafana.yaml", "06a-self-sovereign-cutover.yaml"},
		},
		"Sovereign": {
			reason: "On its own", spec: with("  deletionPolicy", "  sovereignty: Sovereign\n  deletionPolicy"), slots: 35,
			has:   map[string]string{"25-grafana.yaml": "- name: bp-tempo", "29-vpa.yaml": "targetNamespace: vpa"},
			lacks: []string{"28a-keda.yaml", "40-cluster-autoscaler-hcloud.yaml"},
		},
		"Autoscaling": {
			reason: "Slots that have no version of their own, once they have one", slots: 37,
			spec: with("  deletionPolicy", "  bootstrapKit: {versions: {keda: 2.0.0, cluster-autoscaler-hcloud: 1.0.0}}\n  sovereignty: Sovereign\n  deletionPolicy"),
			has:  map[string]string{"28a-keda.yaml": "targetNamespace: keda", "40-cluster-autoscaler-hcloud.yaml": "version: 1.0.0"},
		},
		"Versions": {
			reason: "Versions of one's own, also of a slot that has none", spec: with("  deletionPolicy", "  bootstrapKit: {versions: {cilium: 9.9.9, self-sovereign-cutover: 0.1.0}}\n  deletionPolicy"), slots: 19,
			has: map[string]string{"01-cilium.yaml": "version: 9.9.9", "06a-self-sovereign-cutover.yaml": "version: 0.1.0"},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			rsp := world(t, strings.Replace(tc.spec, "  provider: hetzner", "  keycloakTopology: shared-sovereign\n  provider: hetzner", 1)).Settle(t, newFn())
			files := rendered(rsp)
			for f, want := range tc.has {
				if !strings.Contains(files[path+f], want) {
					t.Errorf("%s: %s has no %q:\n%s", tc.reason, f, want, files[path+f])
				}
			}
			for _, f := range tc.lacks {
				if files[path+f] != "" {
					t.Errorf("%s: %s is rendered", tc.reason, f)
				}
			}
			if diff := cmp.Diff(float64(tc.slots), status(rsp)["bootstrapKit"].(map[string]any)["slots"]); diff != "" {
				t.Errorf("%s: slots: -want, +got:\n%s", tc.reason, diff)
			}
			depends(t, files)
		})
	}
}

// depends: releases that are rendered depend on releases that are.
func depends(t *testing.T, files map[string]string) {
	t.Helper()
	var deps, names []string
	for _, text := range files {
		for doc := range strings.SplitSeq(text, "---\n") {
			o := struct {
				Kind     string
				Metadata struct{ Name string }
				Spec     struct{ DependsOn []struct{ Name string } }
			}{}
			if err := yaml.Unmarshal([]byte(doc), &o); err != nil {
				t.Fatal(err)
			}
			if o.Kind == "HelmRelease" {
				names = append(names, o.Metadata.Name)
			}
			for _, d := range o.Spec.DependsOn {
				deps = append(deps, d.Name)
			}
		}
	}
	for _, d := range deps {
		if !slices.Contains(names, d) {
			t.Errorf("%s is needed and not rendered", d)
		}
	}
}

// There is one organization of a name in a Gitea, so one Sovereign makes it.
func TestGitIsMadeOnce(t *testing.T) {
	older := with("name: omantel}", "name: aaa}", "omantel.omani", "aaa.omani")
	cases := map[string]struct {
		reason string
		docs   []string
		seeds  bool
		guard  string
	}{
		"Alone":     {reason: "The only Sovereign makes them", docs: []string{sme}, seeds: true},
		"Younger":   {reason: "A younger one uses what is there", docs: []string{sme, older}},
		"Older":     {reason: "The older one makes them, and may not go first", docs: []string{older, sme}, seeds: true, guard: "Sovereign aaa still has the Git organizations of 1 other Sovereigns (omantel)"},
		"Elsewhere": {reason: "Another Gitea is another matter", docs: []string{sme, strings.Replace(older, "  provider: hetzner", "  git: {providerConfig: other}\n  provider: hetzner", 1)}, seeds: true},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			rsp := world(t, tc.docs...).Settle(t, newFn())
			keys := proptest.Keys(rsp)
			if diff := cmp.Diff(tc.seeds, slices.Contains(keys, "git-catalog")); diff != "" {
				t.Errorf("%s: -want, +got:\n%s", tc.reason, diff)
			}
			if !slices.Contains(keys, keyKit) {
				t.Errorf("%s: it has no bootstrap kit", tc.reason)
			}
			reason, _ := spec(rsp, "guard-sovereign")["reason"].(string)
			if !strings.HasPrefix(reason, tc.guard) || (tc.guard == "") != (reason == "") {
				t.Errorf("%s: guard %q, want %q", tc.reason, reason, tc.guard)
			}
		})
	}
}

func TestKitHoldsTheSovereign(t *testing.T) {
	w := world(t, sme)
	w.XR.GetFields()["spec"].GetStructValue().Fields["crossplane"] = structpb.NewStructValue(&structpb.Struct{Fields: map[string]*structpb.Value{"compositionRef": structpb.NewStringValue("x")}})
	text := rendered(w.Settle(t, newFn()))["clusters/omantel.omani.works/sovereign.yaml"]
	if !strings.Contains(text, "kind: Sovereign") || strings.Contains(text, "compositionRef") {
		t.Errorf("the manifest is what a person wrote, without what Crossplane added:\n%s", text)
	}
}
