package main

import (
	_ "embed"
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

// kitFiles are the kit and the Sovereign it was made of.
func (s *sovereign) kitFiles() ([]gitea.RepositoryFile, error) {
	manifest, err := yaml.Marshal(map[string]any{
		"apiVersion": v1alpha1.SchemeGroupVersion.String(),
		"kind":       v1alpha1.KindSovereign,
		"metadata":   map[string]any{"name": s.GetName()},
		"spec":       s.Spec,
	})
	if err != nil {
		return nil, fmt.Errorf("cannot render the Sovereign: %w", err)
	}
	out := []gitea.RepositoryFile{{Path: "clusters/" + s.Spec.Domain.Name + "/sovereign.yaml", Content: generated + string(manifest)}}
	var resources []string
	for _, sl := range s.slots() {
		text, err := s.release(sl)
		if err != nil {
			return nil, err
		}
		file := sl.Slot + "-" + sl.Name + ".yaml"
		resources = append(resources, file)
		out = append(out, gitea.RepositoryFile{Path: s.kitPath() + "/" + file, Content: generated + text})
	}
	root, err := yaml.Marshal(map[string]any{"apiVersion": "kustomize.config.k8s.io/v1beta1", "kind": "Kustomization", "resources": resources})
	if err != nil {
		return nil, fmt.Errorf("cannot render the kit's kustomization: %w", err)
	}
	return append(out, gitea.RepositoryFile{Path: s.kitPath() + "/kustomization.yaml", Content: generated + string(root)}), nil
}

// release of a slot: where its chart is and what to make of it.
func (s *sovereign) release(sl slot) (string, error) {
	k, name := theKit(), "bp-"+sl.Name
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
			"chart": name, "version": sl.Version,
			"sourceRef": map[string]any{"kind": "HelmRepository", "name": name},
		}},
		"install": install, "upgrade": act,
		"values": map[string]any{"global": map[string]any{
			"sovereignFQDN": s.Spec.Domain.Name, "keycloakTopology": s.Spec.KeycloakTopology,
		}},
	}
	var deps []any
	for _, d := range sl.DependsOn {
		deps = append(deps, map[string]any{"name": "bp-" + d})
	}
	if len(deps) > 0 {
		spec["dependsOn"] = deps
	}
	out := &strings.Builder{}
	for _, o := range []map[string]any{source, {"apiVersion": "helm.toolkit.fluxcd.io/v2", "kind": "HelmRelease", "metadata": meta, "spec": spec}} {
		text, err := yaml.Marshal(o)
		if err != nil {
			return "", fmt.Errorf("cannot render slot %s: %w", sl.Slot, err)
		}
		out.WriteString("---\n" + string(text))
	}
	return out.String(), nil
}
