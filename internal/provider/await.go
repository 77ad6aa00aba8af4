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
	"github.com/crossplane/crossplane-runtime/v2/pkg/reconciler/managed"
	"github.com/crossplane/crossplane-runtime/v2/pkg/resource"
)

const (
	// awaitEvery bounds how long something that came about goes unnoticed.
	awaitEvery = time.Second
	// awaitSilently is how long a resource waits before it says so. What comes
	// into being together waits for moments, and would tell everybody who
	// watches.
	awaitSilently = 3 * time.Second
)

// An awaiting reconciler lets a resource be that needs another one first. To try
// all the same would fail, say so, and be tried again ever later.
type awaiting[T resource.ModernManaged] struct {
	reconcile.Reconciler

	kube client.Client
	kind Kind[T]
	now  func() time.Time
}

// Reconcile the resource unless it waits. One that was reconciled before does
// not wait any more.
func (a *awaiting[T]) Reconcile(ctx context.Context, req reconcile.Request) (reconcile.Result, error) {
	mg := a.kind.New()
	if err := a.kube.Get(ctx, req.NamespacedName, mg); err != nil || meta.WasDeleted(mg) || meta.FinalizerExists(mg, managed.FinalizerName) {
		// The managed reconciler meets the same error and reports it.
		return a.Reconciler.Reconcile(ctx, req)
	}
	what, err := a.kind.Await(ctx, a.kube, mg)
	if err != nil {
		return reconcile.Result{}, errors.Wrap(err, "cannot tell what is waited for")
	}
	if what == "" {
		return a.Reconciler.Reconcile(ctx, req)
	}
	waits := xpv1.Creating().WithMessage("Waits for " + what)
	if mg.GetCondition(xpv1.TypeReady).Message == waits.Message || a.now().Sub(mg.GetCreationTimestamp().Time) < awaitSilently {
		return reconcile.Result{RequeueAfter: awaitEvery}, nil
	}
	mg.SetConditions(waits)
	if err := a.kube.Status().Update(ctx, mg); err != nil && !kerrors.IsConflict(err) {
		return reconcile.Result{}, errors.Wrap(err, "cannot update status")
	}
	return reconcile.Result{RequeueAfter: awaitEvery}, nil
}
