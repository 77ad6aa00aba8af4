package provider

import (
	"context"

	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	"github.com/crossplane/crossplane-runtime/v2/pkg/resource"
)

// A leaving reconciler looks at a resource that is being deleted at the pace of
// its kind. The managed reconciler backs off to a minute, and what takes that
// long would say nothing new for as long.
type leaving[T resource.ModernManaged] struct {
	reconcile.Reconciler

	kube client.Client
	kind Kind[T]
}

// Reconcile the resource, and look at it again soon if it is on its way out.
func (l *leaving[T]) Reconcile(ctx context.Context, req reconcile.Request) (reconcile.Result, error) {
	res, err := l.Reconciler.Reconcile(ctx, req)
	if err != nil || !res.Requeue { //nolint:staticcheck // The managed reconciler asks for a back-off so.
		return res, err
	}
	mg := l.kind.New()
	if err := l.kube.Get(ctx, req.NamespacedName, mg); err != nil || !meta.WasDeleted(mg) {
		// With a back-off it is tried again, whatever the matter is.
		return res, nil //nolint:nilerr // See above.
	}
	if next := l.kind.DeletionPollInterval(mg); next > 0 {
		return reconcile.Result{RequeueAfter: next}, nil
	}
	return res, nil
}
