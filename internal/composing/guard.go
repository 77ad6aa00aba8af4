package composing

import (
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Guard returns a usage that has the API server refuse to delete an object
// while it is in use, for a reason that people read. The object is deleted
// once the guard is gone, if somebody tried before.
//
// The guard of a cluster scoped object has no namespace; that of a namespaced
// one lives in the object's.
func Guard(name, namespace, apiVersion, kind, of, reason string) *unstructured.Unstructured {
	usage := "ClusterUsage"
	md := map[string]any{"name": name}
	if namespace != "" {
		usage = "Usage"
		md["namespace"] = namespace
	}
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "protection.crossplane.io/v1beta1",
		"kind":       usage,
		"metadata":   md,
		"spec": map[string]any{
			"of": map[string]any{
				"apiVersion":  apiVersion,
				"kind":        kind,
				"resourceRef": map[string]any{"name": of},
			},
			"reason":         reason,
			"replayDeletion": true,
		},
	}}
}

// keyOrder is what the keys of usages begin with that Outlive composes.
const keyOrder = "order-"

// An Edge of an order of deletion names two composed resources by their keys:
// Of stays until By is gone.
type Edge struct{ Of, By string }

// Outlive keeps an order when the composite resource is deleted: functions do
// not run then, so usages of the namespace, whose names begin with the prefix,
// hold it. They are composed whatever becomes of the run. The usage of a resource
// comes as soon as that is there, together with the one it waits for: alone it
// would cost the composite resource one more round of updates.
func (r *Run) Outlive(namespace, prefix string, edges ...Edge) {
	r.orders = append(r.orders, func() error {
		for _, e := range edges {
			of, by := r.observed[e.Of], r.observed[e.By]
			if by == nil && r.desired[e.By] != nil {
				by = &Observed{s: r.desired[e.By].resource}
			}
			if of == nil || by == nil || by.DeletedAt() != "" {
				continue
			}
			if err := r.Desire(keyOrder+e.Of+"-"+e.By, outlives(prefix+e.Of+"-outlives-"+e.By, namespace, of, by)); err != nil {
				return err
			}
		}
		return nil
	})
}

// outlives is a usage that has the API server refuse to delete an object of a
// namespace before another one there is gone.
func outlives(name, namespace string, of, by *Observed) *unstructured.Unstructured {
	end := func(o *Observed) map[string]any {
		return map[string]any{"apiVersion": o.APIVersion(), "kind": o.Kind(), "resourceRef": map[string]any{"name": o.Name()}}
	}
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "protection.crossplane.io/v1beta1",
		"kind":       "Usage",
		"metadata":   map[string]any{"name": name, "namespace": namespace},
		"spec":       map[string]any{"of": end(of), "by": end(by), "replayDeletion": true},
	}}
}
