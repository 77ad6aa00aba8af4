package hcloudsim

import (
	"fmt"
	"net/http"
	"net/netip"
	"slices"

	"github.com/hetznercloud/hcloud-go/v2/hcloud/schema"
)

// network: https://docs.hetzner.cloud/reference/cloud#networks
type network struct {
	meta

	IPRange string
	Subnets []schema.NetworkSubnet
	Routes  []schema.NetworkRoute
	Expose  bool
}

func (n *network) view(p *project) any {
	out := schema.Network{
		ID: n.ID, Name: n.Name, Labels: n.labels(), Created: n.Created, IPRange: n.IPRange,
		Subnets: append([]schema.NetworkSubnet{}, n.Subnets...), Routes: append([]schema.NetworkRoute{}, n.Routes...),
		Servers: []int64{}, LoadBalancers: []int64{},
		Protection: schema.NetworkProtection{Delete: n.Protect}, ExposeRoutesToVSwitch: n.Expose,
	}
	for _, m := range n.members(p) {
		if m.kind == servers {
			out.Servers = append(out.Servers, m.obj.base().ID)
		} else {
			out.LoadBalancers = append(out.LoadBalancers, m.obj.base().ID)
		}
	}
	return out
}

func (n *network) prefix() netip.Prefix { return netip.MustParsePrefix(n.IPRange) }

// A member of a network holds addresses in it.
type member struct {
	target

	ips []string
}

// members of the network: its servers and load balancers.
func (n *network) members(p *project) []member {
	var out []member
	for _, s := range each[*server](p, "servers") {
		if i := s.in(n.ID); i >= 0 {
			out = append(out, member{target{servers, s}, append([]string{s.PrivateNet[i].IP}, s.PrivateNet[i].AliasIPs...)})
		}
	}
	for _, l := range each[*loadBalancer](p, "load_balancers") {
		if l.Network == n.ID {
			out = append(out, member{target{loadBalancers, l}, []string{l.PrivateIP}})
		}
	}
	return out
}

func (n *network) taken(p *project) map[string]bool {
	out := map[string]bool{}
	for _, m := range n.members(p) {
		for _, ip := range m.ips {
			out[ip] = true
		}
	}
	return out
}

// room checks the limit of addresses in a network: alias IPs count too.
// Source: https://docs.hetzner.com/cloud/networks/faq
func (n *network) room(c *call, more int) error {
	limit := c.sim.cfg.Limits["network_members"]
	if limit > 0 && len(n.taken(c.p))+more > limit {
		return limitExceeded("network_members", limit)
	}
	return nil
}

// allocate an address for a member in a network zone: the one asked for, the
// first free one of the range asked for, or the first free one at all.
// What is reserved is as good as taken.
func (n *network) allocate(c *call, zone, ip, ipRange string, reserved ...string) (string, error) {
	if err := n.room(c, 1); err != nil {
		return "", err
	}
	taken := n.taken(c.p)
	for _, r := range reserved {
		taken[r] = true
	}
	for _, s := range n.Subnets {
		if s.NetworkZone != zone || s.Type == "vswitch" || (ipRange != "" && s.IPRange != ipRange) {
			continue
		}
		if free := n.inSubnet(s, taken, ip); free != "" {
			return free, nil
		}
	}
	if ip != "" {
		return "", fail("ip_not_available", "IP %s is not available in network %d", ip, n.ID)
	}
	return "", fail("no_subnet_available", "no subnet or IP is available in network %d", n.ID)
}

func (n *network) inSubnet(s schema.NetworkSubnet, taken map[string]bool, want string) string {
	subnet := netip.MustParsePrefix(s.IPRange)
	if want != "" {
		ip, err := netip.ParseAddr(want)
		if err != nil || taken[want] || !usable(ip, subnet, n.prefix()) {
			return ""
		}
		return want
	}
	for ip := subnet.Addr().Next(); subnet.Contains(ip); ip = ip.Next() {
		if !taken[ip.String()] && usable(ip, subnet, n.prefix()) {
			return ip.String()
		}
	}
	return ""
}

// aliases checks addresses that a member wants besides those it has.
func (n *network) aliases(c *call, ips, has []string) error {
	for i, ip := range ips {
		if slices.Contains(ips[:i], ip) {
			return invalid("alias_ips", "'%s' is given twice", ip)
		}
		if slices.Contains(has, ip) {
			continue
		}
		if err := n.available(c, ip); err != nil {
			return err
		}
	}
	return nil
}

