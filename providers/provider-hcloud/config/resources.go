package config

import (
	"maps"
	"slices"
	"strings"

	"github.com/crossplane/upjet/v2/pkg/config"
)

// A description of one Terraform resource.
type description struct {
	// kind of the managed resource.
	kind string
	// name says how the external name and Terraform's identifier relate.
	name config.ExternalName
	// references to other resources by the path of the field that holds the
	// other's identifier. The value is the name of the Terraform resource.
	references map[string]string
	// secrets are paths of fields that hold a secret although the Terraform
	// provider does not say so.
	secrets []string
	// omit fields that the API or the Terraform provider has given up.
	omit []string
	// numericID says that Terraform keeps the identifier as a number.
	numericID bool
}

const (
	firewall       = "hcloud_firewall"
	floatingIP     = "hcloud_floating_ip"
	loadBalancer   = "hcloud_load_balancer"
	managedCert    = "hcloud_managed_certificate"
	network        = "hcloud_network"
	placementGroup = "hcloud_placement_group"
	primaryIP      = "hcloud_primary_ip"
	server         = "hcloud_server"
	snapshot       = "hcloud_snapshot"
	sshKey         = "hcloud_ssh_key"
	storageBox     = "hcloud_storage_box"
	subnet         = "hcloud_network_subnet"
	volume         = "hcloud_volume"
	zone           = "hcloud_zone"
	rrset          = "hcloud_zone_rrset"
	record         = "hcloud_zone_record"
	rdns           = "hcloud_rdns"
	lbNetwork      = "hcloud_load_balancer_network"
	lbService      = "hcloud_load_balancer_service"
	lbTarget       = "hcloud_load_balancer_target"
	serverNetwork  = "hcloud_server_network"
	uploadedCert   = "hcloud_uploaded_certificate"
	route          = "hcloud_network_route"
	fwAttachment   = "hcloud_firewall_attachment"
	fipAssignment  = "hcloud_floating_ip_assignment"
	volAttachment  = "hcloud_volume_attachment"
	boxSnapshot    = "hcloud_storage_box_snapshot"
	boxSubaccount  = "hcloud_storage_box_subaccount"
)

