package hcloudsim

import (
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/hetznercloud/hcloud-go/v2/hcloud/schema"
)

// firewall: https://docs.hetzner.cloud/reference/cloud#firewalls
type firewall struct {
	meta

	Rules   []schema.FirewallRule
	Applied []firewallUse
	// Held is until when the firewall counts as in use by servers that are gone.
	Held time.Time
}

// firewallUse is a server or a label selector.
type firewallUse struct {
	Server   int64
	Selector string
}

func (f *firewall) view(p *project) any {
	out := schema.Firewall{
		ID: f.ID, Name: f.Name, Labels: f.labels(), Created: f.Created,
		Rules: append([]schema.FirewallRule{}, f.Rules...), AppliedTo: []schema.FirewallResource{},
	}
	for _, u := range f.Applied {
		out.AppliedTo = append(out.AppliedTo, u.view(p))
	}
	return out
}

func (u firewallUse) view(p *project) schema.FirewallResource {
	if u.Server != 0 {
		return schema.FirewallResource{Type: "server", Server: &schema.FirewallResourceServer{ID: u.Server}}
	}
	out := schema.FirewallResource{
		Type: "label_selector", LabelSelector: &schema.FirewallResourceLabelSelector{Selector: u.Selector},
		AppliedToResources: []schema.FirewallResource{},
	}
	for _, s := range each[*server](p, "servers") {
		if u.covers(p, s) {
			out.AppliedToResources = append(out.AppliedToResources, firewallUse{Server: s.ID}.view(p))
		}
	}
	return out
}

func (u firewallUse) covers(p *project, s *server) bool {
	if u.Server != 0 {
		return u.Server == s.ID
	}
	sel, err := parseSelector(u.Selector)
	return err == nil && sel.matches(s.Labels) && s.public(p)
}

func (f *firewall) covers(p *project, s *server) bool {
	return slices.ContainsFunc(f.Applied, func(u firewallUse) bool { return u.covers(p, s) })
}

// forget a server that is gone. The API takes its time to believe it.
// Source: vitobotta/hetzner-k3s issue 625.
func (f *firewall) forget(p *project, s *server) {
	if i := slices.Index(f.Applied, firewallUse{Server: s.ID}); i >= 0 {
		f.Applied = slices.Delete(f.Applied, i, i+1)
		f.Held = p.now.Add(p.sim.cfg.FirewallRelease)
	}
}

var firewalls = register(&kind{
	plural: "firewalls", singular: "firewall", empty: func() object { return &firewall{} }, sorts: byNameCreated, busy: "conflict",
})

func init() {
	firewalls.actions = map[string]handler{
		"set_rules":             setRules,
		"apply_to_resources":    applyFirewall,
		"remove_from_resources": removeFirewall,
	}
	firewalls.create = createFirewall
	firewalls.remove = func(c *call) (answer, error) {
		return c.kind.delete(c, func() error {
			f := c.obj.(*firewall)
			if len(f.Applied) > 0 || c.now.Before(f.Held) {
				return fail("resource_in_use", "firewall with ID '%d' is still in use", f.ID)
			}
			return nil
		})
	}
}

func createFirewall(c *call) (answer, error) {
	req, err := decode[schema.FirewallCreateRequest](c)
	if err != nil {
		return answer{}, err
	}
	m, err := c.kind.named(c, req.Name, req.Labels)
	if err != nil {
		return answer{}, err
	}
	rules, err := checkRules(c, req.Rules)
	if err != nil {
		return answer{}, err
	}
	f := &firewall{meta: m, Rules: rules}
	c.obj = f
	uses, err := f.uses(c, req.ApplyTo)
	if err != nil {
		return answer{}, err
	}
	c.p.add(c.kind.plural, f)
	actions := []*action{c.start("set_firewall_rules", nil, c.target())}
	actions = append(actions, f.apply(c, uses)...)
	return answer{Status: http.StatusCreated, Body: schema.FirewallCreateResponse{
		Firewall: f.view(c.p).(schema.Firewall), Actions: views(c.now, actions),
	}}, nil
}

// uses checks where a firewall is to be applied.
func (f *firewall) uses(c *call, resources []schema.FirewallResource) ([]firewallUse, error) {
	var out []firewallUse
	for _, r := range resources {
		u, err := readUse(r)
		if err != nil {
			return nil, err
		}
		if slices.Contains(out, u) {
			return nil, fail("server_already_added", "resource was added more than once")
		}
		if slices.Contains(f.Applied, u) {
			return nil, fail("firewall_already_applied", "firewall was already applied on resource")
		}
		if u.Server != 0 {
			if err := f.fits(c, u.Server); err != nil {
				return nil, err
			}
		}
		out = append(out, u)
	}
	return out, nil
}

func (f *firewall) fits(c *call, id int64) error {
	s, ok := find[*server](c.p, "servers", id)
	if !ok {
		return fail("firewall_resource_not_found", "server with ID '%d' not found", id)
	}
	if !s.public(c.p) {
		return fail("private_net_only_server", "server %d has no public interface", id)
	}
	if limit := c.sim.cfg.Limits["server_firewalls"]; limit > 0 && len(s.publicNet(c.p).Firewalls) >= limit {
		return limitExceeded("server_firewalls", limit)
	}
	return nil
}

func readUse(r schema.FirewallResource) (firewallUse, error) {
	switch {
	case r.Type == "server" && r.Server != nil:
		return firewallUse{Server: r.Server.ID}, nil
	case r.Type == "label_selector" && r.LabelSelector != nil:
		_, err := parseSelector(r.LabelSelector.Selector)
		return firewallUse{Selector: r.LabelSelector.Selector}, err
	}
	return firewallUse{}, invalid("type", "must be one of server, label_selector, with the field of that name")
}

