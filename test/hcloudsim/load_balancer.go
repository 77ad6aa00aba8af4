package hcloudsim

import (
	"net/http"
	"net/netip"
	"slices"

	"github.com/hetznercloud/hcloud-go/v2/hcloud/schema"
)

// loadBalancer: https://docs.hetzner.cloud/reference/cloud#load-balancers
type loadBalancer struct {
	meta
	pointers

	Type      int64
	Location  string
	Algorithm string
	IPv4      string
	IPv6      string
	Public    bool
	Network   int64
	PrivateIP string
	Services  []schema.LoadBalancerService
	Targets   []lbTarget
}

// lbTarget is one of its three kinds: a server, a label selector or an address.
type lbTarget struct {
	Server   int64
	Selector string
	IP       string
	Private  bool
}

func (t lbTarget) is(o lbTarget) bool {
	return t.Server == o.Server && t.Selector == o.Selector && t.IP == o.IP
}

func (l *loadBalancer) view(p *project) any {
	out := schema.LoadBalancer{
		ID: l.ID, Name: l.Name, Labels: l.labels(), Created: l.Created, LoadBalancerType: l.size(), Location: locationNamed(l.Location),
		Protection: schema.LoadBalancerProtection{Delete: l.Protect}, Algorithm: schema.LoadBalancerAlgorithm{Type: l.Algorithm},
		Services: append([]schema.LoadBalancerService{}, l.Services...), Targets: []schema.LoadBalancerTarget{},
		PrivateNet: []schema.LoadBalancerPrivateNet{}, IncludedTraffic: traffic, OutgoingTraffic: new(uint64), IngoingTraffic: new(uint64),
		PublicNet: schema.LoadBalancerPublicNet{
			Enabled: l.Public,
			IPv4:    schema.LoadBalancerPublicNetIPv4{IP: l.IPv4, DNSPtr: l.of("ipv4", l.IPv4, l.IPv4)},
			IPv6:    schema.LoadBalancerPublicNetIPv6{IP: l.IPv6, DNSPtr: l.of("ipv6", l.IPv6, l.IPv6)},
		},
	}
	if l.Network != 0 {
		out.PrivateNet = append(out.PrivateNet, schema.LoadBalancerPrivateNet{Network: l.Network, IP: l.PrivateIP})
	}
	for _, t := range l.Targets {
		out.Targets = append(out.Targets, l.target(p, t))
	}
	return out
}

func (l *loadBalancer) size() schema.LoadBalancerType {
	t, _ := offered[schema.LoadBalancerType]("load_balancer_types", schema.IDOrName{ID: l.Type})
	return t
}

// target as the API shows it; one by label selector with the servers it finds.
func (l *loadBalancer) target(p *project, t lbTarget) schema.LoadBalancerTarget {
	out := schema.LoadBalancerTarget{UsePrivateIP: t.Private, HealthStatus: []schema.LoadBalancerTargetHealthStatus{}}
	switch {
	case t.Server != 0:
		out.Type, out.Server = "server", &schema.LoadBalancerTargetServer{ID: t.Server}
		s, _ := find[*server](p, "servers", t.Server)
		out.HealthStatus = l.health(s != nil && s.Status == "running")
	case t.IP != "":
		out.Type, out.IP = "ip", &schema.LoadBalancerTargetIP{IP: t.IP}
		out.HealthStatus = l.health(true)
	default:
		out.Type, out.LabelSelector = "label_selector", &schema.LoadBalancerTargetLabelSelector{Selector: t.Selector}
		for _, s := range l.selected(p, t) {
			out.Targets = append(out.Targets, l.target(p, lbTarget{Server: s.ID, Private: t.Private}))
		}
	}
	return out
}

func (l *loadBalancer) health(ok bool) []schema.LoadBalancerTargetHealthStatus {
	status := "unhealthy"
	if ok {
		status = "healthy"
	}
	out := []schema.LoadBalancerTargetHealthStatus{}
	for _, s := range l.Services {
		out = append(out, schema.LoadBalancerTargetHealthStatus{ListenPort: s.ListenPort, Status: status})
	}
	return out
}

// selected servers of a label selector that the load balancer can reach.
func (l *loadBalancer) selected(p *project, t lbTarget) []*server {
	return slices.DeleteFunc(each[*server](p, "servers"), func(s *server) bool { return !l.selects(p, t, s) })
}

