package terraform

import (
	"testing"

	"github.com/openova-io/catalyst/test/hcloudsim"
)

const sshKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFsF2A1YR+9Iom7dLVVaUsjTsOdnjrnzQQMCkqjbLTi5 test"

// boxPassword satisfies the API's policy and opens nothing.
const boxPassword = "Not-A-Secret-1"

// A step applies one resource, and later updates it.
type step struct {
	name, kind     string
	config, update values
}

var (
	labels  = values{"catalyst.openova.io/sovereign": "omantel.example.com", "a": "b"}
	relabel = values{"a": "c"}
	net     = step{"net", "hcloud_network", values{"name": "net", "ip_range": "10.0.0.0/16", "labels": labels}, values{"name": "net2", "ip_range": "10.0.0.0/16", "expose_routes_to_vswitch": true, "labels": relabel, "delete_protection": false}}
	subnet  = step{"subnet", "hcloud_network_subnet", values{"network_id": "@net.id", "type": "cloud", "network_zone": "eu-central", "ip_range": "10.0.1.0/24"}, nil}
	srv     = step{"srv", "hcloud_server", values{"name": "srv", "server_type": "cx22", "image": "ubuntu-24.04", "location": "fsn1", "labels": labels}, values{"name": "srv2", "server_type": "cx32", "image": "ubuntu-24.04", "location": "fsn1", "labels": relabel, "keep_disk": true}}
	lb      = step{"lb", "hcloud_load_balancer", values{"name": "lb", "load_balancer_type": "lb11", "location": "fsn1", "labels": labels}, values{"name": "lb2", "load_balancer_type": "lb21", "location": "fsn1", "labels": relabel, "algorithm": []values{{"type": "least_connections"}}}}
	zone    = step{"zone", "hcloud_zone", values{"name": "example.com", "mode": "primary"}, values{"name": "example.com", "mode": "primary", "ttl": 600, "labels": relabel, "delete_protection": false}}
)

// plain is a step without its update, for what others only stand on.
func (s step) plain() step {
	s.update = nil
	return s
}

type testCase struct {
	reason string
	steps  []step
}

