package hcloudsim

import (
	"encoding/base64"
	"net/http"
	"slices"
	"time"

	"github.com/hetznercloud/hcloud-go/v2/hcloud/schema"
)

const maxUserData = 32 << 10

func init() { servers.create = createServer }

// serverRequest reads what hcloud-go's type does not: references by name.
type serverRequest struct {
	schema.ServerCreateRequest

	Location   schema.IDOrName   `json:"location"`
	Datacenter *schema.IDOrName  `json:"datacenter"`
	SSHKeys    []schema.IDOrName `json:"ssh_keys"`
	PublicNet  *publicNetRequest `json:"public_net"`
}

type publicNetRequest struct {
	EnableIPv4 *bool `json:"enable_ipv4"`
	EnableIPv6 *bool `json:"enable_ipv6"`
	IPv4       int64 `json:"ipv4"`
	IPv6       int64 `json:"ipv6"`
}

// A plan of a server: everything it needs, found and checked before any of it
// is taken.
type serverPlan struct {
	req       serverRequest
	server    *server
	size      schema.ServerType
	addresses map[string]*primaryIP // nil value: make one
	networks  []*network
	volumes   []*volume
	firewalls []*firewall
}

func createServer(c *call) (answer, error) {
	req, err := decode[serverRequest](c)
	if err != nil {
		return answer{}, err
	}
	plan := &serverPlan{req: req}
	for _, step := range []func(*call) error{plan.basics, plan.place, plan.image, plan.keys, plan.public, plan.attachments, plan.protectors, plan.capacity} {
		if err := step(c); err != nil {
			return answer{}, err
		}
	}
	return plan.carryOut(c)
}

func (b *serverPlan) basics(c *call) error {
	m, err := c.kind.named(c, b.req.Name, b.req.Labels)
	if err != nil {
		return err
	}
	if len(b.req.UserData) > maxUserData {
		return invalid("user_data", "is too long: at most 32KiB")
	}
	b.server = &server{meta: m, Status: "initializing", UserData: b.req.UserData}
	return nil
}

func (b *serverPlan) place(c *call) error {
	if b.req.Datacenter != nil {
		return invalid("datacenter", "was removed on 2026-07-01, use location")
	}
	var ok bool
	b.size, ok = offered[schema.ServerType]("server_types", b.req.ServerType)
	if !ok {
		return invalid("server_type", "server type does not exist")
	}
	where := b.req.Location
	if where == (schema.IDOrName{}) {
		where.Name = b.home(c)
	}
	l, err := location("location", where)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(b.size.Locations, func(o schema.ServerTypeLocation) bool { return o.Name == l.Name }) {
		return invalid("server_type", "unsupported location for server type")
	}
	if d := b.size.Deprecation; d != nil && c.now.After(d.UnavailableAfter) {
		return invalid("server_type", "server type %s is deprecated and can no longer be ordered", b.size.Name)
	}
	b.server.Location, b.server.Type, b.server.Disk = l.Name, b.size.ID, b.size.Disk
	return nil
}

// home is where a server without a location goes: to its volumes or addresses,
// or else to the first place that has its type.
func (b *serverPlan) home(c *call) string {
	for _, id := range b.req.Volumes {
		if v, ok := find[*volume](c.p, "volumes", id); ok {
			return v.Location
		}
	}
	if b.req.PublicNet != nil {
		for _, id := range []int64{b.req.PublicNet.IPv4, b.req.PublicNet.IPv6} {
			if ip, ok := find[*primaryIP](c.p, "primary_ips", id); ok {
				return ip.Location
			}
		}
	}
	return b.size.Locations[0].Name
}

func (b *serverPlan) image(c *call) error {
	i, err := c.image(b.req.Image, b.size)
	if err != nil {
		return err
	}
	b.server.Image, b.server.ImageOf = i.ID, &i
	return nil
}

func (b *serverPlan) keys(c *call) error {
	for _, r := range b.req.SSHKeys {
		k, ok := find[*sshKey](c.p, "ssh_keys", r.ID)
		if r.Name != "" {
			var o object
			if o, ok = c.p.named("ssh_keys", r.Name); ok {
				k = o.(*sshKey)
			}
		}
		if !ok {
			return notFound("ssh_key", cmpRef(r))
		}
		b.server.SSHKeys = append(b.server.SSHKeys, k.ID)
	}
	return nil
}

func cmpRef(r schema.IDOrName) any {
	if r.Name != "" {
		return r.Name
	}
	return r.ID
}

func (b *serverPlan) public(c *call) error {
	b.addresses = map[string]*primaryIP{}
	want := b.req.PublicNet
	if want == nil {
		want = &publicNetRequest{}
	}
	for _, w := range []struct {
		kind   string
		enable *bool
		id     int64
	}{{"ipv4", want.EnableIPv4, want.IPv4}, {"ipv6", want.EnableIPv6, want.IPv6}} {
		enabled := w.enable == nil || *w.enable
		if !enabled && w.id != 0 {
			return invalid("public_net", "%s is given but not enabled", w.kind)
		}
		if !enabled {
			continue
		}
		b.addresses[w.kind] = nil
		if w.id == 0 {
			continue
		}
		ip, ok := find[*primaryIP](c.p, "primary_ips", w.id)
		switch {
		case !ok:
			return notFound("primary_ip", w.id)
		case ip.Type != w.kind:
			return fail("primary_ip_version_mismatch", "primary IP %d has the wrong version", w.id)
		case ip.Server != 0:
			return fail("primary_ip_assigned", "primary IP %d is already assigned", w.id)
		case ip.Location != b.server.Location:
			return fail("primary_ip_datacenter_mismatch", "primary IP %d is in %s", w.id, ip.Location)
		}
		if err := c.free(target{primaryIPs, ip}); err != nil {
			return err
		}
		b.addresses[w.kind] = ip
	}
	return nil
}

