package config

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	tfjson "github.com/hashicorp/terraform-json"

	"github.com/crossplane/upjet/v2/pkg/config"
)

func dump(t *testing.T) map[string]*tfjson.Schema {
	t.Helper()
	s := tfjson.ProviderSchemas{}
	if err := json.Unmarshal(schemaJSON, &s); err != nil {
		t.Fatal(err)
	}
	for _, p := range s.Schemas {
		return p.ResourceSchemas
	}
	t.Fatal("the schema holds no provider")
	return nil
}

func TestEveryResource(t *testing.T) {
	want := []string{}
	for name := range dump(t) {
		if name != certificateAlias {
			want = append(want, name)
		}
	}
	slices.Sort(want)
	if diff := cmp.Diff(want, Names()); diff != "" {
		t.Errorf("Every resource of the Terraform provider is described: -want, +got:\n%s", diff)
	}
	kinds := map[string]string{}
	for name, d := range resources {
		if other, ok := kinds[d.kind]; ok {
			t.Errorf("%s and %s are both %s", name, other, d.kind)
		}
		kinds[d.kind] = name
	}
	for what, p := range map[string]*config.Provider{"generation": ForGeneration(), "runtime": ForRuntime()} {
		if diff := cmp.Diff(want, slices.Sorted(maps.Keys(p.Resources))); diff != "" {
			t.Errorf("%s: -want, +got:\n%s", what, diff)
		}
		for name, r := range p.Resources {
			if r.Kind != resources[name].kind || r.ShortGroup != "" || r.Version != "v1alpha1" || r.UseAsync {
				t.Errorf("%s: %s is %s.%s %s, async %t", what, name, r.Kind, r.ShortGroup, r.Version, r.UseAsync)
			}
			if !r.ExternalName.DisableNameInitializer {
				t.Errorf("%s: %s would be named after its managed resource", what, name)
			}
		}
	}
}

// TestReferences compares the table with what looks like an identifier of
// another resource.
func TestReferences(t *testing.T) {
	// Identifiers of what is no managed resource.
	foreign := map[string]bool{"hcloud_network_subnet vswitch_id": true, "hcloud_server ignore_remote_firewall_ids": true}
	for name, r := range ForGeneration().Resources {
		for path := range r.References {
			s := config.GetSchema(r.TerraformResource, path)
			if s == nil {
				t.Errorf("%s has no field %s", name, path)
				continue
			}
			if s.Computed && !s.Optional {
				t.Errorf("%s: %s is only ever computed", name, path)
			}
		}
		for field, s := range r.TerraformResource.Schema {
			identifies := strings.HasSuffix(field, "_id") || strings.HasSuffix(field, "_ids")
			if _, ok := r.References[field]; identifies && !ok && (s.Required || s.Optional) && !foreign[name+" "+field] {
				t.Errorf("%s: %s references nothing", name, field)
			}
		}
	}
}

func TestSecrets(t *testing.T) {
	want := map[string][]string{
		server:        {"user_data"},
		zone:          {"primary_nameservers.tsig_key"},
		uploadedCert:  {"private_key"},
		storageBox:    {"password"},
		boxSubaccount: {"password"},
	}
	// What is called like a secret and is none.
	public := map[string]bool{"public_key": true, "ssh_keys": true}
	for name, r := range ForRuntime().Resources {
		for _, path := range want[name] {
			s := config.GetSchema(r.TerraformResource, path)
			if s == nil || !s.Sensitive {
				t.Errorf("%s: %s is no secret", name, path)
			}
		}
		for field, s := range r.TerraformResource.Schema {
			secret := strings.Contains(field, "password") || strings.Contains(field, "key") || strings.Contains(field, "token") || field == "user_data"
			if secret && !s.Sensitive && !public[field] {
				t.Errorf("%s: %s looks like a secret", name, field)
			}
		}
	}
}

func TestNumericID(t *testing.T) {
	for name, s := range dump(t) {
		id := s.Block.Attributes["id"]
		numeric := id != nil && id.AttributeType.FriendlyName() == "number"
		if name != certificateAlias && numeric != resources[name].numericID {
			t.Errorf("%s: the identifier is a number: %t", name, numeric)
		}
	}
	got, err := numericID{}.Convert(map[string]any{"id": int64(4711)}, nil, config.FromTerraform)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]any{"id": "4711"}, got); diff != "" {
		t.Errorf("The status holds identifiers as text: -want, +got:\n%s", diff)
	}
}

