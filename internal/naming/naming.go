// Package naming computes Catalyst's names from their dimensions: provider,
// region, building block, environment type, Organization, Environment and
// Application. A name that can be computed is never stored.
package naming

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"sync"

	"sigs.k8s.io/yaml"

	"github.com/openova-io/catalyst/apis/v1alpha1"
)

// Namespaces the platform keeps.
const (
	NamespaceCatalog          = "catalog"
	NamespaceCatalogSovereign = "catalog-sovereign"
	NamespaceSystem           = "catalyst-system"
)

// Branches every Application repository has.
const (
	BranchDevelop = "develop"
	BranchStaging = "staging"
	BranchMain    = "main"
)

// SharedBlueprints is the repository of an Organization's own Blueprints.
const SharedBlueprints = "shared-blueprints"

// Teams every Organization has in Gitea. Nobody of the Organization is in
// Gitea's own team of owners: owners may change branch protections.
const (
	TeamAdmins     = "admins"
	TeamDevelopers = "developers"
	TeamViewers    = "viewers"
)

// Labels on what Catalyst composes.
const (
	LabelOrganization = "openova.io/organization"
	LabelEnvironment  = "openova.io/environment"
	LabelApplication  = "openova.io/application"
	LabelBlueprint    = "openova.io/blueprint"
	LabelManagedBy    = "openova.io/managed-by"
	LabelSovereign    = "openova.io/sovereign"
	LabelHostCluster  = "openova.io/host-cluster"

	// ManagedBy is the value of LabelManagedBy.
	ManagedBy = "catalyst"
)

//go:embed tables.yaml
var tablesYAML []byte

type dimension struct {
	Provider string `json:"provider"`
	Code     string `json:"code"`
	Letter   string `json:"letter"`
	Name     string `json:"name"`
	Location string `json:"location"`
	Zone     string `json:"zone"`
	Branch   string `json:"branch"`
}

type dimensions struct {
	Providers      []dimension `json:"providers"`
	Regions        []dimension `json:"regions"`
	BuildingBlocks []dimension `json:"buildingBlocks"`
	EnvTypes       []dimension `json:"envTypes"`
	ReservedSlugs  struct {
		Exact    []string `json:"exact"`
		Prefixes []string `json:"prefixes"`
		Suffixes []string `json:"suffixes"`
	} `json:"reservedSlugs"`
	ReservedLabels []string `json:"reservedLabels"`
}

var tables = sync.OnceValue(func() dimensions {
	d := dimensions{}
	if err := yaml.UnmarshalStrict(tablesYAML, &d); err != nil {
		panic(fmt.Sprintf("cannot parse embedded tables.yaml: %v", err))
	}
	return d
})

func find(in []dimension, code string) (dimension, bool) {
	i := slices.IndexFunc(in, func(d dimension) bool { return d.Code == code })
	if i < 0 {
		return dimension{}, false
	}
	return in[i], true
}

// Branch of an Application's repository that Environments of the type follow.
// Empty for an unknown type.
func Branch(t v1alpha1.EnvType) string {
	d, _ := find(tables().EnvTypes, string(t))
	return d.Branch
}

// EnvTypeOf the Environment called <organization>-<envType>, and whether the
// name belongs to the Organization.
func EnvTypeOf(organization, environment string) (v1alpha1.EnvType, bool) {
	t, ok := strings.CutPrefix(environment, organization+"-")
	if !ok {
		return "", false
	}
	_, known := find(tables().EnvTypes, t)
	return v1alpha1.EnvType(t), known
}

// ReservedSlug tells whether an Organization may not have the slug.
func ReservedSlug(slug string) bool {
	t := tables()
	for _, dims := range [][]dimension{t.Providers, t.Regions, t.BuildingBlocks, t.EnvTypes} {
		if _, ok := find(dims, slug); ok {
			return true
		}
	}
	return slices.Contains(t.ReservedSlugs.Exact, slug) ||
		slices.ContainsFunc(t.ReservedSlugs.Prefixes, func(p string) bool { return strings.HasPrefix(slug, p) }) ||
		slices.ContainsFunc(t.ReservedSlugs.Suffixes, func(s string) bool { return strings.HasSuffix(slug, s) })
}

