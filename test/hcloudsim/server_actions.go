package hcloudsim

import (
	"net/http"
	"net/netip"
	"slices"

	"github.com/hetznercloud/hcloud-go/v2/hcloud/schema"
)

func init() {
	servers.remove = deleteServer
	servers.actions = map[string]handler{
		"poweron":                     power("start_server", "running"),
		"poweroff":                    power("stop_server", "off"),
		"shutdown":                    power("shutdown_server", "off"),
		"reboot":                      power("reboot_server", "running"),
		"reset":                       power("reset_server", "running"),
		"reset_password":              withPassword("reset_password", func(*server) {}),
		"enable_rescue":               withPassword("enable_rescue", func(s *server) { s.Rescue = true }),
		"disable_rescue":              change("disable_rescue", func(s *server) { s.Rescue = false }),
		"enable_backup":               change("enable_backup", func(s *server) { s.Backups = true }),
		"disable_backup":              change("disable_backup", func(s *server) { s.Backups = false }),
		"attach_iso":                  attachISO,
		"detach_iso":                  change("detach_iso", func(s *server) { s.ISO = 0 }),
		"change_protection":           protectServer,
		"change_type":                 changeServerType,
		"rebuild":                     rebuild,
		"attach_to_network":           attachServer,
		"detach_from_network":         detachServer,
		"change_alias_ips":            changeAliases,
		"change_dns_ptr":              serverPointer,
		"add_to_placement_group":      joinGroup,
		"remove_from_placement_group": leaveGroup,
		"create_image":                createImage,
		"request_console":             requestConsole,
	}
}

func change(command string, do func(s *server)) handler {
	return func(c *call) (answer, error) {
		return c.act(command, func() { do(c.obj.(*server)) })
	}
}

func power(command, status string) handler {
	return func(c *call) (answer, error) {
		s := c.obj.(*server)
		if status == "running" && !s.public(c.p) && len(s.PrivateNet) == 0 {
			return answer{}, invalid("server", "server needs a public or private network to be started")
		}
		return c.act(command, func() { s.Status = status })
	}
}

func withPassword(command string, do func(s *server)) handler {
	return func(c *call) (answer, error) {
		if err := c.lockable(command); err != nil {
			return answer{}, err
		}
		s := c.obj.(*server)
		a := c.start(command, func() { do(s) }, c.target())
		return answer{Status: http.StatusCreated, Body: map[string]any{"action": a.view(c.now), "root_password": password(s.ID)}}, nil
	}
}

// requestConsole of a server that has none to show.
func requestConsole(c *call) (answer, error) {
	if err := c.lockable("request_console"); err != nil {
		return answer{}, err
	}
	a := c.start("request_console", nil, c.target())
	return answer{Status: http.StatusCreated, Body: schema.ServerActionRequestConsoleResponse{
		Action: a.view(c.now), WSSURL: "wss://console.invalid/", Password: password(c.obj.base().ID),
	}}, nil
}

// deleteServer is seen as deleting until the action is done; then the server
// and what depends on it are gone.
func deleteServer(c *call) (answer, error) {
	if err := c.kind.removable(c); err != nil {
		return answer{}, err
	}
	s := c.obj.(*server)
	s.Status = "deleting"
	a := c.start("delete_server", nil, c.target())
	if a.Fails == nil {
		s.Gone = a.End
	}
	return answer{Status: http.StatusOK, Body: schema.ActionGetResponse{Action: a.view(c.now)}}, nil
}

func attachISO(c *call) (answer, error) {
	req, err := decode[schema.ServerActionAttachISORequest](c)
	if err != nil {
		return answer{}, err
	}
	i, ok := offered[schema.ISO]("isos", req.ISO)
	if !ok {
		return answer{}, notFound("iso", cmpRef(req.ISO))
	}
	return c.act("attach_iso", func() { c.obj.(*server).ISO = i.ID })
}

