package sequences

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/hetznercloud/hcloud-go/v2/hcloud"
	"github.com/hetznercloud/hcloud-go/v2/hcloud/schema"

	"github.com/openova-io/catalyst/internal/hetzner"
)

// elasticGroup is the node group of the cluster's autoscaler.
const elasticGroup = "omantel-hfmp-elastic"

// A stranger is a thing of somebody's under a name of ours.
type stranger struct {
	name   string
	labels map[string]string
}

// A drift is something that people do to a thing of ours at Hetzner.
type drift struct {
	what, of string
	do       func(ctx context.Context, s *sequence, th thing) error
}

// labelled by people, and by nobody else.
var labelled = map[string]string{"someone": "was-here"}

// drifts there are. Errors are what Hetzner refuses people, too.
func drifts() []drift {
	lb := func(th thing) *hcloud.LoadBalancer { return &hcloud.LoadBalancer{ID: th.ID, Name: th.Name} }
	srv := func(th thing) *hcloud.Server { return &hcloud.Server{ID: th.ID, Name: th.Name} }
	out := []drift{
		{"delete", "servers", func(ctx context.Context, s *sequence, th thing) error {
			_, _, err := s.people.Server.DeleteWithResult(ctx, srv(th))
			return s.doom(err, "servers", th)
		}},
		{"delete", "load_balancers", func(ctx context.Context, s *sequence, th thing) error {
			_, err := s.people.LoadBalancer.Delete(ctx, lb(th))
			return s.doom(err, "load_balancers", th)
		}},
		{"delete", "ssh_keys", func(ctx context.Context, s *sequence, th thing) error {
			_, err := s.people.SSHKey.Delete(ctx, &hcloud.SSHKey{ID: th.ID})
			return s.doom(err, "ssh_keys", th)
		}},
		{"delete", "placement_groups", func(ctx context.Context, s *sequence, th thing) error {
			_, err := s.people.PlacementGroup.Delete(ctx, &hcloud.PlacementGroup{ID: th.ID})
			return s.doom(err, "placement_groups", th)
		}},
		{"delete", "firewalls", deleteFirewall},
		{"delete", "networks", deleteNetwork},
		{"take out of the network", "servers", func(ctx context.Context, s *sequence, th thing) error {
			for _, n := range as[schema.Server](th).PrivateNet {
				_, _, err := s.people.Server.DetachFromNetwork(ctx, srv(th), hcloud.ServerDetachFromNetworkOpts{Network: &hcloud.Network{ID: n.Network}})
				return err
			}
			return nil
		}},
		{"take from behind the firewall", "servers", func(ctx context.Context, s *sequence, th thing) error {
			for _, f := range as[schema.Server](th).PublicNet.Firewalls {
				_, _, err := s.people.Firewall.RemoveResources(ctx, &hcloud.Firewall{ID: f.ID}, []hcloud.FirewallResource{{
					Type: hcloud.FirewallResourceTypeServer, Server: &hcloud.FirewallResourceServer{ID: th.ID},
				}})
				return err
			}
			return nil
		}},
		{"resize", "servers", resizeServer},
		{"resize", "load_balancers", func(ctx context.Context, s *sequence, th thing) error {
			_, _, err := s.people.LoadBalancer.ChangeType(ctx, lb(th), hcloud.LoadBalancerChangeTypeOpts{LoadBalancerType: &hcloud.LoadBalancerType{Name: "lb31"}})
			return err
		}},
		{"change the algorithm", "load_balancers", func(ctx context.Context, s *sequence, th thing) error {
			_, _, err := s.people.LoadBalancer.ChangeAlgorithm(ctx, lb(th), hcloud.LoadBalancerChangeAlgorithmOpts{Type: hcloud.LoadBalancerAlgorithmTypeLeastConnections})
			return err
		}},
		{"delete a service", "load_balancers", func(ctx context.Context, s *sequence, th thing) error {
			_, _, err := s.people.LoadBalancer.DeleteService(ctx, lb(th), 443)
			return err
		}},
		{"lead a service elsewhere", "load_balancers", func(ctx context.Context, s *sequence, th thing) error {
			_, _, err := s.people.LoadBalancer.UpdateService(ctx, lb(th), 80, hcloud.LoadBalancerUpdateServiceOpts{DestinationPort: new(8080)})
			return err
		}},
		{"remove the targets", "load_balancers", func(ctx context.Context, s *sequence, th thing) error {
			for _, t := range as[schema.LoadBalancer](th).Targets {
				if t.LabelSelector == nil {
					continue
				}
				_, _, err := s.people.LoadBalancer.RemoveLabelSelectorTarget(ctx, lb(th), t.LabelSelector.Selector)
				return err
			}
			return nil
		}},
		{"take out of the network", "load_balancers", func(ctx context.Context, s *sequence, th thing) error {
			for _, n := range as[schema.LoadBalancer](th).PrivateNet {
				_, _, err := s.people.LoadBalancer.DetachFromNetwork(ctx, lb(th), hcloud.LoadBalancerDetachFromNetworkOpts{Network: &hcloud.Network{ID: n.Network}})
				return err
			}
			return nil
		}},
		{"open", "firewalls", func(ctx context.Context, s *sequence, th thing) error {
			_, everywhere, err := net.ParseCIDR("0.0.0.0/0")
			if err != nil {
				return err
			}
			_, _, err = s.people.Firewall.SetRules(ctx, &hcloud.Firewall{ID: th.ID}, hcloud.FirewallSetRulesOpts{Rules: []hcloud.FirewallRule{{
				Direction: hcloud.FirewallRuleDirectionIn, Protocol: hcloud.FirewallRuleProtocolTCP, Port: new("1-65535"), SourceIPs: []net.IPNet{*everywhere},
			}}})
			return err
		}},
		{"close", "firewalls", func(ctx context.Context, s *sequence, th thing) error {
			_, _, err := s.people.Firewall.SetRules(ctx, &hcloud.Firewall{ID: th.ID}, hcloud.FirewallSetRulesOpts{Rules: []hcloud.FirewallRule{}})
			return err
		}},
	}
	for _, plural := range slices.Sorted(maps.Values(managedPlurals)) {
		out = append(out,
			drift{"rename", plural, renameThere},
			drift{"label", plural, func(ctx context.Context, s *sequence, th thing) error {
				return s.update(ctx, plural, th.ID, "", labelled)
			}},
		)
	}
	return out
}