func (l *loadBalancer) selects(p *project, t lbTarget, s *server) bool {
	sel, err := parseSelector(t.Selector)
	if err != nil || t.Selector == "" || !sel.matches(s.Labels) {
		return false
	}
	if t.Private {
		return l.Network != 0 && s.in(l.Network) >= 0
	}
	return s.address(p, "ipv4") != nil
}

// targets tells whether the load balancer sends to the server.
func (l *loadBalancer) targets(p *project, s *server) bool {
	return slices.ContainsFunc(l.Targets, func(t lbTarget) bool {
		return t.Server == s.ID || l.selects(p, t, s)
	})
}

var loadBalancers = register(&kind{
	plural: "load_balancers", singular: "load_balancer", empty: func() object { return &loadBalancer{} }, sorts: byNameCreated,
	queues: map[string]bool{"add_service": true, "update_service": true, "delete_service": true, "add_target": true, "remove_target": true},
})

func init() {
	loadBalancers.create = createLoadBalancer
	loadBalancers.actions = map[string]handler{
		"add_service":         addService,
		"update_service":      updateService,
		"delete_service":      deleteService,
		"add_target":          addTarget,
		"remove_target":       removeTarget,
		"change_algorithm":    changeAlgorithm,
		"change_type":         changeLoadBalancerType,
		"change_protection":   protect,
		"attach_to_network":   attachLoadBalancer,
		"detach_from_network": detachLoadBalancer,
		"enable_public_interface": func(c *call) (answer, error) {
			return c.act("enable_public_interface", func() { c.obj.(*loadBalancer).Public = true })
		},
		"disable_public_interface": disablePublicInterface,
		"change_dns_ptr":           loadBalancerPointer,
	}
}

type loadBalancerRequest struct {
	schema.LoadBalancerCreateRequest

	Location schema.IDOrName                              `json:"location"`
	Targets  []targetRequest                              `json:"targets"`
	Services []schema.LoadBalancerActionAddServiceRequest `json:"services"`
}

func createLoadBalancer(c *call) (answer, error) {
	req, err := decode[loadBalancerRequest](c)
	if err != nil {
		return answer{}, err
	}
	m, err := c.kind.named(c, req.Name, req.Labels)
	if err != nil {
		return answer{}, err
	}
	l := &loadBalancer{meta: m, Algorithm: "round_robin", Public: req.PublicInterface == nil || *req.PublicInterface}
	c.obj = l
	t, ok := offered[schema.LoadBalancerType]("load_balancer_types", req.LoadBalancerType)
	if !ok {
		return answer{}, invalid("load_balancer_type", "load balancer type does not exist")
	}
	l.Type = t.ID
	if l.Location, err = lbLocation(req); err != nil {
		return answer{}, err
	}
	if req.Algorithm != nil {
		if err := oneOf("algorithm", req.Algorithm.Type, "round_robin", "least_connections"); err != nil {
			return answer{}, err
		}
		l.Algorithm = req.Algorithm.Type
	}
	if req.Network != nil {
		n, ok := find[*network](c.p, "networks", *req.Network)
		if !ok {
			return answer{}, notFound("network", *req.Network)
		}
		if l.PrivateIP, err = n.allocate(c, locationNamed(l.Location).NetworkZone, "", ""); err != nil {
			return answer{}, err
		}
		l.Network = n.ID
	}
	for _, s := range req.Services {
		service, err := l.service(c, s)
		if err != nil {
			return answer{}, err
		}
		l.Services = append(l.Services, service)
	}
	for _, r := range req.Targets {
		t, err := l.newTarget(c, r)
		if err != nil {
			return answer{}, err
		}
		l.Targets = append(l.Targets, t)
	}
	l.IPv4, l.IPv6 = c.sim.publicIP("ipv4"), netip.MustParseAddr(c.sim.publicIP("ipv6")).Next().String()
	c.p.add(c.kind.plural, l)
	a := c.start("create_load_balancer", nil, c.target())
	return answer{Status: http.StatusCreated, Body: map[string]any{"load_balancer": c.p.show(l, c.now), "action": a.view(c.now)}}, nil
}

