package sovereign

import (
	"cmp"
	_ "embed"
	"encoding/json"
	"fmt"
	"strings"
	"sync"

	"sigs.k8s.io/yaml"

	"github.com/openova-io/catalyst/apis/v1alpha1"
	gitea "github.com/openova-io/catalyst/providers/provider-gitea/apis/v1alpha1"
)

//go:embed slots.yaml
var slotsYAML []byte

// A slot of the bootstrap kit.
type slot struct {
	Slot      string   `json:"slot"`
	Name      string   `json:"name"`
	Version   string   `json:"version"`
	Namespace string   `json:"namespace"`
	DependsOn []string `json:"dependsOn"`
	Handover  bool     `json:"handover"`
	Wait      bool     `json:"wait"`
	// Chart is the key of the upstream chart's values in those of the
	// Blueprint's chart, the slot's name if there is none.
	Chart string `json:"chart"`
}

// A kit is the table of slots and what they have in common.
type kit struct {
	Registry   string `json:"registry"`
	PullSecret string `json:"pullSecret"`
	Namespace  string `json:"namespace"`
	Interval   string `json:"interval"`
	Retries    int    `json:"retries"`
	Slots      []slot `json:"slots"`
}

var theKit = sync.OnceValue(func() kit {
	k := kit{}
	if err := yaml.UnmarshalStrict(slotsYAML, &k); err != nil {
		panic(fmt.Sprintf("cannot parse embedded slots.yaml: %v", err))
	}
	return k
})

// theRow of each slot in the table, by name.
var theRow = sync.OnceValue(func() map[string]slot {
	out := map[string]slot{}
	for _, sl := range theKit().Slots {
		out[sl.Name] = sl
	}
	return out
})

// kitPath of the kit in its repository.
func (s *sovereign) kitPath() string { return "clusters/" + s.Spec.Domain.Name + "/bootstrap-kit" }

// slots that are rendered: before the Sovereign is on its own those that the
// handover takes, all of them after. One without a version is left out.
func (s *sovereign) slots() []slot {
	var out []slot
	for _, sl := range theKit().Slots {
		if s.Spec.BootstrapKit != nil && s.Spec.BootstrapKit.Versions[sl.Name] != "" {
			sl.Version = string(s.Spec.BootstrapKit.Versions[sl.Name])
		}
		if sl.Version != "" && (sl.Handover || s.Spec.Sovereignty == sovereigntySovereign) {
			out = append(out, sl)
		}
	}
	return out
}

const sovereigntySovereign = "Sovereign"

// generated heads the files of the kit.
const generated = "# Written by Catalyst from the Sovereign. Changes made here are undone: change the\n# Sovereign.\n"

// notSlots are the files beside those of slots: the Sovereign and the list of
// what is applied.
const notSlots = 2

// kitFiles are the kit and the Sovereign it was made of.
func (s *sovereign) kitFiles() ([]gitea.RepositoryFile, error) {
	manifest, err := s.manifest()
	if err != nil {
		return nil, err
	}
	out := []gitea.RepositoryFile{{Path: "clusters/" + s.Spec.Domain.Name + "/sovereign.yaml", Content: manifest}}
	var resources []string
	for _, sl := range s.slots() {
		file := sl.Slot + "-" + sl.Name + ".yaml"
		text, err := s.slotText(sl, s.kitPath()+"/"+file)
		if err != nil {
			return nil, err
		}
		if text == "" {
			continue
		}
		resources = append(resources, file)
		out = append(out, gitea.RepositoryFile{Path: s.kitPath() + "/" + file, Content: text})
	}
	root, err := kustomizations.get(strings.Join(resources, "\n"), kustomization)
	if err != nil {
		return nil, err
	}
	return append(out, gitea.RepositoryFile{Path: s.kitPath() + "/kustomization.yaml", Content: root}), nil
}

// manifest of the Sovereign, as somebody would apply it.
func (s *sovereign) manifest() (string, error) {
	object, err := json.Marshal(map[string]any{
		"apiVersion": v1alpha1.SchemeGroupVersion.String(),
		"kind":       v1alpha1.KindSovereign,
		"metadata":   map[string]any{"name": s.GetName()},
		"spec":       s.Spec,
	})
	if err != nil {
		return "", fmt.Errorf("cannot render the Sovereign: %w", err)
	}
	return manifests.get(string(object), func(object string) (string, error) {
		text, err := yaml.JSONToYAML([]byte(object))
		if err != nil {
			return "", fmt.Errorf("cannot render the Sovereign: %w", err)
		}
		return generated + string(text), nil
	})
}

