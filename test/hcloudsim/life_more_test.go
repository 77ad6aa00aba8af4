package hcloudsim

import (
	"net"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hetznercloud/hcloud-go/v2/hcloud"
)

func TestCatalog(t *testing.T) {
	d, ctx := serve(t, Config{}), t.Context()
	var zones []string
	for _, l := range must[[]*hcloud.Location](t)(d.Location.List(ctx, hcloud.LocationListOpts{})) {
		zones = append(zones, l.Name+" "+string(l.NetworkZone))
	}
	want := []string{"fsn1 eu-central", "nbg1 eu-central", "hel1 eu-central", "ash us-east", "hil us-west", "sin ap-southeast"}
	if diff := cmp.Diff(want, zones); diff != "" {
		t.Errorf("locations: -want, +got:\n%s", diff)
	}
	if typ := must[*hcloud.ServerType](t)(d.ServerType.Get(ctx, "cx42")); typ == nil || typ.Cores != 8 || !typ.IsDeprecated() {
		t.Errorf("server type cx42: %+v", typ)
	}
	if typ := must[*hcloud.LoadBalancerType](t)(d.LoadBalancerType.Get(ctx, "lb11")); typ == nil || typ.MaxTargets != 25 {
		t.Errorf("load balancer type lb11: %+v", typ)
	}
	for _, arch := range []hcloud.Architecture{hcloud.ArchitectureX86, hcloud.ArchitectureARM} {
		if i := must[*hcloud.Image](t)(d.Image.GetForArchitecture(ctx, "ubuntu-24.04", arch)); i == nil || i.Architecture != arch {
			t.Errorf("image for %s: %+v", arch, i)
		}
	}
	if i := must[*hcloud.ISO](t)(d.ISO.GetByID(ctx, 26055)); i == nil {
		t.Error("no ISO")
	}
	if p := must[hcloud.Pricing](t)(d.Pricing.Get(ctx)); len(p.ServerTypes) == 0 {
		t.Error("no prices")
	}
}

func TestServerLife(t *testing.T) {
	d, ctx := serve(t, Config{}), t.Context()
	k := must[*hcloud.SSHKey](t)(d.SSHKey.Create(ctx, hcloud.SSHKeyCreateOpts{Name: "k", PublicKey: testKey}))
	g := must[hcloud.PlacementGroupCreateResult](t)(d.PlacementGroup.Create(ctx, hcloud.PlacementGroupCreateOpts{Name: "pg", Type: hcloud.PlacementGroupTypeSpread})).PlacementGroup
	f := must[hcloud.FirewallCreateResult](t)(d.Firewall.Create(ctx, hcloud.FirewallCreateOpts{Name: "fw"})).Firewall
	s := d.server(t, hcloud.ServerCreateOpts{Name: "s", SSHKeys: []*hcloud.SSHKey{k}, PlacementGroup: g, Firewalls: []*hcloud.ServerCreateFirewall{{Firewall: *f}}})
	if s.PlacementGroup == nil || s.PlacementGroup.Servers[0] != s.ID || len(s.PublicNet.Firewalls) != 1 || s.PublicNet.IPv4.IP == nil {
		t.Errorf("server lacks what it was made with: %+v", s)
	}
	act := func(a *hcloud.Action, _ *hcloud.Response, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		d.done(t, a)
	}
	state := func() *hcloud.Server { return must[*hcloud.Server](t)(d.Server.GetByID(ctx, s.ID)) }

	act(d.Server.Shutdown(ctx, s))
	if got := state().Status; got != hcloud.ServerStatusOff {
		t.Errorf("after shutdown: %s", got)
	}
	act(d.Server.ChangeType(ctx, s, hcloud.ServerChangeTypeOpts{ServerType: &hcloud.ServerType{Name: "cx32"}}))
	act(d.Server.RemoveFromPlacementGroup(ctx, s))
	act(d.Server.AddToPlacementGroup(ctx, s, g))
	act(d.Server.Poweron(ctx, s))
	act(d.Server.EnableBackup(ctx, s, ""))
	act(d.Server.AttachISO(ctx, s, &hcloud.ISO{ID: 26055}))
	act(d.Server.DetachISO(ctx, s))
	act(d.Server.DisableRescue(ctx, s))
	act(d.Server.Reset(ctx, s))
	act(d.Server.ChangeDNSPtr(ctx, s, s.PublicNet.IPv4.IP.String(), new("s.example.com")))
	got := state()
	if got.ServerType.Name != "cx32" || got.PrimaryDiskSize != 40 || got.BackupWindow == "" || got.PublicNet.IPv4.DNSPtr != "s.example.com" {
		t.Errorf("after changes: type %s, disk %d, backups %q, name %s", got.ServerType.Name, got.PrimaryDiskSize, got.BackupWindow, got.PublicNet.IPv4.DNSPtr)
	}
	act(d.Server.ChangeDNSPtr(ctx, s, s.PublicNet.IPv4.IP.String(), nil))
	if got := state().PublicNet.IPv4.DNSPtr; !strings.HasSuffix(got, "clients.your-server.de") {
		t.Errorf("after reset of the reverse record: %s", got)
	}
	r := must[hcloud.ServerRebuildResult](t)(d.Server.RebuildWithResult(ctx, s, hcloud.ServerRebuildOpts{Image: &hcloud.Image{Name: "debian-12"}}))
	d.done(t, r.Action)
	if got := state().Image.Name; got != "debian-12" {
		t.Errorf("after rebuild: %s", got)
	}
	i := must[hcloud.ServerCreateImageResult](t)(d.Server.CreateImage(ctx, s, &hcloud.ServerCreateImageOpts{Type: hcloud.ImageTypeSnapshot, Description: new("snap")}))
	d.done(t, i.Action)
	own := must[[]*hcloud.Image](t)(d.Image.List(ctx, hcloud.ImageListOpts{Type: []hcloud.ImageType{hcloud.ImageTypeSnapshot}}))
	if len(own) != 1 || own[0].Status != hcloud.ImageStatusAvailable {
		t.Errorf("snapshots: %v", own)
	}
	ok(t)(d.Image.Delete(ctx, i.Image))
	d.done(t, must[*hcloud.ServerDeleteResult](t)(d.Server.DeleteWithResult(ctx, s)).Action)
	ok(t)(d.Firewall.Delete(ctx, f))
	ok(t)(d.PlacementGroup.Delete(ctx, g))
	ok(t)(d.SSHKey.Delete(ctx, k))
	d.empty(t)
}

