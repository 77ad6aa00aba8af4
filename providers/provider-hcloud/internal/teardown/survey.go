package teardown

import (
	"cmp"
	"context"
	"slices"

	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	kerrors "k8s.io/apimachinery/pkg/api/errors"
	kmeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"

	catalyst "github.com/openova-io/catalyst/apis/v1alpha1"
	"github.com/openova-io/catalyst/internal/naming"
	"github.com/openova-io/catalyst/providers/provider-hcloud/apis/v1alpha1"
)

var (
	sovereignGVK    = catalyst.SchemeGroupVersion.WithKind(catalyst.KindSovereign)
	organizationGVK = catalyst.SchemeGroupVersion.WithKind(catalyst.KindOrganization)
	namespaceGVK    = corev1.SchemeGroupVersion.WithKind("Namespace")
	usageGV         = schema.GroupVersion{Group: "protection.crossplane.io", Version: "v1beta1"}
)

// Layers in the order they go.
const (
	layerOrganizations = iota
	layerClusters
	layerRest
	layerCount
)

func layerNames() [layerCount]string {
	return [layerCount]string{"Organizations", "host clusters", "domain and Git"}
}

// labelInUse is what Crossplane puts on an object that a usage keeps.
const labelInUse = "crossplane.io/in-use"

// An object that is still there.
type object struct {
	*unstructured.Unstructured

	gvk schema.GroupVersionKind
	// going says that nothing else has to go before it.
	going  bool
	reason string
	// after is the usage that keeps it, if one does.
	after *unstructured.Unstructured
}

// A survey of what is left.
type survey struct {
	kube      client.Client
	namespace string
	sovereign *metav1.OwnerReference

	layers [layerCount][]object
	// found Organizations, by name, and those that were found before.
	found []string
	// keeps are usages by the object they keep.
	keeps map[string]*unstructured.Unstructured
	// going are usages of the namespace that are on their way out.
	going []*unstructured.Unstructured
}

func usageKey(group, kind, name string) string { return kind + "." + group + "/" + name }

// usages of what a deletion may meet.
func (s *survey) usages(ctx context.Context) error {
	s.keeps = map[string]*unstructured.Unstructured{}
	for kind, opts := range map[string][]client.ListOption{"Usage": {client.InNamespace(s.namespace)}, "ClusterUsage": nil} {
		all, err := s.list(ctx, usageGV.WithKind(kind), opts...)
		if err != nil {
			return err
		}
		for _, u := range all {
			of, _, _ := unstructured.NestedMap(u.Object, "spec", "of")
			name, _, _ := unstructured.NestedString(of, "resourceRef", "name")
			gvk := schema.FromAPIVersionAndKind(str(of, "apiVersion"), str(of, "kind"))
			key := usageKey(gvk.Group, gvk.Kind, name)
			// The first by name, so that what is said does not depend on the
			// order of a listing.
			if was := s.keeps[key]; was == nil || u.GetName() < was.GetName() {
				s.keeps[key] = u
			}
			if meta.WasDeleted(u) && u.GetNamespace() != "" {
				s.going = append(s.going, u)
			}
		}
	}
	return nil
}

func str(m map[string]any, field string) string {
	v, _ := m[field].(string)
	return v
}

// list objects of a kind, or none if there is no such kind.
func (s *survey) list(ctx context.Context, gvk schema.GroupVersionKind, opts ...client.ListOption) ([]*unstructured.Unstructured, error) {
	l := &unstructured.UnstructuredList{}
	l.SetGroupVersionKind(gvk.GroupVersion().WithKind(gvk.Kind + "List"))
	if err := s.kube.List(ctx, l, opts...); err != nil {
		if kmeta.IsNoMatchError(err) || kerrors.IsNotFound(err) {
			return nil, nil
		}
		return nil, errors.Wrapf(err, "cannot list objects of kind %s", gvk.GroupKind())
	}
	out := make([]*unstructured.Unstructured, 0, len(l.Items))
	for i := range l.Items {
		out = append(out, &l.Items[i])
	}
	return out, nil
}

