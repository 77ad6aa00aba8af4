package hostcluster

import (
	"strconv"

	xpv2 "github.com/crossplane/crossplane-runtime/v2/apis/common/v2"

	"github.com/openova-io/catalyst/apis/v1alpha1"
	"github.com/openova-io/catalyst/internal/composing"
	"github.com/openova-io/catalyst/internal/hetzner"
	hcloud "github.com/openova-io/catalyst/providers/provider-hcloud/apis/v1alpha1"
)

// portKubernetes is where the API server listens.
const portKubernetes = 6443

// Last parts of private addresses. Pools of workers start at firstWorker and
// count up; nothing else may be in between.
const (
	hostFirstControlPlane = 2
	hostFirstWorker       = 10
	hostLoadBalancer      = 254
)

// fieldLB is where parts of a load balancer keep its identifier.
const fieldLB = "loadBalancerId"

// A service is a port that the load balancer forwards to the control plane.
type service struct {
	name                string
	listen, destination int
}

func services() []service {
	return []service{
		{name: "http", listen: 80, destination: 31080},
		{name: "https", listen: 443, destination: 31443},
		{name: "kubernetes", listen: portKubernetes, destination: portKubernetes},
	}
}

func (c *hostCluster) managed() xpv2.ManagedResourceSpec {
	return xpv2.ManagedResourceSpec{ProviderConfigReference: c.cluster.Config()}
}

// owner is the identifier at Hetzner of the managed resource that another one
// belongs to. It is named by what it is and not by a reference: a reference is
// resolved once, and what was deleted behind our back is made anew under another
// identifier, which everything that belongs to it has to follow. The field says
// where the other one keeps it while it is not known.
func (c *hostCluster) owner(key, of, field string) string {
	if id := c.run.Observed(key).String("status", "atProvider", "id"); id != "" {
		return id
	}
	o := c.run.Observed(of)
	if n := o.Int("spec", "forProvider", field); n > 0 {
		return strconv.Itoa(n)
	}
	return o.String("spec", "forProvider", field)
}

// text of an identifier, or nothing if it is not known.
func text(id string) *string {
	if id == "" {
		return nil
	}
	return &id
}

// number of an identifier, or nothing if it is not known.
func number(id string) *float64 {
	n, err := strconv.ParseFloat(id, 64)
	if err != nil {
		return nil
	}
	return &n
}

// network composes the private network. It returns the step of the subnet, the
// last of it.
func (c *hostCluster) network() (*composing.Step, error) {
	net := c.run.Step("Network")
	if err := net.Desire(keyNetwork, c.named(keyNetwork, c.adopted().NetworkID, &hcloud.Network{
		ObjectMeta: c.cluster.Meta("network"),
		Spec: hcloud.NetworkSpec{ManagedResourceSpec: c.managed(), ForProvider: hcloud.NetworkParameters{
			Name:    new(c.cluster.Name("net")),
			IPRange: new(c.Spec.Network.CIDR),
			Labels:  c.cluster.Labels(),
		}},
	})); err != nil {
		return nil, err
	}
	sub := c.run.Step("Subnet")
	err := sub.DesireAfter(net, keySubnet, c.named(keySubnet, c.subnetID(), &hcloud.NetworkSubnet{
		ObjectMeta: c.cluster.Meta("subnet"),
		Spec: hcloud.NetworkSubnetSpec{ManagedResourceSpec: c.managed(), ForProvider: hcloud.NetworkSubnetParameters{
			NetworkID:   number(c.owner(keyNetwork, keySubnet, "networkId")),
			Type:        new("cloud"),
			NetworkZone: new(c.zone),
			IPRange:     new(c.Spec.Network.Subnet),
		}},
	}))
	if err != nil {
		return nil, err
	}
	err = sub.DesireAfter(net, keyLeftovers, c.leftovers())
	return sub, err
}

