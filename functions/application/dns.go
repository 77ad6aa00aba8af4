package application

import (
	"fmt"
	"slices"
	"strings"

	"github.com/openova-io/catalyst/apis/v1alpha1"
	"github.com/openova-io/catalyst/internal/naming"
	powerdns "github.com/openova-io/catalyst/providers/provider-powerdns/apis/v1alpha1"
)

// Reasons of the DNS step.
const (
	ReasonNoDomain         = "NoDomain"
	ReasonSovereignMissing = "SovereignMissing"
	ReasonAddressUnknown   = "AddressUnknown"
)

// hostTTL is the TTL of an Application's names, in seconds. It bounds how long
// a client holds on to a host cluster that has gone.
const hostTTL = 300

// defaultHealthPath is what every Blueprint answers on.
const defaultHealthPath = "/healthz"

// composeDNS names the Application in each of its Environments.
func (a *application) composeDNS() error {
	s := a.run.Step("DNS")
	if ref := a.org.Spec.SovereignRef; a.domain == "" && ref != nil {
		// A Sovereign that is missing says nothing about the domain, and what
		// was named under it stays named.
		s.Wait(ReasonSovereignMissing, fmt.Sprintf("Organization %s has its domain from Sovereign %s, which there is not", a.org.GetName(), ref.Name))
		s.Blame(v1alpha1.KindSovereign, ref.Name)
		return nil
	}
	if a.domain == "" {
		s.Skip(ReasonNoDomain, fmt.Sprintf("Organization %s has no domain", a.org.GetName()))
		a.run.RetireOthers(keyHostPrefix, "the Organization has no domain any more")
		return nil
	}
	for _, e := range a.Spec.Environments {
		groups := a.addresses(e)
		if len(groups) == 0 {
			// What is known changes, what was named stays named.
			s.Wait(ReasonAddressUnknown, fmt.Sprintf("No address is known for any host cluster of Environment %s: set its spec.ingress", e.Name))
			s.Blame(v1alpha1.KindEnvironment, e.Name)
			continue
		}
		rr := a.host(e, groups)
		prefix := keyHostPrefix + e.Name + "/"
		if err := s.Desire(prefix+rr.GetName(), rr); err != nil {
			return err
		}
		a.run.RetireOthers(prefix, "the Application has another name or kind of record there")
	}
	a.retireEnvironments(keyHostPrefix)
	return nil
}

// addresses of the host clusters the Application runs on in an Environment,
// the primary's first.
func (a *application) addresses(e v1alpha1.ApplicationEnvironment) [][]string {
	var out [][]string
	for _, hc := range a.placement(e).HostClusters {
		for _, in := range a.envs[e.Name].Spec.Ingress {
			if in.HostCluster == hc {
				out = append(out, in.Addresses)
			}
		}
	}
	return out
}

func (a *application) host(e v1alpha1.ApplicationEnvironment, groups [][]string) *powerdns.RRset {
	fqdn := naming.ApplicationHost(a.GetName(), e.Name, a.domain)
	typ, records := "A", []powerdns.Record{}
	if mode := a.placement(e).Mode; mode == v1alpha1.PlacementSingleRegion {
		for _, ip := range slices.Concat(groups...) {
			records = append(records, powerdns.Record{Content: ip})
		}
	} else {
		typ = "LUA"
		records = append(records, powerdns.Record{Content: a.lua(fqdn, mode, groups)})
	}
	return &powerdns.RRset{
		// What cannot change about an RRset is in its name: another domain or
		// placement makes another RRset.
		ObjectMeta: a.meta(fqdn + "-" + strings.ToLower(typ)),
		Spec: powerdns.RRsetSpec{ForProvider: powerdns.RRsetParameters{
			Zone:    a.domain,
			Name:    fqdn,
			Type:    typ,
			TTL:     new(int64(hostTTL)),
			Records: records,
		}},
	}
}

// lua renders a record that PowerDNS answers with the addresses that are up:
// all of them, or those of the first host cluster that has any. Groups within
// the list are tried in order.
// https://doc.powerdns.com/authoritative/lua-records/functions.html#ifurlup
func (a *application) lua(fqdn string, mode v1alpha1.PlacementMode, groups [][]string) string {
	path := defaultHealthPath
	if a.Spec.HealthCheck != nil && a.Spec.HealthCheck.Path != "" {
		path = a.Spec.HealthCheck.Path
	}
	list := luaList(slices.Concat(groups...))
	if mode == v1alpha1.PlacementActiveHotStandby {
		parts := make([]string, 0, len(groups))
		for _, g := range groups {
			parts = append(parts, luaList(g))
		}
		list = "{" + strings.Join(parts, ",") + "}"
	}
	return fmt.Sprintf(`A "ifurlup('https://%s%s', %s, {selector='all'})"`, fqdn, path, list)
}

func luaList(in []string) string {
	return "{'" + strings.Join(in, "','") + "'}"
}

// retireEnvironments drops what was composed for Environments the Application
// no longer names.
func (a *application) retireEnvironments(prefix string) {
	for _, o := range a.run.ObservedKeys(prefix) {
		rest := strings.TrimPrefix(o, prefix)
		named := slices.ContainsFunc(a.Spec.Environments, func(e v1alpha1.ApplicationEnvironment) bool {
			return rest == e.Name || strings.HasPrefix(rest, e.Name+"/")
		})
		if !named {
			a.run.Retire(o, "the Environment was removed from spec.environments")
		}
	}
}