// organizations that name the Sovereign, and namespaces of those that did.
func (s *survey) organizations(ctx context.Context, known []string, cascade bool) error {
	all, err := s.list(ctx, organizationGVK)
	if err != nil {
		return err
	}
	exists := map[string]bool{}
	for _, o := range all {
		exists[o.GetName()] = true
		if name, _, _ := unstructured.NestedString(o.Object, "spec", "sovereignRef", "name"); name != s.sovereign.Name {
			continue
		}
		s.found = append(s.found, o.GetName())
		s.add(layerOrganizations, organizationGVK, o)
		if last := &s.layers[layerOrganizations][len(s.layers[layerOrganizations])-1]; !cascade && !meta.WasDeleted(o) {
			last.reason = "delete it, or set spec.deletionPolicy of the Sovereign to " + v1alpha1.TeardownCascade
		}
	}
	for _, name := range known {
		if exists[name] {
			continue
		}
		ns := &unstructured.Unstructured{}
		ns.SetGroupVersionKind(namespaceGVK)
		if err := s.kube.Get(ctx, types.NamespacedName{Name: name}, ns); err != nil {
			if kerrors.IsNotFound(err) {
				continue
			}
			return errors.Wrapf(err, "cannot get Namespace %q", name)
		}
		if ns.GetLabels()[naming.LabelOrganization] != name {
			continue
		}
		s.found = append(s.found, name)
		s.add(layerOrganizations, namespaceGVK, ns)
	}
	slices.Sort(s.found)
	return nil
}

// objects of the Sovereign's namespace that stand for something outside.
func (s *survey) objects(ctx context.Context) error {
	kinds, err := s.kinds(ctx)
	if err != nil {
		return err
	}
	for _, gvk := range kinds {
		all, err := s.list(ctx, gvk, client.InNamespace(s.namespace))
		if err != nil {
			return err
		}
		for _, o := range all {
			s.add(s.layer(gvk, o), gvk, o)
		}
	}
	s.explain()
	return nil
}

// explain what is kept by usages, now that it is known what there is.
func (s *survey) explain() {
	there := map[string]bool{}
	for _, l := range s.layers {
		for _, o := range l {
			there[usageKey(o.gvk.Group, o.gvk.Kind, o.GetName())] = true
		}
	}
	for _, l := range s.layers {
		for i := range l {
			if l[i].after != nil {
				l[i].reason = kept(l[i].after, there)
			}
		}
	}
}

// overdue are usages of the namespace that are on their way out and wait for an
// object that is gone, of a kind that a Sovereign consists of.
func (s *survey) overdue(ctx context.Context) ([]*unstructured.Unstructured, error) {
	var out []*unstructured.Unstructured
	there := map[schema.GroupVersionKind]map[string]bool{}
	for _, u := range s.going {
		gvk, name := usedBy(u)
		if name == "" || !counts(gvk.Group, gvk.Kind) {
			continue
		}
		if there[gvk] == nil {
			all, err := s.list(ctx, gvk, client.InNamespace(s.namespace))
			if err != nil {
				return nil, err
			}
			there[gvk] = map[string]bool{}
			for _, o := range all {
				there[gvk][o.GetName()] = true
			}
		}
		if !there[gvk][name] {
			out = append(out, u)
		}
	}
	return out, nil
}

// usedBy is the object that a usage is by, if it is by one.
func usedBy(usage *unstructured.Unstructured) (gvk schema.GroupVersionKind, name string) {
	by, _, _ := unstructured.NestedMap(usage.Object, "spec", "by")
	name, _, _ = unstructured.NestedString(by, "resourceRef", "name")
	return schema.FromAPIVersionAndKind(str(by, "apiVersion"), str(by, "kind")), name
}

// kinds that objects of a Sovereign are of, as far as they are there.
func (s *survey) kinds(ctx context.Context) ([]schema.GroupVersionKind, error) {
	crds := &apiextensionsv1.CustomResourceDefinitionList{}
	if err := s.kube.List(ctx, crds); err != nil {
		return nil, errors.Wrap(err, "cannot list CustomResourceDefinitions")
	}
	var out []schema.GroupVersionKind
	for _, crd := range crds.Items {
		if crd.Spec.Scope != apiextensionsv1.NamespaceScoped || !counts(crd.Spec.Group, crd.Spec.Names.Kind) {
			continue
		}
		for _, v := range crd.Spec.Versions {
			if v.Storage {
				out = append(out, schema.GroupVersionKind{Group: crd.Spec.Group, Version: v.Name, Kind: crd.Spec.Names.Kind})
			}
		}
	}
	slices.SortFunc(out, func(a, b schema.GroupVersionKind) int { return cmp.Compare(a.String(), b.String()) })
	return out, nil
}

