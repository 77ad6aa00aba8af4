package sovereign

import (
	"cmp"
	"slices"
	"strings"

	"github.com/crossplane/crossplane-runtime/v2/apis/common"
	xpv2 "github.com/crossplane/crossplane-runtime/v2/apis/common/v2"

	"github.com/openova-io/catalyst/apis/v1alpha1"
	"github.com/openova-io/catalyst/internal/composing"
	powerdns "github.com/openova-io/catalyst/providers/provider-powerdns/apis/v1alpha1"
)

// TTLs in seconds. That of DS records is in the spec.
const (
	hostTTL       = 300
	delegationTTL = 3600
)

// digestSHA256 is the digest type of the DS records that are published. Others
// are either weak or not known to every resolver.
// https://www.rfc-editor.org/rfc/rfc8624#section-3.3
const digestSHA256 = "2"

// A host is a name of the Sovereign and what it is called in keys.
type host struct{ label, key string }

func hosts() []host {
	return []host{{"", "apex"}, {"*.", "wildcard"}, {"console.", "console"}, {"api.", "api"}, {"gitea.", "gitea"}, {"harbor.", "harbor"}}
}

// dns composes the Sovereign's zone, its names and its delegation. The order is
// the one in which no name is ever bogus: the zone is signed before anything is
// in it, and the parent zone says so last.
func (s *sovereign) dns(ns *composing.Step, credentials *source) error {
	zone := s.run.Step("Zone")
	if err := zone.DesireAfter(ns, keyZone, s.named(keyZone, s.adoptedZone().Name, &powerdns.Zone{
		ObjectMeta: s.meta(s.Spec.Domain.Name),
		Spec: powerdns.ZoneSpec{ForProvider: powerdns.ZoneParameters{
			Kind:        "Native",
			Nameservers: s.Spec.Domain.Nameservers,
			SOAEdit:     new("INCEPTION-EPOCH"),
		}},
	})); err != nil {
		return err
	}

	keys := s.run.Step("Signing")
	adopted := map[string]string{keyKSK: s.adoptedZone().KSK, keyZSK: s.adoptedZone().ZSK}
	for _, typ := range []string{keyKSK, keyZSK} {
		managed := xpv2.ManagedResourceSpec{}
		if typ == keyZSK {
			// It goes with its zone, and so never before the DS records.
			managed.ManagementPolicies = neverDelete()
		}
		if err := keys.DesireAfter(zone, typ, s.named(typ, adopted[typ], &powerdns.CryptoKey{
			ObjectMeta: s.meta(typ),
			Spec:       powerdns.CryptoKeySpec{ManagedResourceSpec: managed, ForProvider: powerdns.CryptoKeyParameters{Zone: s.Spec.Domain.Name, KeyType: typ, Algorithm: "ecdsa256"}},
		})); err != nil {
			return err
		}
	}
	if err := s.names(keys); err != nil {
		return err
	}
	return s.delegate(ns, keys, credentials)
}

// names points the Sovereign's hosts to its entrance.
func (s *sovereign) names(keys *composing.Step) error {
	step := s.run.Step("Names")
	lb := s.address()
	if lb == nil {
		// What was named stays named.
		step.Wait(ReasonAddressUnknown, "Waits for the load balancer's address")
		step.Blame(v1alpha1.KindHostCluster, s.entrance())
		return nil
	}
	for _, h := range hosts() {
		for _, rr := range []struct{ typ, address string }{{"A", lb.IPv4}, {"AAAA", lb.IPv6}} {
			if rr.address == "" {
				continue
			}
			name := h.key + "-" + strings.ToLower(rr.typ)
			if err := step.DesireAfter(keys, keyNamePrefix+name, s.rrset(name, s.Spec.Domain.Name, h.label+s.Spec.Domain.Name, rr.typ, hostTTL, []string{rr.address})); err != nil {
				return err
			}
		}
	}
	s.run.RetireOthers(keyNamePrefix, "the load balancer has no such address any more")
	return nil
}