// resources of the Terraform provider. One that is missing here is not
// generated; a test compares the table with the schema.
var resources = map[string]description{
	firewall:       {kind: "Firewall", name: assigned(), references: map[string]string{"apply_to.server": server}},
	fwAttachment:   {kind: "FirewallAttachment", name: known("{firewall_id}"), references: map[string]string{"firewall_id": firewall, "server_ids": server}},
	floatingIP:     {kind: "FloatingIP", name: assigned(), references: map[string]string{"server_id": server}},
	fipAssignment:  {kind: "FloatingIPAssignment", name: known("{floating_ip_id}"), references: map[string]string{"floating_ip_id": floatingIP, "server_id": server}},
	loadBalancer:   {kind: "LoadBalancer", name: assigned(), omit: []string{"target"}},
	lbNetwork:      {kind: "LoadBalancerNetwork", name: attached("load_balancer_id"), references: map[string]string{"load_balancer_id": loadBalancer, "network_id": network, "subnet_id": subnet}},
	lbService:      {kind: "LoadBalancerService", name: service(), references: map[string]string{"load_balancer_id": loadBalancer, "http.certificates": managedCert}},
	lbTarget:       {kind: "LoadBalancerTarget", name: target(), references: map[string]string{"load_balancer_id": loadBalancer, "server_id": server}},
	managedCert:    {kind: "ManagedCertificate", name: assigned()},
	uploadedCert:   {kind: "UploadedCertificate", name: assigned()},
	network:        {kind: "Network", name: assigned()},
	route:          {kind: "NetworkRoute", name: known("{network_id}-{destination}"), references: map[string]string{"network_id": network}},
	subnet:         {kind: "NetworkSubnet", name: known("{network_id}-{ip_range}"), references: map[string]string{"network_id": network}},
	placementGroup: {kind: "PlacementGroup", name: assigned()},
	primaryIP:      {kind: "PrimaryIP", name: placeholder(), numericID: true, references: map[string]string{"assignee_id": server}, omit: []string{"datacenter"}},
	rdns:           {kind: "RDNS", name: reverse(), references: map[string]string{"server_id": server, "primary_ip_id": primaryIP, "floating_ip_id": floatingIP, "load_balancer_id": loadBalancer}},
	server: {kind: "Server", name: assigned(), references: map[string]string{
		"ssh_keys": sshKey, "firewall_ids": firewall, "placement_group_id": placementGroup,
		"network.network_id": network, "network.subnet_id": subnet,
		"public_net.ipv4": primaryIP, "public_net.ipv6": primaryIP, "image": snapshot,
	}, secrets: []string{"user_data"}, omit: []string{"allow_deprecated_images", "backup_window", "datacenter"}},
	serverNetwork: {kind: "ServerNetwork", name: attached("server_id"), references: map[string]string{"server_id": server, "network_id": network, "subnet_id": subnet}},
	snapshot:      {kind: "Snapshot", name: assigned(), references: map[string]string{"server_id": server}},
	sshKey:        {kind: "SSHKey", name: placeholder()},
	storageBox:    {kind: "StorageBox", name: placeholder(), numericID: true},
	boxSnapshot:   {kind: "StorageBoxSnapshot", name: placeholder(), numericID: true, references: map[string]string{"storage_box_id": storageBox}},
	boxSubaccount: {kind: "StorageBoxSubaccount", name: placeholder(), numericID: true, references: map[string]string{"storage_box_id": storageBox}},
	volume:        {kind: "Volume", name: assigned(), references: map[string]string{"server_id": server}},
	volAttachment: {kind: "VolumeAttachment", name: known("{volume_id}"), references: map[string]string{"volume_id": volume, "server_id": server}},
	zone:          {kind: "Zone", name: placeholder(), numericID: true, secrets: []string{"primary_nameservers.tsig_key"}},
	record:        {kind: "ZoneRecord", name: joined("zone", "name", "type", "value"), references: map[string]string{"zone": zone}},
	rrset:         {kind: "ZoneRRset", name: recordSet(), references: map[string]string{"zone": zone}},
}

// describe applies the table to one resource.
func describe(r *config.Resource) {
	d, ok := resources[r.Name]
	if !ok {
		return
	}
	r.ShortGroup = ""
	r.Kind = d.kind
	r.ExternalName = d.name
	r.ExternalName.OmittedFields = append(r.ExternalName.OmittedFields, d.omit...)
	// Operations wait for Hetzner's actions in the reconcile that started
	// them: what was created is then recorded in the same breath.
	r.UseAsync = false
	for _, path := range d.secrets {
		config.GetSchema(r.TerraformResource, path).Sensitive = true
	}
	for name, field := range r.TerraformResource.Schema {
		if field.Sensitive && field.Required {
			// A reference that is no pointer is never absent from initProvider,
			// and upjet would look for a Secret without a name.
			field.Required, field.Optional = false, true
			r.MarkAsRequired(name)
		}
	}
	for path, to := range d.references {
		// All kinds are in one package, which upjet would import into itself.
		r.References[path] = config.Reference{Type: resources[to].kind} //nolint:staticcheck // See above.
	}
	// What the server chose is in the status. Copying it into the spec would
	// make drift of it the User's wish: an address assigned to a server, or a
	// firewall attached to one by its own resource.
	r.LateInitializer.IgnoredFields = slices.Sorted(maps.Keys(r.TerraformResource.Schema))
	r.TerraformConversions = append(r.TerraformConversions, config.NewTFSingletonConversion())
	if d.numericID {
		r.TerraformConversions = append(r.TerraformConversions, numericID{})
	}
	r.TerraformCustomDiff = settled(r.TerraformResource)
	if r.MetaResource != nil {
		r.MetaResource.Examples = nil
		r.MetaResource.Description = strings.TrimSpace(r.MetaResource.Description)
	}
}