func TestFirewallLife(t *testing.T) {
	d, ctx := serve(t, Config{}), t.Context()
	s := d.server(t, hcloud.ServerCreateOpts{Name: "s", Labels: map[string]string{"role": "worker"}})
	f := must[hcloud.FirewallCreateResult](t)(d.Firewall.Create(ctx, hcloud.FirewallCreateOpts{
		Name:    "fw",
		Rules:   []hcloud.FirewallRule{{Direction: hcloud.FirewallRuleDirectionIn, Protocol: hcloud.FirewallRuleProtocolTCP, Port: new("443"), SourceIPs: []net.IPNet{*cidr(t, "0.0.0.0/0")}}},
		ApplyTo: []hcloud.FirewallResource{{Type: hcloud.FirewallResourceTypeLabelSelector, LabelSelector: &hcloud.FirewallResourceLabelSelector{Selector: "role=worker"}}},
	}))
	d.done(t, f.Actions...)
	got := must[*hcloud.Firewall](t)(d.Firewall.GetByID(ctx, f.Firewall.ID))
	if len(got.AppliedTo) != 1 || len(got.AppliedTo[0].AppliedToResources) != 1 || got.AppliedTo[0].AppliedToResources[0].Server.ID != s.ID {
		t.Errorf("the selector finds %+v", got.AppliedTo)
	}
	d.done(t, must[[]*hcloud.Action](t)(d.Firewall.SetRules(ctx, got, hcloud.FirewallSetRulesOpts{}))...)
	d.done(t, must[[]*hcloud.Action](t)(d.Firewall.RemoveResources(ctx, got, got.AppliedTo))...)
	if got = must[*hcloud.Firewall](t)(d.Firewall.GetByID(ctx, f.Firewall.ID)); len(got.Rules) != 0 || len(got.AppliedTo) != 0 {
		t.Errorf("left: %+v", got)
	}
	ok(t)(d.Firewall.Delete(ctx, got))
}