func TestIdentifiers(t *testing.T) {
	cases := map[string]struct {
		reason   string
		resource string
		name     string
		args     map[string]any
		want     string
	}{
		"Assigned":        {reason: "Nothing is known before the server has chosen", resource: network, want: ""},
		"Adopted":         {reason: "The external name is the identifier", resource: network, name: "42", want: "42"},
		"Subnet":          {reason: "A subnet is named by its network and range", resource: subnet, args: map[string]any{"network_id": 42.0, "ip_range": "10.0.1.0/24"}, want: "42-10.0.1.0/24"},
		"SubnetAdopted":   {reason: "A name that is given wins", resource: subnet, name: "7-10.9.0.0/24", args: map[string]any{"network_id": 42.0, "ip_range": "10.0.1.0/24"}, want: "7-10.9.0.0/24"},
		"SubnetUnknown":   {reason: "Half a name is none", resource: subnet, args: map[string]any{"ip_range": "10.0.1.0/24"}, want: ""},
		"Route":           {reason: "A route is named by its network and destination", resource: route, args: map[string]any{"network_id": 42.0, "destination": "10.244.0.0/24"}, want: "42-10.244.0.0/24"},
		"Large":           {reason: "Large numbers are written out", resource: route, args: map[string]any{"network_id": 123456789012.0, "destination": "10.244.0.0/24"}, want: "123456789012-10.244.0.0/24"},
		"Service":         {reason: "A service is named by the port it listens on", resource: lbService, args: map[string]any{"load_balancer_id": "9", "listen_port": 6443.0, "protocol": "tcp"}, want: "9__6443"},
		"ServiceDefault":  {reason: "Web services have a port by default", resource: lbService, args: map[string]any{"load_balancer_id": "9", "protocol": "https"}, want: "9__443"},
		"ServiceUnknown":  {reason: "Others have not", resource: lbService, args: map[string]any{"load_balancer_id": "9", "protocol": "tcp"}, want: ""},
		"ServerTarget":    {reason: "A target is named by its server", resource: lbTarget, args: map[string]any{"load_balancer_id": 9.0, "type": "server", "server_id": 5.0}, want: "lb-srv-tgt-5-9"},
		"IPTarget":        {reason: "Or by the hash of its address", resource: lbTarget, args: map[string]any{"load_balancer_id": 9.0, "type": "ip", "ip": "192.0.2.1"}, want: "lb-ip-tgt-37fcff24bf62035b2b08020afc08b4fecd4fcffce57ab23518e3561ff0fe76b9-9"},
		"ServerNetwork":   {reason: "An attachment is named by both ends", resource: serverNetwork, args: map[string]any{"server_id": 5.0, "network_id": 42.0}, want: "5-42"},
		"ServerSubnet":    {reason: "A subnet says which network", resource: serverNetwork, args: map[string]any{"server_id": 5.0, "subnet_id": "42-10.0.1.0/24"}, want: "5-42"},
		"NetworkUnknown":  {reason: "The plugin framework wants something to parse", resource: serverNetwork, args: map[string]any{"server_id": 5.0}, want: "0-0"},
		"RDNS":            {reason: "Reverse DNS is named by what owns the address", resource: rdns, args: map[string]any{"primary_ip_id": 3.0, "ip_address": "192.0.2.1"}, want: "p-3-192.0.2.1"},
		"RRset":           {reason: "A record set is named by its name and type", resource: rrset, args: map[string]any{"name": "www", "type": "A"}, want: "www/A"},
		"Volume":          {reason: "A volume has one attachment", resource: volAttachment, args: map[string]any{"volume_id": 8.0, "server_id": 5.0}, want: "8"},
		"FloatingIP":      {reason: "A floating IP has one assignment", resource: fipAssignment, args: map[string]any{"floating_ip_id": 8.0}, want: "8"},
		"FirewallTargets": {reason: "A firewall has one attachment", resource: fwAttachment, args: map[string]any{"firewall_id": 8.0}, want: "8"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got, err := resources[tc.resource].name.GetIDFn(context.Background(), tc.name, tc.args, nil)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("%s: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestRecordName(t *testing.T) {
	got, err := resources[record].name.GetExternalNameFn(map[string]any{"zone": "example.org", "name": "www", "type": "A", "value": "192.0.2.1"})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff("example.org/www/A/192.0.2.1", got); diff != "" {
		t.Errorf("A record is named by all that tells it apart: -want, +got:\n%s", diff)
	}
}

func TestFrameworkPlaceholder(t *testing.T) {
	args := map[string]any{}
	resources[sshKey].name.SetIdentifierArgumentFn(args, "")
	if diff := cmp.Diff(map[string]any{"id": "0"}, args); diff != "" {
		t.Errorf("The plugin framework reads before it creates: -want, +got:\n%s", diff)
	}
}
