package hcloudsim

import (
	"fmt"
	"slices"

	"github.com/hetznercloud/hcloud-go/v2/hcloud/schema"
)

// server: https://docs.hetzner.cloud/reference/cloud#servers
type server struct {
	meta

	Status         string
	Type           int64
	Image          int64
	ImageOf        *schema.Image // as it was when the server got it
	Location       string
	Disk           int
	PrivateNet     []schema.ServerPrivateNet
	PlacementGroup int64
	Backups        bool
	Rescue         bool
	ISO            int64
	ProtectRebuild bool
	UserData       string
	SSHKeys        []int64
}

// serverView adds what schema.Server can't say: that there is no address.
type serverView struct {
	schema.Server

	PublicNet publicNet `json:"public_net"`
}

type publicNet struct {
	IPv4        *schema.ServerPublicNetIPv4 `json:"ipv4"`
	IPv6        *schema.ServerPublicNetIPv6 `json:"ipv6"`
	FloatingIPs []int64                     `json:"floating_ips"`
	Firewalls   []schema.ServerFirewall     `json:"firewalls"`
}

func (s *server) view(p *project) any {
	out := serverView{Server: schema.Server{
		ID: s.ID, Name: s.Name, Labels: s.labels(), Created: s.Created, Status: s.Status, Locked: s.busy(p.now),
		PrivateNet: append([]schema.ServerPrivateNet{}, s.PrivateNet...), ServerType: s.size(), IncludedTraffic: traffic,
		OutgoingTraffic: new(uint64), IngoingTraffic: new(uint64), RescueEnabled: s.Rescue, Location: locationNamed(s.Location),
		Image: s.ImageOf, Protection: schema.ServerProtection{Delete: s.Protect, Rebuild: s.ProtectRebuild},
		Volumes: s.volumes(p), PrimaryDiskSize: s.Disk, LoadBalancers: []int64{},
	}, PublicNet: s.publicNet(p)}
	if s.Backups {
		out.BackupWindow = new("22-02")
	}
	if i, ok := offered[schema.ISO]("isos", schema.IDOrName{ID: s.ISO}); ok {
		out.ISO = &i
	}
	if g, ok := find[*placementGroup](p, "placement_groups", s.PlacementGroup); ok {
		out.PlacementGroup = new(g.schema(p))
	}
	for _, l := range each[*loadBalancer](p, "load_balancers") {
		if l.targets(p, s) {
			out.LoadBalancers = append(out.LoadBalancers, l.ID)
		}
	}
	return out
}

func (s *server) size() schema.ServerType {
	t, _ := offered[schema.ServerType]("server_types", schema.IDOrName{ID: s.Type})
	return t
}

func (s *server) publicNet(p *project) publicNet {
	out := publicNet{FloatingIPs: []int64{}, Firewalls: []schema.ServerFirewall{}}
	if ip := s.address(p, "ipv4"); ip != nil {
		out.IPv4 = &schema.ServerPublicNetIPv4{ID: ip.ID, IP: ip.IP, DNSPtr: ip.of("ipv4", ip.IP, ip.IP)}
	}
	if ip := s.address(p, "ipv6"); ip != nil {
		out.IPv6 = &schema.ServerPublicNetIPv6{ID: ip.ID, IP: shown("ipv6", ip.IP), DNSPtr: []schema.ServerPublicNetIPv6DNSPtr{}}
		for _, r := range ip.Pointers {
			out.IPv6.DNSPtr = append(out.IPv6.DNSPtr, schema.ServerPublicNetIPv6DNSPtr{IP: r.IP, DNSPtr: r.Name})
		}
	}
	for _, ip := range each[*floatingIP](p, "floating_ips") {
		if ip.Server == s.ID {
			out.FloatingIPs = append(out.FloatingIPs, ip.ID)
		}
	}
	for _, f := range each[*firewall](p, "firewalls") {
		if f.covers(p, s) {
			out.Firewalls = append(out.Firewalls, schema.ServerFirewall{ID: f.ID, Status: "applied"})
		}
	}
	return out
}

func (s *server) volumes(p *project) []int64 {
	out := []int64{}
	for _, v := range each[*volume](p, "volumes") {
		if v.Server == s.ID {
			out = append(out, v.ID)
		}
	}
	return out
}

// address of a type that the server has in public, or nil.
func (s *server) address(p *project, kind string) *primaryIP {
	for _, ip := range each[*primaryIP](p, "primary_ips") {
		if ip.Server == s.ID && ip.Type == kind {
			return ip
		}
	}
	return nil
}

func (s *server) public(p *project) bool {
	return s.address(p, "ipv4") != nil || s.address(p, "ipv6") != nil
}

// in is the index of the server's interface in a network, or -1.
func (s *server) in(network int64) int {
	return slices.IndexFunc(s.PrivateNet, func(n schema.ServerPrivateNet) bool { return n.Network == network })
}

func (s *server) leave(network int64) {
	if i := s.in(network); i >= 0 {
		s.PrivateNet = slices.Delete(s.PrivateNet, i, i+1)
	}
}

// publicTarget tells whether a load balancer reaches the server in public.
func (s *server) publicTarget(p *project) bool {
	return slices.ContainsFunc(each[*loadBalancer](p, "load_balancers"), func(l *loadBalancer) bool {
		return slices.ContainsFunc(l.Targets, func(t lbTarget) bool { return t.Server == s.ID && !t.Private })
	})
}

// removed lets go of everything the server held.
func (s *server) removed(p *project) {
	for _, ip := range each[*primaryIP](p, "primary_ips") {
		if ip.Server == s.ID && ip.AutoDelete {
			p.drop("primary_ips", ip.ID)
		} else if ip.Server == s.ID {
			ip.Server = 0
		}
	}
	for _, ip := range each[*floatingIP](p, "floating_ips") {
		if ip.Server == s.ID {
			ip.Server = 0
		}
	}
	for _, v := range each[*volume](p, "volumes") {
		if v.Server == s.ID {
			v.Server = 0
		}
	}
	for _, f := range each[*firewall](p, "firewalls") {
		f.forget(p, s)
	}
	for _, l := range each[*loadBalancer](p, "load_balancers") {
		l.Targets = slices.DeleteFunc(l.Targets, func(t lbTarget) bool { return t.Server == s.ID })
	}
}

var servers = register(&kind{
	plural: "servers", singular: "server", empty: func() object { return &server{} }, sorts: byNameCreated,
	filters: map[string]func(object, string) bool{
		"status": func(o object, v string) bool { return o.(*server).Status == v },
	},
})

// mac address of the n-th interface a server gets.
func (s *server) mac() string {
	return fmt.Sprintf("86:00:%02x:%02x:%02x:%02x", byte(s.ID>>16), byte(s.ID>>8), byte(s.ID), len(s.PrivateNet)+1)
}