// TestSelectorTargets: a load balancer follows the labels of servers, as they
// come, change and go.
func TestSelectorTargets(t *testing.T) {
	d, ctx := serve(t, Config{}), t.Context()
	c := d.cluster(t)
	d.done(t, must[*hcloud.Action](t)(d.LoadBalancer.AddLabelSelectorTarget(ctx, c.lb, hcloud.LoadBalancerAddLabelSelectorTargetOpts{Selector: "role in (cp1,new)", UsePrivateIP: new(true)})))
	found := func() []int64 {
		var out []int64
		for _, x := range must[*hcloud.LoadBalancer](t)(d.LoadBalancer.GetByID(ctx, c.lb.ID)).Targets[0].Targets {
			out = append(out, x.Server.Server.ID)
		}
		return out
	}
	got := [][]int64{found()}
	n := d.server(t, hcloud.ServerCreateOpts{Name: "new", Labels: map[string]string{"role": "new"}, Networks: []*hcloud.Network{c.network}})
	d.server(t, hcloud.ServerCreateOpts{Name: "outside", Labels: map[string]string{"role": "new"}})
	got = append(got, found())
	must[*hcloud.Server](t)(d.Server.Update(ctx, c.servers[0], hcloud.ServerUpdateOpts{Labels: map[string]string{}}))
	got = append(got, found())
	d.done(t, must[*hcloud.ServerDeleteResult](t)(d.Server.DeleteWithResult(ctx, n)).Action)
	got = append(got, found())
	want := [][]int64{{c.servers[0].ID}, {c.servers[0].ID, n.ID}, {n.ID}, nil}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want, +got:\n%s", diff)
	}
}

func TestLoadBalancerLife(t *testing.T) {
	d, ctx := serve(t, Config{}), t.Context()
	c := d.cluster(t)
	d.done(t, must[*hcloud.Action](t)(d.LoadBalancer.AddService(ctx, c.lb, hcloud.LoadBalancerAddServiceOpts{Protocol: hcloud.LoadBalancerServiceProtocolHTTP})))
	d.done(t, must[*hcloud.Action](t)(d.LoadBalancer.UpdateService(ctx, c.lb, 80, hcloud.LoadBalancerUpdateServiceOpts{DestinationPort: new(8080)})))
	for _, s := range c.servers {
		d.done(t, must[*hcloud.Action](t)(d.LoadBalancer.AddServerTarget(ctx, c.lb, hcloud.LoadBalancerAddServerTargetOpts{Server: s, UsePrivateIP: new(true)})))
	}
	d.done(t, must[*hcloud.Action](t)(d.LoadBalancer.ChangeAlgorithm(ctx, c.lb, hcloud.LoadBalancerChangeAlgorithmOpts{Type: hcloud.LoadBalancerAlgorithmTypeLeastConnections})))
	d.done(t, must[*hcloud.Action](t)(d.LoadBalancer.ChangeType(ctx, c.lb, hcloud.LoadBalancerChangeTypeOpts{LoadBalancerType: &hcloud.LoadBalancerType{Name: "lb21"}})))
	d.done(t, must[*hcloud.Action](t)(d.LoadBalancer.DisablePublicInterface(ctx, c.lb)))
	d.done(t, must[*hcloud.Action](t)(d.LoadBalancer.EnablePublicInterface(ctx, c.lb)))
	got := must[*hcloud.LoadBalancer](t)(d.LoadBalancer.GetByID(ctx, c.lb.ID))
	s := got.Services[0]
	if s.ListenPort != 80 || s.DestinationPort != 8080 || s.HTTP.CookieName != "HCLBSTICKY" || s.HealthCheck.Interval != 15*time.Second || s.HealthCheck.HTTP.Path != "/" {
		t.Errorf("service: %+v", s)
	}
	if len(got.Targets) != 2 || got.Targets[0].HealthStatus[0].Status != hcloud.LoadBalancerTargetHealthStatusStatusHealthy {
		t.Errorf("targets: %+v", got.Targets)
	}
	d.done(t, must[*hcloud.ServerDeleteResult](t)(d.Server.DeleteWithResult(ctx, c.servers[0])).Action)
	d.done(t, must[*hcloud.Action](t)(d.LoadBalancer.DeleteService(ctx, c.lb, 80)))
	if got = must[*hcloud.LoadBalancer](t)(d.LoadBalancer.GetByID(ctx, c.lb.ID)); len(got.Targets) != 1 || len(got.Services) != 0 {
		t.Errorf("a server that is gone is still a target: %+v", got.Targets)
	}
	d.done(t, must[*hcloud.Action](t)(d.LoadBalancer.DetachFromNetwork(ctx, c.lb, hcloud.LoadBalancerDetachFromNetworkOpts{Network: c.network})))
	if got = must[*hcloud.LoadBalancer](t)(d.LoadBalancer.GetByID(ctx, c.lb.ID)); len(got.Targets) != 0 {
		t.Errorf("private targets outlive the network: %+v", got.Targets)
	}
}