func (s *sovereign) rrset(object, zone, name, typ string, ttl int64, contents []string) *powerdns.RRset {
	records := make([]powerdns.Record, 0, len(contents))
	for _, c := range contents {
		records = append(records, powerdns.Record{Content: c})
	}
	return &powerdns.RRset{
		ObjectMeta: s.meta(object),
		Spec:       powerdns.RRsetSpec{ForProvider: powerdns.RRsetParameters{Zone: zone, Name: name, Type: typ, TTL: new(ttl), Records: records}},
	}
}

// delegate the domain from its parent zone: to its nameservers first, and once
// these serve its keys as a signed one.
func (s *sovereign) delegate(ns, keys *composing.Step, credentials *source) error {
	d := s.Spec.Domain
	if d.Mode != v1alpha1.DomainPool {
		return s.askParent(ns, keys, credentials)
	}
	step := s.run.Step("Delegation")
	if err := step.DesireAfter(keys, keyParentNS, s.rrset("parent-ns", d.ParentZone, d.Name, "NS", delegationTTL, absolute(d.Nameservers))); err != nil {
		return err
	}
	secure := s.run.Step("ChainOfTrust")
	ds := s.ds()
	if len(ds) == 0 {
		secure.Wait(ReasonKeyUnknown, "Waits for the zone's key")
		secure.Blame(powerdns.CryptoKeyKind, keyKSK)
		return nil
	}
	rr := s.rrset("parent-ds", d.ParentZone, d.Name, "DS", cmp.Or(d.DSTTL, delegationTTL), ds)
	// The keys and the zone outlive the object, and so what resolvers remember.
	rr.Spec.ForProvider.WaitOutTTL = new(true)
	return secure.DesireWhen(step.Ready() && s.serves(), "Delegation and the zone's keys", keyParentDS, rr)
}

// askParent whether the domain is delegated, and have its registrar do that if it
// can. Nothing waits for it but the Sovereign's own readiness: its names lead
// nowhere until then.
func (s *sovereign) askParent(ns, keys *composing.Step, credentials *source) error {
	opened := true
	if credentials != nil {
		c, err := s.copyCredentials(ns, credentials)
		if err != nil {
			return err
		}
		opened = c.Ready()
	}
	step := s.run.Step("Delegation")
	ds := s.ds()
	if len(ds) == 0 {
		// What was to be entered stays so.
		ds = s.run.Observed(keyDelegation).Strings("spec", "forProvider", "ds")
	}
	waitsFor := "the zone's keys"
	if !opened {
		waitsFor = "the registrar's credentials"
	}
	if err := step.DesireWhen(opened && keys.Ready() && s.serves() && len(ds) > 0, waitsFor, keyDelegation, &powerdns.Delegation{
		ObjectMeta: s.meta(s.Spec.Domain.Name),
		Spec: powerdns.DelegationSpec{ForProvider: powerdns.DelegationParameters{
			Domain:      s.Spec.Domain.Name,
			Nameservers: absolute(s.Spec.Domain.Nameservers),
			DS:          ds,
			Servers:     s.Spec.Domain.ParentServers,
			Registrar:   s.registrar(),
		}},
	}); err != nil {
		return err
	}
	if c, ok := s.run.Observed(keyDelegation).Condition("Ready"); ok && c.Status != "True" && c.Message != "" {
		step.Wait(c.Reason, c.Message)
		step.Blame(powerdns.DelegationKind, s.Spec.Domain.Name)
	}
	return nil
}

// neverDelete leaves what goes with something else.
func neverDelete() common.ManagementPolicies {
	return common.ManagementPolicies{common.ManagementActionObserve, common.ManagementActionCreate, common.ManagementActionUpdate, common.ManagementActionLateInitialize}
}

// serves tells whether the zone has its keys in its DNSKEY records and is
// signed with them.
func (s *sovereign) serves() bool {
	for _, key := range []string{keyKSK, keyZSK} {
		for _, f := range []string{"active", "published"} {
			// A provider that does not say is taken by its word: the key is
			// ready with what was asked for, which is both.
			if v, found := s.run.Observed(key).Bool("status", "atProvider", f); found && !v {
				return false
			}
		}
	}
	return true
}

