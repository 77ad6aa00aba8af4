package sequences

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/hetznercloud/hcloud-go/v2/hcloud/schema"

	catalyst "github.com/openova-io/catalyst/apis/v1alpha1"
	"github.com/openova-io/catalyst/internal/hetzner"
	"github.com/openova-io/catalyst/internal/naming"
)

// A thing at Hetzner.
type thing struct {
	ID         int64             `json:"id"`
	Name       string            `json:"name"`
	Labels     map[string]string `json:"labels"`
	AssigneeID int64             `json:"assignee_id"`

	raw string
}

// dump of what there is at Hetzner, by kind and id.
func (s *sequence) dump() map[string]thing {
	out := map[string]thing{}
	for plural, all := range s.sim.Dump("default") {
		for _, raw := range all {
			th, ok := s.read[string(raw)]
			if !ok {
				th.raw = string(raw)
				if err := json.Unmarshal(raw, &th); err != nil {
					s.t.Fatal(err)
				}
				s.read[th.raw] = th
			}
			out[fmt.Sprintf("%s/%d", plural, th.ID)] = th
		}
	}
	return out
}

func as[T any](th thing) (out T) {
	_ = json.Unmarshal([]byte(th.raw), &out)
	return out
}

// check what must hold at any time.
func (s *sequence) check() {
	s.t.Helper()
	now := s.dump()
	names := map[string]string{}
	for id, th := range now {
		plural, _, _ := strings.Cut(id, "/")
		if th.Name == "" {
			continue
		}
		if other, ok := names[plural+th.Name]; ok {
			s.failf("%s and %s are both called %s", other, id, th.Name)
		}
		names[plural+th.Name] = id
	}
	for id, raw := range s.foreign {
		if now[id].raw != raw {
			s.failf("somebody else's %s was changed\nfrom %s\nto   %s", id, raw, now[id].raw)
		}
	}
	s.checkStrangers(now)
	if !s.deleted {
		s.checkElastic(now)
	}
	s.checkKept(now)
}

// hops that an edit takes: to the host cluster's controller and to that of its pool.
// Each learns of it from a cache, and carries out what was taken back meanwhile.
const hops = 2

// checkKept checks that what is to stay is what it was.
func (s *sequence) checkKept(now map[string]thing) {
	s.t.Helper()
	for i, o := range s.objects {
		id := o.GetAnnotations()["crossplane.io/external-name"]
		plural := managedPlurals[i.Kind]
		if plural == "" || id == "" || !s.wanted(i) {
			continue
		}
		at := plural + "/" + id
		had := s.kept[i]
		switch {
		case had == "" && (o.GetDeletionTimestamp() != nil || now[at].Name == "" || s.doomed[at] || time.Since(s.edited) <= hops*longestLag):
		case had == "":
			s.kept[i] = id
		case had != id:
			s.failf("%s was number %s and is %s", i, had, id)
		case o.GetDeletionTimestamp() != nil:
			s.failf("%s is being deleted", i)
		}
	}
	for i, id := range s.kept {
		if now[managedPlurals[i.Kind]+"/"+id].Name == "" {
			s.failf("%s, number %s, is gone", i, id)
		}
	}
}

// checkStrangers checks that nobody took over or deleted what has a name of ours.
func (s *sequence) checkStrangers(now map[string]thing) {
	s.t.Helper()
	for id, st := range s.strangers {
		th := now[id]
		if th.Name != st.name || !maps.Equal(th.Labels, st.labels) {
			s.failf("a stranger's %s, called %s, was changed: %s", id, st.name, th.raw)
		}
	}
	for i, o := range s.objects {
		at := managedPlurals[i.Kind] + "/" + o.GetAnnotations()["crossplane.io/external-name"]
		if st, ok := s.strangers[at]; ok {
			s.failf("%s was taken over from a stranger, who calls it %s", i, st.name)
		}
	}
}