func (n *network) available(c *call, ip string) error {
	addr, err := netip.ParseAddr(ip)
	if err != nil {
		return invalid("alias_ips", "'%s' is not an IP address", ip)
	}
	inside := slices.ContainsFunc(n.Subnets, func(s schema.NetworkSubnet) bool {
		return s.Type != "vswitch" && usable(addr, netip.MustParsePrefix(s.IPRange), n.prefix())
	})
	if !inside || n.taken(c.p)[ip] {
		return fail("ip_not_available", "IP %s is not available in network %d", ip, n.ID)
	}
	return nil
}

var networks = register(&kind{
	plural: "networks", singular: "network", empty: func() object { return &network{} }, sorts: byNameCreated, busy: "conflict",
})

func init() {
	networks.actions = map[string]handler{
		"add_subnet":        addSubnet,
		"delete_subnet":     deleteSubnet,
		"add_route":         addRoute,
		"delete_route":      deleteRoute,
		"change_ip_range":   changeIPRange,
		"change_protection": protect,
	}
	networks.after = func(c *call) error {
		req, err := decode[schema.NetworkUpdateRequest](c)
		if err == nil && req.ExposeRoutesToVSwitch != nil {
			c.obj.(*network).Expose = *req.ExposeRoutesToVSwitch
		}
		return err
	}
	networks.create = createNetwork
	networks.remove = deleteNetwork
}

func createNetwork(c *call) (answer, error) {
	req, err := decode[schema.NetworkCreateRequest](c)
	if err != nil {
		return answer{}, err
	}
	m, err := c.kind.named(c, req.Name, req.Labels)
	if err != nil {
		return answer{}, err
	}
	if _, err := privateRange("ip_range", req.IPRange, 24); err != nil {
		return answer{}, err
	}
	n := &network{meta: m, IPRange: req.IPRange, Expose: req.ExposeRoutesToVSwitch}
	for _, s := range req.Subnets {
		if s, err = n.subnet(c, s); err != nil {
			return answer{}, err
		}
		n.Subnets = append(n.Subnets, s)
	}
	for _, r := range req.Routes {
		if err := n.checkRoute(r); err != nil {
			return answer{}, err
		}
		n.Routes = append(n.Routes, r)
	}
	c.obj = n
	c.p.add(c.kind.plural, n)
	return c.kind.one(c, http.StatusCreated)
}

// deleteNetwork detaches servers, as the API says it does with everything; but
// one that a load balancer holds stays, as Users of the API have found.
// Source: kube-hetzner/terraform-hcloud-kube-hetzner issue 228.
func deleteNetwork(c *call) (answer, error) {
	n := c.obj.(*network)
	return c.kind.delete(c, func() error {
		members := n.members(c.p)
		for _, m := range members {
			if m.kind == loadBalancers {
				return fail("service_error", "cannot remove network: network has attached resources")
			}
			if err := c.free(m.target); err != nil {
				return err
			}
		}
		for _, m := range members {
			m.obj.(*server).leave(n.ID)
		}
		return nil
	})
}

// subnet checks one and fills in what was left out.
func (n *network) subnet(c *call, s schema.NetworkSubnet) (schema.NetworkSubnet, error) {
	if !slices.Contains([]string{"cloud", "server", "vswitch"}, s.Type) {
		return s, invalid("type", "must be one of cloud, server, vswitch")
	}
	if !slices.ContainsFunc(locations, func(l schema.Location) bool { return l.NetworkZone == s.NetworkZone }) {
		return s, invalid("network_zone", "network zone '%s' does not exist", s.NetworkZone)
	}
	if (s.Type == "vswitch") != (s.VSwitchID != 0) {
		return s, invalid("vswitch_id", "must be given for subnets of type vswitch, and for no others")
	}
	if s.VSwitchID != 0 && vswitchTaken(c.p, s.VSwitchID) {
		return s, fail("vswitch_id_already_used", "vSwitch %d is already used", s.VSwitchID)
	}
	if s.IPRange == "" {
		s.IPRange = n.freeRange()
	}
	if s.IPRange == "" {
		return s, fail("no_subnet_available", "no /24 is left in network %d", n.ID)
	}
	p, err := privateRange("ip_range", s.IPRange, 30)
	if err != nil {
		return s, err
	}
	if !within(p, n.prefix()) {
		return s, invalid("ip_range", "is not in the network's range %s", n.IPRange)
	}
	if n.overlaps(p) {
		return s, invalid("ip_range", "overlaps with another subnet or route")
	}
	s.Gateway = n.prefix().Addr().Next().String()
	return s, nil
}

func vswitchTaken(p *project, id int64) bool {
	return slices.ContainsFunc(each[*network](p, "networks"), func(n *network) bool {
		return slices.ContainsFunc(n.Subnets, func(s schema.NetworkSubnet) bool { return s.VSwitchID == id })
	})
}

