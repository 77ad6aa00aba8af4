package hcloudsim

import (
	"net/http"
	"net/netip"

	"github.com/hetznercloud/hcloud-go/v2/hcloud/schema"
)

// primaryIP: https://docs.hetzner.cloud/reference/cloud#primary-ips
type primaryIP struct {
	meta
	pointers

	Type       string
	IP         string
	Server     int64
	AutoDelete bool
	Location   string
}

func (i *primaryIP) view(*project) any {
	out := schema.PrimaryIP{
		ID: i.ID, Name: i.Name, Labels: i.labels(), Created: i.Created, Type: i.Type, IP: shown(i.Type, i.IP),
		Protection: schema.PrimaryIPProtection{Delete: i.Protect}, AssigneeType: "server", AutoDelete: i.AutoDelete,
		DNSPtr: []schema.PrimaryIPDNSPTR{}, Location: locationNamed(i.Location),
	}
	if i.Server != 0 {
		out.AssigneeID = &i.Server
	}
	for _, p := range i.list(i.Type, i.IP) {
		out.DNSPtr = append(out.DNSPtr, schema.PrimaryIPDNSPTR{IP: p.IP, DNSPtr: p.Name})
	}
	return out
}

var primaryIPs = register(&kind{
	plural: "primary_ips", singular: "primary_ip", empty: func() object { return &primaryIP{} }, sorts: byCreated, busy: "conflict",
	filters: map[string]func(object, string) bool{
		"ip": func(o object, v string) bool { return o.(*primaryIP).IP == v || shown("ipv6", o.(*primaryIP).IP) == v },
	},
})

func init() {
	primaryIPs.actions = map[string]handler{
		"assign":   assignPrimaryIP,
		"unassign": unassignPrimaryIP,
		"change_dns_ptr": func(c *call) (answer, error) {
			i := c.obj.(*primaryIP)
			return changeDNSPtr(c, &i.pointers, i.Type, i.IP)
		},
		"change_protection": protectPrimaryIP,
	}
	primaryIPs.after = func(c *call) error {
		req, err := decode[schema.PrimaryIPUpdateRequest](c)
		if err == nil && req.AutoDelete != nil {
			c.obj.(*primaryIP).AutoDelete = *req.AutoDelete
		}
		return err
	}
	primaryIPs.create = createPrimaryIP
	primaryIPs.remove = func(c *call) (answer, error) {
		return c.kind.delete(c, func() error {
			if c.obj.(*primaryIP).Server != 0 {
				return fail("must_be_unassigned", "primary IP must be unassigned before it is deleted")
			}
			return nil
		})
	}
}

type primaryIPRequest struct {
	schema.PrimaryIPCreateRequest

	Location schema.IDOrName `json:"location"`
}

func createPrimaryIP(c *call) (answer, error) {
	req, err := decode[primaryIPRequest](c)
	if err != nil {
		return answer{}, err
	}
	m, err := c.kind.named(c, req.Name, req.Labels)
	if err != nil {
		return answer{}, err
	}
	if err := oneOf("type", req.Type, "ipv4", "ipv6"); err != nil {
		return answer{}, err
	}
	// Documented as required, but what the Terraform provider leaves out.
	if req.AssigneeType != "" || req.AssigneeID != nil {
		if err := oneOf("assignee_type", req.AssigneeType, "server"); err != nil {
			return answer{}, err
		}
	}
	ip := &primaryIP{meta: m, Type: req.Type, AutoDelete: req.AutoDelete != nil && *req.AutoDelete}
	var owner *server
	switch {
	case req.AssigneeID != nil && req.Location != (schema.IDOrName{}):
		return answer{}, invalid("location", "must not be given together with assignee_id")
	case req.AssigneeID != nil:
		if owner, err = c.stopped(*req.AssigneeID, req.Type); err != nil {
			return answer{}, err
		}
		ip.Location = owner.Location
	default:
		l, err := location("location", req.Location)
		if err != nil {
			return answer{}, err
		}
		ip.Location = l.Name
	}
	ip.IP = c.sim.publicIP(req.Type)
	c.p.add(c.kind.plural, ip)
	c.obj = ip
	body := map[string]any{"action": nil}
	if owner != nil {
		body["action"] = c.start("assign_primary_ip", func() { ip.Server = owner.ID }, c.target(), target{servers, owner}).view(c.now)
	} else {
		body["action"] = c.start("create_primary_ip", nil, c.target()).view(c.now)
	}
	body["primary_ip"] = ip.view(c.p)
	return answer{Status: http.StatusCreated, Body: body}, nil
}