// checkElastic checks that nobody touches the autoscaler's servers, as long as
// there is a cluster.
func (s *sequence) checkElastic(now map[string]thing) {
	s.t.Helper()
	for id, opts := range s.elastic {
		srv := as[schema.Server](now[id])
		var networks, firewalls []int64
		for _, n := range srv.PrivateNet {
			networks = append(networks, n.Network)
		}
		for _, f := range srv.PublicNet.Firewalls {
			firewalls = append(firewalls, f.ID)
		}
		attached := len(networks) == 1 && networks[0] == opts.Networks[0].ID
		if srv.Status == "initializing" {
			attached = true
		}
		if srv.Name != opts.Name || srv.Status == "deleting" || !maps.Equal(srv.Labels, opts.Labels) || !attached || !slices.Equal(firewalls, []int64{opts.Firewalls[0].Firewall.ID}) {
			s.failf("the autoscaler's %s, called %s, was changed: %s", id, opts.Name, now[id].raw)
		}
	}
}

// theirs says whether a thing belongs to others.
func (s *sequence) theirs(id string, th thing) bool {
	if _, ok := s.foreign[id]; ok {
		return true
	}
	if strings.HasPrefix(id, "primary_ips/") {
		id = fmt.Sprintf("servers/%d", th.AssigneeID)
	}
	_, stranger := s.strangers[id]
	_, elastic := s.elastic[id]
	_, foreign := s.foreign[id]
	return stranger || elastic || foreign
}

// ours are the cluster's things of a kind at Hetzner, oldest first.
func (s *sequence) ours(plural string) []thing {
	var out []thing
	for id, th := range s.dump() {
		// What the cluster has made by itself has its label.
		_, ccm := th.Labels["hcloud-ccm/service-uid"]
		if strings.HasPrefix(id, plural+"/") && !s.theirs(id, th) && !ccm && !s.doomed[id] {
			out = append(out, th)
		}
	}
	slices.SortFunc(out, func(a, b thing) int { return int(a.ID - b.ID) })
	return out
}

func sorted(lines []string) []string {
	slices.Sort(lines)
	return lines
}

// planned is what there is to be at Hetzner.
func (s *sequence) planned() []string {
	hc, err := naming.ParseHostCluster(cluster)
	if err != nil {
		s.t.Fatal(err)
	}
	c := hetzner.Cluster{HostCluster: hc, Namespace: namespace, Domain: domain}
	labels := func(in map[string]*string) string {
		out := map[string]string{}
		for k, v := range in {
			out[k] = *v
		}
		return text(out)
	}
	all := labels(c.Labels())
	rules := []string{"tcp 80 0.0.0.0/0 ::/0", "tcp 443 0.0.0.0/0 ::/0", "tcp 6443 0.0.0.0/0 ::/0", "icmp  0.0.0.0/0 ::/0"}
	if from := slices.Sorted(slices.Values(s.spec.SSH.AllowedCIDRs)); len(from) > 0 {
		rules = append(rules, "tcp 22 "+strings.Join(from, " "))
	}
	var heads []string
	out := []string{
		fmt.Sprintf("network %s-net %s: 10.0.0.0/16 [10.0.1.0/24]", prefix, all),
		fmt.Sprintf("firewall %s-fw %s: %q", prefix, all, sorted(rules)),
		fmt.Sprintf("load balancer %s-lb %s: %s round_robin at [10.0.1.254], [443 to 31443 6443 to 6443 80 to 31080], targets [%s]", prefix, all, s.spec.LoadBalancer.Type, c.Selector(catalyst.RoleControlPlane)),
	}
	for _, k := range s.spec.SSH.PublicKeys {
		out = append(out, fmt.Sprintf("key %s-%s %s", prefix, hetzner.KeyID(k), all))
	}
	server := func(role catalyst.NodeRole, suffix, size string, address int) {
		out = append(out, fmt.Sprintf("server %s-%s %s: %s at [10.0.1.%d] behind [%s-fw]", prefix, suffix, labels(c.ServerLabels(role)), size, address, prefix))
	}
	for n := range s.spec.ControlPlane.Count {
		suffix := fmt.Sprintf("cp%d", n+1)
		heads = append(heads, prefix+"-"+suffix)
		server(catalyst.RoleControlPlane, suffix, s.spec.ControlPlane.ServerType, 2+n)
	}
	for n := range s.spec.Workers.Count {
		server(catalyst.RoleWorker, fmt.Sprintf("w%d", n+1), s.spec.Workers.ServerType, 10+n)
	}
	out = append(out, fmt.Sprintf("placement group %s-control-plane %s: %v", prefix, all, heads))
	return sorted(out)
}

