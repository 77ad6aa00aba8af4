package application

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/crossplane/crossplane-runtime/v2/apis/common"
	xpv2 "github.com/crossplane/crossplane-runtime/v2/apis/common/v2"

	"github.com/openova-io/catalyst/apis/v1alpha1"
	"github.com/openova-io/catalyst/internal/composing"
	"github.com/openova-io/catalyst/internal/naming"
	gitea "github.com/openova-io/catalyst/providers/provider-gitea/apis/v1alpha1"
)

// Kinds of delivery: Flux's, and what protects its credentials.
var (
	gitRepositoryKind = schema.GroupVersionKind{Group: "source.toolkit.fluxcd.io", Version: "v1", Kind: "GitRepository"}
	ociRepositoryKind = schema.GroupVersionKind{Group: "source.toolkit.fluxcd.io", Version: "v1", Kind: "OCIRepository"}
	kustomizationKind = schema.GroupVersionKind{Group: "kustomize.toolkit.fluxcd.io", Version: "v1", Kind: "Kustomization"}
	helmReleaseKind   = schema.GroupVersionKind{Group: "helm.toolkit.fluxcd.io", Version: "v2", Kind: "HelmRelease"}
	usageKind         = schema.GroupVersionKind{Group: "protection.crossplane.io", Version: "v1beta1", Kind: "Usage"}
)

// gatherFlux finds out which of Flux's controllers are installed. All of them
// are asked for, whether this Application needs them or not: which ones it needs
// is known once its Blueprint is.
func (a *application) gatherFlux() {
	a.flux = map[schema.GroupVersion]bool{}
	for _, gvk := range []schema.GroupVersionKind{gitRepositoryKind, kustomizationKind, helmReleaseKind} {
		a.flux[gvk.GroupVersion()] = a.run.RequireAPIs(gvk.GroupVersion())
	}
}

// missingKinds are those of Flux's that delivering the Application takes and
// that are not installed. What an overlay refers to has to be delivered by the
// same Flux.
func (a *application) missingKinds() []string {
	needed := []schema.GroupVersionKind{gitRepositoryKind, kustomizationKind}
	if a.blueprint != nil {
		if src := a.source(); src != nil {
			needed = append(needed, ociRepositoryKind)
			if src.Kind != sourceKustomize {
				needed = append(needed, helmReleaseKind)
			}
		}
	}
	var missing []string
	for _, gvk := range needed {
		if !a.flux[gvk.GroupVersion()] {
			missing = append(missing, gvk.Kind)
		}
	}
	return missing
}

func managed(p common.ManagementPolicies) xpv2.ManagedResourceSpec {
	return xpv2.ManagedResourceSpec{ManagementPolicies: p}
}

// delivers tells whether Flux has to do with the Application in an Environment.
// What it delivered once stays its business, whatever is missing now.
func (a *application) delivers(environment string) bool {
	if len(a.run.ObservedKeys(keyDeliveryPrefix+environment+"/")) > 0 {
		return true
	}
	return a.blueprint != nil && len(a.missingKinds()) == 0
}