func TestNetworkLife(t *testing.T) {
	d, ctx := serve(t, Config{}), t.Context()
	n := must[*hcloud.Network](t)(d.Network.Create(ctx, hcloud.NetworkCreateOpts{Name: "n", IPRange: cidr(t, "10.0.0.0/16")}))
	for range 2 {
		d.done(t, must[*hcloud.Action](t)(d.Network.AddSubnet(ctx, n, hcloud.NetworkAddSubnetOpts{Subnet: hcloud.NetworkSubnet{Type: hcloud.NetworkSubnetTypeCloud, NetworkZone: hcloud.NetworkZoneEUCentral}})))
	}
	route := hcloud.NetworkRoute{Destination: cidr(t, "10.100.0.0/24"), Gateway: net.ParseIP("10.0.0.9")}
	d.done(t, must[*hcloud.Action](t)(d.Network.AddRoute(ctx, n, hcloud.NetworkAddRouteOpts{Route: route})))
	d.done(t, must[*hcloud.Action](t)(d.Network.ChangeIPRange(ctx, n, hcloud.NetworkChangeIPRangeOpts{IPRange: cidr(t, "10.0.0.0/15")})))
	n = must[*hcloud.Network](t)(d.Network.Get(ctx, "n"))
	if n.Subnets[0].IPRange.String() != "10.0.0.0/24" || n.Subnets[1].IPRange.String() != "10.0.1.0/24" || n.Subnets[1].Gateway.String() != "10.0.0.1" || n.IPRange.String() != "10.0.0.0/15" {
		t.Errorf("network: %+v", n)
	}
	// The first address of the network is its gateway.
	s := d.server(t, hcloud.ServerCreateOpts{Name: "s", Networks: []*hcloud.Network{n}})
	if got := s.PrivateNet[0].IP.String(); got != "10.0.0.2" {
		t.Errorf("first address is %s, want 10.0.0.2", got)
	}
	d.done(t, must[*hcloud.Action](t)(d.Network.DeleteRoute(ctx, n, hcloud.NetworkDeleteRouteOpts{Route: route})))
	d.done(t, must[*hcloud.Action](t)(d.Network.DeleteSubnet(ctx, n, hcloud.NetworkDeleteSubnetOpts{Subnet: n.Subnets[1]})))
	ok(t)(d.Network.Delete(ctx, n))
	if s = must[*hcloud.Server](t)(d.Server.GetByID(ctx, s.ID)); len(s.PrivateNet) != 0 {
		t.Errorf("server is in a network that is gone: %+v", s.PrivateNet)
	}
}