// found is what there is at Hetzner of what we manage.
func (s *sequence) found() []string {
	name := map[int64]string{}
	for _, th := range s.dump() {
		name[th.ID] = th.Name
	}
	var out []string
	for _, th := range s.ours("networks") {
		var subnets []string
		n := as[schema.Network](th)
		for _, sub := range n.Subnets {
			subnets = append(subnets, sub.IPRange)
		}
		out = append(out, fmt.Sprintf("network %s %s: %s %v", n.Name, text(n.Labels), n.IPRange, sorted(subnets)))
	}
	for _, th := range s.ours("firewalls") {
		var rules []string
		f := as[schema.Firewall](th)
		for _, r := range f.Rules {
			port := ""
			if r.Port != nil {
				port = *r.Port
			}
			rules = append(rules, fmt.Sprintf("%s %s %s", r.Protocol, port, strings.Join(sorted(r.SourceIPs), " ")))
		}
		out = append(out, fmt.Sprintf("firewall %s %s: %q", f.Name, text(f.Labels), sorted(rules)))
	}
	for _, th := range s.ours("load_balancers") {
		out = append(out, balancer(as[schema.LoadBalancer](th)))
	}
	for _, th := range s.ours("ssh_keys") {
		out = append(out, fmt.Sprintf("key %s %s", th.Name, text(th.Labels)))
	}
	for _, th := range s.ours("placement_groups") {
		var members []string
		for _, id := range as[schema.PlacementGroup](th).Servers {
			members = append(members, name[id])
		}
		out = append(out, fmt.Sprintf("placement group %s %s: %v", th.Name, text(th.Labels), sorted(members)))
	}
	for _, th := range s.ours("servers") {
		var addresses, firewalls []string
		srv := as[schema.Server](th)
		for _, n := range srv.PrivateNet {
			addresses = append(addresses, n.IP)
		}
		for _, f := range srv.PublicNet.Firewalls {
			firewalls = append(firewalls, name[f.ID])
		}
		out = append(out, fmt.Sprintf("server %s %s: %s at %v behind %v", srv.Name, text(srv.Labels), srv.ServerType.Name, addresses, firewalls))
	}
	return sorted(out)
}

func balancer(l schema.LoadBalancer) string {
	var addresses, services, targets []string
	for _, n := range l.PrivateNet {
		addresses = append(addresses, n.IP)
	}
	for _, svc := range l.Services {
		services = append(services, fmt.Sprintf("%d to %d", svc.ListenPort, svc.DestinationPort))
	}
	for _, t := range l.Targets {
		if t.LabelSelector != nil {
			targets = append(targets, t.LabelSelector.Selector)
			continue
		}
		targets = append(targets, t.Type)
	}
	return fmt.Sprintf("load balancer %s %s: %s %s at %v, %v, targets %v", l.Name, text(l.Labels), l.LoadBalancerType.Name, l.Algorithm.Type, addresses, sorted(services), targets)
}

// text of labels.
func text(labels map[string]string) string {
	raw, _ := json.Marshal(labels) //nolint:errchkjson // It can be.
	return string(raw)
}
