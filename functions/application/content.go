package application

import (
	"fmt"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/openova-io/catalyst/apis/v1alpha1"
	"github.com/openova-io/catalyst/internal/blueprint"
	"github.com/openova-io/catalyst/internal/naming"
	gitea "github.com/openova-io/catalyst/providers/provider-gitea/apis/v1alpha1"
)

// generated heads the files that this function owns.
const generated = "# Written by Catalyst from the Application. Changes made here are undone: change\n# the Application's parameters, or this Environment's overlay.\n"

// sourceKustomize is the kind of a source that Flux applies as it is. The others
// are charts.
const sourceKustomize = "Kustomize"

// Annotations that pin the Blueprint in the repository.
const (
	annotationBlueprint        = "catalyst.openova.io/blueprint"
	annotationBlueprintVersion = "catalyst.openova.io/blueprint-version"
)

// files of the entry branch. kustomization.yaml, release.yaml, values.yaml and
// CODEOWNERS follow the Application; overlays and secrets are written once and
// then belong to people.
func (a *application) files() ([]gitea.RepositoryFile, error) {
	root, err := a.rootKustomization()
	if err != nil {
		return nil, err
	}
	release, err := a.release()
	if err != nil {
		return nil, err
	}
	values, err := blueprint.Values(a.blueprint, a.Spec.Parameters)
	if err != nil {
		return nil, err
	}
	v, err := yaml.Marshal(values)
	if err != nil {
		return nil, fmt.Errorf("cannot render values: %w", err)
	}
	files := []gitea.RepositoryFile{
		{Path: "CODEOWNERS", Content: a.codeOwners()},
		{Path: "kustomization.yaml", Content: generated + root},
		{Path: "values.yaml", Content: generated + string(v)},
	}
	if release != "" {
		files = append(files, gitea.RepositoryFile{Path: "release.yaml", Content: generated + release})
	}
	for _, e := range a.Spec.Environments {
		o, err := a.overlay(e)
		if err != nil {
			return nil, err
		}
		files = append(files, o...)
	}
	return append(files, gitea.RepositoryFile{
		Path:      "secrets/README.md",
		WriteOnce: new(true),
		Content:   "# Secrets\n\nExternalSecrets of " + a.GetName() + " go here: references to secrets, never the secrets themselves.\n",
	}), nil
}

func (a *application) codeOwners() string {
	return "# Written by Catalyst. Who is asked to review changes of the Application.\n" +
		".* @" + a.GetNamespace() + "/" + naming.TeamDevelopers + "\n"
}

func (a *application) rootKustomization() (string, error) {
	k := map[string]any{
		"apiVersion": "kustomize.config.k8s.io/v1beta1",
		"kind":       "Kustomization",
		"metadata": map[string]any{
			"name": a.GetName(),
			"annotations": map[string]any{
				annotationBlueprint:        a.blueprint.GetName(),
				annotationBlueprintVersion: a.blueprint.Spec.Version,
			},
		},
		"namespace":        a.GetName(),
		"generatorOptions": map[string]any{"disableNameSuffixHash": true},
		"configMapGenerator": []any{map[string]any{
			"name":  a.GetName() + "-values",
			"files": []any{"values.yaml"},
		}},
	}
	if a.source() != nil {
		k["resources"] = []any{"release.yaml"}
	}
	out, err := yaml.Marshal(k)
	if err != nil {
		return "", fmt.Errorf("cannot render kustomization.yaml: %w", err)
	}
	return string(out), nil
}

// source of the Blueprint's manifests. A chart beside the Blueprint is
// published under the Blueprint's name. Nil for a Blueprint without manifests.
func (a *application) source() *v1alpha1.ManifestSource {
	m := a.blueprint.Spec.Manifests
	switch {
	case m == nil:
		return nil
	case m.Source != nil:
		return m.Source
	case m.Chart != "":
		return &v1alpha1.ManifestSource{Kind: "HelmChart", Ref: "oci://ghcr.io/openova-io/" + a.blueprint.GetName()}
	}
	return nil
}