func (b *serverPlan) attachments(c *call) error {
	zone := locationNamed(b.server.Location).NetworkZone
	for i, id := range b.req.Networks {
		n, ok := find[*network](c.p, "networks", id)
		if !ok {
			return notFound("network", id)
		}
		if slices.Contains(b.req.Networks[:i], id) {
			return invalid("networks", "network %d is given twice", id)
		}
		if _, err := n.allocate(c, zone, "", ""); err != nil {
			return err
		}
		b.networks = append(b.networks, n)
	}
	if limit := c.sim.cfg.Limits["server_networks"]; limit > 0 && len(b.networks) > limit {
		return limitExceeded("server_networks", limit)
	}
	for _, id := range b.req.Volumes {
		v, ok := find[*volume](c.p, "volumes", id)
		if !ok {
			return notFound("volume", id)
		}
		if err := v.attachable(c, b.server); err != nil {
			return err
		}
		b.volumes = append(b.volumes, v)
	}
	if len(b.addresses) == 0 && len(b.networks) == 0 && b.starts() {
		return invalid("public_net", "a server needs a public or private network to be started")
	}
	return nil
}

func (b *serverPlan) starts() bool {
	return b.req.StartAfterCreate == nil || *b.req.StartAfterCreate
}

func (b *serverPlan) protectors(c *call) error {
	for _, f := range b.req.Firewalls {
		fw, ok := find[*firewall](c.p, "firewalls", f.Firewall)
		if !ok {
			return notFound("firewall", f.Firewall)
		}
		if len(b.addresses) == 0 {
			return fail("private_net_only_server", "server has no public interface for a firewall")
		}
		b.firewalls = append(b.firewalls, fw)
	}
	if limit := c.sim.cfg.Limits["server_firewalls"]; limit > 0 && len(b.firewalls) > limit {
		return limitExceeded("server_firewalls", limit)
	}
	if b.req.PlacementGroup == 0 {
		return nil
	}
	g, ok := find[*placementGroup](c.p, "placement_groups", b.req.PlacementGroup)
	if !ok {
		return notFound("placement_group", b.req.PlacementGroup)
	}
	b.server.PlacementGroup = g.ID
	return g.room(c)
}

func (b *serverPlan) capacity(c *call) error {
	for kind, ip := range b.addresses {
		if limit := c.sim.cfg.Limits["primary_ips"]; ip == nil && limit > 0 && len(c.p.objects["primary_ips"]) >= limit {
			return limitExceeded("primary_ips_"+kind, limit)
		}
	}
	return c.sim.faults.capacity(c, b.size.Name, b.server.Location)
}

// carryOut the plan: nothing can go wrong any more.
func (b *serverPlan) carryOut(c *call) (answer, error) {
	s := b.server
	c.obj = s
	c.p.add("servers", s)
	for _, kind := range []string{"ipv4", "ipv6"} {
		ip, wanted := b.addresses[kind]
		if !wanted {
			continue
		}
		if ip == nil {
			ip = c.autoIP(kind, s.Location)
		}
		ip.Server = s.ID
	}
	for _, f := range b.firewalls {
		f.Applied = append(f.Applied, firewallUse{Server: s.ID})
	}
	create := c.start("create_server", func() { s.Status = "off" }, c.target())
	if create.Fails != nil {
		s.Status = "unknown"
	}
	next := b.follow(c, create.End)
	body := map[string]any{
		"action": create.view(c.now), "next_actions": views(c.now, next),
		"root_password": nil, "server": c.p.show(s, c.now),
	}
	if len(s.SSHKeys) == 0 {
		body["root_password"] = password(s.ID)
	}
	return answer{Status: http.StatusCreated, Body: body}, nil
}

// follow the creation with what was asked for.
func (b *serverPlan) follow(c *call, from time.Time) []*action {
	s := b.server
	var next []*action
	for _, n := range b.networks {
		next = append(next, c.startAfter(from, "attach_to_network", func() {
			ip, err := n.allocate(c, locationNamed(s.Location).NetworkZone, "", "")
			if err == nil {
				s.PrivateNet = append(s.PrivateNet, schema.ServerPrivateNet{Network: n.ID, IP: ip, AliasIPs: []string{}, MACAddress: s.mac()})
			}
		}, c.target(), target{networks, n}))
	}
	for _, v := range b.volumes {
		next = append(next, c.startAfter(from, "attach_volume", func() { v.Server = s.ID }, target{volumes, v}, c.target()))
	}
	if b.starts() {
		next = append(next, c.startAfter(from, "start_server", func() { s.Status = "running" }, c.target()))
	}
	return next
}

// autoIP is the address a server gets without asking, and loses when it goes.
func (c *call) autoIP(kind, location string) *primaryIP {
	ip := &primaryIP{Type: kind, IP: c.sim.publicIP(kind), AutoDelete: true, Location: location}
	c.p.add("primary_ips", ip)
	ip.Name = "primary_ip-" + base64.RawURLEncoding.EncodeToString([]byte{byte(ip.ID >> 16), byte(ip.ID >> 8), byte(ip.ID)})
	return ip
}

// password of a server is no secret: nothing can be logged in to.
func password(id int64) string {
	return "sim-" + base64.RawURLEncoding.EncodeToString([]byte{byte(id >> 16), byte(id >> 8), byte(id)})
}