// stopped server that has no address of the type yet.
func (c *call) stopped(id int64, kind string) (*server, error) {
	s, ok := find[*server](c.p, "servers", id)
	if !ok {
		return nil, notFound("server", id)
	}
	if err := c.free(target{servers, s}); err != nil {
		return nil, err
	}
	if s.Status != "off" {
		return nil, fail("server_not_stopped", "server must be stopped")
	}
	if s.address(c.p, kind) != nil {
		return nil, fail("server_has_"+kind, "server already has an %s address", kind)
	}
	return s, nil
}

func assignPrimaryIP(c *call) (answer, error) {
	req, err := decode[schema.PrimaryIPActionAssignRequest](c)
	if err != nil {
		return answer{}, err
	}
	if err := oneOf("assignee_type", req.AssigneeType, "server"); err != nil {
		return answer{}, err
	}
	ip := c.obj.(*primaryIP)
	if ip.Server != 0 {
		return answer{}, fail("primary_ip_already_assigned", "primary IP %d is already assigned", ip.ID)
	}
	s, err := c.stopped(req.AssigneeID, ip.Type)
	if err != nil {
		return answer{}, err
	}
	if s.Location != ip.Location {
		return answer{}, fail("primary_ip_datacenter_mismatch", "primary IP is in %s, server in %s", ip.Location, s.Location)
	}
	return c.act("assign_primary_ip", func() { ip.Server = s.ID }, target{servers, s})
}

func unassignPrimaryIP(c *call) (answer, error) {
	ip := c.obj.(*primaryIP)
	s, ok := find[*server](c.p, "servers", ip.Server)
	if !ok {
		return c.act("unassign_primary_ip", nil)
	}
	if s.Status != "off" {
		return answer{}, fail("server_not_stopped", "server must be stopped")
	}
	if ip.Type == "ipv4" && s.publicTarget(c.p) {
		return answer{}, fail("server_is_load_balancer_target", "server's IPv4 address is the target of a load balancer")
	}
	return c.act("unassign_primary_ip", func() { ip.Server = 0 }, target{servers, s})
}

func protectPrimaryIP(c *call) (answer, error) {
	req, err := decode[schema.PrimaryIPActionChangeProtectionRequest](c)
	if err != nil {
		return answer{}, err
	}
	if req.Delete && c.obj.(*primaryIP).AutoDelete {
		return answer{}, invalid("delete", "can only be set while auto_delete is false")
	}
	return protect(c)
}

// shown is how the API writes an address: IPv6 as its /64.
func shown(kind, ip string) string {
	if kind == "ipv6" {
		return ip + "/64"
	}
	return ip
}

// A pointer is a reverse DNS record.
type pointer struct {
	IP   string
	Name string
}

// pointers of an address or network; IPv4 always has one.
type pointers struct {
	Pointers []pointer
}

func (r *pointers) list(kind, ip string) []pointer {
	if kind == "ipv4" && len(r.Pointers) == 0 {
		return []pointer{{IP: ip, Name: reverseName(ip)}}
	}
	return r.Pointers
}

// of one address, or the empty string.
func (r *pointers) of(kind, network, ip string) string {
	for _, p := range r.list(kind, network) {
		if p.IP == ip {
			return p.Name
		}
	}
	return ""
}

func (r *pointers) set(ip string, name *string) {
	var keep []pointer
	for _, p := range r.Pointers {
		if p.IP != ip {
			keep = append(keep, p)
		}
	}
	if name != nil {
		keep = append(keep, pointer{IP: ip, Name: *name})
	}
	r.Pointers = keep
}

// owns tells whether an address is the address, or in the IPv6 network.
func owns(kind, network, ip string) bool {
	a, err := netip.ParseAddr(ip)
	if err != nil {
		return false
	}
	if kind == "ipv4" {
		return ip == network
	}
	return netip.PrefixFrom(netip.MustParseAddr(network), 64).Contains(a)
}

func changeDNSPtr(c *call, r *pointers, kind, network string) (answer, error) {
	req, err := decode[schema.PrimaryIPActionChangeDNSPtrRequest](c)
	if err != nil {
		return answer{}, err
	}
	if !owns(kind, network, req.IP) {
		return answer{}, invalid("ip", "%s does not belong to the resource", req.IP)
	}
	if req.DNSPtr != nil && !dnsName.MatchString(*req.DNSPtr) {
		return answer{}, invalid("dns_ptr", "is not a valid domain name")
	}
	return c.act("change_dns_ptr", func() { r.set(req.IP, req.DNSPtr) })
}