// leftovers of the cluster, once it is deleted: what its own controllers have
// made at Hetzner.
func (c *hostCluster) leftovers() *hcloud.ClusterLeftovers {
	return &hcloud.ClusterLeftovers{
		ObjectMeta: c.cluster.Meta("leftovers"),
		Spec: hcloud.ClusterLeftoversSpec{ManagedResourceSpec: c.managed(), ForProvider: hcloud.ClusterLeftoversParameters{
			NetworkID:      text(c.owner(keyNetwork, keyLeftovers, "networkId")),
			ServerSelector: c.cluster.ClusterSelector(),
			VolumeLabels:   c.cluster.ClusterLabels(),
		}},
	}
}

// access composes what decides who reaches the servers, and where they stand.
func (c *hostCluster) access() (*composing.Step, error) {
	s := c.run.Step("Access")
	if err := s.Desire(keyFirewall, c.named(keyFirewall, c.adopted().FirewallID, c.firewall())); err != nil {
		return nil, err
	}
	if err := s.Desire(keyPlacementGroup, c.named(keyPlacementGroup, c.adopted().PlacementGroupID, &hcloud.PlacementGroup{
		ObjectMeta: c.cluster.Meta("control-plane"),
		Spec: hcloud.PlacementGroupSpec{ManagedResourceSpec: c.managed(), ForProvider: hcloud.PlacementGroupParameters{
			Name:   new(c.cluster.Name("control-plane")),
			Type:   new("spread"),
			Labels: c.cluster.Labels(),
		}},
	})); err != nil {
		return nil, err
	}
	for _, k := range c.Spec.SSH.PublicKeys {
		id := hetzner.KeyID(k)
		if err := s.Desire(keySSHKeyPrefix+id, c.named(keySSHKeyPrefix+id, c.keyID(k), &hcloud.SSHKey{
			ObjectMeta: c.cluster.Meta("key-" + id),
			Spec: hcloud.SSHKeySpec{ManagedResourceSpec: c.managed(), ForProvider: hcloud.SSHKeyParameters{
				Name:      new(c.cluster.Name(id)),
				PublicKey: new(k),
				Labels:    c.cluster.Labels(),
			}},
		})); err != nil {
			return nil, err
		}
	}
	c.run.RetireOthers(keySSHKeyPrefix, "the key was removed from spec.ssh.publicKeys")
	return s, nil
}

func (c *hostCluster) firewall() *hcloud.Firewall {
	anywhere := []*string{new("0.0.0.0/0"), new("::/0")}
	rule := func(protocol string, port int, from []*string) hcloud.RuleParameters {
		out := hcloud.RuleParameters{Direction: new("in"), Protocol: new(protocol), SourceIPs: from}
		if port > 0 {
			out.Port = new(strconv.Itoa(port))
		}
		return out
	}
	rules := []hcloud.RuleParameters{
		rule("tcp", 80, anywhere), rule("tcp", 443, anywhere), rule("tcp", portKubernetes, anywhere), rule("icmp", 0, anywhere),
	}
	if len(c.Spec.SSH.AllowedCIDRs) > 0 {
		var from []*string
		for _, cidr := range c.Spec.SSH.AllowedCIDRs {
			from = append(from, new(cidr))
		}
		rules = append(rules, rule("tcp", 22, from))
	}
	return &hcloud.Firewall{
		ObjectMeta: c.cluster.Meta("firewall"),
		Spec: hcloud.FirewallSpec{ManagedResourceSpec: c.managed(), ForProvider: hcloud.FirewallParameters{
			Name:   new(c.cluster.Name("fw")),
			Rule:   rules,
			Labels: c.cluster.Labels(),
		}},
	}
}

