// Package config says how the resources of Hetzner's Terraform provider become
// managed resources: their kinds, names, references and secrets. The generator
// and the running provider share it.
package config

import (
	_ "embed"
	"maps"
	"slices"
	"strings"

	"github.com/hetznercloud/terraform-provider-hcloud/hcloud"

	"github.com/crossplane/upjet/v2/pkg/config"
	upjetname "github.com/crossplane/upjet/v2/pkg/types/name"
)

const (
	group      = "hcloud.openova.io"
	prefix     = "hcloud"
	modulePath = "github.com/openova-io/catalyst/providers/provider-hcloud"
)

// certificateAlias is the old name of hcloud_uploaded_certificate.
const certificateAlias = "hcloud_certificate"

//go:embed schema.json
var schemaJSON []byte

//go:embed provider-metadata.yaml
var metadata []byte

// noMetadata is all the documentation that reconciling needs.
var noMetadata = []byte("name: hetznercloud/hcloud\n")

func init() {
	for _, acronym := range []string{"API", "DNS", "IP", "IPs", "IPv4", "IPv6", "ISO", "MAC", "SSH", "TLS", "TTL", "RDNS", "HTTP"} {
		upjetname.AddAcronym(strings.ToLower(acronym), acronym)
	}
}

// ForGeneration describes every resource by the committed schema dump, whose
// numbers are all floating point: references to numeric identifiers are
// generated for those only.
func ForGeneration() *config.Provider {
	return configure(metadata, config.WithIncludeList(exactly(Names())))
}

// ForRuntime describes every resource by the code that reconciles it.
func ForRuntime() *config.Provider {
	sdk, framework := hcloud.Provider(), hcloud.NewPluginProvider()
	var sdkNames, frameworkNames []string
	for _, name := range Names() {
		if _, ok := sdk.ResourcesMap[name]; ok {
			sdkNames = append(sdkNames, name)
			continue
		}
		frameworkNames = append(frameworkNames, name)
	}
	return configure(noMetadata,
		config.WithIncludeList(nil),
		config.WithTerraformProvider(sdk),
		config.WithTerraformPluginSDKIncludeList(exactly(sdkNames)),
		config.WithTerraformPluginFrameworkProvider(framework),
		config.WithTerraformPluginFrameworkIncludeList(exactly(frameworkNames)),
	)
}

// Names of the Terraform resources that are reconciled, sorted.
func Names() []string {
	return slices.Sorted(maps.Keys(resources))
}

func exactly(names []string) []string {
	out := make([]string, 0, len(names))
	for _, n := range names {
		out = append(out, "^"+n+"$")
	}
	return out
}

func configure(metadata []byte, opts ...config.ProviderOption) *config.Provider {
	opts = append(opts,
		config.WithRootGroup(group),
		config.WithShortName(prefix),
		config.WithSkipList(exactly([]string{certificateAlias})),
		config.WithBasePackages(config.BasePackages{}),
		config.WithSchemaTraversers(&config.SingletonListEmbedder{}),
		config.WithDefaultResourceOptions(describe),
	)
	return config.NewProvider(schemaJSON, prefix, modulePath, metadata, opts...)
}