func TestAddressLife(t *testing.T) {
	d, ctx := serve(t, Config{}), t.Context()
	s := d.server(t, hcloud.ServerCreateOpts{Name: "s", PublicNet: &hcloud.ServerCreatePublicNet{EnableIPv6: true}})
	r := must[*hcloud.PrimaryIPCreateResult](t)(d.PrimaryIP.Create(ctx, hcloud.PrimaryIPCreateOpts{Name: "ip", Type: hcloud.PrimaryIPTypeIPv4, AssigneeType: "server", Location: "fsn1"}))
	d.done(t, must[*hcloud.Action](t)(d.Server.Poweroff(ctx, s)))
	d.done(t, must[*hcloud.Action](t)(d.PrimaryIP.Assign(ctx, hcloud.PrimaryIPAssignOpts{ID: r.PrimaryIP.ID, AssigneeID: s.ID, AssigneeType: "server"})))
	s = must[*hcloud.Server](t)(d.Server.GetByID(ctx, s.ID))
	if s.PublicNet.IPv4.ID != r.PrimaryIP.ID || s.PublicNet.IPv6.Network == nil {
		t.Errorf("server's addresses: %+v", s.PublicNet)
	}
	v6 := s.PublicNet.IPv6.Network.IP.String() + "5"
	d.done(t, must[*hcloud.Action](t)(d.PrimaryIP.ChangeDNSPtr(ctx, hcloud.PrimaryIPChangeDNSPtrOpts{ID: s.PublicNet.IPv6.ID, IP: v6, DNSPtr: "s.example.com"})))
	if got := must[*hcloud.Server](t)(d.Server.GetByID(ctx, s.ID)).PublicNet.IPv6.DNSPtr[v6]; got != "s.example.com" {
		t.Errorf("reverse record of %s: %q", v6, got)
	}
	f := must[hcloud.FloatingIPCreateResult](t)(d.FloatingIP.Create(ctx, hcloud.FloatingIPCreateOpts{Type: hcloud.FloatingIPTypeIPv6, HomeLocation: &hcloud.Location{Name: "nbg1"}}))
	d.done(t, must[*hcloud.Action](t)(d.FloatingIP.Assign(ctx, f.FloatingIP, s)))
	d.done(t, must[*hcloud.ServerDeleteResult](t)(d.Server.DeleteWithResult(ctx, s)).Action)
	left := d.Dump("a")
	if len(left["primary_ips"]) != 1 || len(left["floating_ips"]) != 1 {
		t.Errorf("a server takes its own address with it, and no other: %s", left)
	}
	ok(t)(d.PrimaryIP.Delete(ctx, r.PrimaryIP))
	ok(t)(d.FloatingIP.Delete(ctx, f.FloatingIP))
	d.empty(t)
}

func TestVolumeLife(t *testing.T) {
	d, ctx := serve(t, Config{}), t.Context()
	s := d.server(t, hcloud.ServerCreateOpts{Name: "s"})
	r := must[hcloud.VolumeCreateResult](t)(d.Volume.Create(ctx, hcloud.VolumeCreateOpts{Name: "v", Size: 10, Server: s, Format: new("ext4"), Automount: new(true)}))
	d.done(t, append(r.NextActions, r.Action)...)
	d.done(t, must[*hcloud.Action](t)(d.Volume.Resize(ctx, r.Volume, 20)))
	v := must[*hcloud.Volume](t)(d.Volume.GetByID(ctx, r.Volume.ID))
	if v.Size != 20 || v.Server == nil || v.Status != hcloud.VolumeStatusAvailable || *v.Format != "ext4" {
		t.Errorf("volume: %+v", v)
	}
	d.done(t, must[*hcloud.ServerDeleteResult](t)(d.Server.DeleteWithResult(ctx, s)).Action)
	ok(t)(d.Volume.Delete(ctx, v))
	d.empty(t)
}

func TestCertificateLife(t *testing.T) {
	d, ctx := serve(t, Config{}), t.Context()
	if _, err := d.Inject(Fault{Effect: EffectFailAction, Command: "create_certificate", Code: "ca_dns_validation_failed", Count: 1}); err != nil {
		t.Fatal(err)
	}
	r := must[hcloud.CertificateCreateResult](t)(d.Certificate.CreateCertificate(ctx, hcloud.CertificateCreateOpts{Name: "c", Type: hcloud.CertificateTypeManaged, DomainNames: []string{"example.com"}}))
	if err := d.Action.WaitFor(ctx, r.Action); err == nil || !strings.Contains(err.Error(), "ca_dns_validation_failed") {
		t.Errorf("first issuance: %v", err)
	}
	d.done(t, must[*hcloud.Action](t)(d.Certificate.RetryIssuance(ctx, r.Certificate)))
	c := must[*hcloud.Certificate](t)(d.Certificate.Get(ctx, "c"))
	if !strings.HasPrefix(c.Certificate, "-----BEGIN CERTIFICATE") || c.Status.IsFailed() || c.DomainNames[0] != "example.com" {
		t.Errorf("certificate: %+v", c)
	}
	lb := d.cluster(t).lb
	d.done(t, must[*hcloud.Action](t)(d.LoadBalancer.AddService(ctx, lb, hcloud.LoadBalancerAddServiceOpts{
		Protocol: hcloud.LoadBalancerServiceProtocolHTTPS, HTTP: &hcloud.LoadBalancerAddServiceOptsHTTP{Certificates: []*hcloud.Certificate{c}},
	})))
	if got := codeOf(first(d.Certificate.Delete(ctx, c))); got != "422 resource_in_use" {
		t.Errorf("deletion of a certificate in use: %q", got)
	}
	ok(t)(d.LoadBalancer.Delete(ctx, lb))
	ok(t)(d.Certificate.Delete(ctx, c))
}