// lbLocation is the one asked for, or the first of the network zone.
func lbLocation(req loadBalancerRequest) (string, error) {
	if (req.Location == schema.IDOrName{}) == (req.NetworkZone == nil) {
		return "", invalid("location", "either location or network_zone must be given")
	}
	if req.NetworkZone == nil {
		l, err := location("location", req.Location)
		return l.Name, err
	}
	i := slices.IndexFunc(locations, func(l schema.Location) bool { return l.NetworkZone == *req.NetworkZone })
	if i < 0 {
		return "", invalid("network_zone", "network zone '%s' does not exist", *req.NetworkZone)
	}
	return locations[i].Name, nil
}

func changeAlgorithm(c *call) (answer, error) {
	req, err := decode[schema.LoadBalancerActionChangeAlgorithmRequest](c)
	if err != nil {
		return answer{}, err
	}
	if err := oneOf("type", req.Type, "round_robin", "least_connections"); err != nil {
		return answer{}, err
	}
	return c.act("change_algorithm", func() { c.obj.(*loadBalancer).Algorithm = req.Type })
}

func changeLoadBalancerType(c *call) (answer, error) {
	req, err := decode[schema.LoadBalancerActionChangeTypeRequest](c)
	if err != nil {
		return answer{}, err
	}
	l := c.obj.(*loadBalancer)
	t, ok := offered[schema.LoadBalancerType]("load_balancer_types", req.LoadBalancerType)
	if !ok {
		return answer{}, invalid("load_balancer_type", "load balancer type does not exist")
	}
	if t.ID == l.Type || t.MaxServices < len(l.Services) || t.MaxTargets < len(l.Targets) {
		return answer{}, fail("invalid_load_balancer_type", "load balancer type %s does not fit", t.Name)
	}
	return c.act("change_load_balancer_type", func() { l.Type = t.ID })
}

func attachLoadBalancer(c *call) (answer, error) {
	req, err := decode[schema.LoadBalancerActionAttachToNetworkRequest](c)
	if err != nil {
		return answer{}, err
	}
	l := c.obj.(*loadBalancer)
	n, ok := find[*network](c.p, "networks", req.Network)
	if !ok {
		return answer{}, notFound("network", req.Network)
	}
	if l.Network != 0 {
		return answer{}, fail("load_balancer_already_attached", "load balancer is already attached to network %d", l.Network)
	}
	if err := c.free(c.target(), target{networks, n}); err != nil {
		return answer{}, err
	}
	ip, err := n.allocate(c, locationNamed(l.Location).NetworkZone, str(req.IP), str(req.IPRange))
	if err != nil {
		return answer{}, err
	}
	return c.act("attach_to_network", func() { l.Network, l.PrivateIP = n.ID, ip }, target{networks, n})
}

// detachLoadBalancer takes the targets that were reached through the network
// with it.
func detachLoadBalancer(c *call) (answer, error) {
	req, err := decode[schema.LoadBalancerActionDetachFromNetworkRequest](c)
	if err != nil {
		return answer{}, err
	}
	l := c.obj.(*loadBalancer)
	n, ok := find[*network](c.p, "networks", req.Network)
	if !ok || l.Network != req.Network {
		return answer{}, notFound("network", req.Network)
	}
	return c.act("detach_from_network", func() {
		l.Network, l.PrivateIP = 0, ""
		l.Targets = slices.DeleteFunc(l.Targets, func(t lbTarget) bool { return t.Private })
	}, target{networks, n})
}

func disablePublicInterface(c *call) (answer, error) {
	l := c.obj.(*loadBalancer)
	if l.Network == 0 {
		return answer{}, fail("load_balancer_not_attached_to_network", "load balancer is not attached to a network")
	}
	if slices.ContainsFunc(l.Targets, func(t lbTarget) bool { return !t.Private && t.IP == "" }) {
		return answer{}, fail("targets_without_use_private_ip", "load balancer has targets that use the public IP")
	}
	return c.act("disable_public_interface", func() { l.Public = false })
}

func loadBalancerPointer(c *call) (answer, error) {
	l := c.obj.(*loadBalancer)
	req, err := decode[schema.LoadBalancerActionChangeDNSPtrRequest](c)
	if err != nil {
		return answer{}, err
	}
	kind, ip := "ipv4", l.IPv4
	if req.IP != l.IPv4 {
		kind, ip = "ipv6", l.IPv6
	}
	return changeDNSPtr(c, &l.pointers, kind, ip)
}
