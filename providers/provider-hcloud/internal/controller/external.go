package controller

import (
	"context"
	"math/rand/v2"
	"regexp"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	"github.com/crossplane/crossplane-runtime/v2/pkg/reconciler/managed"
	"github.com/crossplane/crossplane-runtime/v2/pkg/resource"
	upjetconfig "github.com/crossplane/upjet/v2/pkg/config"
	upjet "github.com/crossplane/upjet/v2/pkg/controller"

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

// turn is how long a resource waits for a request to be granted before it gives
// way to others: longer than the budget ever asks, so that the first request
// follows its return, and not some back-off after.
const turn = 75 * time.Second

// retryAfter the budget was spent. What is up to date can wait for what isn't.
const retryAfter = 20 * time.Second

// An external is one managed resource's place in a project.
type external struct {
	project *clients.Client
	config  *upjetconfig.Resource
	tracker *upjet.AsyncTracker
	connect func(ctx context.Context, mg object) (managed.ExternalClient, error)
	inner   managed.ExternalClient
	// turn to make a request, if it was waited for.
	turn clients.Turn
}

// Observe the resource. A resource that was fine when it was last seen stays
// fine while the API grants no requests.
func (e *external) Observe(ctx context.Context, m resource.Managed) (managed.ExternalObservation, error) {
	mg, ok := m.(object)
	if !ok {
		return managed.ExternalObservation{}, errNotOurs(m)
	}
	if e.throttled() {
		if o, err := e.putOff(ctx, mg); err != nil || o.ResourceExists {
			return o, err
		}
	}
	ctx = clients.WithTurn(clients.Impatient(ctx), &e.turn)
	found, err := e.adopt(ctx, mg)
	if err != nil {
		return managed.ExternalObservation{}, err
	}
	if e.inner, err = e.connect(ctx, mg); err != nil {
		return managed.ExternalObservation{}, err
	}
	o, err := e.inner.Observe(ctx, mg)
	if err != nil && e.throttled() {
		if o, spent := e.putOff(ctx, mg); spent != nil || o.ResourceExists {
			return o, spent
		}
	}
	if err != nil {
		return o, e.plain(err, nil)
	}
	if c := mg.GetCondition(TypeThrottled); c.Status == corev1.ConditionTrue {
		mg.SetConditions(throttled(corev1.ConditionFalse, ReasonBudgetAvailable, ""))
	}
	o.ResourceLateInitialized = o.ResourceLateInitialized || found
	return o, nil
}

func (e *external) throttled() bool { return !e.project.Budget.Read().SpentUntil.IsZero() }

// putOff the check of a resource that was fine. Anything else says what it
// waits for and then waits for its turn, a short while each time. It may go on
// when neither is returned.
func (e *external) putOff(ctx context.Context, mg object) (managed.ExternalObservation, error) {
	ready := mg.GetCondition(xpv1.TypeReady).Status == corev1.ConditionTrue
	if ready && !meta.WasDeleted(mg) && meta.GetExternalName(mg) != "" {
		mg.SetConditions(throttled(corev1.ConditionTrue, ReasonBudgetSpent, clients.ErrBudgetSpent.Error()))
		return managed.ExternalObservation{ResourceExists: true, ResourceUpToDate: true}, nil
	}
	if !strings.Contains(mg.GetCondition(xpv1.TypeSynced).Message, clients.ErrBudgetSpent.Error()) {
		return managed.ExternalObservation{}, clients.ErrBudgetSpent
	}
	ctx, cancel := context.WithTimeout(ctx, turn)
	defer cancel()
	if err := e.project.Budget.Await(ctx, true); err != nil {
		return managed.ExternalObservation{}, clients.ErrBudgetSpent
	}
	e.turn.Grant()
	return managed.ExternalObservation{}, nil
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

// Create the resource. What a create that fails may have left behind is
// remembered, for the next attempt to find.
func (e *external) Create(ctx context.Context, mg resource.Managed) (managed.ExternalCreation, error) {
	ctx, outcome := clients.Watch(clients.WithTurn(ctx, &e.turn))
	c, err := e.inner.Create(ctx, mg)
	if err == nil {
		return c, nil
	}
	if id := e.tracker.GetTfID(); id != "" && meta.GetExternalName(mg) == "" {
		meta.SetExternalName(mg, id)
	}
	if outcome.Uncertain() {
		lost(mg)
	}
	return c, e.plain(err, outcome)
}

// Update the resource.
func (e *external) Update(ctx context.Context, mg resource.Managed) (managed.ExternalUpdate, error) {
	ctx, outcome := clients.Watch(clients.WithTurn(ctx, &e.turn))
	u, err := e.inner.Update(ctx, mg)
	return u, e.plain(err, outcome)
}

// Delete the resource.
func (e *external) Delete(ctx context.Context, mg resource.Managed) (managed.ExternalDelete, error) {
	ctx, outcome := clients.Watch(clients.WithTurn(ctx, &e.turn))
	d, err := e.inner.Delete(ctx, mg)
	return d, e.plain(err, outcome)
}

// request and action identifiers of API errors differ from one answer to the
// next.
var requestID = regexp.MustCompile(`(\([a-z_]+), (?:[0-9a-f]{16,32}|[0-9]+)\)`)

// plain is an error that says the same every time it happens: conditions and
// events would change for ever otherwise.
func (e *external) plain(err error, o *clients.Outcome) error {
	if err == nil {
		return nil
	}
	if e.throttled() && (o == nil || !o.Uncertain()) {
		return clients.ErrBudgetSpent
	}
	if msg := err.Error(); requestID.MatchString(msg) {
		return errors.New(requestID.ReplaceAllString(msg, "$1)"))
	}
	return err
}

// Disconnect from the project. Its client is shared.
func (e *external) Disconnect(context.Context) error { return nil }
