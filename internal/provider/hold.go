package provider

import (
	"context"
	"time"

	kerrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	"github.com/crossplane/crossplane-runtime/v2/pkg/resource"
)

// A holding reconciler lets a resource that is being deleted be until its time
// has come. The managed reconciler would look at it again and again, and has no
// way to say what it waits for.
type holding[T resource.ModernManaged] struct {
	reconcile.Reconciler

	kube client.Client
	kind Kind[T]
	now  func() time.Time
}

// Reconcile the resource unless it is held.
func (h *holding[T]) Reconcile(ctx context.Context, req reconcile.Request) (reconcile.Result, error) {
	mg := h.kind.New()
	if err := h.kube.Get(ctx, req.NamespacedName, mg); err != nil || !meta.WasDeleted(mg) {
		// The managed reconciler meets the same error and reports it.
		return h.Reconciler.Reconcile(ctx, req)
	}
	until, ready := h.kind.Hold(mg)
	left := until.Sub(h.now())
	if left <= 0 {
		return h.Reconciler.Reconcile(ctx, req)
	}
	if is := mg.GetCondition(xpv1.TypeReady); is.Reason != ready.Reason || is.Message != ready.Message {
		mg.SetConditions(ready)
		err := h.kube.Status().Update(ctx, mg)
		if kerrors.IsConflict(err) {
			return reconcile.Result{Requeue: true}, nil //nolint:staticcheck // As the managed reconciler does: with back-off.
		}
		if err != nil {
			return reconcile.Result{}, errors.Wrap(err, "cannot update status")
		}
	}
	return reconcile.Result{RequeueAfter: left}, nil
}
