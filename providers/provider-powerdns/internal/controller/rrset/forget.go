package rrset

import (
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"

	"github.com/openova-io/catalyst/providers/provider-powerdns/apis/v1alpha1"
)

// ReasonWaitsOutTTL is the reason of an RRset that has left the server and
// whose records resolvers may still hold.
const ReasonWaitsOutTTL xpv1.ConditionReason = "WaitsOutTTL"

// waits tells whether the RRset, once removed, has to be forgotten by resolvers
// too. What nobody ever saw at the server is not remembered.
func waits(mg *v1alpha1.RRset) bool {
	w := mg.Spec.ForProvider.WaitOutTTL
	return w != nil && *w && mg.Status.AtProvider.TTL != nil
}

// forgottenAt is from when on no resolver holds any records of an RRset that
// was removed, and whether it was.
func forgottenAt(mg *v1alpha1.RRset) (at time.Time, removed bool) {
	o := mg.Status.AtProvider
	if !waits(mg) || o.RemovedAt == nil {
		return time.Time{}, false
	}
	at = o.RemovedAt.Add(time.Duration(*o.TTL) * time.Second)
	if o.CachedUntil != nil && o.CachedUntil.After(at) {
		at = o.CachedUntil.Time
	}
	return at, true
}

func (e *external) forgotten(mg *v1alpha1.RRset) bool {
	at, removed := forgottenAt(mg)
	return removed && !e.now().Before(at)
}

// hold the finalizer of an RRset until it is forgotten.
func hold(mg *v1alpha1.RRset) (time.Time, xpv1.Condition) {
	at, removed := forgottenAt(mg)
	if !removed {
		return time.Time{}, xpv1.Condition{}
	}
	return at, xpv1.Condition{
		Type:               xpv1.TypeReady,
		Status:             corev1.ConditionFalse,
		Reason:             ReasonWaitsOutTTL,
		Message:            "The records have left the server; resolvers may hold them until " + at.UTC().Format(time.RFC3339),
		LastTransitionTime: metav1.Now(),
	}
}

// look at what the server has now, and note for how long resolvers may hold
// what it had before.
func (e *external) look(mg *v1alpha1.RRset, now v1alpha1.RRsetObservation) {
	was := mg.Status.AtProvider
	e.remembered = was.TTL != nil && *was.TTL == *now.TTL
	mg.Status.AtProvider = now
	if !waits(mg) || was.TTL == nil {
		return
	}
	now.CachedUntil = was.CachedUntil
	if *was.TTL > *now.TTL || !cmp.Equal(was.Records, now.Records) {
		if until := after(e.now(), *was.TTL); now.CachedUntil == nil || now.CachedUntil.Before(until) {
			now.CachedUntil = until
		}
	}
	mg.Status.AtProvider = now
}

// after that many seconds, as status can say it: in whole seconds, and never too
// early.
func after(t time.Time, seconds int64) *metav1.Time {
	return &metav1.Time{Time: t.Add(time.Duration(seconds)*time.Second + time.Second - 1).Truncate(time.Second)}
}
