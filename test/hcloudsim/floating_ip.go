package hcloudsim

import (
	"fmt"
	"net/http"

	"github.com/hetznercloud/hcloud-go/v2/hcloud/schema"
)

// floatingIP: https://docs.hetzner.cloud/reference/cloud#floating-ips
type floatingIP struct {
	meta
	pointers

	Description string
	Type        string
	IP          string
	Server      int64
	Location    string
}

func (i *floatingIP) view(*project) any {
	out := schema.FloatingIP{
		ID: i.ID, Name: i.Name, Labels: i.labels(), Created: i.Created, Type: i.Type, IP: shown(i.Type, i.IP),
		Description: &i.Description, Protection: schema.FloatingIPProtection{Delete: i.Protect},
		DNSPtr: []schema.FloatingIPDNSPtr{}, HomeLocation: locationNamed(i.Location),
	}
	if i.Server != 0 {
		out.Server = new(i.Server)
	}
	for _, p := range i.list(i.Type, i.IP) {
		out.DNSPtr = append(out.DNSPtr, schema.FloatingIPDNSPtr{IP: p.IP, DNSPtr: p.Name})
	}
	return out
}

var floatingIPs = register(&kind{
	plural: "floating_ips", singular: "floating_ip", empty: func() object { return &floatingIP{} }, sorts: byCreated,
})

func init() {
	floatingIPs.actions = map[string]handler{
		"assign":            assignFloatingIP,
		"unassign":          unassignFloatingIP,
		"change_protection": protect,
		"change_dns_ptr": func(c *call) (answer, error) {
			i := c.obj.(*floatingIP)
			return changeDNSPtr(c, &i.pointers, i.Type, i.IP)
		},
	}
	floatingIPs.after = func(c *call) error {
		req, err := decode[struct {
			Description *string `json:"description"`
		}](c)
		if err == nil && req.Description != nil {
			c.obj.(*floatingIP).Description = *req.Description
		}
		return err
	}
	floatingIPs.create = createFloatingIP
	floatingIPs.remove = func(c *call) (answer, error) {
		return c.kind.delete(c, func() error {
			if c.obj.(*floatingIP).Server != 0 {
				return fail("must_be_unassigned", "floating IP must be unassigned before it is deleted")
			}
			return nil
		})
	}
}

type floatingIPRequest struct {
	schema.FloatingIPCreateRequest

	HomeLocation schema.IDOrName `json:"home_location"`
}

func createFloatingIP(c *call) (answer, error) {
	req, err := decode[floatingIPRequest](c)
	if err != nil {
		return answer{}, err
	}
	// The name is the one that may be left out.
	name := str(req.Name)
	if name == "" {
		name = fmt.Sprintf("floating-ip-%d", c.sim.seq+1)
	}
	m, err := c.kind.named(c, name, req.Labels)
	if err != nil {
		return answer{}, err
	}
	if err := oneOf("type", req.Type, "ipv4", "ipv6"); err != nil {
		return answer{}, err
	}
	ip := &floatingIP{meta: m, Type: req.Type, Description: str(req.Description)}
	var s *server
	if req.Server != nil {
		var ok bool
		if s, ok = find[*server](c.p, "servers", *req.Server); !ok {
			return answer{}, notFound("server", *req.Server)
		}
		ip.Location = s.Location
	}
	if req.HomeLocation != (schema.IDOrName{}) || s == nil {
		l, err := location("home_location", req.HomeLocation)
		if err != nil {
			return answer{}, err
		}
		ip.Location = l.Name
	}
	ip.IP = c.sim.publicIP(req.Type)
	c.p.add(c.kind.plural, ip)
	c.obj = ip
	body := map[string]any{"action": nil}
	if s != nil {
		body["action"] = c.start("assign_floating_ip", func() { ip.Server = s.ID }, c.target(), target{servers, s}).view(c.now)
	}
	body["floating_ip"] = ip.view(c.p)
	return answer{Status: http.StatusCreated, Body: body}, nil
}

func assignFloatingIP(c *call) (answer, error) {
	req, err := decode[schema.FloatingIPActionAssignRequest](c)
	if err != nil {
		return answer{}, err
	}
	ip := c.obj.(*floatingIP)
	s, ok := find[*server](c.p, "servers", req.Server)
	if !ok {
		return answer{}, notFound("server", req.Server)
	}
	if ip.Server != 0 {
		return answer{}, fail("floating_ip_assigned", "floating IP is already assigned to server %d", ip.Server)
	}
	return c.act("assign_floating_ip", func() { ip.Server = s.ID }, target{servers, s})
}

func unassignFloatingIP(c *call) (answer, error) {
	ip := c.obj.(*floatingIP)
	return c.act("unassign_floating_ip", func() { ip.Server = 0 })
}