// composeDelivery has Flux follow each Environment's branch with a key of the
// repository's own, and apply its overlay on every host cluster.
func (a *application) composeDelivery() error {
	s := a.run.Step("Delivery")
	if missing := a.missingKinds(); len(missing) > 0 {
		s.Skip(composing.ReasonIntegrationMissing, "Missing kinds of Flux: "+strings.Join(missing, ", "))
		return nil
	}
	secret := a.GetName() + "-deploy-key"
	key := &gitea.DeployKey{
		ObjectMeta: a.meta(a.GetName()),
		Spec: gitea.DeployKeySpec{
			ManagedResourceSpec: xpv2.ManagedResourceSpec{WriteConnectionSecretToReference: &common.LocalSecretReference{Name: secret}},
			ForProvider: gitea.DeployKeyParameters{
				Owner:      new(a.GetNamespace()),
				Repository: new(a.GetName()),
				Title:      new("flux"),
				ReadOnly:   new(true),
			},
		},
	}
	if err := s.Desire(keyDeployKey, key); err != nil {
		return err
	}
	url := a.run.Observed(keyRepository).String("status", "atProvider", "sshURL")
	if url == "" {
		return nil
	}
	for _, e := range a.Spec.Environments {
		if err := s.Desire(keySourcePrefix+e.Name, a.gitSource(e, url, secret)); err != nil {
			return err
		}
		for _, hc := range a.placement(e).HostClusters {
			k := a.kustomization(e, hc)
			if err := s.Desire(keyDeliveryPrefix+e.Name+"/"+hc, k); err != nil {
				return err
			}
			if err := s.Desire(keyAccessPrefix+e.Name+"/"+hc, a.accessInUse(k, e, hc)); err != nil {
				return err
			}
		}
	}
	a.retireEnvironments(keySourcePrefix)
	for _, prefix := range []string{keyDeliveryPrefix, keyAccessPrefix} {
		a.run.RetireOthers(prefix, "the Application was moved away from there")
	}
	return nil
}

func (a *application) flat(gvk schema.GroupVersionKind, name string, environment string, spec map[string]any) *unstructured.Unstructured {
	labels := map[string]any{naming.LabelEnvironment: environment}
	for _, k := range slices.Sorted(maps.Keys(a.labels())) {
		labels[k] = a.labels()[k]
	}
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": gvk.GroupVersion().String(),
		"kind":       gvk.Kind,
		"metadata":   map[string]any{"name": name, "namespace": a.GetNamespace(), "labels": labels},
		"spec":       spec,
	}}
}

func (a *application) gitSource(e v1alpha1.ApplicationEnvironment, url, secret string) *unstructured.Unstructured {
	return a.flat(gitRepositoryKind, a.GetName()+"-"+e.Name, e.Name, map[string]any{
		"interval":  "1m",
		"url":       url,
		"ref":       map[string]any{"branch": a.branch(e.Name)},
		"secretRef": map[string]any{"name": secret},
	})
}

// kustomization applies the repository with the Environment's overlay into the
// Organization's vcluster on one host cluster.
func (a *application) kustomization(e v1alpha1.ApplicationEnvironment, hostCluster string) *unstructured.Unstructured {
	t, _ := naming.EnvTypeOf(a.GetNamespace(), e.Name)
	return a.flat(kustomizationKind, fmt.Sprintf("%s-%s-%s", a.GetName(), e.Name, hostCluster), e.Name, map[string]any{
		"interval":      "10m",
		"retryInterval": "1m",
		"timeout":       "5m",
		"path":          "./",
		"components":    []any{"overlays/" + string(t)},
		"prune":         true,
		"wait":          true,
		"sourceRef":     map[string]any{"kind": gitRepositoryKind.Kind, "name": a.GetName() + "-" + e.Name},
		// vcluster writes its kubeconfig there. The Application has no say in
		// which cluster or account it is delivered with.
		"kubeConfig": map[string]any{"secretRef": map[string]any{"name": accessSecret(hostCluster), "key": "config"}},
	})
}

func accessSecret(hostCluster string) string { return "vc-" + hostCluster }

// accessInUse keeps a host cluster's kubeconfig for as long as the Kustomization
// is there. Without it Flux could not take away what it delivered, and whoever
// deletes the namespace would wait for that for ever.
func (a *application) accessInUse(k *unstructured.Unstructured, e v1alpha1.ApplicationEnvironment, hostCluster string) *unstructured.Unstructured {
	return a.flat(usageKind, k.GetName(), e.Name, map[string]any{
		"of": map[string]any{"apiVersion": "v1", "kind": "Secret", "resourceRef": map[string]any{"name": accessSecret(hostCluster)}},
		"by": map[string]any{"apiVersion": k.GetAPIVersion(), "kind": k.GetKind(), "resourceRef": map[string]any{"name": k.GetName()}},
	})
}