func protectServer(c *call) (answer, error) {
	req, err := decode[schema.ServerActionChangeProtectionRequest](c)
	if err != nil {
		return answer{}, err
	}
	s := c.obj.(*server)
	if req.Delete != nil && req.Rebuild != nil && *req.Delete != *req.Rebuild {
		return answer{}, invalid("rebuild", "must be the same as delete")
	}
	return c.act("change_protection", func() {
		if req.Delete != nil {
			s.Protect = *req.Delete
		}
		if req.Rebuild != nil {
			s.ProtectRebuild = *req.Rebuild
		}
	})
}

func changeServerType(c *call) (answer, error) {
	req, err := decode[schema.ServerActionChangeTypeRequest](c)
	if err != nil {
		return answer{}, err
	}
	if err := c.free(c.target()); err != nil {
		return answer{}, err
	}
	s := c.obj.(*server)
	t, ok := offered[schema.ServerType]("server_types", req.ServerType)
	if !ok {
		return answer{}, invalid("server_type", "server type does not exist")
	}
	if s.Status != "off" {
		return answer{}, fail("server_not_stopped", "server must be stopped")
	}
	sold := slices.ContainsFunc(t.Locations, func(o schema.ServerTypeLocation) bool { return o.Name == s.Location && o.Available })
	if t.ID == s.Type || t.Disk < s.Disk || t.Architecture != s.size().Architecture || !sold {
		return answer{}, fail("invalid_server_type", "server type %s does not fit", t.Name)
	}
	if err := c.sim.faults.capacity(c, t.Name, s.Location); err != nil {
		return answer{}, err
	}
	return c.act("change_server_type", func() {
		s.Type = t.ID
		if req.UpgradeDisk {
			s.Disk = t.Disk
		}
	})
}

func rebuild(c *call) (answer, error) {
	req, err := decode[schema.ServerActionRebuildRequest](c)
	if err != nil {
		return answer{}, err
	}
	if err := c.free(c.target()); err != nil {
		return answer{}, err
	}
	s := c.obj.(*server)
	if s.ProtectRebuild {
		return answer{}, fail("protected", "server rebuild is protected")
	}
	i, err := c.image(req.Image, s.size())
	if err != nil {
		return answer{}, err
	}
	a := c.start("rebuild_server", func() {
		s.Image, s.ImageOf, s.Status = i.ID, &i, "running"
		if req.UserData != nil {
			s.UserData = *req.UserData
		}
	}, c.target())
	return answer{Status: http.StatusCreated, Body: map[string]any{"action": a.view(c.now), "root_password": nil}}, nil
}

func attachServer(c *call) (answer, error) {
	req, err := decode[schema.ServerActionAttachToNetworkRequest](c)
	if err != nil {
		return answer{}, err
	}
	s := c.obj.(*server)
	n, ok := find[*network](c.p, "networks", req.Network)
	if !ok {
		return answer{}, notFound("network", req.Network)
	}
	if s.in(n.ID) >= 0 {
		return answer{}, fail("server_already_attached", "server is already attached to network %d", n.ID)
	}
	if err := c.free(c.target(), target{networks, n}); err != nil {
		return answer{}, err
	}
	if limit := c.sim.cfg.Limits["server_networks"]; limit > 0 && len(s.PrivateNet) >= limit {
		return answer{}, limitExceeded("server_networks", limit)
	}
	if err := s.apart(c.p, n); err != nil {
		return answer{}, err
	}
	aliases := []string{}
	for _, a := range req.AliasIPs {
		aliases = append(aliases, str(a))
	}
	if err := n.aliases(c, aliases, nil); err != nil {
		return answer{}, err
	}
	ip, err := n.allocate(c, locationNamed(s.Location).NetworkZone, str(req.IP), str(req.IPRange), aliases...)
	if err != nil {
		return answer{}, err
	}
	if err := n.room(c, 1+len(aliases)); err != nil {
		return answer{}, err
	}
	return c.act("attach_to_network", func() {
		s.PrivateNet = append(s.PrivateNet, schema.ServerPrivateNet{Network: n.ID, IP: ip, AliasIPs: aliases, MACAddress: s.mac()})
	}, target{networks, n})
}

