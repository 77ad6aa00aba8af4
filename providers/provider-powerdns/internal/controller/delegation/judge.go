package delegation

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"

	"github.com/openova-io/catalyst/providers/provider-powerdns/apis/v1alpha1"
	"github.com/openova-io/catalyst/providers/provider-powerdns/internal/canonical"
	"github.com/openova-io/catalyst/providers/provider-powerdns/internal/parent"
)

// Reasons of a Delegation that is not as wanted, in the order in which they are
// dealt with: no step of it makes the domain bogus.
const (
	// ReasonWrongDS says that the parent zone has DS records of other keys.
	ReasonWrongDS xpv1.ConditionReason = "WrongDS"
	// ReasonDSCached says that resolvers may hold such records a while longer.
	ReasonDSCached xpv1.ConditionReason = "DSCached"
	// ReasonNotDelegated says that the parent zone names no servers.
	ReasonNotDelegated xpv1.ConditionReason = "NotDelegated"
	// ReasonWrongNameservers says that it names others than it should.
	ReasonWrongNameservers xpv1.ConditionReason = "WrongNameservers"
	// ReasonNameserversCached says that resolvers may ask others a while longer.
	ReasonNameserversCached xpv1.ConditionReason = "NameserversCached"
	// ReasonMissingDS says that the parent zone lacks DS records.
	ReasonMissingDS xpv1.ConditionReason = "MissingDS"
	// ReasonParentUnreachable says that a server of the parent zone did not
	// answer.
	ReasonParentUnreachable xpv1.ConditionReason = "ParentUnreachable"
)

// look at what the servers answer, given what they said before.
func look(p v1alpha1.DelegationParameters, was v1alpha1.DelegationObservation, answers []parent.Answer, now time.Time) v1alpha1.DelegationObservation {
	o := v1alpha1.DelegationObservation{NameserversCachedUntil: was.NameserversCachedUntil, DSCachedUntil: was.DSCachedUntil, Registrar: was.Registrar}
	silent := false
	for _, a := range answers {
		s := v1alpha1.DelegationServer{Name: a.Name, Nameservers: a.Nameservers, DS: a.DS}
		if a.Address != a.Name {
			s.Address = a.Address
		}
		if a.Err != nil {
			s.Error, silent = a.Err.Error(), true
		} else {
			o.ParentZone = cmp.Or(o.ParentZone, a.Zone)
			o.Nameservers, o.DS = union(o.Nameservers, a.Nameservers), union(o.DS, a.DS)
			o.NameserversTTL, o.DSTTL = most(o.NameserversTTL, a.NameserversTTL), most(o.DSTTL, a.DSTTL)
		}
		o.Servers = append(o.Servers, s)
	}
	if o.ParentZone == "" {
		// None answered: nothing is known to have changed.
		servers := o.Servers
		o = was
		o.Servers = servers
		return o
	}

	for _, ns := range names(p.Nameservers) {
		if !everywhere(o.Servers, func(s v1alpha1.DelegationServer) bool { return slices.Contains(s.Nameservers, ns) }) {
			o.Missing = append(o.Missing, "NS "+ns)
		}
	}
	for _, ds := range digests(p.DS) {
		if !everywhere(o.Servers, func(s v1alpha1.DelegationServer) bool { return slices.Contains(s.DS, ds) }) {
			o.Missing = append(o.Missing, "DS "+ds)
		}
	}
	for _, ns := range foreignNS(p, o.Nameservers) {
		o.Unexpected = append(o.Unexpected, "NS "+ns)
	}
	for _, ds := range foreignDS(p, o.DS) {
		o.Unexpected = append(o.Unexpected, "DS "+ds)
	}

	// Resolvers hold what they were told until then.
	if len(foreignNS(p, gone(was.Nameservers, o.Nameservers))) > 0 {
		o.NameserversCachedUntil = later(was.NameserversCachedUntil, was.NameserversTTL, now)
	}
	if len(gone(was.DS, o.DS)) > 0 {
		o.DSCachedUntil = later(was.DSCachedUntil, was.DSTTL, now)
	}
	o.Validated = len(o.DS) > 0 || was.Validated && silent || o.DSCachedUntil != nil && now.Before(o.DSCachedUntil.Time)
	return o
}