// loadBalancer composes the load balancer and what it forwards. It returns its
// last step.
func (c *hostCluster) loadBalancer(subnet *composing.Step) (*composing.Step, error) {
	lb := c.run.Step("LoadBalancer")
	if err := lb.Desire(keyLB, c.named(keyLB, c.adopted().LoadBalancerID, &hcloud.LoadBalancer{
		ObjectMeta: c.cluster.Meta("lb"),
		Spec: hcloud.LoadBalancerSpec{ManagedResourceSpec: c.managed(), ForProvider: hcloud.LoadBalancerParameters{
			Name:             new(c.cluster.Name("lb")),
			LoadBalancerType: new(c.Spec.LoadBalancer.Type),
			Location:         new(c.location),
			Algorithm:        &hcloud.AlgorithmParameters{Type: new("round_robin")},
			Labels:           c.cluster.Labels(),
		}},
	})); err != nil {
		return nil, err
	}

	// Without an address of its own choice the load balancer would get the
	// lowest that is free, which is the first control plane's.
	attached := c.run.Step("LoadBalancerNetwork")
	if err := attached.DesireWhen(lb.Ready() && subnet.Ready(), "LoadBalancer and Subnet", keyLBNetwork, &hcloud.LoadBalancerNetwork{
		ObjectMeta: c.cluster.Meta("lb"),
		Spec: hcloud.LoadBalancerNetworkSpec{ManagedResourceSpec: c.managed(), ForProvider: hcloud.LoadBalancerNetworkParameters{
			LoadBalancerID: number(c.owner(keyLB, keyLBNetwork, fieldLB)),
			SubnetID:       text(c.owner(keySubnet, keyLBNetwork, "subnetId")),
			IP:             new(c.address(hostLoadBalancer)),
		}},
	}); err != nil {
		return nil, err
	}

	front := c.run.Step("Services")
	for _, s := range services() {
		if err := front.DesireAfter(attached, keyServicePrefix+s.name, &hcloud.LoadBalancerService{
			ObjectMeta: c.cluster.Meta("lb-" + s.name),
			Spec: hcloud.LoadBalancerServiceSpec{ManagedResourceSpec: c.managed(), ForProvider: hcloud.LoadBalancerServiceParameters{
				LoadBalancerID:  text(c.owner(keyLB, keyServicePrefix+s.name, fieldLB)),
				Protocol:        new("tcp"),
				ListenPort:      new(float64(s.listen)),
				DestinationPort: new(float64(s.destination)),
			}},
		}); err != nil {
			return nil, err
		}
	}
	err := front.DesireAfter(attached, keyTarget, &hcloud.LoadBalancerTarget{
		ObjectMeta: c.cluster.Meta("lb-control-plane"),
		Spec: hcloud.LoadBalancerTargetSpec{ManagedResourceSpec: c.managed(), ForProvider: hcloud.LoadBalancerTargetParameters{
			LoadBalancerID: number(c.owner(keyLB, keyTarget, fieldLB)),
			Type:           new("label_selector"),
			LabelSelector:  new(c.cluster.Selector(v1alpha1.RoleControlPlane)),
			UsePrivateIP:   new(true),
		}},
	})
	return front, err
}

// order composes what keeps Hetzner's order when the cluster is deleted, in four
// layers: what the cluster has made by itself, the load balancer, the servers,
// and what these needed. Core looks every half minute whether a layer is gone, so
// there are no more than the order takes: within the last one Hetzner refuses
// what is in use. Workers go with the second, once the cluster's volumes have left
// them. What goes while the cluster lives, such as a key, is never the one that
// has to stay.
func (c *hostCluster) order() {
	edges := []composing.Edge{
		{Of: keyLB, By: keyLeftovers},
		{Of: keyControlPlane, By: keyLB},
		{Of: keyPlacementGroup, By: keyControlPlane},
		{Of: keyFirewall, By: keyControlPlane},
		{Of: keySubnet, By: keyControlPlane},
		{Of: keyNetwork, By: keyControlPlane},
		// Servers that run know no other authority.
		{Of: keyAuthority, By: keyControlPlane},
	}
	for _, pool := range c.run.ObservedKeys(keyWorkersPrefix) {
		edges = append(edges, composing.Edge{Of: pool, By: keyLeftovers})
	}
	c.run.Outlive(c.GetNamespace(), c.GetName()+"-", edges...)
	for _, key := range c.run.ObservedKeys(keyOrder) {
		c.retireOrder(key, edges)
	}
}

// keyOrder is what the keys of usages begin with.
const keyOrder = "order-"

// retireOrder lets go of a usage that an earlier release composed.
func (c *hostCluster) retireOrder(key string, edges []composing.Edge) {
	for _, e := range edges {
		if key == keyOrder+e.Of+"-"+e.By {
			return
		}
	}
	c.run.Retire(key, "the order of deletion has changed")
}