// kustomization of files, which are given one per line.
func kustomization(files string) (string, error) {
	root, err := yaml.Marshal(map[string]any{"apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization", "resources": strings.Split(files, "\n")})
	if err != nil {
		return "", fmt.Errorf("cannot render the kit's kustomization: %w", err)
	}
	return generated + string(root), nil
}

// slotText is the file of a slot. While what the slot needs to know is not there
// the file stays as it was; it is empty if there was none.
func (s *sovereign) slotText(sl slot, path string) (string, error) {
	r := release{slot: sl.Name, version: sl.Version, domain: s.Spec.Domain.Name, keycloak: s.Spec.KeycloakTopology}
	if s.Spec.BootstrapKit != nil {
		size := s.Spec.BootstrapKit.Sizes[sl.Name]
		if size.CPU != nil {
			r.cpu = size.CPU.String()
		}
		if size.Memory != nil {
			r.memory = size.Memory.String()
		}
	}
	if sl.Name == slotAutoscaler {
		a, known := s.autoscaler()
		if !known {
			return s.before(path), nil
		}
		r.autoscaler = a
	}
	return releases.get(r, release.render)
}

// before is what the kit's file of that path holds so far.
func (s *sovereign) before(path string) string {
	if s.run.Observed(keyKit) == nil {
		return ""
	}
	content := gitea.RepositoryContent{}
	if err := s.run.Observed(keyKit).Into(&content); err != nil {
		return ""
	}
	for _, f := range content.Spec.ForProvider.Files {
		if f.Path == path {
			return f.Content
		}
	}
	return ""
}

// A release is all that the file of a slot follows from.
type release struct {
	slot, version, domain, keycloak string
	cpu, memory                     string
	autoscaler                      autoscaler
}

// render where the slot's chart is and what to make of it.
func (r release) render() (string, error) {
	k, sl, name := theKit(), theRow()[r.slot], "bp-"+r.slot
	meta := map[string]any{"name": name, "namespace": k.Namespace, "labels": map[string]any{"catalyst.openova.io/slot": sl.Slot}}
	source := map[string]any{
		"apiVersion": "source.toolkit.fluxcd.io/v1",
		"kind":       "HelmRepository",
		"metadata":   meta,
		"spec": map[string]any{
			"type": "oci", "interval": k.Interval, "url": k.Registry,
			"secretRef": map[string]any{"name": k.PullSecret},
		},
	}
	act := map[string]any{"disableWait": !sl.Wait, "remediation": map[string]any{"retries": k.Retries}}
	install := map[string]any{"createNamespace": true, "disableWait": !sl.Wait, "remediation": map[string]any{"retries": k.Retries}}
	spec := map[string]any{
		"interval": k.Interval, "releaseName": sl.Name, "targetNamespace": sl.Namespace,
		"chart": map[string]any{"spec": map[string]any{
			"chart": name, "version": r.version,
			"sourceRef": map[string]any{"kind": "HelmRepository", "name": name},
		}},
		"install": install, "upgrade": act,
		"values": r.values(sl),
	}
	if r.slot == slotAutoscaler {
		spec["valuesFrom"] = tokenFrom()
	}
	var deps []any
	for _, d := range sl.DependsOn {
		deps = append(deps, map[string]any{"name": "bp-" + d})
	}
	if len(deps) > 0 {
		spec["dependsOn"] = deps
	}
	out := &strings.Builder{}
	out.WriteString(generated)
	for _, o := range []map[string]any{source, {"apiVersion": "helm.toolkit.fluxcd.io/v2", "kind": "HelmRelease", "metadata": meta, "spec": spec}} {
		text, err := yaml.Marshal(o)
		if err != nil {
			return "", fmt.Errorf("cannot render slot %s: %w", sl.Slot, err)
		}
		out.WriteString("---\n" + string(text))
	}
	return out.String(), nil
}

// values of the Blueprint's chart.
func (r release) values(sl slot) map[string]any {
	out := map[string]any{"global": map[string]any{"sovereignFQDN": r.domain, "keycloakTopology": r.keycloak}}
	upstream := map[string]any{}
	if r.slot == slotAutoscaler {
		upstream = r.autoscaler.values()
	}
	requests := map[string]any{}
	for what, amount := range map[string]string{"cpu": r.cpu, "memory": r.memory} {
		if amount != "" {
			requests[what] = amount
		}
	}
	if len(requests) > 0 {
		upstream["resources"] = map[string]any{"requests": requests}
	}
	if len(upstream) > 0 {
		out[cmp.Or(sl.Chart, sl.Name)] = upstream
	}
	return out
}