// ReservedLabels of a pool zone, which no Sovereign may have.
func ReservedLabels() []string { return slices.Clone(tables().ReservedLabels) }

// A HostCluster is a physical cluster by its dimensions.
type HostCluster struct {
	Provider, Region, BuildingBlock, EnvType string
}

// ParseHostCluster parses <provider>-<region>-<building block>-<env type>.
func ParseHostCluster(name string) (HostCluster, error) {
	p := strings.Split(name, "-")
	if len(p) != 4 {
		return HostCluster{}, fmt.Errorf("host cluster %q is not <provider>-<region>-<building block>-<env type>, e.g. hz-fsn-rtz-prod", name)
	}
	c := HostCluster{Provider: p[0], Region: p[1], BuildingBlock: p[2], EnvType: p[3]}
	if _, err := c.letters(); err != nil {
		return HostCluster{}, err
	}
	return c, nil
}

// String is the name of the host cluster.
func (c HostCluster) String() string {
	return strings.Join([]string{c.Provider, c.Region, c.BuildingBlock, c.EnvType}, "-")
}

// Location of the host cluster and zone of its network, as its provider calls
// them.
func (c HostCluster) Location() (location, zone string, err error) {
	t := tables()
	for _, d := range t.Regions {
		if d.Provider == c.Provider && d.Code == c.Region && d.Location != "" {
			return d.Location, d.Zone, nil
		}
	}
	return "", "", fmt.Errorf("%q is not a region of provider %s that servers can be had in", c.Region, c.Provider)
}

// LocationCode of the host cluster: one letter per dimension, e.g. hfrp.
func (c HostCluster) LocationCode() (string, error) { return c.letters() }

func (c HostCluster) letters() (string, error) {
	t := tables()
	regions := slices.DeleteFunc(slices.Clone(t.Regions), func(d dimension) bool { return d.Provider != c.Provider })
	out := &strings.Builder{}
	for _, dim := range []struct {
		what, code string
		in         []dimension
	}{
		{"provider", c.Provider, t.Providers},
		{"region of provider " + c.Provider, c.Region, regions},
		{"building block", c.BuildingBlock, t.BuildingBlocks},
		{"environment type", c.EnvType, t.EnvTypes},
	} {
		d, ok := find(dim.in, dim.code)
		if !ok {
			return "", fmt.Errorf("%q is not a %s", dim.code, dim.what)
		}
		out.WriteString(d.Letter)
	}
	return out.String(), nil
}

// ApplicationHost is the DNS name of an Application in an Environment, without
// a trailing dot.
func ApplicationHost(application, environment, domain string) string {
	return application + "." + environment + "." + strings.TrimSuffix(domain, ".")
}

// SubjectPrefix of the events of an Environment.
func SubjectPrefix(environment string) string { return "ws." + environment }

// StateBucket is the JetStream bucket of an Environment's state.
func StateBucket(environment string) string { return "ws-" + environment + "-state" }

// StreamName is the JetStream stream of an Environment's events.
func StreamName(environment string) string { return "ws-" + environment }

// SecretPath of an Environment in OpenBao, without a leading or trailing slash.
func SecretPath(organization string, t v1alpha1.EnvType) string {
	return "org/" + organization + "/env/" + string(t)
}

// Username of a member in Gitea.
func Username(m v1alpha1.OrganizationMember) string {
	if m.Username != "" {
		return m.Username
	}
	local, _, _ := strings.Cut(m.Email, "@")
	return strings.ToLower(strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '.', r == '-', r == '_':
			return r
		}
		return '-'
	}, local))
}