// errLeft says that people leave a thing alone: others need it, or it would take
// them longer than they have.
var errLeft = errors.New("left alone")

// drift is something that people do to something of ours.
func (s *sequence) drift() {
	all := drifts()
	d := all[s.rng.IntN(len(all))]
	mine := s.ours(d.of)
	if len(mine) == 0 {
		return
	}
	th := mine[s.rng.IntN(len(mine))]
	if (d.what == "rename" || d.what == "label") && !s.known(d.of, th) {
		// Its name and labels are all there is to know it by.
		return
	}
	err := d.do(context.Background(), s, th)
	s.notef("people %s %s %s/%d: %v", d.what, th.Name, d.of, th.ID, err)
}

// known says whether the object of a thing has its identifier. It has not when the
// answer to its create was lost.
func (s *sequence) known(plural string, th thing) bool {
	for i, o := range s.objects {
		if managedPlurals[i.Kind] == plural && o.GetAnnotations()["crossplane.io/external-name"] == fmt.Sprint(th.ID) {
			return true
		}
	}
	return false
}

// doom says that a thing is to go, and need not stay.
func (s *sequence) doom(err error, plural string, th thing) error {
	if err != nil {
		return err
	}
	id := fmt.Sprint(th.ID)
	s.doomed[plural+"/"+id] = true
	maps.DeleteFunc(s.kept, func(i item, is string) bool { return managedPlurals[i.Kind] == plural && is == id })
	return nil
}

// rest while people's actions run, unless nobody may wait.
func (s *sequence) rest() bool {
	if !s.inside {
		time.Sleep(20 * time.Second)
	}
	return !s.inside
}

