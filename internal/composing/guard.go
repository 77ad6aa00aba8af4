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

// A Link names one end of an order of deletion.
type Link struct {
	APIVersion, Kind, Name string
}

// Outlives returns a usage that has the API server refuse to delete an object
// of a namespace before another one there is gone. Functions do not run while
// their composite resource is deleted: the order has to be there before.
func Outlives(name, namespace string, of, by Link) *unstructured.Unstructured {
	end := func(l Link) map[string]any {
		return map[string]any{"apiVersion": l.APIVersion, "kind": l.Kind, "resourceRef": map[string]any{"name": l.Name}}
	}
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "protection.crossplane.io/v1beta1",
		"kind":       "Usage",
		"metadata":   map[string]any{"name": name, "namespace": namespace},
		"spec":       map[string]any{"of": end(of), "by": end(by), "replayDeletion": true},
	}}
}