// judge what was seen, and say what to do next.
func judge(p v1alpha1.DelegationParameters, o v1alpha1.DelegationObservation, now time.Time) xpv1.Condition {
	if !slices.ContainsFunc(o.Servers, answered) {
		return silence(o)
	}
	want := names(p.Nameservers)
	where := fmt.Sprintf("at the registrar of %s, in zone %s", strings.TrimSuffix(canonical.Name(p.Domain), "."), o.ParentZone)
	delegated := !slices.ContainsFunc(o.Servers, func(s v1alpha1.DelegationServer) bool { return answered(s) && !slices.Equal(s.Nameservers, want) })

	if foreign := foreignDS(p, o.DS); len(foreign) > 0 {
		return unready(ReasonWrongDS, fmt.Sprintf("Remove DS %s %s, before anything else: they are not of the domain's keys; %s", list(foreign), where,
			says(o, func(s v1alpha1.DelegationServer) bool { return len(foreignDS(p, s.DS)) > 0 }, ofDS)))
	}
	if !delegated {
		if len(o.DS) == 0 && until(o.DSCachedUntil, now) {
			return unready(ReasonDSCached, fmt.Sprintf("Enter NS %s %s, but not before %s: resolvers may hold DS records that were there", list(want), where, stamp(o.DSCachedUntil)))
		}
		reason := ReasonWrongNameservers
		if len(o.Nameservers) == 0 {
			reason = ReasonNotDelegated
		}
		return unready(reason, fmt.Sprintf("Enter NS %s and no others %s; %s", list(want), where,
			says(o, func(s v1alpha1.DelegationServer) bool { return !slices.Equal(s.Nameservers, want) }, ofNameservers)))
	}
	lacks := func(s v1alpha1.DelegationServer) bool { return len(gone(digests(p.DS), s.DS)) > 0 }
	if slices.ContainsFunc(o.Servers, func(s v1alpha1.DelegationServer) bool { return answered(s) && lacks(s) }) {
		if until(o.NameserversCachedUntil, now) {
			return unready(ReasonNameserversCached, fmt.Sprintf("Enter DS %s %s, but not before %s: resolvers may ask nameservers that were there and don't sign", list(digests(p.DS)), where, stamp(o.NameserversCachedUntil)))
		}
		return unready(ReasonMissingDS, fmt.Sprintf("Enter DS %s %s; %s", list(digests(p.DS)), where, says(o, lacks, ofDS)))
	}
	if slices.ContainsFunc(o.Servers, func(s v1alpha1.DelegationServer) bool { return !answered(s) }) {
		return silence(o)
	}
	return xpv1.Available()
}

// silence of a server of the parent zone.
func silence(o v1alpha1.DelegationObservation) xpv1.Condition {
	for _, s := range o.Servers {
		if !answered(s) {
			return unready(ReasonParentUnreachable, fmt.Sprintf("Cannot ask %s, a server of the parent zone: %s", s.Name, s.Error))
		}
	}
	return unready(ReasonParentUnreachable, "The parent zone has no servers")
}

// says is what the first of the servers that are meant says.
func says(o v1alpha1.DelegationObservation, meant func(v1alpha1.DelegationServer) bool, of func(v1alpha1.DelegationServer) []string) string {
	for _, s := range o.Servers {
		if answered(s) && meant(s) {
			return fmt.Sprintf("%s says %s", s.Name, cmp.Or(list(of(s)), "none"))
		}
	}
	return "its servers say so"
}

func ofNameservers(s v1alpha1.DelegationServer) []string { return s.Nameservers }

func ofDS(s v1alpha1.DelegationServer) []string { return s.DS }

func unready(reason xpv1.ConditionReason, message string) xpv1.Condition {
	return xpv1.Condition{Type: xpv1.TypeReady, Status: corev1.ConditionFalse, Reason: reason, Message: message, LastTransitionTime: metav1.Now()}
}

func answered(s v1alpha1.DelegationServer) bool { return s.Error == "" }

func everywhere(servers []v1alpha1.DelegationServer, has func(v1alpha1.DelegationServer) bool) bool {
	return !slices.ContainsFunc(servers, func(s v1alpha1.DelegationServer) bool { return answered(s) && !has(s) })
}

// names as servers write them, sorted.
func names(in []string) []string {
	out := make([]string, 0, len(in))
	for _, n := range in {
		out = append(out, canonical.Name(n))
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// digests as servers write them, sorted.
func digests(in []string) []string {
	out := make([]string, 0, len(in))
	for _, ds := range in {
		out = append(out, canonical.Key("DS", ds))
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// foreignNS are those of the names that should not be there.
func foreignNS(p v1alpha1.DelegationParameters, found []string) []string {
	return gone(found, names(p.Nameservers))
}

// foreignDS are those of the records that are of no wanted key. A registrar may
// publish further digests of a key: they do no harm beside the wanted one.
func foreignDS(p v1alpha1.DelegationParameters, found []string) []string {
	if len(p.DS) == 0 {
		return nil
	}
	want := digests(p.DS)
	return slices.DeleteFunc(slices.Clone(found), func(ds string) bool {
		return slices.Contains(want, ds) || slices.ContainsFunc(want, func(w string) bool {
			a, b := strings.Fields(w), strings.Fields(ds)
			return len(a) > 2 && len(b) > 2 && a[0] == b[0] && a[1] == b[1] && a[2] != b[2] //nolint:mnd // Key tag, algorithm, type of digest.
		})
	})
}

// gone are those of what was that are no longer.
func gone(was, is []string) []string {
	return slices.DeleteFunc(slices.Clone(was), func(s string) bool { return slices.Contains(is, s) })
}

func union(a, b []string) []string {
	out := slices.Concat(a, b)
	slices.Sort(out)
	return slices.Compact(out)
}

func most(a *int64, b int64) *int64 {
	if a != nil && *a >= b {
		return a
	}
	return &b
}

// later of a time and the end of a TTL that begins now, in whole seconds, and
// never too early.
func later(t *metav1.Time, ttl *int64, now time.Time) *metav1.Time {
	if ttl == nil {
		return t
	}
	end := &metav1.Time{Time: now.Add(time.Duration(*ttl)*time.Second + time.Second - 1).Truncate(time.Second)}
	if t != nil && end.Before(t) {
		return t
	}
	return end
}

func until(t *metav1.Time, now time.Time) bool { return t != nil && now.Before(t.Time) }

func stamp(t *metav1.Time) string { return t.UTC().Format(time.RFC3339) }

func at(t *metav1.Time) *time.Time {
	if t == nil {
		return nil
	}
	return &t.Time
}

func list(s []string) string { return strings.Join(s, ", ") }
