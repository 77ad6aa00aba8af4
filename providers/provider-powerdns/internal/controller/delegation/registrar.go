package delegation

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/event"
	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"
	"github.com/crossplane/crossplane-runtime/v2/pkg/reconciler/managed"

	"github.com/openova-io/catalyst/providers/provider-powerdns/apis/v1alpha1"
	"github.com/openova-io/catalyst/providers/provider-powerdns/internal/registrar"
)

// content is how often a registrar is asked that had all as it should be. Its
// accounts have limits by the hour.
const content = 10 * time.Minute

// ReasonLeft is the reason of the event that tells what a deleted Delegation has
// left at the registrar.
const ReasonLeft event.Reason = "LeftAtRegistrar"

// observeRegistrar compares what the registrar and the parent zone's servers say
// with what is wanted. What was is what the API server has. Nothing is decided
// while the parent zone's servers are unknown, for a reason.
func (e *external) observeRegistrar(ctx context.Context, mg *v1alpha1.Delegation, was v1alpha1.DelegationObservation, unknown string) (managed.ExternalObservation, error) {
	p, o := mg.Spec.ForProvider, &mg.Status.AtProvider
	age := registrar.Patience
	if was.Published && !meta.WasDeleted(mg) {
		age = content
	}
	s, err := e.asked(ctx, mg, age)
	if err != nil {
		// It may be that there is nothing to ask for.
		ready := judge(p, *o, e.now())
		if unknown != "" || !ready.Equal(xpv1.Available()) {
			cause := registrar.CauseOf(err)
			if cause == "" {
				cause = registrar.Unauthorized
			}
			ready = unready(xpv1.ConditionReason(cause), strings.ToUpper(err.Error()[:1])+err.Error()[1:])
		}
		e.report(mg, ready)
		return managed.ExternalObservation{}, err
	}
	note(o, was, s, e.now())
	e.seen = o.DeepCopy()
	if meta.WasDeleted(mg) {
		return e.leave(mg, was, s, unknown), nil
	}
	exists := o.Registrar.Before != nil || !creates(mg)
	if unknown != "" {
		return managed.ExternalObservation{ResourceExists: exists, ResourceUpToDate: true}, nil
	}
	ready, a := clerk{p: p, o: *o, s: s, now: e.now()}.decide()
	e.report(mg, ready)
	e.act, e.seen = a, o.DeepCopy()
	return managed.ExternalObservation{ResourceExists: exists, ResourceUpToDate: a == nil, Diff: a.diff()}, nil
}

// asked is what the registrar says, or said not longer ago than that.
func (e *external) asked(ctx context.Context, mg *v1alpha1.Delegation, age time.Duration) (registrar.State, error) {
	r := mg.Spec.ForProvider.Registrar
	ref := r.CredentialsSecretRef
	s := &corev1.Secret{}
	if err := e.kube.Get(ctx, types.NamespacedName{Namespace: mg.GetNamespace(), Name: ref.Name}, s); err != nil {
		return registrar.State{}, errors.Wrapf(err, "cannot get Secret %q that spec.forProvider.registrar.credentialsSecretRef names", ref.Name)
	}
	if len(s.Data[ref.Key]) == 0 {
		return registrar.State{}, errors.Errorf("secret %q that spec.forProvider.registrar.credentialsSecretRef names has nothing in key %q", ref.Name, ref.Key)
	}
	var err error
	if e.at, err = e.desk.Domain(registrar.Config{Type: r.Type, Credentials: strings.TrimSpace(string(s.Data[ref.Key])), Endpoint: r.Endpoint}, mg.Spec.ForProvider.Domain); err != nil {
		return registrar.State{}, errors.Wrapf(err, "cannot use key %q of Secret %q that spec.forProvider.registrar.credentialsSecretRef names", ref.Key, ref.Name)
	}
	return e.at.Observe(ctx, age)
}

// note what the registrar has, and for how long resolvers may hold what it had.
func note(o *v1alpha1.DelegationObservation, was v1alpha1.DelegationObservation, s registrar.State, now time.Time) {
	r := &v1alpha1.DelegationRegistrarObservation{Nameservers: s.Nameservers, DS: s.DS, SetsDS: s.Capabilities.DS, Task: s.Task}
	if was.Registrar != nil {
		r.Before = was.Registrar.Before
		if len(gone(was.Registrar.DS, s.DS)) > 0 {
			// The parent zone's servers may have had them since they were asked.
			o.DSCachedUntil = later(o.DSCachedUntil, was.DSTTL, now)
			o.Validated = o.Validated || until(o.DSCachedUntil, now)
		}
	}
	o.Registrar = r
}

// remember what the registrar said when it was told something.
func (e *external) remember(mg *v1alpha1.Delegation) {
	s, ok := e.at.Known()
	if !ok || mg.Status.AtProvider.Registrar == nil {
		return
	}
	was := *mg.Status.AtProvider.DeepCopy()
	note(&mg.Status.AtProvider, was, s, e.now())
}

