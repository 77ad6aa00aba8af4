package provider

import (
	"context"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	"github.com/crossplane/crossplane-runtime/v2/pkg/reconciler/managed"
	"github.com/crossplane/crossplane-runtime/v2/pkg/resource"
)

// A finalizer that leaves what was observed alone. The API server answers an
// update with the status it has, and the usual finalizer decodes that answer
// over the status that the observation just filled in: a resource that is
// adopted would say nothing of itself until the next poll.
type finalizer struct {
	*resource.APIFinalizer
}

func newFinalizer(c client.Client) *finalizer {
	return &finalizer{APIFinalizer: resource.NewAPIFinalizer(c, managed.FinalizerName)}
}

// AddFinalizer to the object in the API server and in memory.
func (f *finalizer) AddFinalizer(ctx context.Context, obj resource.Object) error {
	if meta.FinalizerExists(obj, managed.FinalizerName) {
		return nil
	}
	c, ok := obj.DeepCopyObject().(resource.Object)
	if !ok {
		return errors.Errorf("a copy of %T is not a Kubernetes object", obj)
	}
	if err := f.APIFinalizer.AddFinalizer(ctx, c); err != nil {
		return err
	}
	obj.SetFinalizers(c.GetFinalizers())
	obj.SetResourceVersion(c.GetResourceVersion())
	return nil
}