// update a thing's name or labels.
func (s *sequence) update(ctx context.Context, plural string, id int64, name string, labels map[string]string) error {
	var err error
	switch plural {
	case "servers":
		_, _, err = s.people.Server.Update(ctx, &hcloud.Server{ID: id}, hcloud.ServerUpdateOpts{Name: name, Labels: labels})
	case "networks":
		_, _, err = s.people.Network.Update(ctx, &hcloud.Network{ID: id}, hcloud.NetworkUpdateOpts{Name: name, Labels: labels})
	case "load_balancers":
		_, _, err = s.people.LoadBalancer.Update(ctx, &hcloud.LoadBalancer{ID: id}, hcloud.LoadBalancerUpdateOpts{Name: name, Labels: labels})
	case "firewalls":
		_, _, err = s.people.Firewall.Update(ctx, &hcloud.Firewall{ID: id}, hcloud.FirewallUpdateOpts{Name: name, Labels: labels})
	case "placement_groups":
		_, _, err = s.people.PlacementGroup.Update(ctx, &hcloud.PlacementGroup{ID: id}, hcloud.PlacementGroupUpdateOpts{Name: name, Labels: labels})
	case "ssh_keys":
		_, _, err = s.people.SSHKey.Update(ctx, &hcloud.SSHKey{ID: id}, hcloud.SSHKeyUpdateOpts{Name: name, Labels: labels})
	}
	return err
}

// renameThere has a thing of ours called otherwise, for good or for a while.
func renameThere(ctx context.Context, s *sequence, th thing) error {
	var plural string
	for id, other := range s.dump() {
		if other.ID == th.ID {
			plural, _, _ = strings.Cut(id, "/")
		}
	}
	if err := s.update(ctx, plural, th.ID, th.Name+"-x", nil); err != nil || s.inside || s.rng.IntN(2) == 0 {
		return err
	}
	s.notef("people rename %s, and back in a while", th.Name)
	s.pass(time.Duration(s.rng.IntN(20)) * time.Second)
	return s.update(ctx, plural, th.ID, th.Name, nil)
}

func resizeServer(ctx context.Context, s *sequence, th thing) error {
	if s.inside {
		return errLeft
	}
	of := &hcloud.Server{ID: th.ID}
	if _, _, err := s.people.Server.Poweroff(ctx, of); err != nil {
		return err
	}
	s.rest()
	_, _, err := s.people.Server.ChangeType(ctx, of, hcloud.ServerChangeTypeOpts{ServerType: &hcloud.ServerType{Name: "cx53"}})
	s.rest()
	if _, _, on := s.people.Server.Poweron(ctx, of); err == nil {
		err = on
	}
	return err
}

// deleteFirewall takes it from everything first.
func deleteFirewall(ctx context.Context, s *sequence, th thing) error {
	f := &hcloud.Firewall{ID: th.ID}
	var all []hcloud.FirewallResource
	for _, r := range as[schema.Firewall](th).AppliedTo {
		if r.Server != nil {
			all = append(all, hcloud.FirewallResource{Type: hcloud.FirewallResourceTypeServer, Server: &hcloud.FirewallResourceServer{ID: r.Server.ID}})
		}
	}
	if len(s.elastic) > 0 || len(all) > 0 && s.inside {
		return errLeft
	}
	if len(all) > 0 {
		if _, _, err := s.people.Firewall.RemoveResources(ctx, f, all); err != nil {
			return err
		}
		s.rest()
	}
	_, err := s.people.Firewall.Delete(ctx, f)
	return s.doom(err, "firewalls", th)
}

// deleteNetwork takes the load balancer out first. Servers leave by themselves.
func deleteNetwork(ctx context.Context, s *sequence, th thing) error {
	n := as[schema.Network](th)
	if len(s.elastic) > 0 || len(n.LoadBalancers) > 1 || len(n.LoadBalancers) > 0 && s.inside {
		return errLeft
	}
	for _, id := range n.LoadBalancers {
		if _, _, err := s.people.LoadBalancer.DetachFromNetwork(ctx, &hcloud.LoadBalancer{ID: id}, hcloud.LoadBalancerDetachFromNetworkOpts{Network: &hcloud.Network{ID: th.ID}}); err != nil {
			return err
		}
		s.rest()
	}
	_, err := s.people.Network.Delete(ctx, &hcloud.Network{ID: th.ID})
	return s.doom(err, "networks", th)
}