func TestZoneLife(t *testing.T) {
	d, ctx := serve(t, Config{}), t.Context()
	r := must[hcloud.ZoneCreateResult](t)(d.Zone.Create(ctx, hcloud.ZoneCreateOpts{Name: "example.com", Mode: hcloud.ZoneModePrimary}))
	z := must[*hcloud.Zone](t)(d.Zone.Get(ctx, "example.com"))
	if z.ID != r.Zone.ID || z.RecordCount != 4 {
		t.Errorf("a new zone has its SOA and three NS: %+v", z)
	}
	www := must[hcloud.ZoneRRSetCreateResult](t)(d.Zone.CreateRRSet(ctx, z, hcloud.ZoneRRSetCreateOpts{Name: "www", Type: hcloud.ZoneRRSetTypeA, Records: []hcloud.ZoneRRSetRecord{{Value: "203.0.113.1"}}})).RRSet
	add := hcloud.ZoneRRSetAddRecordsOpts{Records: []hcloud.ZoneRRSetRecord{{Value: "203.0.113.2", Comment: "two"}}}
	d.done(t, must[*hcloud.Action](t)(d.Zone.AddRRSetRecords(ctx, www, add)))
	d.done(t, must[*hcloud.Action](t)(d.Zone.ChangeRRSetTTL(ctx, www, hcloud.ZoneRRSetChangeTTLOpts{TTL: new(300)})))
	text := must[hcloud.ZoneExportZonefileResult](t)(d.Zone.ExportZonefile(ctx, z)).Zonefile
	for _, line := range []string{"$ORIGIN\texample.com.", "www\t300\tIN\tA\t203.0.113.1", "@\tIN\tNS\thydrogen.ns.hetzner.com."} {
		if !strings.Contains(text, line) {
			t.Errorf("zone file lacks %q:\n%s", line, text)
		}
	}
	for code, err := range map[string]error{
		"409 uniqueness_error": second(d.Zone.CreateRRSet(ctx, z, hcloud.ZoneRRSetCreateOpts{Name: "www", Type: hcloud.ZoneRRSetTypeA, Records: add.Records})),
		"422 invalid_input":    second(d.Zone.CreateRRSet(ctx, z, hcloud.ZoneRRSetCreateOpts{Name: "www", Type: hcloud.ZoneRRSetTypeCNAME, Records: []hcloud.ZoneRRSetRecord{{Value: "example.net."}}})),
		"404 not_found":        second(d.Zone.DeleteRRSet(ctx, &hcloud.ZoneRRSet{Zone: z, Name: "none", Type: hcloud.ZoneRRSetTypeA})),
	} {
		if got := codeOf(err); got != code {
			t.Errorf("got %q, want %q", got, code)
		}
	}
	d.done(t, must[*hcloud.Action](t)(d.Zone.ChangeRRSetProtection(ctx, www, hcloud.ZoneRRSetChangeProtectionOpts{Change: new(true)})))
	if got := codeOf(second(d.Zone.DeleteRRSet(ctx, www))); got != "423 protected" {
		t.Errorf("a protected set: %q", got)
	}
	d.done(t, must[*hcloud.Action](t)(d.Zone.ChangeRRSetProtection(ctx, www, hcloud.ZoneRRSetChangeProtectionOpts{Change: new(false)})))
	d.done(t, must[*hcloud.Action](t)(d.Zone.RemoveRRSetRecords(ctx, www, hcloud.ZoneRRSetRemoveRecordsOpts{Records: []hcloud.ZoneRRSetRecord{{Value: "203.0.113.1"}, {Value: "203.0.113.2"}}})))
	if got := must[*hcloud.ZoneRRSet](t)(d.Zone.GetRRSetByNameAndType(ctx, z, "www", hcloud.ZoneRRSetTypeA)); got != nil {
		t.Errorf("a set without records is still there: %+v", got)
	}
	file := "$ORIGIN example.com.\n$TTL 600\n@ IN SOA hydrogen.ns.hetzner.com. dns.hetzner.com. 1 86400 10800 3600000 3600\nmail 300 IN A 203.0.113.9\n@ IN MX 10 mail\n@ IN TXT \"v=spf1 -all\"\n"
	d.done(t, must[*hcloud.Action](t)(d.Zone.ImportZonefile(ctx, z, hcloud.ZoneImportZonefileOpts{Zonefile: file})))
	var got []string
	for _, s := range must[[]*hcloud.ZoneRRSet](t)(d.Zone.ListRRSets(ctx, z, hcloud.ZoneRRSetListOpts{Type: []hcloud.ZoneRRSetType{hcloud.ZoneRRSetTypeA, hcloud.ZoneRRSetTypeMX, hcloud.ZoneRRSetTypeTXT}})) {
		got = append(got, s.ID+" "+s.Records[0].Value)
	}
	want := []string{"@/MX 10 mail.example.com.", `@/TXT "v=spf1 -all"`, "mail/A 203.0.113.9"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("imported: -want, +got:\n%s", diff)
	}
	d.done(t, must[hcloud.ZoneDeleteResult](t)(d.Zone.Delete(ctx, z)).Action)
	d.empty(t)
}

