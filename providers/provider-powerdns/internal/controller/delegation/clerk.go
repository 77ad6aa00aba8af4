package delegation

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"

	"github.com/openova-io/catalyst/providers/provider-powerdns/apis/v1alpha1"
	"github.com/openova-io/catalyst/providers/provider-powerdns/internal/canonical"
	"github.com/openova-io/catalyst/providers/provider-powerdns/internal/drift"
	"github.com/openova-io/catalyst/providers/provider-powerdns/internal/registrar"
)

// ReasonRegistrarBusy says that the registrar has not finished a task. Causes of
// the registrar's errors are reasons, too.
const ReasonRegistrarBusy xpv1.ConditionReason = "RegistrarBusy"

// An act is one thing that a registrar is told.
type act struct {
	do func(ctx context.Context, d *registrar.Domain) error
	// fields that it puts right.
	fields drift.Fields
}

// nothing is done, so that the status is kept before something is.
func nothing() *act {
	return &act{do: func(context.Context, *registrar.Domain) error { return nil }}
}

func remove() *act {
	return &act{do: func(ctx context.Context, d *registrar.Domain) error { return d.Remove(ctx) }}
}

func ensure(r registrar.Records) *act {
	return &act{do: func(ctx context.Context, d *registrar.Domain) error { return d.Ensure(ctx, r) }}
}

// diff that the act makes.
func (a *act) diff() string {
	if a == nil {
		return ""
	}
	return a.fields.Diff()
}

// A clerk knows what a registrar and the parent zone's servers say of a domain,
// and decides what the registrar is told next: one thing at a time, in the order in
// which the domain is never bogus, as judge has people do it.
type clerk struct {
	p   v1alpha1.DelegationParameters
	o   v1alpha1.DelegationObservation
	s   registrar.State
	now time.Time
}

// decide what is next, and say why it is not as wanted yet.
func (c clerk) decide() (xpv1.Condition, *act) {
	if !slices.ContainsFunc(c.o.Servers, answered) {
		// Nobody knows whether resolvers expect signatures.
		return silence(c.o), nil
	}
	for _, look := range []func() (xpv1.Condition, *act){c.foreign, c.busy, c.nameservers, c.named, c.signed, c.present} {
		if cond, a := look(); cond.Reason != "" {
			return cond, a
		}
	}
	if slices.ContainsFunc(c.o.Servers, func(s v1alpha1.DelegationServer) bool { return !answered(s) }) {
		return silence(c.o), nil
	}
	return xpv1.Available(), nil
}

func (c clerk) registrar() string { return c.p.Registrar.Type }

func (c clerk) domain() string { return strings.TrimSuffix(canonical.Name(c.p.Domain), ".") }

// byHand says where something has to be entered that the registrar's API does not
// set.
func (c clerk) byHand() string {
	return fmt.Sprintf("at %s by hand, in zone %s, because its API does not set DS records of %s", c.registrar(), c.o.ParentZone, c.domain())
}

// foreign DS records go first.
func (c clerk) foreign() (xpv1.Condition, *act) {
	at, in := foreignDS(c.p, c.s.DS), foreignDS(c.p, c.o.DS)
	says := says(c.o, func(s v1alpha1.DelegationServer) bool { return len(foreignDS(c.p, s.DS)) > 0 }, ofDS)
	switch {
	case len(at) > 0:
		keep := gone(c.s.DS, at)
		a := ensure(registrar.Records{DS: append([]string{}, keep...)})
		a.fields.Check("ds", c.s.DS, keep)
		return unready(ReasonWrongDS, fmt.Sprintf("%s has to remove DS %s of %s, before anything else: they are not of the domain's keys", c.registrar(), list(at), c.domain())), a
	case len(in) > 0 && c.s.Capabilities.DS:
		return unready(ReasonWrongDS, fmt.Sprintf("Waits for the servers of zone %s to drop DS %s, which %s has no more; %s", c.o.ParentZone, list(in), c.registrar(), says)), nil
	case len(in) > 0:
		return unready(ReasonWrongDS, fmt.Sprintf("Remove DS %s %s, before anything else: they are not of the domain's keys; %s", list(in), c.byHand(), says)), nil
	default:
		return xpv1.Condition{}, nil
	}
}