// regroup helps control planes into their placement group, which takes no server
// that runs: people stop it, and start it once it is in.
func (s *sequence) regroup() {
	ctx := context.Background()
	for _, th := range s.ours("servers") {
		srv := as[schema.Server](th)
		alone := srv.PlacementGroup == nil && strings.HasPrefix(srv.Name, prefix+"-cp")
		var err error
		switch {
		case alone && srv.Status == "running":
			s.notef("people stop %s, which is in no placement group", srv.Name)
			_, _, err = s.people.Server.Poweroff(ctx, &hcloud.Server{ID: srv.ID})
		case !alone && srv.Status == "off":
			s.notef("people start %s", srv.Name)
			_, _, err = s.people.Server.Poweron(ctx, &hcloud.Server{ID: srv.ID})
		}
		if err != nil {
			s.notef("they cannot: %v", err)
		}
	}
}

// takeName has somebody make a thing under a name that is ours, if it is free.
func (s *sequence) takeName() {
	ctx := context.Background()
	st := &stranger{labels: map[string]string{"owner": "somebody-else"}}
	var plural string
	var id int64
	var err error
	switch s.rng.IntN(8) {
	default:
		plural, st.name = "servers", fmt.Sprintf("%s-w%d", prefix, 1+s.rng.IntN(5))
		if s.rng.IntN(6) == 0 {
			st.name = fmt.Sprintf("%s-cp%d", prefix, 1+s.rng.IntN(3))
		}
		var out hcloud.ServerCreateResult
		if out, _, err = s.people.Server.Create(ctx, hcloud.ServerCreateOpts{
			Name: st.name, Labels: st.labels, ServerType: &hcloud.ServerType{Name: "cx23"}, Image: &hcloud.Image{Name: "ubuntu-24.04"}, Location: &hcloud.Location{Name: "fsn1"},
		}); err == nil {
			id = out.Server.ID
		}
	case 0:
		plural, st.name = "networks", prefix+"-net"
		_, cidr, _ := net.ParseCIDR("10.0.0.0/16")
		var out *hcloud.Network
		if out, _, err = s.people.Network.Create(ctx, hcloud.NetworkCreateOpts{Name: st.name, Labels: st.labels, IPRange: cidr}); err == nil {
			id = out.ID
		}
	case 1:
		plural, st.name = "load_balancers", prefix+"-lb"
		var out hcloud.LoadBalancerCreateResult
		if out, _, err = s.people.LoadBalancer.Create(ctx, hcloud.LoadBalancerCreateOpts{Name: st.name, Labels: st.labels, LoadBalancerType: &hcloud.LoadBalancerType{Name: "lb11"}, Location: &hcloud.Location{Name: "fsn1"}}); err == nil {
			id = out.LoadBalancer.ID
		}
	case 2:
		plural, st.name = "firewalls", prefix+"-fw"
		var out hcloud.FirewallCreateResult
		if out, _, err = s.people.Firewall.Create(ctx, hcloud.FirewallCreateOpts{Name: st.name, Labels: st.labels}); err == nil {
			id = out.Firewall.ID
		}
	case 3:
		plural, st.name = "placement_groups", prefix+"-control-plane"
		var out hcloud.PlacementGroupCreateResult
		if out, _, err = s.people.PlacementGroup.Create(ctx, hcloud.PlacementGroupCreateOpts{Name: st.name, Labels: st.labels, Type: hcloud.PlacementGroupTypeSpread}); err == nil {
			id = out.PlacementGroup.ID
		}
	case 4:
		// The name, or else the key, of which a project has one.
		public := key(s.rng.IntN(2))
		plural, st.name = "ssh_keys", prefix+"-"+hetzner.KeyID(public)
		if s.rng.IntN(2) == 0 {
			public = key(2)
		} else {
			st.name = "laptop-" + hetzner.KeyID(public)
		}
		var out *hcloud.SSHKey
		if out, _, err = s.people.SSHKey.Create(ctx, hcloud.SSHKeyCreateOpts{Name: st.name, Labels: st.labels, PublicKey: public}); err == nil {
			id = out.ID
		}
	}
	s.notef("a stranger makes %s %s: %v", plural, st.name, err)
	if err == nil {
		s.strangers[fmt.Sprintf("%s/%d", plural, id)] = st
	}
}

