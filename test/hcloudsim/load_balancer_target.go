package hcloudsim

import (
	"net/netip"
	"slices"
)

// targetRequest is the same when a load balancer is created, when a target is
// added and when it is removed.
type targetRequest struct {
	Type   string `json:"type"`
	Server *struct {
		ID int64 `json:"id"`
	} `json:"server"`
	LabelSelector *struct {
		Selector string `json:"selector"`
	} `json:"label_selector"`
	IP *struct {
		IP string `json:"ip"`
	} `json:"ip"`
	UsePrivateIP *bool `json:"use_private_ip"`
}

func (r targetRequest) target() (lbTarget, error) {
	t := lbTarget{Private: r.UsePrivateIP != nil && *r.UsePrivateIP}
	switch {
	case r.Type == "server" && r.Server != nil:
		t.Server = r.Server.ID
	case r.Type == "label_selector" && r.LabelSelector != nil:
		t.Selector = r.LabelSelector.Selector
	case r.Type == "ip" && r.IP != nil:
		t.IP = r.IP.IP
	default:
		return t, invalid("type", "must be one of server, label_selector, ip, with the field of that name")
	}
	return t, nil
}

// newTarget checks a target that is to be added.
func (l *loadBalancer) newTarget(c *call, r targetRequest) (lbTarget, error) {
	t, err := r.target()
	if err != nil {
		return t, err
	}
	if slices.ContainsFunc(l.Targets, t.is) {
		return t, fail("target_already_defined", "target is already defined")
	}
	if limit := l.size().MaxTargets; len(l.Targets) >= limit {
		return t, limitExceeded("load_balancer_targets", limit)
	}
	if t.IP != "" {
		return t, l.checkIP(t)
	}
	if t.Private && l.Network == 0 {
		return t, fail("load_balancer_not_attached_to_network", "load balancer is not attached to a network")
	}
	if !t.Private && !l.Public {
		return t, fail("load_balancer_public_interface_disabled", "the public interface of the load balancer is disabled")
	}
	if t.Selector != "" {
		_, err := parseSelector(t.Selector)
		return t, err
	}
	s, ok := find[*server](c.p, "servers", t.Server)
	switch {
	case !ok:
		return t, notFound("server", t.Server)
	case t.Private && s.in(l.Network) < 0:
		return t, fail(c.sim.targetCode("resolve_cloud_private_targets_error"), "server %d is not attached to network %d", s.ID, l.Network)
	case !t.Private && s.address(c.p, "ipv4") == nil:
		return t, fail(c.sim.targetCode("resolve_cloud_public_targets_error"), "server %d has no public IPv4 address", s.ID)
	}
	return t, nil
}

// targetCode is the code of this release of the API, or of the one before: both
// have been met, and the change broke who knew only one.
// Source: syself/cluster-api-provider-hetzner issue 1630.
func (s *Sim) targetCode(code string) string {
	before := map[string]string{
		"resolve_cloud_private_targets_error": "server_not_attached_to_network",
		"resolve_cloud_public_targets_error":  "missing_ipv4",
	}
	if s.cfg.OldTargetCodes {
		return before[code]
	}
	return code
}

// checkIP target: an address of a dedicated server, which no project here has,
// so any public one that is no cloud resource's does.
func (l *loadBalancer) checkIP(t lbTarget) error {
	ip, err := netip.ParseAddr(t.IP)
	switch {
	case err != nil:
		return invalid("ip", "is not an IP address")
	case t.Private:
		return invalid("use_private_ip", "is not valid for targets of type ip")
	case ip.IsPrivate() && l.Network == 0:
		return fail("load_balancer_not_attached_to_network", "load balancer is not attached to a network")
	case ip.IsPrivate():
		return fail("network_has_no_vswitch_subnet", "network %d has no vswitch subnet", l.Network)
	case publicV4.Contains(ip) || publicV6.Contains(ip):
		return fail("cloud_resource_ip_not_allowed", "IP %s belongs to a cloud resource", t.IP)
	}
	return nil
}

func addTarget(c *call) (answer, error) {
	req, err := decode[targetRequest](c)
	if err != nil {
		return answer{}, err
	}
	l := c.obj.(*loadBalancer)
	t, err := l.newTarget(c, req)
	if err != nil {
		return answer{}, err
	}
	return c.act("add_target", func() { l.Targets = append(l.Targets, t) })
}

func removeTarget(c *call) (answer, error) {
	req, err := decode[targetRequest](c)
	if err != nil {
		return answer{}, err
	}
	t, err := req.target()
	if err != nil {
		return answer{}, err
	}
	l := c.obj.(*loadBalancer)
	i := slices.IndexFunc(l.Targets, t.is)
	if i < 0 {
		return answer{}, fail("load_balancer_target_not_found", "load balancer target not found")
	}
	return c.act("remove_target", func() { l.Targets = slices.Delete(l.Targets, i, i+1) })
}