// begin notes what the registrar had before it is told anything, and tells whether
// that was to be noted.
func (e *external) begin(mg *v1alpha1.Delegation) bool {
	if e.seen == nil || e.seen.Registrar == nil || e.seen.Registrar.Before != nil {
		return false
	}
	// Preparing to create has replaced the status by what the API server has.
	mg.Status.AtProvider = *e.seen.DeepCopy()
	r := mg.Status.AtProvider.Registrar
	r.Before = &v1alpha1.DelegationBefore{}
	if !slices.Equal(r.Nameservers, names(mg.Spec.ForProvider.Nameservers)) {
		r.Before.Nameservers = r.Nameservers
	}
	return true
}

// creates tells whether the management policies let the registrar be told what it
// was not told before.
func creates(mg *v1alpha1.Delegation) bool {
	p := mg.GetManagementPolicies()
	return len(p) == 0 || slices.Contains(p, xpv1.ManagementActionAll) || slices.Contains(p, xpv1.ManagementActionCreate)
}

// leaves tells whether there may be something at the registrar to take back.
func leaves(mg *v1alpha1.Delegation) bool {
	r := mg.Status.AtProvider.Registrar
	return mg.Spec.ForProvider.Registrar != nil && r != nil && r.Before != nil
}

// leave the registrar as it was: DS records go first, and the nameservers that
// were there before come back when resolvers have forgotten them. A domain whose DS
// records nobody asked for keeps those that it has.
func (e *external) leave(mg *v1alpha1.Delegation, was v1alpha1.DelegationObservation, s registrar.State, unknown string) managed.ExternalObservation {
	p, o := mg.Spec.ForProvider, mg.Status.AtProvider
	there := managed.ExternalObservation{ResourceExists: true, ResourceUpToDate: true}
	c := clerk{p: p, o: o, s: s, now: e.now()}
	signed := len(p.DS) > 0
	switch before := o.Registrar.Before.Nameservers; {
	case signed && len(s.DS) > 0 && (was.Registrar == nil || !slices.Equal(was.Registrar.DS, s.DS)):
		// Nothing goes before the status says that it was there.
		e.act = nothing()
	case signed && len(s.DS) > 0:
		e.act = ensure(registrar.Records{DS: []string{}})
	case signed && (o.Validated || unknown != ""):
		if !s.Capabilities.DS && abandons(p) {
			e.left(mg, "resolvers may expect the domain to be signed because of DS records that somebody has to remove")
			return managed.ExternalObservation{}
		}
		e.act, e.waits = c.validated(unknown)
	case s.Task != "":
		e.waits = fmt.Sprintf("%s has accepted a change of %s and not finished it: %s", c.registrar(), c.domain(), s.Task)
	case !slices.Equal(s.Nameservers, names(p.Nameservers)):
		// They are back, or somebody has set others since.
		return managed.ExternalObservation{}
	case len(before) > 0:
		e.act = ensure(registrar.Records{Nameservers: before})
	case s.Capabilities.ChildNS:
		e.act = remove()
	default:
		e.left(mg, "a domain that is registered has nameservers, and none are known that it had before")
		return managed.ExternalObservation{}
	}
	return there
}

// left tells what is at the registrar still.
func (e *external) left(mg *v1alpha1.Delegation, why string) {
	p := mg.Spec.ForProvider
	e.record.Event(mg, event.Warning(ReasonLeft, errors.Errorf("%s still names NS %s for %s: %s", p.Registrar.Type, list(names(p.Nameservers)), strings.TrimSuffix(names([]string{p.Domain})[0], "."), why)))
}

func abandons(p v1alpha1.DelegationParameters) bool {
	return p.Registrar.AbandonDS != nil && *p.Registrar.AbandonDS
}

// validated says what a deletion waits for while resolvers may expect signatures.
func (c clerk) validated(unknown string) (*act, string) {
	var silent bool
	for _, s := range c.o.Servers {
		silent = silent || !answered(s)
	}
	switch {
	case unknown != "":
		return nil, unknown + ", which may have DS records"
	case len(c.o.DS) > 0 && c.s.Capabilities.DS:
		return nil, fmt.Sprintf("waits for the servers of zone %s to drop DS %s, which %s has no more", c.o.ParentZone, list(c.o.DS), c.registrar())
	case len(c.o.DS) > 0:
		return nil, fmt.Sprintf("remove DS %s %s: the nameservers stay until resolvers have forgotten them", list(c.o.DS), c.byHand())
	case silent:
		return nil, "cannot ask all servers of the parent zone, and some may have DS records: " + silence(c.o).Message
	default:
		// Held until they are forgotten.
		return nothing(), ""
	}
}

// hold the finalizer of a Delegation until resolvers have forgotten DS records that
// are gone.
func hold(mg *v1alpha1.Delegation) (time.Time, xpv1.Condition) {
	p, o := mg.Spec.ForProvider, mg.Status.AtProvider
	if !leaves(mg) || len(p.DS) == 0 || len(o.DS) > 0 || len(o.Registrar.DS) > 0 || o.DSCachedUntil == nil {
		return time.Time{}, xpv1.Condition{}
	}
	if !o.Registrar.SetsDS && abandons(p) {
		return time.Time{}, xpv1.Condition{}
	}
	return o.DSCachedUntil.Time, unready(ReasonDSCached, fmt.Sprintf("The DS records are gone; resolvers may hold them until %s, and the nameservers stay until then", stamp(o.DSCachedUntil)))
}
