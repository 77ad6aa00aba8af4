package clients

import (
	"context"

	fwprovider "github.com/hashicorp/terraform-plugin-framework/provider"
	terraformhcloud "github.com/hetznercloud/terraform-provider-hcloud/hcloud"

	"github.com/crossplane/upjet/v2/pkg/terraform"
)

// Setup of the Terraform provider with a client that is made already. Its own
// configuration would make one for each reconcile, knows no budget and writes
// whole requests, secrets included, to its log.
func (c *Client) Setup() terraform.Setup {
	return terraform.Setup{
		Meta:              c.Client,
		FrameworkProvider: &configured{Provider: terraformhcloud.NewPluginProvider(), client: c},
		Configuration:     map[string]any{},
	}
}

type configured struct {
	fwprovider.Provider

	client *Client
}

// Configure the provider with the client.
func (p *configured) Configure(_ context.Context, _ fwprovider.ConfigureRequest, resp *fwprovider.ConfigureResponse) {
	resp.ResourceData = p.client.Client
	resp.DataSourceData = p.client.Client
}