// expand has the cluster's autoscaler make a server.
func (s *sequence) expand() {
	ctx := context.Background()
	networks, firewalls := s.ours("networks"), s.ours("firewalls")
	if len(networks) != 1 || len(firewalls) != 1 || len(s.elastic) > 2 {
		return
	}
	s.made++
	opts := hcloud.ServerCreateOpts{
		Name: fmt.Sprintf("%s-%x", elasticGroup, 0xca7a+s.made), Labels: map[string]string{"hcloud/node-group": elasticGroup},
		ServerType: &hcloud.ServerType{Name: "cx33"}, Image: &hcloud.Image{Name: "ubuntu-24.04"}, Location: &hcloud.Location{Name: "fsn1"},
		Networks: []*hcloud.Network{{ID: networks[0].ID}}, Firewalls: []*hcloud.ServerCreateFirewall{{Firewall: hcloud.Firewall{ID: firewalls[0].ID}}},
	}
	out, _, err := s.people.Server.Create(ctx, opts)
	s.notef("the autoscaler makes %s: %v", opts.Name, err)
	if err != nil {
		return
	}
	s.rest()
	s.elastic[fmt.Sprintf("servers/%d", out.Server.ID)] = opts
}

// shrink has the autoscaler delete its servers.
func (s *sequence) shrink() {
	for _, id := range slices.Sorted(maps.Keys(s.elastic)) {
		s.discard(id)
	}
}

func (s *sequence) discard(id string) {
	th, ok := s.dump()[id]
	delete(s.elastic, id)
	if !ok && s.deleted {
		return
	}
	s.notef("the autoscaler deletes %s", th.Name)
	if err := s.insist(func() error { return s.deleteThere(context.Background(), "servers", th.ID) }); err != nil {
		s.failf("the autoscaler's %s, called %s, cannot be deleted: %v", id, th.Name, err)
	}
	s.doomed[id] = true
}

// makeRoom has strangers give our names back, and the autoscaler our addresses.
func (s *sequence) makeRoom() {
	ctx := context.Background()
	for _, id := range slices.Sorted(maps.Keys(s.elastic)) {
		for _, n := range as[schema.Server](s.dump()[id]).PrivateNet {
			if last := n.IP[strings.LastIndex(n.IP, ".")+1:]; len(last) > 1 || last < fmt.Sprint(2+s.spec.ControlPlane.Count) {
				s.discard(id)
			}
		}
	}
	for _, id := range slices.Sorted(maps.Keys(s.strangers)) {
		st := s.strangers[id]
		plural, _, _ := strings.Cut(id, "/")
		th := s.dump()[id]
		if plural != "ssh_keys" && s.rng.IntN(2) == 0 {
			name := fmt.Sprintf("theirs-%d", th.ID)
			s.notef("a stranger calls %s %s", id, name)
			if err := s.insist(func() error { return s.update(ctx, plural, th.ID, name, nil) }); err != nil {
				s.failf("a stranger cannot rename %s: %v", id, err)
			}
			st.name = name
			continue
		}
		s.notef("a stranger deletes %s", id)
		s.doomed[id] = true
		if err := s.insist(func() error { return s.deleteThere(ctx, plural, th.ID) }); err != nil {
			s.failf("a stranger cannot delete %s: %v", id, err)
		}
		delete(s.strangers, id)
	}
}

// insist on what Hetzner refuses while something else is done to the same thing.
func (s *sequence) insist(do func() error) error {
	var err error
	for range 60 {
		if err = do(); !hcloud.IsError(err, hcloud.ErrorCodeLocked, hcloud.ErrorCodeConflict) {
			return err
		}
		s.pass(30 * time.Second)
	}
	return err
}

func (s *sequence) deleteThere(ctx context.Context, plural string, id int64) error {
	var err error
	switch plural {
	case "servers":
		_, _, err = s.people.Server.DeleteWithResult(ctx, &hcloud.Server{ID: id})
	case "networks":
		_, err = s.people.Network.Delete(ctx, &hcloud.Network{ID: id})
	case "load_balancers":
		_, err = s.people.LoadBalancer.Delete(ctx, &hcloud.LoadBalancer{ID: id})
	case "firewalls":
		_, err = s.people.Firewall.Delete(ctx, &hcloud.Firewall{ID: id})
	case "placement_groups":
		_, err = s.people.PlacementGroup.Delete(ctx, &hcloud.PlacementGroup{ID: id})
	case "ssh_keys":
		_, err = s.people.SSHKey.Delete(ctx, &hcloud.SSHKey{ID: id})
	}
	return err
}