func TestStorageBoxLife(t *testing.T) {
	d, ctx := serve(t, Config{}), t.Context()
	opts := hcloud.StorageBoxCreateOpts{Name: "box", StorageBoxType: &hcloud.StorageBoxType{Name: "bx11"}, Location: &hcloud.Location{Name: "fsn1"}, Password: "short"}
	if got := codeOf(second(d.StorageBox.Create(ctx, opts))); got != "422 invalid_input" {
		t.Errorf("a weak password: %q", got)
	}
	opts.Password = "Not-A-Secret-1"
	r := must[hcloud.StorageBoxCreateResult](t)(d.StorageBox.Create(ctx, opts))
	d.done(t, r.Action)
	s := must[hcloud.StorageBoxSnapshotCreateResult](t)(d.StorageBox.CreateSnapshot(ctx, r.StorageBox, hcloud.StorageBoxSnapshotCreateOpts{Description: "one"}))
	d.done(t, s.Action, must[*hcloud.Action](t)(d.StorageBox.RollbackSnapshot(ctx, r.StorageBox, hcloud.StorageBoxRollbackSnapshotOpts{Snapshot: s.Snapshot})))
	d.done(t, must[*hcloud.Action](t)(d.StorageBox.EnableSnapshotPlan(ctx, r.StorageBox, hcloud.StorageBoxEnableSnapshotPlanOpts{MaxSnapshots: 5, Hour: 3})))
	a := must[hcloud.StorageBoxSubaccountCreateResult](t)(d.StorageBox.CreateSubaccount(ctx, r.StorageBox, hcloud.StorageBoxSubaccountCreateOpts{HomeDirectory: "a/", Password: opts.Password}))
	d.done(t, a.Action)
	b := must[*hcloud.StorageBox](t)(d.StorageBox.Get(ctx, "box"))
	if b.Username == "" || b.SnapshotPlan == nil || b.Status != hcloud.StorageBoxStatusActive {
		t.Errorf("box: %+v", b)
	}
	opts.Name = "other"
	o := must[hcloud.StorageBoxCreateResult](t)(d.StorageBox.Create(ctx, opts)).StorageBox
	if got := must[*hcloud.StorageBoxSnapshot](t)(d.StorageBox.GetSnapshotByID(ctx, o, s.Snapshot.ID)); got != nil {
		t.Error("a box shows the snapshot of another")
	}
	d.SetActionDuration(time.Minute)
	must[hcloud.StorageBoxSnapshotCreateResult](t)(d.StorageBox.CreateSnapshot(ctx, b, hcloud.StorageBoxSnapshotCreateOpts{}))
	if got := codeOf(second(d.StorageBox.CreateSnapshot(ctx, b, hcloud.StorageBoxSnapshotCreateOpts{}))); got != "423 locked" {
		t.Errorf("two snapshots at a time: %q", got)
	}
	d.pass(time.Minute)
	for _, x := range []*hcloud.StorageBox{b, o} {
		must[hcloud.StorageBoxDeleteResult](t)(d.StorageBox.Delete(ctx, x))
	}
	d.pass(time.Minute)
	d.empty(t)
}
