package hcloudsim

import (
	"net"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hetznercloud/hcloud-go/v2/hcloud"
)

const testKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFsF2A1YR+9Iom7dLVVaUsjTsOdnjrnzQQMCkqjbLTi5 test"

func cidr(tb testing.TB, s string) *net.IPNet {
	tb.Helper()
	_, n, err := net.ParseCIDR(s)
	if err != nil {
		tb.Fatal(err)
	}
	return n
}

func TestSSHKeyLife(t *testing.T) {
	d, ctx := serve(t, Config{}), t.Context()
	k := must[*hcloud.SSHKey](t)(d.SSHKey.Create(ctx, hcloud.SSHKeyCreateOpts{Name: "k", PublicKey: testKey, Labels: map[string]string{"a": "b"}}))
	if got := must[*hcloud.SSHKey](t)(d.SSHKey.GetByFingerprint(ctx, k.Fingerprint)); got == nil || got.ID != k.ID {
		t.Errorf("by fingerprint %s: got %v", k.Fingerprint, got)
	}
	k = must[*hcloud.SSHKey](t)(d.SSHKey.Update(ctx, k, hcloud.SSHKeyUpdateOpts{Name: "k2", Labels: map[string]string{}}))
	if got := must[*hcloud.SSHKey](t)(d.SSHKey.Get(ctx, "k2")); got == nil || len(got.Labels) != 0 {
		t.Errorf("by name k2: got %v", got)
	}
	ok(t)(d.SSHKey.Delete(ctx, k))
	d.empty(t)
}

// cluster is what most tests begin with: a network with a subnet, two servers
// in it, and a load balancer.
type cluster struct {
	network *hcloud.Network
	servers []*hcloud.Server
	lb      *hcloud.LoadBalancer
}

func (d *double) cluster(t *testing.T) cluster {
	t.Helper()
	ctx := t.Context()
	n := must[*hcloud.Network](t)(d.Network.Create(ctx, hcloud.NetworkCreateOpts{Name: "n", IPRange: cidr(t, "10.0.0.0/16")}))
	d.done(t, must[*hcloud.Action](t)(d.Network.AddSubnet(ctx, n, hcloud.NetworkAddSubnetOpts{
		Subnet: hcloud.NetworkSubnet{Type: hcloud.NetworkSubnetTypeCloud, IPRange: cidr(t, "10.0.1.0/24"), NetworkZone: hcloud.NetworkZoneEUCentral},
	})))
	out := cluster{network: n}
	for _, name := range []string{"cp1", "w1"} {
		out.servers = append(out.servers, d.server(t, hcloud.ServerCreateOpts{Name: name, Networks: []*hcloud.Network{n}, Labels: map[string]string{"role": name}}))
	}
	r := must[hcloud.LoadBalancerCreateResult](t)(d.LoadBalancer.Create(ctx, hcloud.LoadBalancerCreateOpts{
		Name: "lb", LoadBalancerType: &hcloud.LoadBalancerType{Name: "lb11"}, Location: &hcloud.Location{Name: "fsn1"}, Network: n,
	}))
	d.done(t, r.Action)
	out.lb = must[*hcloud.LoadBalancer](t)(d.LoadBalancer.GetByID(ctx, r.LoadBalancer.ID))
	out.network = must[*hcloud.Network](t)(d.Network.GetByID(ctx, n.ID))
	return out
}

// server with defaults for what the options leave out.
func (d *double) server(t *testing.T, opts hcloud.ServerCreateOpts) *hcloud.Server {
	t.Helper()
	if opts.ServerType == nil {
		opts.ServerType = &hcloud.ServerType{Name: "cx22"}
	}
	if opts.Image == nil {
		opts.Image = &hcloud.Image{Name: "ubuntu-24.04"}
	}
	if opts.Location == nil {
		opts.Location = &hcloud.Location{Name: "fsn1"}
	}
	r := must[hcloud.ServerCreateResult](t)(d.Server.Create(t.Context(), opts))
	d.done(t, append(r.NextActions, r.Action)...)
	return must[*hcloud.Server](t)(d.Server.GetByID(t.Context(), r.Server.ID))
}

func TestClusterLife(t *testing.T) {
	d, ctx := serve(t, Config{}), t.Context()
	c := d.cluster(t)
	var ips []string
	for _, s := range c.servers {
		ips = append(ips, s.PrivateNet[0].IP.String())
		if s.Status != hcloud.ServerStatusRunning || s.Locked {
			t.Errorf("server %s: status %s, locked %v", s.Name, s.Status, s.Locked)
		}
	}
	ips = append(ips, c.lb.PrivateNet[0].IP.String())
	// 10.0.0.1 is the gateway, and lies outside the subnet.
	if diff := cmp.Diff([]string{"10.0.1.1", "10.0.1.2", "10.0.1.3"}, ips); diff != "" {
		t.Errorf("addresses: -want, +got:\n%s", diff)
	}
	if len(c.network.Servers) != 2 || len(c.network.LoadBalancers) != 1 {
		t.Errorf("network knows %d servers and %d load balancers, want 2 and 1", len(c.network.Servers), len(c.network.LoadBalancers))
	}
	for _, s := range c.servers {
		r := must[*hcloud.ServerDeleteResult](t)(d.Server.DeleteWithResult(ctx, s))
		d.done(t, r.Action)
	}
	ok(t)(d.LoadBalancer.Delete(ctx, c.lb))
	ok(t)(d.Network.Delete(ctx, c.network))
	d.empty(t)
}