// apply starts one action for each resource.
func (f *firewall) apply(c *call, uses []firewallUse) []*action {
	var out []*action
	for _, u := range uses {
		on := []target{c.target()}
		if s, ok := find[*server](c.p, "servers", u.Server); ok {
			on = append(on, target{servers, s})
		}
		out = append(out, c.start("apply_firewall", func() { f.Applied = append(f.Applied, u) }, on...))
	}
	return out
}

func applyFirewall(c *call) (answer, error) {
	req, err := decode[schema.FirewallActionApplyToResourcesRequest](c)
	if err != nil {
		return answer{}, err
	}
	if err := c.free(c.target()); err != nil {
		return answer{}, err
	}
	f := c.obj.(*firewall)
	uses, err := f.uses(c, req.ApplyTo)
	if err != nil {
		return answer{}, err
	}
	actions := f.apply(c, uses)
	return answer{Status: http.StatusCreated, Body: schema.ActionListResponse{Actions: views(c.now, actions)}}, nil
}

func removeFirewall(c *call) (answer, error) {
	req, err := decode[schema.FirewallActionRemoveFromResourcesRequest](c)
	if err != nil {
		return answer{}, err
	}
	if err := c.free(c.target()); err != nil {
		return answer{}, err
	}
	f := c.obj.(*firewall)
	var uses []firewallUse
	for _, r := range req.RemoveFrom {
		u, err := readUse(r)
		if err != nil {
			return answer{}, err
		}
		s, ok := find[*server](c.p, "servers", u.Server)
		switch {
		case slices.Contains(f.Applied, u):
		case ok && f.covers(c.p, s):
			return answer{}, fail("firewall_managed_by_label_selector", "firewall is applied to server %d by a label selector", u.Server)
		default:
			return answer{}, fail("firewall_resource_not_found", "firewall is not applied to the resource")
		}
		uses = append(uses, u)
	}
	var actions []*action
	for _, u := range uses {
		actions = append(actions, c.start("remove_firewall", func() {
			f.Applied = slices.DeleteFunc(f.Applied, func(has firewallUse) bool { return has == u })
		}, c.target()))
	}
	return answer{Status: http.StatusCreated, Body: schema.ActionListResponse{Actions: views(c.now, actions)}}, nil
}

func setRules(c *call) (answer, error) {
	req, err := decode[schema.FirewallActionSetRulesRequest](c)
	if err != nil {
		return answer{}, err
	}
	if err := c.free(c.target()); err != nil {
		return answer{}, err
	}
	f := c.obj.(*firewall)
	rules, err := checkRules(c, req.Rules)
	if err != nil {
		return answer{}, err
	}
	actions := []*action{c.start("set_firewall_rules", func() { f.Rules = rules }, c.target())}
	for _, s := range each[*server](c.p, "servers") {
		if f.covers(c.p, s) {
			actions = append(actions, c.start("apply_firewall", nil, c.target(), target{servers, s}))
		}
	}
	return answer{Status: http.StatusCreated, Body: schema.ActionListResponse{Actions: views(c.now, actions)}}, nil
}

func checkRules(c *call, in []schema.FirewallRuleRequest) ([]schema.FirewallRule, error) {
	if limit := c.sim.cfg.Limits["firewall_rules"]; limit > 0 && len(in) > limit {
		return nil, invalid("rules", "at most %d rules are allowed", limit)
	}
	out := []schema.FirewallRule{}
	for i, r := range in {
		if err := checkRule("rules."+strconv.Itoa(i), r); err != nil {
			return nil, err
		}
		out = append(out, schema.FirewallRule{
			Direction: r.Direction, Protocol: r.Protocol, Port: r.Port, Description: r.Description,
			SourceIPs: append([]string{}, r.SourceIPs...), DestinationIPs: append([]string{}, r.DestinationIPs...),
		})
	}
	return out, nil
}

func checkRule(at string, r schema.FirewallRuleRequest) error {
	if err := oneOf(at+".direction", r.Direction, "in", "out"); err != nil {
		return err
	}
	if err := oneOf(at+".protocol", r.Protocol, "tcp", "udp", "icmp", "esp", "gre"); err != nil {
		return err
	}
	ips, name, other := r.SourceIPs, at+".source_ips", r.DestinationIPs
	if r.Direction == "out" {
		ips, name, other = r.DestinationIPs, at+".destination_ips", r.SourceIPs
	}
	if len(ips) == 0 || len(ips) > 100 || len(other) > 0 {
		return invalid(name, "must have between 1 and 100 networks, and none the other way")
	}
	for _, ip := range ips {
		p, err := netip.ParsePrefix(ip)
		if err != nil || p.Masked() != p {
			return invalid(name, "'%s' is not a network in CIDR notation without host bits", ip)
		}
	}
	if len(str(r.Description)) > 255 {
		return invalid(at+".description", "is too long")
	}
	hasPort := r.Protocol == "tcp" || r.Protocol == "udp"
	if hasPort != (r.Port != nil) {
		return invalid(at+".port", "must be given for tcp and udp, and for no others")
	}
	if hasPort && !validPort(*r.Port) {
		return invalid(at+".port", "is not a port or range of ports")
	}
	return nil
}

func validPort(s string) bool {
	if s == "any" {
		return true
	}
	from, to, isRange := strings.Cut(s, "-")
	a, err := strconv.ParseUint(from, 10, 16)
	if err != nil || a == 0 {
		return false
	}
	if !isRange {
		return true
	}
	b, err := strconv.ParseUint(to, 10, 16)
	return err == nil && b >= a
}