// cases cover every resource of the provider.
func cases() map[string]testCase {
	return map[string]testCase{
		"SSHKey": {
			reason: "A key is registered, renamed and removed.",
			steps: []step{{
				"key", "hcloud_ssh_key",
				values{"name": "k", "public_key": sshKey},
				values{"name": "k2", "public_key": sshKey, "labels": relabel},
			}},
		},
		"Network": {reason: "A network grows.", steps: []step{net}},
		"Subnet":  {reason: "A subnet hangs on its network.", steps: []step{net.plain(), subnet}},
		"Route": {
			reason: "A route hangs on its network.",
			steps:  []step{net.plain(), subnet, {"route", "hcloud_network_route", values{"network_id": "@net.id", "destination": "10.100.1.0/24", "gateway": "10.0.1.5"}, nil}},
		},
		"PlacementGroup": {
			reason: "A group is renamed.",
			steps:  []step{{"pg", "hcloud_placement_group", values{"name": "pg", "type": "spread"}, values{"name": "pg2", "type": "spread", "labels": relabel}}},
		},
		"Firewall": {
			reason: "Rules are replaced as a whole.",
			steps: []step{{
				"fw", "hcloud_firewall",
				values{"name": "fw", "labels": labels, "rule": []values{
					{"direction": "in", "protocol": "tcp", "port": "443", "source_ips": []any{"0.0.0.0/0", "::/0"}, "description": "https"},
					{"direction": "in", "protocol": "icmp", "source_ips": []any{"0.0.0.0/0", "::/0"}},
				}},
				values{"name": "fw2", "rule": []values{
					{"direction": "in", "protocol": "tcp", "port": "6443", "source_ips": []any{"10.0.0.0/8"}},
					{"direction": "out", "protocol": "udp", "port": "53-54", "destination_ips": []any{"192.0.2.0/24"}},
				}, "apply_to": []values{{"label_selector": "role=worker"}}},
			}},
		},
		"Server": {reason: "A server changes its type, name and protection.", steps: []step{srv}},
		"Protection": {
			reason: "What is protected is unprotected before it goes.",
			steps: []step{
				{"net", "hcloud_network", values{"name": "net", "ip_range": "10.0.0.0/16", "delete_protection": true}, values{"name": "net", "ip_range": "10.0.0.0/16", "delete_protection": false}},
				{"lb", "hcloud_load_balancer", values{"name": "lb", "load_balancer_type": "lb11", "network_zone": "us-east", "delete_protection": true}, values{"name": "lb", "load_balancer_type": "lb11", "network_zone": "us-east", "delete_protection": false}},
				{"vol", "hcloud_volume", values{"name": "vol", "size": 10, "location": "ash", "delete_protection": true}, values{"name": "vol", "size": 10, "location": "ash", "delete_protection": false}},
				{"zone", "hcloud_zone", values{"name": "example.com", "mode": "primary", "delete_protection": true}, values{"name": "example.com", "mode": "primary", "delete_protection": false}},
				{"srv", "hcloud_server", values{"name": "srv", "server_type": "cpx11", "image": "ubuntu-24.04", "location": "ash", "delete_protection": true, "rebuild_protection": true}, values{"name": "srv", "server_type": "cpx11", "image": "ubuntu-24.04", "location": "ash"}},
			},
		},
		"ServerWithEverything": {
			reason: "What a node of a cluster needs, at creation.",
			steps: []step{
				net.plain(), subnet,
				{"key", "hcloud_ssh_key", values{"name": "k", "public_key": sshKey}, nil},
				{"pg", "hcloud_placement_group", values{"name": "pg", "type": "spread"}, nil},
				{"fw", "hcloud_firewall", values{"name": "fw"}, nil},
				{"srv", "hcloud_server", values{
					"name": "cp1", "server_type": "cx22", "image": "ubuntu-24.04", "location": "fsn1", "user_data": "#cloud-config", "backups": true,
					"ssh_keys": []any{"@key.id"}, "placement_group_id": "@pg.id", "firewall_ids": []any{"@fw.id"},
					"network": []values{{"network_id": "@net.id", "ip": "10.0.1.2", "alias_ips": []any{"10.0.1.20"}}},
				}, values{
					"name": "cp1", "server_type": "cx22", "image": "ubuntu-24.04", "location": "fsn1", "user_data": "#cloud-config", "backups": false,
					"ssh_keys": []any{"@key.id"}, "placement_group_id": "@pg.id", "firewall_ids": []any{},
					"network": []values{{"network_id": "@net.id", "ip": "10.0.1.2", "alias_ips": []any{"10.0.1.21"}}},
				}},
			},
		},
		"PrivateServer": {
			reason: "A server without public addresses starts once it is in a network.",
			steps: []step{
				net.plain(), subnet,
				{"srv", "hcloud_server", values{
					"name": "w1", "server_type": "cx22", "image": "ubuntu-24.04", "location": "fsn1",
					"public_net": []values{{"ipv4_enabled": false, "ipv6_enabled": false}},
					"network":    []values{{"network_id": "@net.id"}},
				}, nil},
			},
		},
		"ServerNetwork": {
			reason: "A server joins a network afterwards.",
			steps: []step{
				net.plain(), subnet, srv.plain(),
				{"sn", "hcloud_server_network", values{"server_id": "@srv.id", "subnet_id": "@subnet.id", "ip": "10.0.1.5"}, values{"server_id": "@srv.id", "subnet_id": "@subnet.id", "ip": "10.0.1.5", "alias_ips": []any{"10.0.1.6"}}},
			},
		},
		"LoadBalancer": {reason: "A load balancer changes its type and algorithm.", steps: []step{lb}},
		"LoadBalancerParts": {
			reason: "Services, targets and the network of a load balancer are resources of their own.",
			steps: []step{
				net.plain(), subnet, lb.plain(),
				{"srv", "hcloud_server", values{"name": "cp1", "server_type": "cx22", "image": "ubuntu-24.04", "location": "fsn1", "labels": values{"role": "control-plane"}}, nil},
				{"sn", "hcloud_server_network", values{"server_id": "@srv.id", "subnet_id": "@subnet.id"}, nil},
				{"ln", "hcloud_load_balancer_network", values{"load_balancer_id": "@lb.id", "subnet_id": "@subnet.id", "ip": "10.0.1.254"}, nil},
				{"tcp", "hcloud_load_balancer_service", values{"load_balancer_id": "@lb.id", "protocol": "tcp", "listen_port": 80, "destination_port": 31080}, values{"load_balancer_id": "@lb.id", "protocol": "tcp", "listen_port": 80, "destination_port": 31081, "proxyprotocol": true}},
				{"http", "hcloud_load_balancer_service", values{
					"load_balancer_id": "@lb.id", "protocol": "http",
					"listen_port": 8080, "destination_port": 80,
					"http": []values{{"sticky_sessions": true, "cookie_name": "STICKY"}},
					"health_check": []values{{
						"protocol": "http", "port": 80, "interval": 10, "timeout": 5, "retries": 3,
						"http": []values{{"domain": "example.com", "path": "/healthz", "response": "OK", "tls": true, "status_codes": []any{"200"}}},
					}},
				}, nil},
				{"target", "hcloud_load_balancer_target", values{"type": "server", "load_balancer_id": "@lb.id", "server_id": "@srv.id", "use_private_ip": true}, nil},
				{"select", "hcloud_load_balancer_target", values{"type": "label_selector", "load_balancer_id": "@lb.id", "label_selector": "role=control-plane", "use_private_ip": true}, nil},
				{"ip", "hcloud_load_balancer_target", values{"type": "ip", "load_balancer_id": "@lb.id", "ip": "203.0.113.7"}, nil},
			},
		},
		"PrimaryIP": {
			reason: "An address of one's own, given to a server.",
			steps: []step{
				{"ip", "hcloud_primary_ip", values{"name": "ip", "type": "ipv4", "location": "fsn1", "auto_delete": false}, values{"name": "ip2", "type": "ipv4", "location": "fsn1", "auto_delete": false, "labels": relabel}},
				{"srv", "hcloud_server", values{"name": "srv", "server_type": "cx22", "image": "ubuntu-24.04", "location": "fsn1", "public_net": []values{{"ipv4": "@ip.id", "ipv4_enabled": true, "ipv6_enabled": false}}}, values{"name": "srv", "server_type": "cx22", "image": "ubuntu-24.04", "location": "fsn1", "public_net": []values{{"ipv4_enabled": true, "ipv6_enabled": true}}}},
			},
		},
		"FloatingIP": {
			reason: "An address that moves between servers.",
			steps: []step{
				srv.plain(),
				{"ip", "hcloud_floating_ip", values{"type": "ipv4", "home_location": "fsn1", "description": "first"}, values{"type": "ipv4", "home_location": "fsn1", "name": "fip", "description": "second", "labels": relabel}},
				{"assigned", "hcloud_floating_ip_assignment", values{"floating_ip_id": "@ip.id", "server_id": "@srv.id"}, nil},
			},
		},
		"Volume": {
			reason: "A volume grows and is attached.",
			steps: []step{
				srv.plain(),
				{"vol", "hcloud_volume", values{"name": "vol", "size": 10, "location": "fsn1", "format": "ext4"}, values{"name": "vol2", "size": 20, "location": "fsn1", "format": "ext4", "labels": relabel, "delete_protection": false}},
				{"att", "hcloud_volume_attachment", values{"volume_id": "@vol.id", "server_id": "@srv.id"}, nil},
			},
		},
		"VolumeOfServer": {
			reason: "A volume is made with its server.",
			steps:  []step{srv.plain(), {"vol", "hcloud_volume", values{"name": "vol", "size": 10, "server_id": "@srv.id", "automount": true, "format": "xfs"}, nil}},
		},
		"ReverseDNS": {
			reason: "Every public address has a name.",
			steps: []step{
				srv.plain(), lb.plain(),
				{"ip", "hcloud_primary_ip", values{"name": "ip", "type": "ipv6", "location": "fsn1", "auto_delete": false}, nil},
				{"fip", "hcloud_floating_ip", values{"type": "ipv4", "home_location": "fsn1"}, nil},
				{"r1", "hcloud_rdns", values{"server_id": "@srv.id", "ip_address": "@srv.ipv4_address", "dns_ptr": "a.example.com"}, values{"server_id": "@srv.id", "ip_address": "@srv.ipv4_address", "dns_ptr": "b.example.com"}},
				{"r2", "hcloud_rdns", values{"load_balancer_id": "@lb.id", "ip_address": "@lb.ipv4", "dns_ptr": "lb.example.com"}, nil},
				{"r3", "hcloud_rdns", values{"primary_ip_id": "@ip.id", "ip_address": "@ip.ip_address", "dns_ptr": "ip.example.com"}, nil},
				{"r4", "hcloud_rdns", values{"floating_ip_id": "@fip.id", "ip_address": "@fip.ip_address", "dns_ptr": "fip.example.com"}, nil},
			},
		},
		"FirewallAttachment": {
			reason: "A firewall is put on servers and on what a label selects.",
			steps: []step{
				srv.plain(),
				{"fw", "hcloud_firewall", values{"name": "fw"}, nil},
				{"att", "hcloud_firewall_attachment", values{"firewall_id": "@fw.id", "server_ids": []any{"@srv.id"}}, values{"firewall_id": "@fw.id", "server_ids": []any{"@srv.id"}, "label_selectors": []any{"role=worker"}}},
			},
		},
		"Snapshot": {
			reason: "A server is kept as an image.",
			steps:  []step{srv.plain(), {"snap", "hcloud_snapshot", values{"server_id": "@srv.id", "description": "one"}, values{"server_id": "@srv.id", "description": "two", "labels": relabel}}},
		},
		"UploadedCertificate": {
			reason: "A pair in PEM.",
			steps:  []step{{"cert", "hcloud_uploaded_certificate", values{"name": "cert", "certificate": certificatePEM, "private_key": keyPEM}, values{"name": "cert2", "certificate": certificatePEM, "private_key": keyPEM, "labels": relabel}}},
		},
		"ManagedCertificate": {
			reason: "One that is issued.",
			steps:  []step{{"cert", "hcloud_managed_certificate", values{"name": "cert", "domain_names": []any{"example.com", "*.example.com"}}, values{"name": "cert2", "domain_names": []any{"example.com", "*.example.com"}, "labels": relabel}}},
		},
		"Zone": {reason: "A zone changes its TTL.", steps: []step{zone}},
		"SecondaryZone": {
			reason: "A zone is fetched from elsewhere.",
			steps:  []step{{"zone", "hcloud_zone", values{"name": "example.net", "mode": "secondary", "primary_nameservers": []any{values{"address": "203.0.113.1"}}}, values{"name": "example.net", "mode": "secondary", "primary_nameservers": []any{values{"address": "203.0.113.2", "port": 5353}}}}},
		},
		"RecordSet": {
			reason: "Records of a zone, as a set.",
			steps: []step{
				zone.plain(),
				{"www", "hcloud_zone_rrset", values{"zone": "@zone.name", "name": "www", "type": "A", "ttl": 300, "records": []any{values{"value": "203.0.113.10", "comment": "one"}}}, values{"zone": "@zone.name", "name": "www", "type": "A", "ttl": 600, "labels": relabel, "records": []any{values{"value": "203.0.113.10"}, values{"value": "203.0.113.11"}}}},
				{"txt", "hcloud_zone_rrset", values{"zone": "@zone.name", "name": "@", "type": "TXT", "records": []any{values{"value": `"v=spf1 -all"`}}}, nil},
			},
		},
		"Record": {
			reason: "One record of a set.",
			steps: []step{
				zone.plain(),
				{"a", "hcloud_zone_record", values{"zone": "@zone.name", "name": "api", "type": "A", "value": "203.0.113.10", "comment": "one"}, values{"zone": "@zone.name", "name": "api", "type": "A", "value": "203.0.113.10", "comment": "two"}},
				{"b", "hcloud_zone_record", values{"zone": "@zone.name", "name": "api", "type": "A", "value": "203.0.113.11"}, nil},
			},
		},
		"StorageBox": {
			reason: "A box with a snapshot and a subaccount.",
			steps: []step{
				{"box", "hcloud_storage_box", values{
					"name": "box", "storage_box_type": "bx11", "location": "fsn1", "password": boxPassword, "labels": labels, "delete_protection": true,
					"snapshot_plan": values{"max_snapshots": 10, "minute": 16, "hour": 18, "day_of_week": 3},
				}, values{
					"name": "box2", "storage_box_type": "bx21", "location": "fsn1", "password": boxPassword + "2", "labels": relabel, "delete_protection": false,
					"access_settings": values{"reachable_externally": true, "samba_enabled": true, "ssh_enabled": true, "webdav_enabled": false, "zfs_enabled": true},
				}},
				{"snap", "hcloud_storage_box_snapshot", values{"storage_box_id": "@box.id", "description": "one"}, values{"storage_box_id": "@box.id", "description": "two", "labels": relabel}},
				{"sub", "hcloud_storage_box_subaccount", values{
					"storage_box_id": "@box.id", "name": "badger", "home_directory": "teams/badger/", "password": boxPassword, "description": "team",
					"access_settings": values{"reachable_externally": true, "samba_enabled": true},
				}, values{
					"storage_box_id": "@box.id", "name": "badger", "home_directory": "teams/wolf/", "password": boxPassword, "description": "team", "labels": relabel,
					"access_settings": values{"reachable_externally": true, "samba_enabled": true, "readonly": true},
				}},
			},
		},
	}
}

// TestEveryResource is in cases. A certificate without a type is the old name of
// an uploaded one.
func TestEveryResource(t *testing.T) {
	covered := map[string]bool{"hcloud_certificate": true}
	for _, tc := range cases() {
		for _, s := range tc.steps {
			covered[s.kind] = true
		}
	}
	for kind := range newProvider(t, hcloudsim.Config{}).schemas {
		if !covered[kind] {
			t.Errorf("no test runs %s", kind)
		}
	}
}

func TestResources(t *testing.T) {
	for name, tc := range cases() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newProvider(t, hcloudsim.Config{ActionDuration: quick})
			for _, s := range tc.steps {
				p.apply(t, s.name, s.kind, s.config)
			}
			for _, s := range tc.steps {
				p.settled(t, s.name, s.config)
			}
			for _, s := range tc.steps {
				if s.update != nil {
					p.apply(t, s.name, s.kind, s.update)
				}
			}
			p.destroy(t)
			if t.Failed() {
				t.Log(tc.reason)
			}
		})
	}
}