// busy with what it was told before.
func (c clerk) busy() (xpv1.Condition, *act) {
	if c.s.Task == "" {
		return xpv1.Condition{}, nil
	}
	return unready(ReasonRegistrarBusy, fmt.Sprintf("%s has accepted a change of %s and not finished it: %s", c.registrar(), c.domain(), c.s.Task)), nil
}

// nameservers at the registrar change when DS records of others are forgotten.
func (c clerk) nameservers() (xpv1.Condition, *act) {
	want := names(c.p.Nameservers)
	if slices.Equal(c.s.Nameservers, want) {
		return xpv1.Condition{}, nil
	}
	if len(c.o.DS) == 0 && until(c.o.DSCachedUntil, c.now) {
		return unready(ReasonDSCached, fmt.Sprintf("%s has to name NS %s for %s, but not before %s: resolvers may hold DS records that were there", c.registrar(), list(want), c.domain(), stamp(c.o.DSCachedUntil))), nil
	}
	a := ensure(registrar.Records{Nameservers: want})
	a.fields.Check("nameservers", c.s.Nameservers, want)
	message := fmt.Sprintf("%s has to name NS %s and no others for %s; it names %s", c.registrar(), list(want), c.domain(), orNone(c.s.Nameservers))
	if c.s.Failure != "" {
		message += "; its last " + c.s.Failure
	}
	return unready(c.undelegated(), message), a
}

func (c clerk) undelegated() xpv1.ConditionReason {
	if len(c.o.Nameservers) == 0 {
		return ReasonNotDelegated
	}
	return ReasonWrongNameservers
}

// named says whether the parent zone's servers have what the registrar has.
func (c clerk) named() (xpv1.Condition, *act) {
	want := names(c.p.Nameservers)
	other := func(s v1alpha1.DelegationServer) bool { return !slices.Equal(s.Nameservers, want) }
	if !slices.ContainsFunc(c.o.Servers, func(s v1alpha1.DelegationServer) bool { return answered(s) && other(s) }) {
		return xpv1.Condition{}, nil
	}
	return unready(c.undelegated(), fmt.Sprintf("Waits for the servers of zone %s to name NS %s and no others, as %s does; %s", c.o.ParentZone, list(want), c.registrar(), says(c.o, other, ofNameservers))), nil
}

// signed comes last at the registrar, when no resolver asks others any more.
func (c clerk) signed() (xpv1.Condition, *act) {
	want := digests(c.p.DS)
	missing := gone(want, c.s.DS)
	if !c.s.Capabilities.DS || len(missing) == 0 {
		return xpv1.Condition{}, nil
	}
	if until(c.o.NameserversCachedUntil, c.now) {
		return unready(ReasonNameserversCached, fmt.Sprintf("%s has to have DS %s of %s, but not before %s: resolvers may ask nameservers that were there and don't sign", c.registrar(), list(want), c.domain(), stamp(c.o.NameserversCachedUntil))), nil
	}
	all := union(c.s.DS, missing)
	a := ensure(registrar.Records{DS: all})
	a.fields.Check("ds", c.s.DS, all)
	return unready(ReasonMissingDS, fmt.Sprintf("%s has to have DS %s of %s", c.registrar(), list(want), c.domain())), a
}

// present says whether the parent zone's servers have the DS records.
func (c clerk) present() (xpv1.Condition, *act) {
	want := digests(c.p.DS)
	lacks := func(s v1alpha1.DelegationServer) bool { return len(gone(want, s.DS)) > 0 }
	if !slices.ContainsFunc(c.o.Servers, func(s v1alpha1.DelegationServer) bool { return answered(s) && lacks(s) }) {
		return xpv1.Condition{}, nil
	}
	says := says(c.o, lacks, ofDS)
	switch {
	case c.s.Capabilities.DS:
		return unready(ReasonMissingDS, fmt.Sprintf("Waits for the servers of zone %s to have DS %s, as %s does; %s", c.o.ParentZone, list(want), c.registrar(), says)), nil
	case until(c.o.NameserversCachedUntil, c.now):
		return unready(ReasonNameserversCached, fmt.Sprintf("Enter DS %s %s, but not before %s: resolvers may ask nameservers that were there and don't sign", list(want), c.byHand(), stamp(c.o.NameserversCachedUntil))), nil
	default:
		return unready(ReasonMissingDS, fmt.Sprintf("Enter DS %s %s; %s", list(want), c.byHand(), says)), nil
	}
}

func orNone(s []string) string {
	if len(s) == 0 {
		return "none"
	}
	return list(s)
}
