package hcloudsim

import (
	"context"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hetznercloud/hcloud-go/v2/hcloud"
)

// second is the error of a call that also answers with something.
func second[T any](_ T, _ *hcloud.Response, err error) error { return err }

func first(_ *hcloud.Response, err error) error { return err }

// TestCodes is the table of the API's error codes, each as the official client
// reads it. Source: https://docs.hetzner.cloud/reference/cloud#errors and the
// operations' own tables there.
func TestCodes(t *testing.T) {
	slow := Config{ActionDuration: time.Minute}
	eu := hcloud.NetworkSubnet{Type: hcloud.NetworkSubnetTypeCloud, IPRange: nil, NetworkZone: hcloud.NetworkZoneEUCentral}
	small := hcloud.ServerCreateOpts{Name: "x", ServerType: &hcloud.ServerType{Name: "cx22"}, Image: &hcloud.Image{Name: "debian-12"}, Location: &hcloud.Location{Name: "fsn1"}}
	port, other := 80, 31080
	tcp := hcloud.LoadBalancerAddServiceOpts{Protocol: hcloud.LoadBalancerServiceProtocolTCP, ListenPort: &port, DestinationPort: &other}

	type world struct {
		*double
		cluster

		tb *testing.T
	}
	type do func(ctx context.Context, w world) error
	off := func(ctx context.Context, w world) *hcloud.Server {
		w.done(w.tb, must[*hcloud.Action](w.tb)(w.Server.Poweroff(ctx, w.servers[0])))
		return w.servers[0]
	}
	address := func(ctx context.Context, w world, opts hcloud.PrimaryIPCreateOpts) *hcloud.PrimaryIP {
		opts.AssigneeType = "server"
		if opts.Name == "" {
			opts.Name = "ip"
		}
		return must[*hcloud.PrimaryIPCreateResult](w.tb)(w.PrimaryIP.Create(ctx, opts)).PrimaryIP
	}
	wall := func(ctx context.Context, w world) *hcloud.Firewall {
		return must[hcloud.FirewallCreateResult](w.tb)(w.Firewall.Create(ctx, hcloud.FirewallCreateOpts{Name: "fw"})).Firewall
	}
	group := func(ctx context.Context, w world) *hcloud.PlacementGroup {
		return must[hcloud.PlacementGroupCreateResult](w.tb)(w.PlacementGroup.Create(ctx, hcloud.PlacementGroupCreateOpts{Name: "pg", Type: hcloud.PlacementGroupTypeSpread})).PlacementGroup
	}
	onServer := func(id int64) []hcloud.FirewallResource {
		return []hcloud.FirewallResource{{Type: hcloud.FirewallResourceTypeServer, Server: &hcloud.FirewallResourceServer{ID: id}}}
	}
	secondary := func(ctx context.Context, w world) *hcloud.Zone {
		return must[hcloud.ZoneCreateResult](w.tb)(w.Zone.Create(ctx, hcloud.ZoneCreateOpts{
			Name: "example.com", Mode: hcloud.ZoneModeSecondary, PrimaryNameservers: []hcloud.ZoneCreateOptsPrimaryNameserver{{Address: "203.0.113.1"}},
		})).Zone
	}
	private := func(ctx context.Context, w world) *hcloud.Server {
		return w.server(w.tb, hcloud.ServerCreateOpts{Name: "private", Networks: []*hcloud.Network{w.network}, PublicNet: &hcloud.ServerCreatePublicNet{}})
	}
	inject := func(f Fault, then do) do {
		return func(ctx context.Context, w world) error {
			if _, err := w.Inject(f); err != nil {
				return err
			}
			return then(ctx, w)
		}
	}
	create := func(ctx context.Context, w world) error { return second(w.Server.Create(ctx, small)) }
	public := func(ip *hcloud.PrimaryIP) *hcloud.ServerCreatePublicNet {
		return &hcloud.ServerCreatePublicNet{EnableIPv4: true, IPv4: ip}
	}

	cases := map[string]struct {
		reason string
		cfg    Config
		old    bool
		do     do
		want   string
	}{
		"Unauthorized": {
			reason: "A token nobody gave out opens nothing.",
			do: func(ctx context.Context, w world) error {
				return second(client(w.url, "wrong").Server.List(ctx, hcloud.ServerListOpts{}))
			},
			want: "401 unauthorized",
		},
		"NotFound": {
			reason: "Ids are of one kind: a server's is no network's.",
			do: func(ctx context.Context, w world) error {
				return first(w.Network.Delete(ctx, &hcloud.Network{ID: w.servers[0].ID}))
			},
			want: "404 not_found",
		},
		"DeprecatedEndpoint": {
			reason: "Actions are no longer listed without ids.",
			do:     func(ctx context.Context, w world) error { return second(w.Action.List(ctx, hcloud.ActionListOpts{})) },
			want:   "410 deprecated_api_endpoint",
		},
		"UniqueName": {
			reason: "A name is used once per kind and project.",
			do: func(ctx context.Context, w world) error {
				return second(w.Network.Create(ctx, hcloud.NetworkCreateOpts{Name: "n", IPRange: cidr(w.tb, "10.0.0.0/8")}))
			},
			want: "409 uniqueness_error",
		},
		"UniqueNameOnRename": {
			reason: "Renaming is no way around that.",
			do: func(ctx context.Context, w world) error {
				return second(w.Server.Update(ctx, w.servers[0], hcloud.ServerUpdateOpts{Name: "w1"}))
			},
			want: "409 uniqueness_error",
		},
		"UniqueFingerprint": {
			reason: "A key is registered once, whatever its name.",
			do: func(ctx context.Context, w world) error {
				must[*hcloud.SSHKey](w.tb)(w.SSHKey.Create(ctx, hcloud.SSHKeyCreateOpts{Name: "a", PublicKey: testKey}))
				return second(w.SSHKey.Create(ctx, hcloud.SSHKeyCreateOpts{Name: "b", PublicKey: testKey}))
			},
			want: "409 uniqueness_error",
		},
		"Conflict": {
			reason: "A network takes one change at a time.",
			cfg:    slow,
			do: func(ctx context.Context, w world) error {
				n := must[*hcloud.Network](w.tb)(w.Network.Create(ctx, hcloud.NetworkCreateOpts{Name: "n", IPRange: cidr(w.tb, "10.0.0.0/16")}))
				must[*hcloud.Action](w.tb)(w.Network.AddSubnet(ctx, n, hcloud.NetworkAddSubnetOpts{Subnet: eu}))
				return second(w.Network.AddSubnet(ctx, n, hcloud.NetworkAddSubnetOpts{Subnet: eu}))
			},
			want: "409 conflict",
		},
		"Locked": {
			reason: "A server that is being created can't be deleted yet.",
			cfg:    slow,
			do: func(ctx context.Context, w world) error {
				r := must[hcloud.ServerCreateResult](w.tb)(w.Server.Create(ctx, small))
				return second(w.Server.DeleteWithResult(ctx, r.Server))
			},
			want: "423 locked",
		},
		"Protected": {
			reason: "What is protected is not deleted.",
			do: func(ctx context.Context, w world) error {
				w.done(w.tb, must[*hcloud.Action](w.tb)(w.LoadBalancer.ChangeProtection(ctx, w.lb, hcloud.LoadBalancerChangeProtectionOpts{Delete: new(true)})))
				return first(w.LoadBalancer.Delete(ctx, w.lb))
			},
			want: "423 protected",
		},
		"ProtectedRebuild": {
			reason: "Nor is a disk overwritten.",
			do: func(ctx context.Context, w world) error {
				w.done(w.tb, must[*hcloud.Action](w.tb)(w.Server.ChangeProtection(ctx, w.servers[0], hcloud.ServerChangeProtectionOpts{Delete: new(true), Rebuild: new(true)})))
				return second(w.Server.RebuildWithResult(ctx, w.servers[0], hcloud.ServerRebuildOpts{Image: &hcloud.Image{Name: "debian-12"}}))
			},
			want: "423 protected",
		},
		"ResourceLimit": {
			reason: "A project has as many servers as its limit says.",
			cfg:    Config{Limits: map[string]int{"servers": 2}},
			do:     create,
			want:   "403 resource_limit_exceeded",
		},
		"NetworkMembers": {
			reason: "A network has a limit of its own.",
			cfg:    Config{Limits: map[string]int{"network_members": 3}},
			do: func(ctx context.Context, w world) error {
				opts := small
				opts.Networks = []*hcloud.Network{w.network}
				return second(w.Server.Create(ctx, opts))
			},
			want: "403 resource_limit_exceeded",
		},
		"ResourceUnavailable": {
			reason: "A place may have run out of a server type.",
			do:     inject(Fault{Effect: EffectCapacity, Location: "fsn1", ServerType: "cx22"}, create),
			want:   "412 resource_unavailable",
		},
		"PlacementError": {
			reason: "Or fail to find room for one.",
			do:     inject(Fault{Effect: EffectCapacity, Code: "placement_error"}, create),
			want:   "422 placement_error",
		},
		"PlacementGroupFull": {
			reason: "A spread group is small.",
			cfg:    Config{Limits: map[string]int{"placement_group_servers": 1}},
			do: func(ctx context.Context, w world) error {
				g := group(ctx, w)
				w.server(w.tb, hcloud.ServerCreateOpts{Name: "one", PlacementGroup: g})
				opts := small
				opts.PlacementGroup = g
				return second(w.Server.Create(ctx, opts))
			},
			want: "422 placement_error",
		},
		"NoSpaceLeft": {
			reason: "Any documented code can be had on request.",
			do: inject(Fault{Effect: EffectAnswer, Code: "no_space_left_in_location", Method: http.MethodPost, Path: "/volumes"}, func(ctx context.Context, w world) error {
				return second(w.Volume.Create(ctx, hcloud.VolumeCreateOpts{Name: "v", Size: 10, Location: &hcloud.Location{Name: "fsn1"}}))
			}),
			want: "422 no_space_left_in_location",
		},
		"RateLimit": {
			reason: "The budget ends.",
			cfg:    Config{RateLimit: 100},
			do: func(ctx context.Context, w world) error {
				w.SetBudget("a", 0)
				return second(w.Server.List(ctx, hcloud.ServerListOpts{}))
			},
			want: "429 rate_limit_exceeded",
		},
		"GoneServerType": {
			reason: "What is no longer sold can't be ordered.",
			do: func(ctx context.Context, w world) error {
				opts := small
				opts.ServerType = &hcloud.ServerType{Name: "cx11"}
				return second(w.Server.Create(ctx, opts))
			},
			want: "422 invalid_input",
		},
		"ServerTypeElsewhere": {
			reason: "Not every type is sold everywhere.",
			do: func(ctx context.Context, w world) error {
				opts := small
				opts.Location = &hcloud.Location{Name: "ash"}
				return second(w.Server.Create(ctx, opts))
			},
			want: "422 invalid_input",
		},
		"SubnetOverlap": {
			reason: "Subnets of a network are apart.",
			do: func(ctx context.Context, w world) error {
				s := eu
				s.IPRange = cidr(w.tb, "10.0.1.128/25")
				return second(w.Network.AddSubnet(ctx, w.network, hcloud.NetworkAddSubnetOpts{Subnet: s}))
			},
			want: "422 invalid_input",
		},
		"SubnetInUse": {
			reason: "A subnet goes after what is in it.",
			do: func(ctx context.Context, w world) error {
				return second(w.Network.DeleteSubnet(ctx, w.network, hcloud.NetworkDeleteSubnetOpts{Subnet: w.network.Subnets[0]}))
			},
			want: "422 service_error",
		},
		"NetworkWithLoadBalancer": {
			reason: "A network goes after its load balancers.",
			do:     func(ctx context.Context, w world) error { return first(w.Network.Delete(ctx, w.network)) },
			want:   "422 service_error",
		},
		"VSwitchAlreadyUsed": {
			reason: "A vSwitch is in one network.",
			do: func(ctx context.Context, w world) error {
				s := hcloud.NetworkSubnet{Type: hcloud.NetworkSubnetTypeVSwitch, NetworkZone: hcloud.NetworkZoneEUCentral, VSwitchID: 7}
				w.done(w.tb, must[*hcloud.Action](w.tb)(w.Network.AddSubnet(ctx, w.network, hcloud.NetworkAddSubnetOpts{Subnet: s})))
				return second(w.Network.AddSubnet(ctx, w.network, hcloud.NetworkAddSubnetOpts{Subnet: s}))
			},
			want: "422 vswitch_id_already_used",
		},
		"ServerAlreadyAttached": {
			reason: "A server is in a network once.",
			do: func(ctx context.Context, w world) error {
				return second(w.Server.AttachToNetwork(ctx, w.servers[0], hcloud.ServerAttachToNetworkOpts{Network: w.network}))
			},
			want: "422 server_already_attached",
		},
		"IPNotAvailable": {
			reason: "Two members never have the same address.",
			do: func(ctx context.Context, w world) error {
				s := w.server(w.tb, hcloud.ServerCreateOpts{Name: "third"})
				return second(w.Server.AttachToNetwork(ctx, s, hcloud.ServerAttachToNetworkOpts{Network: w.network, IP: w.servers[0].PrivateNet[0].IP}))
			},
			want: "422 ip_not_available",
		},
		"AliasNotAvailable": {
			reason: "Nor the same alias.",
			do: func(ctx context.Context, w world) error {
				return second(w.Server.ChangeAliasIPs(ctx, w.servers[0], hcloud.ServerChangeAliasIPsOpts{Network: w.network, AliasIPs: []net.IP{w.lb.PrivateNet[0].IP}}))
			},
			want: "422 ip_not_available",
		},
		"NoSubnetAvailable": {
			reason: "A network without a subnet in the server's zone has no room for it.",
			do: func(ctx context.Context, w world) error {
				s := w.server(w.tb, hcloud.ServerCreateOpts{Name: "third", ServerType: &hcloud.ServerType{Name: "cpx11"}, Location: &hcloud.Location{Name: "ash"}})
				return second(w.Server.AttachToNetwork(ctx, s, hcloud.ServerAttachToNetworkOpts{Network: w.network}))
			},
			want: "422 no_subnet_available",
		},
		"NetworksOverlap": {
			reason: "A server can't tell two networks of the same addresses apart.",
			do: func(ctx context.Context, w world) error {
				s := eu
				s.IPRange = cidr(w.tb, "10.0.9.0/24")
				n := must[*hcloud.Network](w.tb)(w.Network.Create(ctx, hcloud.NetworkCreateOpts{Name: "n2", IPRange: cidr(w.tb, "10.0.0.0/12"), Subnets: []hcloud.NetworkSubnet{s}}))
				return second(w.Server.AttachToNetwork(ctx, w.servers[0], hcloud.ServerAttachToNetworkOpts{Network: n}))
			},
			want: "422 networks_overlap",
		},
		"ServerNotStopped": {
			reason: "A type is changed while the server is off.",
			do: func(ctx context.Context, w world) error {
				return second(w.Server.ChangeType(ctx, w.servers[0], hcloud.ServerChangeTypeOpts{ServerType: &hcloud.ServerType{Name: "cx32"}}))
			},
			want: "422 server_not_stopped",
		},
		"InvalidServerType": {
			reason: "Disks don't shrink.",
			do: func(ctx context.Context, w world) error {
				s := off(ctx, w)
				w.done(w.tb, must[*hcloud.Action](w.tb)(w.Server.ChangeType(ctx, s, hcloud.ServerChangeTypeOpts{ServerType: &hcloud.ServerType{Name: "cx32"}, UpgradeDisk: true})))
				return second(w.Server.ChangeType(ctx, s, hcloud.ServerChangeTypeOpts{ServerType: &hcloud.ServerType{Name: "cx22"}}))
			},
			want: "422 invalid_server_type",
		},
		"AlreadyInPlacementGroup": {
			reason: "A server is in one group.",
			do: func(ctx context.Context, w world) error {
				s, g := off(ctx, w), group(ctx, w)
				w.done(w.tb, must[*hcloud.Action](w.tb)(w.Server.AddToPlacementGroup(ctx, s, g)))
				return second(w.Server.AddToPlacementGroup(ctx, s, g))
			},
			want: "422 already_in_placement_group",
		},
		"PrimaryIPAssigned": {
			reason: "A new server can't take another's address.",
			do: func(ctx context.Context, w world) error {
				opts := small
				opts.PublicNet = public(&hcloud.PrimaryIP{ID: w.servers[0].PublicNet.IPv4.ID})
				return second(w.Server.Create(ctx, opts))
			},
			want: "422 primary_ip_assigned",
		},
		"PrimaryIPVersionMismatch": {
			reason: "An IPv6 address is no IPv4 address.",
			do: func(ctx context.Context, w world) error {
				opts := small
				opts.PublicNet = public(address(ctx, w, hcloud.PrimaryIPCreateOpts{Type: hcloud.PrimaryIPTypeIPv6, Location: "fsn1"}))
				return second(w.Server.Create(ctx, opts))
			},
			want: "412 primary_ip_version_mismatch",
		},
		"PrimaryIPElsewhere": {
			reason: "An address stays in its location.",
			do: func(ctx context.Context, w world) error {
				opts := small
				opts.PublicNet = public(address(ctx, w, hcloud.PrimaryIPCreateOpts{Type: hcloud.PrimaryIPTypeIPv4, Location: "nbg1"}))
				return second(w.Server.Create(ctx, opts))
			},
			want: "422 primary_ip_datacenter_mismatch",
		},
		"PrimaryIPAlreadyAssigned": {
			reason: "An address has one owner.",
			do: func(ctx context.Context, w world) error {
				return second(w.PrimaryIP.Assign(ctx, hcloud.PrimaryIPAssignOpts{ID: w.servers[1].PublicNet.IPv4.ID, AssigneeID: w.servers[0].ID, AssigneeType: "server"}))
			},
			want: "422 primary_ip_already_assigned",
		},
		"ServerHasIPv4": {
			reason: "And an owner one address of a kind.",
			do: func(ctx context.Context, w world) error {
				ip := address(ctx, w, hcloud.PrimaryIPCreateOpts{Type: hcloud.PrimaryIPTypeIPv4, Location: "fsn1"})
				return second(w.PrimaryIP.Assign(ctx, hcloud.PrimaryIPAssignOpts{ID: ip.ID, AssigneeID: off(ctx, w).ID, AssigneeType: "server"}))
			},
			want: "422 server_has_ipv4",
		},
		"MustBeUnassigned": {
			reason: "An address in use is not deleted.",
			do: func(ctx context.Context, w world) error {
				return first(w.PrimaryIP.Delete(ctx, &hcloud.PrimaryIP{ID: w.servers[0].PublicNet.IPv4.ID}))
			},
			want: "422 must_be_unassigned",
		},
		"ServerIsLoadBalancerTarget": {
			reason: "A target in public keeps its address.",
			do: func(ctx context.Context, w world) error {
				s := off(ctx, w)
				w.done(w.tb, must[*hcloud.Action](w.tb)(w.LoadBalancer.AddServerTarget(ctx, w.lb, hcloud.LoadBalancerAddServerTargetOpts{Server: s})))
				return second(w.PrimaryIP.Unassign(ctx, s.PublicNet.IPv4.ID))
			},
			want: "422 server_is_load_balancer_target",
		},
		"FloatingIPAssigned": {
			reason: "A floating IP has one server.",
			do: func(ctx context.Context, w world) error {
				r := must[hcloud.FloatingIPCreateResult](w.tb)(w.FloatingIP.Create(ctx, hcloud.FloatingIPCreateOpts{Type: hcloud.FloatingIPTypeIPv4, Server: w.servers[0]}))
				return second(w.FloatingIP.Assign(ctx, r.FloatingIP, w.servers[1]))
			},
			want: "422 floating_ip_assigned",
		},
		"VolumeAlreadyAttached": {
			reason: "A volume has one server.",
			do: func(ctx context.Context, w world) error {
				r := must[hcloud.VolumeCreateResult](w.tb)(w.Volume.Create(ctx, hcloud.VolumeCreateOpts{Name: "v", Size: 10, Server: w.servers[0]}))
				return second(w.Volume.Attach(ctx, r.Volume, w.servers[1]))
			},
			want: "422 volume_already_attached",
		},
		"SourcePortAlreadyUsed": {
			reason: "A port has one service.",
			do: func(ctx context.Context, w world) error {
				w.done(w.tb, must[*hcloud.Action](w.tb)(w.LoadBalancer.AddService(ctx, w.lb, tcp)))
				return second(w.LoadBalancer.AddService(ctx, w.lb, tcp))
			},
			want: "412 source_port_already_used",
		},
		"TargetAlreadyDefined": {
			reason: "A target is there once.",
			do: func(ctx context.Context, w world) error {
				opts := hcloud.LoadBalancerAddLabelSelectorTargetOpts{Selector: "role=w1", UsePrivateIP: new(true)}
				w.done(w.tb, must[*hcloud.Action](w.tb)(w.LoadBalancer.AddLabelSelectorTarget(ctx, w.lb, opts)))
				return second(w.LoadBalancer.AddLabelSelectorTarget(ctx, w.lb, opts))
			},
			want: "422 target_already_defined",
		},
		"TargetNotFound": {
			reason: "What is no target can't be removed.",
			do: func(ctx context.Context, w world) error {
				return second(w.LoadBalancer.RemoveServerTarget(ctx, w.lb, w.servers[0]))
			},
			want: "422 load_balancer_target_not_found",
		},
		"PrivateTargetOutsideNetwork": {
			reason: "A server is reached in private through a shared network.",
			do: func(ctx context.Context, w world) error {
				s := w.server(w.tb, hcloud.ServerCreateOpts{Name: "third"})
				return second(w.LoadBalancer.AddServerTarget(ctx, w.lb, hcloud.LoadBalancerAddServerTargetOpts{Server: s, UsePrivateIP: new(true)}))
			},
			want: "422 resolve_cloud_private_targets_error",
		},
		"PrivateTargetOutsideNetworkBefore": {
			reason: "An earlier release of the API said the same with another code.",
			old:    true,
			do: func(ctx context.Context, w world) error {
				s := w.server(w.tb, hcloud.ServerCreateOpts{Name: "third"})
				return second(w.LoadBalancer.AddServerTarget(ctx, w.lb, hcloud.LoadBalancerAddServerTargetOpts{Server: s, UsePrivateIP: new(true)}))
			},
			want: "422 server_not_attached_to_network",
		},
		"PublicTargetWithoutAddress": {
			reason: "A server without IPv4 can't be reached in public.",
			do: func(ctx context.Context, w world) error {
				return second(w.LoadBalancer.AddServerTarget(ctx, w.lb, hcloud.LoadBalancerAddServerTargetOpts{Server: private(ctx, w)}))
			},
			want: "422 resolve_cloud_public_targets_error",
		},
		"PublicInterfaceDisabled": {
			reason: "A load balancer that is private has no public targets.",
			do: func(ctx context.Context, w world) error {
				w.done(w.tb, must[*hcloud.Action](w.tb)(w.LoadBalancer.DisablePublicInterface(ctx, w.lb)))
				return second(w.LoadBalancer.AddServerTarget(ctx, w.lb, hcloud.LoadBalancerAddServerTargetOpts{Server: w.servers[0]}))
			},
			want: "422 load_balancer_public_interface_disabled",
		},
		"TargetsWithoutPrivateIP": {
			reason: "And can't become private while it has.",
			do: func(ctx context.Context, w world) error {
				w.done(w.tb, must[*hcloud.Action](w.tb)(w.LoadBalancer.AddServerTarget(ctx, w.lb, hcloud.LoadBalancerAddServerTargetOpts{Server: w.servers[0]})))
				return second(w.LoadBalancer.DisablePublicInterface(ctx, w.lb))
			},
			want: "422 targets_without_use_private_ip",
		},
		"LoadBalancerNotAttached": {
			reason: "Private targets need a network.",
			do: func(ctx context.Context, w world) error {
				w.done(w.tb, must[*hcloud.Action](w.tb)(w.LoadBalancer.DetachFromNetwork(ctx, w.lb, hcloud.LoadBalancerDetachFromNetworkOpts{Network: w.network})))
				return second(w.LoadBalancer.AddServerTarget(ctx, w.lb, hcloud.LoadBalancerAddServerTargetOpts{Server: w.servers[0], UsePrivateIP: new(true)}))
			},
			want: "422 load_balancer_not_attached_to_network",
		},
		"LoadBalancerAlreadyAttached": {
			reason: "A load balancer is in one network.",
			do: func(ctx context.Context, w world) error {
				return second(w.LoadBalancer.AttachToNetwork(ctx, w.lb, hcloud.LoadBalancerAttachToNetworkOpts{Network: w.network}))
			},
			want: "422 load_balancer_already_attached",
		},
		"CloudIPTarget": {
			reason: "A cloud server's address is no target of type ip.",
			do: func(ctx context.Context, w world) error {
				return second(w.LoadBalancer.AddIPTarget(ctx, w.lb, hcloud.LoadBalancerAddIPTargetOpts{IP: w.servers[0].PublicNet.IPv4.IP}))
			},
			want: "422 cloud_resource_ip_not_allowed",
		},
		"NoVSwitchSubnet": {
			reason: "A private address is a vSwitch's.",
			do: func(ctx context.Context, w world) error {
				return second(w.LoadBalancer.AddIPTarget(ctx, w.lb, hcloud.LoadBalancerAddIPTargetOpts{IP: net.ParseIP("10.0.1.99")}))
			},
			want: "422 network_has_no_vswitch_subnet",
		},
		"InvalidLoadBalancerType": {
			reason: "A load balancer's type must have room for its services.",
			do: func(ctx context.Context, w world) error {
				return second(w.LoadBalancer.ChangeType(ctx, w.lb, hcloud.LoadBalancerChangeTypeOpts{LoadBalancerType: &hcloud.LoadBalancerType{Name: "lb11"}}))
			},
			want: "422 invalid_load_balancer_type",
		},
		"FirewallInUse": {
			reason: "A firewall goes after what it protects.",
			do: func(ctx context.Context, w world) error {
				f := wall(ctx, w)
				w.done(w.tb, must[[]*hcloud.Action](w.tb)(w.Firewall.ApplyResources(ctx, f, onServer(w.servers[0].ID)))...)
				return first(w.Firewall.Delete(ctx, f))
			},
			want: "422 resource_in_use",
		},
		"FirewallHeld": {
			reason: "And for a while after that.",
			cfg:    Config{FirewallRelease: time.Minute},
			do: func(ctx context.Context, w world) error {
				f := wall(ctx, w)
				w.done(w.tb, must[[]*hcloud.Action](w.tb)(w.Firewall.ApplyResources(ctx, f, onServer(w.servers[0].ID)))...)
				w.done(w.tb, must[*hcloud.ServerDeleteResult](w.tb)(w.Server.DeleteWithResult(ctx, w.servers[0])).Action)
				return first(w.Firewall.Delete(ctx, f))
			},
			want: "422 resource_in_use",
		},
		"FirewallAlreadyApplied": {
			reason: "A firewall is applied once.",
			do: func(ctx context.Context, w world) error {
				f := wall(ctx, w)
				w.done(w.tb, must[[]*hcloud.Action](w.tb)(w.Firewall.ApplyResources(ctx, f, onServer(w.servers[0].ID)))...)
				return second(w.Firewall.ApplyResources(ctx, f, onServer(w.servers[0].ID)))
			},
			want: "422 firewall_already_applied",
		},
		"FirewallServerAddedTwice": {
			reason: "A request names a server once.",
			do: func(ctx context.Context, w world) error {
				id := w.servers[0].ID
				return second(w.Firewall.ApplyResources(ctx, wall(ctx, w), append(onServer(id), onServer(id)...)))
			},
			want: "422 server_already_added",
		},
		"FirewallResourceNotFound": {
			reason: "What is not there can't be protected.",
			do: func(ctx context.Context, w world) error {
				return second(w.Firewall.ApplyResources(ctx, wall(ctx, w), onServer(1)))
			},
			want: "404 firewall_resource_not_found",
		},
		"FirewallManagedByLabel": {
			reason: "What a label protects is not let go by hand.",
			do: func(ctx context.Context, w world) error {
				f := wall(ctx, w)
				w.done(w.tb, must[[]*hcloud.Action](w.tb)(w.Firewall.ApplyResources(ctx, f, []hcloud.FirewallResource{{
					Type: hcloud.FirewallResourceTypeLabelSelector, LabelSelector: &hcloud.FirewallResourceLabelSelector{Selector: "role=cp1"},
				}}))...)
				return second(w.Firewall.RemoveResources(ctx, f, onServer(w.servers[0].ID)))
			},
			want: "422 firewall_managed_by_label_selector",
		},
		"PrivateNetOnlyServer": {
			reason: "A server without a public side has no use for a firewall.",
			do: func(ctx context.Context, w world) error {
				return second(w.Firewall.ApplyResources(ctx, wall(ctx, w), onServer(private(ctx, w).ID)))
			},
			want: "422 private_net_only_server",
		},
		"IncorrectZoneMode": {
			reason: "A secondary zone's records are not ours to write.",
			do: func(ctx context.Context, w world) error {
				return second(w.Zone.ChangeTTL(ctx, secondary(ctx, w), hcloud.ZoneChangeTTLOpts{TTL: 300}))
			},
			want: "422 incorrect_zone_mode",
		},
		"Unsupported": {
			reason: "Only what failed is tried again.",
			do: func(ctx context.Context, w world) error {
				r := must[hcloud.CertificateCreateResult](w.tb)(w.Certificate.CreateCertificate(ctx, hcloud.CertificateCreateOpts{Name: "c", Type: hcloud.CertificateTypeManaged, DomainNames: []string{"example.com"}}))
				return second(w.Certificate.RetryIssuance(ctx, r.Certificate))
			},
			want: "422 unsupported_error",
		},
		"Forbidden": {
			reason: "Hetzner's images are Hetzner's.",
			do:     func(ctx context.Context, w world) error { return first(w.Image.Delete(ctx, &hcloud.Image{ID: 500})) },
			want:   "403 forbidden",
		},
		"Timeout": {
			reason: "The API's own trouble has codes too.",
			do:     inject(Fault{Effect: EffectAnswer, Code: "timeout"}, create),
			want:   "504 timeout",
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			cfg := tc.cfg
			cfg.OldTargetCodes = tc.old
			w := world{double: serve(t, cfg), tb: t}
			if tc.cfg.ActionDuration == 0 {
				w.cluster = w.double.cluster(t)
			}
			if diff := cmp.Diff(tc.want, codeOf(tc.do(t.Context(), w))); diff != "" {
				t.Errorf("%s\n-want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestRawCodes(t *testing.T) {
	cases := map[string]struct {
		reason             string
		method, path, body string
		status             int
		want               string
	}{
		"JSON":       {"A body that is no JSON.", http.MethodPost, "/v1/networks", "{", 400, `"code":"json_error"`},
		"Type":       {"A field of the wrong type is named.", http.MethodPost, "/v1/networks", `{"name": 1}`, 422, `"fields":[{"name":"name","messages":["has the wrong type"]}]`},
		"Missing":    {"A field that is missing is named.", http.MethodPost, "/v1/networks", `{}`, 422, `"fields":[{"name":"name","messages":["is missing"]}]`},
		"Method":     {"Not every path takes every method.", http.MethodPost, "/v1/locations", `{}`, 405, `"code":"method_not_allowed"`},
		"Path":       {"Not every path is there.", http.MethodGet, "/v1/datacenters", "", 404, `"code":"not_found"`},
		"Datacenter": {"Datacenters left the API.", http.MethodPost, "/v1/servers", `{"name":"a","server_type":"cx22","image":"debian-12","datacenter":"fsn1-dc14"}`, 422, `"name":"datacenter"`},
		"Selector":   {"A selector has a grammar.", http.MethodGet, "/v1/servers?label_selector=a%20b", "", 422, `"name":"label_selector"`},
		"Sort":       {"Lists are sorted by what they can be.", http.MethodGet, "/v1/servers?sort=size", "", 422, `"name":"sort"`},
		"Page":       {"Pages begin at one.", http.MethodGet, "/v1/servers?page=0", "", 422, `"name":"page"`},
		"Hostname":   {"A server's name is a hostname.", http.MethodPost, "/v1/servers", `{"name":"a_b","server_type":"cx22","image":"debian-12"}`, 422, `"name":"name"`},
		"Limit":      {"Which limit is exceeded is said.", http.MethodPost, "/v1/placement_groups", `{"name":"p","type":"spread"}`, 403, `"limits":[{"name":"placement_groups_limit"}]`},
		"NoServices": {"A location is needed.", http.MethodPost, "/v1/load_balancers", `{"name":"l","load_balancer_type":"lb11"}`, 422, `"name":"location"`},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			d := serve(t, Config{Limits: map[string]int{"placement_groups": 1}})
			if status, _, body := raw(t, d, http.MethodPost, "/v1/placement_groups", testToken, `{"name":"first","type":"spread"}`); status != http.StatusCreated {
				t.Fatalf("cannot prepare: %d %s", status, body)
			}
			status, _, body := raw(t, d, tc.method, tc.path, testToken, tc.body)
			if status != tc.status || !contains(body, tc.want) {
				t.Errorf("%s\nwant %d %s, got %d %s", tc.reason, tc.status, tc.want, status, body)
			}
		})
	}
}
