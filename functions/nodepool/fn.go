// Package nodepool is the composition function of NodePools.
package nodepool

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/crossplane/crossplane-runtime/v2/pkg/meta"

	"github.com/openova-io/catalyst/apis/v1alpha1"
	"github.com/openova-io/catalyst/internal/composing"
	"github.com/openova-io/catalyst/internal/hetzner"
	"github.com/openova-io/catalyst/internal/naming"
	"github.com/openova-io/catalyst/internal/tenancy"
	hcloud "github.com/openova-io/catalyst/providers/provider-hcloud/apis/v1alpha1"
)

// Conditions and reasons of a NodePool.
const (
	// ConditionAccepted says whether the pool can be carried out as it was
	// asked for.
	ConditionAccepted = "Accepted"

	ReasonAccepted      = "Accepted"
	ReasonInvalid       = "Invalid"
	ReasonOverlap       = "Overlap"
	ReasonSubnetMissing = "SubnetMissing"
	ReasonKeyMissing    = "KeyMissing"
	// ReasonAccessMissing says that what decides who reaches the servers, or
	// where they stand, is not there yet.
	ReasonAccessMissing = "AccessMissing"
)

const keyServerPrefix = "server-"

// A pool of servers.
type pool struct {
	*v1alpha1.NodePool

	run     *composing.Run
	cluster hetzner.Cluster
	// location of the servers, as Hetzner calls it.
	location string
	// subnet the servers are attached to, by its id at Hetzner. Empty until it
	// has one.
	subnet string
	// keys new servers accept, and the firewall and placement group of all of them,
	// by their ids at Hetzner. Those that have none yet are missing.
	keys            []*string
	firewall, group *float64
	// missing is the first of them that has no id yet.
	missing *missing
}

type missing struct{ reason, kind, name string }

// Compose a NodePool: its servers, by number.
func Compose(r *composing.Run, np *v1alpha1.NodePool) error {
	st := &v1alpha1.NodePoolStatus{}
	r.Status(st, &st.Progress)

	others := tenancy.All(r, v1alpha1.KindNodePool, np.GetNamespace())
	subnet := r.RequireOne("subnet", composing.Selector{
		APIVersion: hcloud.NetworkSubnet_GroupVersionKind.GroupVersion().String(), Kind: hcloud.NetworkSubnet_GroupVersionKind.Kind,
		Namespace: np.GetNamespace(), Name: np.Spec.SubnetRef.Name,
	})
	p := &pool{NodePool: np, run: r, subnet: subnet.String("status", "atProvider", "id")}
	p.requireIDs()
	if r.Unresolved() {
		return nil
	}
	reason, message := p.check(others)
	if message != "" {
		// What is there stays: somebody has to decide.
		r.Step("Accepted").Fail(reason, message)
		r.Condition(ConditionAccepted, false, reason, message)
		p.report(st)
		return nil
	}
	r.Condition(ConditionAccepted, true, ReasonAccepted, "The NodePool can be carried out as asked for")

	s := r.Step("Servers")
	if p.subnet == "" {
		s.Wait(ReasonSubnetMissing, fmt.Sprintf("Waits for NetworkSubnet %s", np.Spec.SubnetRef.Name))
		s.Blame(hcloud.NetworkSubnet_GroupVersionKind.Kind, np.Spec.SubnetRef.Name)
		p.report(st)
		return nil
	}
	for n := range np.Spec.Count {
		number := np.Spec.FirstNumber + n
		if m := p.missing; m != nil && !p.exists(number) {
			s.Wait(m.reason, fmt.Sprintf("Waits for %s %s", m.kind, m.name))
			s.Blame(m.kind, m.name)
			continue
		}
		server, err := p.server(number)
		if err != nil {
			return err
		}
		if err := s.Desire(keyServer(number), server); err != nil {
			return err
		}
	}
	p.retire()
	p.report(st)
	return nil
}

// requireIDs finds the ids of what servers refer to. A reference would be resolved
// once, and what was deleted behind our back is made anew under another id, which
// the servers have to follow.
func (p *pool) requireIDs() {
	for _, ref := range p.Spec.SSHKeyRefs {
		if id := p.requireID("ssh-key-"+ref.Name, hcloud.SSHKey_GroupVersionKind, ref.Name, ReasonKeyMissing); id != "" {
			p.keys = append(p.keys, new(id))
		}
	}
	p.firewall = number(p.requireID("firewall", hcloud.Firewall_GroupVersionKind, p.Spec.FirewallRef.Name, ReasonAccessMissing))
	if ref := p.Spec.PlacementGroupRef; ref != nil {
		p.group = number(p.requireID("placement-group", hcloud.PlacementGroup_GroupVersionKind, ref.Name, ReasonAccessMissing))
	}
}

func (p *pool) requireID(key string, gvk schema.GroupVersionKind, name, reason string) string {
	o := p.run.RequireOne(key, composing.Selector{
		APIVersion: gvk.GroupVersion().String(), Kind: gvk.Kind, Namespace: p.GetNamespace(), Name: name,
	})
	id := o.String("metadata", "annotations", meta.AnnotationKeyExternalName)
	if id == "" && p.missing == nil {
		p.missing = &missing{reason, gvk.Kind, name}
	}
	return id
}

// number of an identifier, or nothing if it is not known.
func number(id string) *float64 {
	n, err := strconv.ParseFloat(id, 64)
	if err != nil {
		return nil
	}
	return &n
}

