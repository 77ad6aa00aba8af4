package provider

import (
	"context"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	"github.com/crossplane/crossplane-runtime/v2/pkg/reconciler/managed"
	"github.com/crossplane/crossplane-runtime/v2/pkg/resource"
)

// nameInitializer gives a managed resource its external name. The name is
// stored with the finalizer, which is added next: an update of its own would be
// one more event for every composite resource that watches. Who took the name
// away since then gets it back at once, because references resolve to it.
func nameInitializer[T resource.ModernManaged](kube client.Client, name func(T) string) managed.Initializer {
	return managed.InitializerFn(func(ctx context.Context, mg resource.Managed) error {
		if meta.GetExternalName(mg) != "" {
			return nil
		}
		n := mg.GetName()
		if t, ok := mg.(T); ok && name != nil {
			n = name(t)
		}
		meta.SetExternalName(mg, n)
		if n == "" || !meta.FinalizerExists(mg, managed.FinalizerName) {
			return nil
		}
		return errors.Wrap(kube.Update(ctx, mg), "cannot keep the external name")
	})
}

// naming keeps the external name that is not stored yet while references are
// resolved. What they resolve to is stored, and the API server's answer, which
// knows nothing of the name, replaces the resource in memory.
type naming struct {
	managed.ReferenceResolver
}

// ResolveReferences of the managed resource.
func (r naming) ResolveReferences(ctx context.Context, mg resource.Managed) error {
	name := meta.GetExternalName(mg)
	if err := r.ReferenceResolver.ResolveReferences(ctx, mg); err != nil {
		return err //nolint:wrapcheck // It says what it could not do, and conflicts are told from it.
	}
	if name != "" && meta.GetExternalName(mg) == "" {
		meta.SetExternalName(mg, name)
	}
	return nil
}
