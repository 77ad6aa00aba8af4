package controller

import (
	"context"
	"math/rand/v2"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"github.com/crossplane/crossplane-runtime/v2/pkg/logging"
	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	"github.com/crossplane/crossplane-runtime/v2/pkg/reconciler/managed"
	"github.com/crossplane/crossplane-runtime/v2/pkg/resource"
	upjetconfig "github.com/crossplane/upjet/v2/pkg/config"

	"github.com/openova-io/catalyst/providers/provider-hcloud/internal/clients"
)

// TypeThrottled is the condition of a managed resource whose check for drift
// was put off because the project's API budget is spent.
const TypeThrottled xpv1.ConditionType = "Throttled"

// Reasons of the condition.
const (
	ReasonBudgetSpent     xpv1.ConditionReason = "BudgetSpent"
	ReasonBudgetAvailable xpv1.ConditionReason = "BudgetAvailable"
)

// retryAfter the budget was spent. What is up to date can wait for what isn't.
const retryAfter = 20 * time.Second

// An external is one managed resource's place in a project.
type external struct {
	project *clients.Client
	config  *upjetconfig.Resource
	log     logging.Logger
	connect func(ctx context.Context, mg object) (managed.ExternalClient, error)
	inner   managed.ExternalClient
}

// Observe the resource. A resource that was fine when it was last seen stays
// fine while the API grants no requests.
func (e *external) Observe(ctx context.Context, m resource.Managed) (managed.ExternalObservation, error) {
	mg, ok := m.(object)
	if !ok {
		return managed.ExternalObservation{}, errNotOurs(m)
	}
	if e.config.ShouldUseTerraformPluginSDKClient() || e.config.ShouldUseTerraformPluginFrameworkClient() {
		ctx = clients.Impatient(ctx)
	}
	found, err := e.adopt(ctx, mg)
	if err != nil {
		return managed.ExternalObservation{}, err
	}
	if e.inner, err = e.connect(ctx, mg); err != nil {
		return managed.ExternalObservation{}, err
	}
	o, err := e.inner.Observe(ctx, mg)
	if err != nil && e.throttled() {
		return e.putOff(mg)
	}
	if err != nil {
		return o, err
	}
	if c := mg.GetCondition(TypeThrottled); c.Status == corev1.ConditionTrue {
		mg.SetConditions(throttled(corev1.ConditionFalse, ReasonBudgetAvailable, ""))
	}
	o.ResourceLateInitialized = o.ResourceLateInitialized || found
	return o, nil
}

func (e *external) throttled() bool { return !e.project.Budget.Read().SpentUntil.IsZero() }

// putOff the check of a resource that was fine. Anything else waits visibly.
func (e *external) putOff(mg object) (managed.ExternalObservation, error) {
	ready := mg.GetCondition(xpv1.TypeReady).Status == corev1.ConditionTrue
	if !ready || meta.WasDeleted(mg) || meta.GetExternalName(mg) == "" {
		return managed.ExternalObservation{}, clients.ErrBudgetSpent
	}
	mg.SetConditions(throttled(corev1.ConditionTrue, ReasonBudgetSpent, clients.ErrBudgetSpent.Error()))
	return managed.ExternalObservation{ResourceExists: true, ResourceUpToDate: true}, nil
}

func throttled(s corev1.ConditionStatus, r xpv1.ConditionReason, msg string) xpv1.Condition {
	return xpv1.Condition{Type: TypeThrottled, Status: s, Reason: r, Message: msg, LastTransitionTime: metav1.Now()}
}

// poll says when to look at a resource again.
func poll(mg resource.Managed, interval time.Duration) time.Duration {
	if mg.GetCondition(TypeThrottled).Status == corev1.ConditionTrue {
		interval = retryAfter
		return interval + rand.N(2*interval) //nolint:gosec // Nothing secret depends on it.
	}
	return interval - interval/10 + rand.N(interval/5+1) //nolint:gosec // Nothing secret depends on it.
}

// Create the resource.
func (e *external) Create(ctx context.Context, mg resource.Managed) (managed.ExternalCreation, error) {
	return e.inner.Create(ctx, mg)
}

// Update the resource.
func (e *external) Update(ctx context.Context, mg resource.Managed) (managed.ExternalUpdate, error) {
	return e.inner.Update(ctx, mg)
}

// Delete the resource.
func (e *external) Delete(ctx context.Context, mg resource.Managed) (managed.ExternalDelete, error) {
	return e.inner.Delete(ctx, mg)
}

// Disconnect from the project. Its client is shared.
func (e *external) Disconnect(context.Context) error { return nil }