// ds are the DS records of the zone's key that the parent zone should have.
func (s *sovereign) ds() []string {
	out := slices.DeleteFunc(s.run.Observed(keyKSK).Strings("status", "atProvider", "ds"), func(ds string) bool {
		f := strings.Fields(ds)
		return len(f) < 4 || f[2] != digestSHA256
	})
	slices.Sort(out)
	return out
}

// absolute names end with a dot.
func absolute(names []string) []string {
	out := make([]string, 0, len(names))
	for _, n := range names {
		out = append(out, strings.TrimSuffix(n, ".")+".")
	}
	return out
}

// delegation of the domain as far as it has come.
func (s *sovereign) delegation() *v1alpha1.DelegationStatus {
	out := &v1alpha1.DelegationStatus{State: "Pending", ParentZone: s.Spec.Domain.ParentZone, Nameservers: absolute(s.Spec.Domain.Nameservers), DS: s.ds()}
	last := keyParentDS
	if s.Spec.Domain.Mode != v1alpha1.DomainPool {
		last = keyDelegation
		found := powerdns.Delegation{}
		if o := s.run.Observed(keyDelegation); o != nil && o.Into(&found) == nil {
			at := found.Status.AtProvider
			out.ParentZone, out.FoundNameservers, out.FoundDS = strings.TrimSuffix(at.ParentZone, "."), at.Nameservers, at.DS
			if at.Registrar != nil {
				out.RegistrarNameservers, out.DSByHand = at.Registrar.Nameservers, !at.Registrar.SetsDS
			}
			for _, ttl := range []*int64{at.NameserversTTL, at.DSTTL} {
				if ttl != nil {
					out.TTL = max(out.TTL, *ttl)
				}
			}
			out.CachedUntil = at.NameserversCachedUntil
			if out.CachedUntil == nil || out.CachedUntil.Before(at.DSCachedUntil) {
				out.CachedUntil = at.DSCachedUntil
			}
		}
	}
	if c, _ := s.run.Observed(last).Condition("Ready"); c.Status == "True" {
		out.State = "Published"
	}
	return out
}

// validated tells whether resolvers expect the domain to be signed by records
// that somebody has to remove. Without the keys its names would be bogus. A
// registrar that removes them is told to when the Delegation is deleted, and the
// keys outlive that.
func (s *sovereign) validated() bool {
	if sets, _ := s.run.Observed(keyDelegation).Bool("status", "atProvider", "registrar", "setsDS"); sets && s.Spec.Domain.Registrar != nil {
		return false
	}
	v, _ := s.run.Observed(keyDelegation).Bool("status", "atProvider", "validated")
	return v
}

// order composes what keeps the domain's order when the Sovereign is deleted:
// the parent zone stops saying that it is signed, and resolvers forget it, before
// its keys go, and the zone with them. It stops naming the domain's servers last:
// both zones are on one server, which would still answer for a domain that the
// parent zone denies, and that is bogus. A domain that is named and not served
// only fails. A registrar is told by the Delegation, which needs its credentials,
// and all of it before the zone goes: its parent zone is on other servers.
func (s *sovereign) order() {
	if s.Spec.Domain.Registrar != nil {
		s.run.Outlive(s.status.Namespace, "", composing.Edge{Of: keyKSK, By: keyDelegation},
			composing.Edge{Of: keyZone, By: keyDelegation}, composing.Edge{Of: keyRegistrar, By: keyDelegation})
		return
	}
	s.run.Outlive(s.status.Namespace, "", composing.Edge{Of: keyKSK, By: keyParentDS},
		composing.Edge{Of: keyZone, By: keyParentDS}, composing.Edge{Of: keyParentNS, By: keyZone})
	s.run.Retire("order-"+keyZSK+"-"+keyParentDS, "the key goes with its zone")
}