// retire the servers that are more than there are to be. One that waits for what it
// refers to is not: it may be about to be created.
func (p *pool) retire() {
	wanted := map[string]bool{}
	for n := range p.Spec.Count {
		wanted[keyServer(p.Spec.FirstNumber+n)] = true
	}
	for _, key := range p.run.ObservedKeys(keyServerPrefix) {
		if !wanted[key] {
			p.run.Retire(key, fmt.Sprintf("the pool is to have %d servers", p.Spec.Count))
		}
	}
}

func keyServer(number int) string { return fmt.Sprintf("%s%d", keyServerPrefix, number) }

// check whether the pool can be carried out. The API server refuses most of
// what is wrong; this is for what it cannot know, and for objects that were
// there before its rules.
func (p *pool) check(others []*composing.Observed) (reason, message string) {
	hc, err := naming.ParseHostCluster(p.Spec.HostCluster)
	if err != nil {
		return ReasonInvalid, fmt.Sprintf("spec.hostCluster: %v", err)
	}
	if p.location, _, err = hc.Location(); err != nil {
		return ReasonInvalid, fmt.Sprintf("spec.hostCluster %q: %v", p.Spec.HostCluster, err)
	}
	p.cluster = hetzner.Cluster{HostCluster: hc, Namespace: p.GetNamespace(), Domain: p.Spec.Domain, ProviderConfig: p.Spec.ProviderConfig}
	if p.Spec.Count < 0 || p.Spec.Count > hetzner.PoolSize || p.Spec.Count > p.Spec.Max {
		return ReasonInvalid, fmt.Sprintf("spec.count %d must be between 0 and the lesser of spec.max %d and %d", p.Spec.Count, p.Spec.Max, hetzner.PoolSize)
	}
	if _, err := hetzner.Address(p.Spec.FirstAddress, max(0, p.Spec.Max-1)); err != nil {
		return ReasonInvalid, fmt.Sprintf("spec.firstAddress: %v", err)
	}
	return p.checkOverlap(others)
}

// checkOverlap refuses numbers and addresses that an older pool of the cluster
// has reserved.
func (p *pool) checkOverlap(others []*composing.Observed) (reason, message string) {
	for _, o := range others {
		other := &v1alpha1.NodePool{}
		if err := o.Into(other); err != nil || other.GetName() == p.GetName() || other.Spec.HostCluster != p.Spec.HostCluster || !older(o, p.run.XR()) {
			continue
		}
		if other.Spec.Role == p.Spec.Role && overlap(p.Spec.FirstNumber, p.Spec.Max, other.Spec.FirstNumber, other.Spec.Max) {
			return ReasonOverlap, fmt.Sprintf("spec.firstNumber %d: NodePool %s has the numbers %d to %d", p.Spec.FirstNumber, other.GetName(), other.Spec.FirstNumber, other.Spec.FirstNumber+other.Spec.Max-1)
		}
		mine, last := split(p.Spec.FirstAddress)
		theirs, otherLast := split(other.Spec.FirstAddress)
		if mine == theirs && overlap(last, p.Spec.Max, otherLast, other.Spec.Max) {
			end, _ := hetzner.Address(other.Spec.FirstAddress, max(0, other.Spec.Max-1))
			return ReasonOverlap, fmt.Sprintf("spec.firstAddress %s: NodePool %s has the addresses %s to %s", p.Spec.FirstAddress, other.GetName(), other.Spec.FirstAddress, end)
		}
	}
	return "", ""
}

// older tells whether a was there before b. Names decide between pools of the
// same second.
func older(a, b *composing.Observed) bool {
	if a.CreatedAt() != b.CreatedAt() {
		return a.CreatedAt() < b.CreatedAt()
	}
	return a.Name() < b.Name()
}

func overlap(a, sizeA, b, sizeB int) bool {
	return sizeA > 0 && sizeB > 0 && a < b+sizeB && b < a+sizeA
}

// split an IPv4 address into its subnet of 24 bits and its number there.
func split(address string) (subnet string, last int) {
	i := strings.LastIndex(address, ".")
	if i < 0 {
		return address, 0
	}
	for _, c := range address[i+1:] {
		last = last*10 + int(c-'0')
	}
	return address[:i], last
}

// report what there is.
func (p *pool) report(st *v1alpha1.NodePoolStatus) {
	st.Phase = p.run.Phase()
	var keys []string
	for n := range min(max(p.Spec.Count, 0), hetzner.PoolSize) {
		number := p.Spec.FirstNumber + n
		o := p.run.Observed(keyServer(number))
		key := o.String("spec", "forProvider", "userDataSecretRef", "key")
		if key == "" {
			key = p.Spec.UserDataSecretRef.Key
		}
		keys = append(keys, key)
		if o == nil {
			continue
		}
		address, err := hetzner.Address(p.Spec.FirstAddress, n)
		if err != nil {
			continue
		}
		st.Servers = append(st.Servers, v1alpha1.NodePoolServer{
			Name:           o.Name(),
			Number:         number,
			ID:             o.String("status", "atProvider", "id"),
			PrivateAddress: address,
			PublicAddress:  o.String("status", "atProvider", "ipv4Address"),
		})
		if c, _ := o.Condition("Ready"); c.Status == "True" {
			st.ReadyServers++
		}
	}
	slices.Sort(keys)
	st.UserDataKeys = slices.Compact(keys)
}