func (n *network) overlaps(p netip.Prefix) bool {
	return slices.ContainsFunc(n.Subnets, func(s schema.NetworkSubnet) bool { return p.Overlaps(netip.MustParsePrefix(s.IPRange)) }) ||
		slices.ContainsFunc(n.Routes, func(r schema.NetworkRoute) bool {
			d := netip.MustParsePrefix(r.Destination)
			return d.Bits() > 0 && p.Overlaps(d)
		})
}

// freeRange is the first /24 that no subnet touches.
func (n *network) freeRange() string {
	p := netip.PrefixFrom(n.prefix().Addr(), 24)
	for ; within(p, n.prefix()); p = netip.PrefixFrom(last(p).Next(), 24) {
		if !n.overlaps(p) {
			return p.String()
		}
	}
	return ""
}

func (n *network) checkRoute(r schema.NetworkRoute) error {
	d, err := netip.ParsePrefix(r.Destination)
	if err != nil || d.Masked() != d {
		return invalid("destination", "is not a network in CIDR notation")
	}
	if d.Bits() > 0 {
		if _, err := privateRange("destination", r.Destination, 32); err != nil {
			return err
		}
		if n.overlaps(d) {
			return invalid("destination", "overlaps with a subnet or route")
		}
	}
	if slices.ContainsFunc(n.Routes, func(x schema.NetworkRoute) bool { return x.Destination == r.Destination }) {
		return invalid("destination", "is already routed")
	}
	g, err := netip.ParseAddr(r.Gateway)
	if err != nil || !n.prefix().Contains(g) || g == n.prefix().Addr().Next() || r.Gateway == "172.31.1.1" {
		return invalid("gateway", "must be an IP in the network, other than its gateway")
	}
	return nil
}

func addSubnet(c *call) (answer, error) {
	req, err := decode[schema.NetworkSubnet](c)
	if err != nil {
		return answer{}, err
	}
	if err := c.free(c.target()); err != nil {
		return answer{}, err
	}
	n := c.obj.(*network)
	s, err := n.subnet(c, req)
	if err != nil {
		return answer{}, err
	}
	return c.act("add_subnet", func() { n.Subnets = append(n.Subnets, s) })
}

func deleteSubnet(c *call) (answer, error) {
	req, err := decode[schema.NetworkActionDeleteSubnetRequest](c)
	if err != nil {
		return answer{}, err
	}
	if err := c.free(c.target()); err != nil {
		return answer{}, err
	}
	n := c.obj.(*network)
	i := slices.IndexFunc(n.Subnets, func(s schema.NetworkSubnet) bool { return s.IPRange == req.IPRange })
	if i < 0 {
		return answer{}, fail("not_found", "subnet %s not found", req.IPRange)
	}
	p := netip.MustParsePrefix(req.IPRange)
	for ip := range n.taken(c.p) {
		if p.Contains(netip.MustParseAddr(ip)) {
			return answer{}, fail("service_error", "cannot remove subnet: network has attached resources")
		}
	}
	return c.act("delete_subnet", func() { n.Subnets = slices.Delete(n.Subnets, i, i+1) })
}

func addRoute(c *call) (answer, error) {
	req, err := decode[schema.NetworkRoute](c)
	if err != nil {
		return answer{}, err
	}
	if err := c.free(c.target()); err != nil {
		return answer{}, err
	}
	n := c.obj.(*network)
	if err := n.checkRoute(req); err != nil {
		return answer{}, err
	}
	return c.act("add_route", func() { n.Routes = append(n.Routes, req) })
}

func deleteRoute(c *call) (answer, error) {
	req, err := decode[schema.NetworkRoute](c)
	if err != nil {
		return answer{}, err
	}
	if err := c.free(c.target()); err != nil {
		return answer{}, err
	}
	n := c.obj.(*network)
	i := slices.Index(n.Routes, req)
	if i < 0 {
		return answer{}, fail("not_found", "route to %s not found", req.Destination)
	}
	return c.act("delete_route", func() { n.Routes = slices.Delete(n.Routes, i, i+1) })
}

func changeIPRange(c *call) (answer, error) {
	req, err := decode[schema.NetworkActionChangeIPRangeRequest](c)
	if err != nil {
		return answer{}, err
	}
	n := c.obj.(*network)
	p, err := privateRange("ip_range", req.IPRange, 24)
	if err != nil {
		return answer{}, err
	}
	if p.Addr() != n.prefix().Addr() || p.Bits() > n.prefix().Bits() {
		return answer{}, invalid("ip_range", "can only be extended, from %s", fmt.Sprint(n.IPRange))
	}
	return c.act("change_ip_range", func() { n.IPRange = req.IPRange })
}