// release renders what Flux installs: the Blueprint's artifact at its exact
// version, and how to apply it.
func (a *application) release() (string, error) {
	src := a.source()
	if src == nil {
		return "", nil
	}
	oci := map[string]any{
		"apiVersion": "source.toolkit.fluxcd.io/v1",
		"kind":       "OCIRepository",
		"metadata":   map[string]any{"name": a.GetName()},
		"spec": map[string]any{
			"interval": "10m",
			"url":      src.Ref,
			"ref":      map[string]any{"tag": a.blueprint.Spec.Version},
		},
	}
	install := a.helmRelease()
	if src.Kind == sourceKustomize {
		install = map[string]any{
			"apiVersion": "kustomize.toolkit.fluxcd.io/v1",
			"kind":       "Kustomization",
			"metadata":   map[string]any{"name": a.GetName() + "-manifests"},
			"spec": map[string]any{
				"interval":        "10m",
				"prune":           true,
				"targetNamespace": a.GetName(),
				"sourceRef":       map[string]any{"kind": "OCIRepository", "name": a.GetName()},
			},
		}
	}
	return documents(oci, install)
}

func (a *application) helmRelease() map[string]any {
	return map[string]any{
		"apiVersion": "helm.toolkit.fluxcd.io/v2",
		"kind":       "HelmRelease",
		"metadata":   map[string]any{"name": a.GetName()},
		"spec": map[string]any{
			"interval": "10m",
			"chartRef": map[string]any{"kind": "OCIRepository", "name": a.GetName()},
			"install":  map[string]any{"remediation": map[string]any{"retries": int64(3)}},
			// The overlay's come last: an Environment knows better.
			"valuesFrom": []any{
				map[string]any{"kind": "ConfigMap", "name": a.GetName() + "-values", "valuesKey": "values.yaml"},
				map[string]any{"kind": "ConfigMap", "name": a.GetName() + "-overlay", "valuesKey": "values.yaml"},
			},
		},
	}
}

// overlay of one Environment: what Flux applies there on top of what all of them
// share, and the values that differ from the Application's. It is a Component,
// because Kustomize takes no overlay from a folder within what it overlays.
// What it adds is in the Application's namespace like everything else.
func (a *application) overlay(e v1alpha1.ApplicationEnvironment) ([]gitea.RepositoryFile, error) {
	t, _ := naming.EnvTypeOf(a.GetNamespace(), e.Name)
	dir := "overlays/" + string(t) + "/"

	k, err := yaml.Marshal(map[string]any{
		"apiVersion":       "kustomize.config.k8s.io/v1alpha1",
		"kind":             "Component",
		"generatorOptions": map[string]any{"disableNameSuffixHash": true},
		"configMapGenerator": []any{map[string]any{
			"name":  a.GetName() + "-overlay",
			"files": []any{"values.yaml"},
		}},
	})
	if err != nil {
		return nil, fmt.Errorf("cannot render overlay: %w", err)
	}
	v, err := yaml.Marshal(blueprint.SizeValues(a.blueprint, e.Size))
	if err != nil {
		return nil, fmt.Errorf("cannot render values of size %q: %w", e.Size, err)
	}
	return []gitea.RepositoryFile{
		{Path: dir + "kustomization.yaml", Content: string(k), WriteOnce: new(true)},
		{Path: dir + "values.yaml", Content: "# Values for " + e.Name + ". They win over ../../values.yaml.\n" + string(v), WriteOnce: new(true)},
	}, nil
}

func documents(docs ...any) (string, error) {
	out := &strings.Builder{}
	for i, d := range docs {
		y, err := yaml.Marshal(d)
		if err != nil {
			return "", fmt.Errorf("cannot render release.yaml: %w", err)
		}
		if i > 0 {
			out.WriteString("---\n")
		}
		out.Write(y)
	}
	return out.String(), nil
}