// apart checks that a network does not overlap with those the server is in.
func (s *server) apart(p *project, n *network) error {
	for _, has := range s.PrivateNet {
		if other, ok := find[*network](p, "networks", has.Network); ok && other.prefix().Overlaps(n.prefix()) {
			return fail("networks_overlap", "network %d overlaps with network %d of the server", n.ID, other.ID)
		}
	}
	return nil
}

func str(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func detachServer(c *call) (answer, error) {
	req, err := decode[schema.ServerActionDetachFromNetworkRequest](c)
	if err != nil {
		return answer{}, err
	}
	s := c.obj.(*server)
	n, ok := find[*network](c.p, "networks", req.Network)
	if !ok || s.in(req.Network) < 0 {
		return answer{}, notFound("network", req.Network)
	}
	return c.act("detach_from_network", func() {
		s.leave(n.ID)
		for _, l := range each[*loadBalancer](c.p, "load_balancers") {
			l.Targets = slices.DeleteFunc(l.Targets, func(t lbTarget) bool { return l.Network == n.ID && t.Server == s.ID && t.Private })
		}
	}, target{networks, n})
}

func changeAliases(c *call) (answer, error) {
	req, err := decode[schema.ServerActionChangeAliasIPsRequest](c)
	if err != nil {
		return answer{}, err
	}
	s := c.obj.(*server)
	n, ok := find[*network](c.p, "networks", req.Network)
	i := s.in(req.Network)
	if !ok || i < 0 {
		return answer{}, notFound("network", req.Network)
	}
	if err := n.aliases(c, req.AliasIPs, s.PrivateNet[i].AliasIPs); err != nil {
		return answer{}, err
	}
	if err := n.room(c, len(req.AliasIPs)-len(s.PrivateNet[i].AliasIPs)); err != nil {
		return answer{}, err
	}
	return c.act("change_alias_ips", func() { s.PrivateNet[i].AliasIPs = append([]string{}, req.AliasIPs...) }, target{networks, n})
}

// serverPointer sets a reverse record of one of the server's addresses.
func serverPointer(c *call) (answer, error) {
	req, err := decode[schema.ServerActionChangeDNSPtrRequest](c)
	if err != nil {
		return answer{}, err
	}
	addr, err := netip.ParseAddr(req.IP)
	if err != nil {
		return answer{}, invalid("ip", "is not an IP address")
	}
	kind := "ipv6"
	if addr.Is4() {
		kind = "ipv4"
	}
	ip := c.obj.(*server).address(c.p, kind)
	if ip == nil {
		return answer{}, invalid("ip", "%s does not belong to the resource", req.IP)
	}
	return changeDNSPtr(c, &ip.pointers, kind, ip.IP)
}

func joinGroup(c *call) (answer, error) {
	req, err := decode[schema.ServerActionAddToPlacementGroupRequest](c)
	if err != nil {
		return answer{}, err
	}
	s := c.obj.(*server)
	g, ok := find[*placementGroup](c.p, "placement_groups", req.PlacementGroup)
	switch {
	case !ok:
		return answer{}, notFound("placement_group", req.PlacementGroup)
	case s.PlacementGroup != 0:
		return answer{}, fail("already_in_placement_group", "server is already in placement group %d", s.PlacementGroup)
	case s.Status != "off":
		return answer{}, fail("server_not_stopped", "server must be stopped")
	}
	if err := g.room(c); err != nil {
		return answer{}, err
	}
	return c.act("add_to_placement_group", func() { s.PlacementGroup = g.ID }, target{placementGroups, g})
}

func leaveGroup(c *call) (answer, error) {
	s := c.obj.(*server)
	g, ok := find[*placementGroup](c.p, "placement_groups", s.PlacementGroup)
	if !ok {
		return answer{}, invalid("placement_group", "server is in no placement group")
	}
	return c.act("remove_from_placement_group", func() { s.PlacementGroup = 0 }, target{placementGroups, g})
}