// Groups of the managed resources that a Sovereign consists of.
const (
	groupGitea    = "gitea.openova.io"
	groupPowerDNS = "powerdns.openova.io"
)

// counts says whether objects of the kind are waited for. A Teardown waits for no
// other, and what providers note about their configuration is nothing outside.
func counts(group, kind string) bool {
	switch group {
	case catalyst.Group:
		return kind == catalyst.KindHostCluster || kind == catalyst.KindNodePool
	case v1alpha1.CRDGroup, groupGitea, groupPowerDNS:
		return kind != v1alpha1.TeardownGroupVersionKind.Kind && kind != v1alpha1.ProviderConfigKind && kind != v1alpha1.ProviderConfigUsageKind
	default:
		return false
	}
}

// layer of an object. What people have made at Hetzner in the Sovereign's
// namespace goes with the host clusters: their networks cannot go before it.
func (s *survey) layer(gvk schema.GroupVersionKind, o *unstructured.Unstructured) int {
	owner := metav1.GetControllerOf(o)
	switch {
	case gvk.Group == catalyst.Group:
		return layerClusters
	case owner == nil && gvk.Group == v1alpha1.CRDGroup:
		return layerClusters
	case owner != nil && owner.UID != s.sovereign.UID && o.GetLabels()[naming.LabelHostCluster] != "":
		return layerClusters
	default:
		return layerRest
	}
}

func (s *survey) add(layer int, gvk schema.GroupVersionKind, u *unstructured.Unstructured) {
	o := object{Unstructured: u, gvk: gvk, going: meta.WasDeleted(u) || layer == layerOrganizations}
	usage := s.keeps[usageKey(gvk.Group, gvk.Kind, u.GetName())]
	switch {
	case !meta.WasDeleted(u) && u.GetLabels()[labelInUse] == "true" && usage != nil:
		o.after = usage
	case gvk == namespaceGVK:
		o.reason = condition(u, corev1.ConditionTrue, string(corev1.NamespaceContentRemaining), string(corev1.NamespaceFinalizersRemaining))
	default:
		o.reason = cmp.Or(condition(u, corev1.ConditionFalse, "Synced"), condition(u, corev1.ConditionFalse))
	}
	s.layers[layer] = append(s.layers[layer], o)
}

// kept by a usage, and why.
func kept(usage *unstructured.Unstructured, there map[string]bool) string {
	if reason, _, _ := unstructured.NestedString(usage.Object, "spec", "reason"); reason != "" {
		return reason
	}
	gvk, name := usedBy(usage)
	if there[usageKey(gvk.Group, gvk.Kind, name)] {
		return "after " + gvk.Kind + " " + name
	}
	return "after " + gvk.Kind + " " + name + ", which is gone: in a moment"
}

// condition is the message of the first condition with the status, of one of the
// types or of any.
func condition(u *unstructured.Unstructured, status corev1.ConditionStatus, types ...string) string {
	conditions, _, _ := unstructured.NestedSlice(u.Object, "status", "conditions")
	for _, c := range conditions {
		m, _ := c.(map[string]any)
		if str(m, "status") != string(status) || str(m, "message") == "" || len(types) > 0 && !slices.Contains(types, str(m, "type")) {
			continue
		}
		return str(m, "message")
	}
	return ""
}

// removable objects of a layer, of those that are not being deleted yet.
func (s *survey) removable(layer int, ours func(object) bool) []*unstructured.Unstructured {
	var out []*unstructured.Unstructured
	for _, o := range s.layers[layer] {
		if !meta.WasDeleted(o) && ours(o) {
			out = append(out, o.Unstructured)
		}
	}
	return out
}

func (s *survey) left() int {
	n := 0
	for _, l := range s.layers {
		n += len(l)
	}
	return n
}
