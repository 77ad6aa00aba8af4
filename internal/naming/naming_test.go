package naming

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/openova-io/catalyst/apis/v1alpha1"
)

func TestLocationCode(t *testing.T) {
	// The architecture's own table.
	cases := map[string]struct {
		reason string
		name   string
		want   string
		err    bool
	}{
		"FalkensteinRestrictedProd": {reason: "One letter per dimension", name: "hz-fsn-rtz-prod", want: "hfrp"},
		"FalkensteinRestrictedDev":  {reason: "The type is the last letter", name: "hz-fsn-rtz-dev", want: "hfrd"},
		"FalkensteinEdgeProd":       {reason: "The block is the third letter", name: "hz-fsn-dmz-prod", want: "hfdp"},
		"FalkensteinManagement":     {reason: "Management has m", name: "hz-fsn-mgt-prod", want: "hfmp"},
		"Helsinki":                  {reason: "Helsinki is l because h is the provider's", name: "hz-hel-rtz-prod", want: "hlrp"},
		"HelsinkiEdge":              {reason: "Helsinki is l because h is the provider's", name: "hz-hel-dmz-prod", want: "hldp"},
		"Nuremberg":                 {reason: "Nuremberg has n", name: "hz-nbg-rtz-prod", want: "hnrp"},
		"NurembergManagement":       {reason: "Nuremberg has n", name: "hz-nbg-mgt-prod", want: "hnmp"},
		"NurembergManagementDev":    {reason: "Nuremberg has n", name: "hz-nbg-mgt-dev", want: "hnmd"},
		"Ashburn":                   {reason: "Ashburn has a", name: "hz-ash-rtz-prod", want: "harp"},
		"Singapore":                 {reason: "Singapore has s", name: "hz-sin-rtz-prod", want: "hsrp"},
		"Huawei":                    {reason: "Regions may have four letters", name: "hw-apse-rtz-prod", want: "wprp"},
		"Dubai":                     {reason: "Providers may have three letters", name: "oci-dxb-rtz-prod", want: "oxrp"},
		"Frankfurt":                 {reason: "A letter may occur twice", name: "oci-fra-rtz-prod", want: "orrp"},
		"Contabo":                   {reason: "Contabo has one region", name: "ct-eu-mgt-prod", want: "cemp"},
		"ForeignRegion":             {reason: "Regions belong to a provider", name: "oci-fsn-rtz-prod", err: true},
		"NoDR":                      {reason: "Disaster recovery is a placement, not a type", name: "hz-fsn-rtz-dr", err: true},
		"TooShort":                  {reason: "All four dimensions are needed", name: "hz-fsn-rtz", err: true},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			c, err := ParseHostCluster(tc.name)
			if (err != nil) != tc.err {
				t.Fatalf("%s\nParseHostCluster(%q): %v", tc.reason, tc.name, err)
			}
			if err != nil {
				return
			}
			got, err := c.LocationCode()
			if err != nil {
				t.Fatalf("%s\nLocationCode(): %v", tc.reason, err)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("%s\nLocationCode(): -want, +got:\n%s", tc.reason, diff)
			}
			if diff := cmp.Diff(tc.name, c.String()); diff != "" {
				t.Errorf("%s\nString(): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestTables(t *testing.T) {
	tb := tables()
	for what, dims := range map[string][]dimension{"providers": tb.Providers, "buildingBlocks": tb.BuildingBlocks, "envTypes": tb.EnvTypes} {
		codes, letters := map[string]bool{}, map[string]bool{}
		for _, d := range dims {
			if codes[d.Code] || letters[d.Letter] {
				t.Errorf("%s: code %q or letter %q occurs twice", what, d.Code, d.Letter)
			}
			codes[d.Code], letters[d.Letter] = true, true
		}
	}
	seen := map[string]bool{}
	for _, r := range tb.Regions {
		if _, ok := find(tb.Providers, r.Provider); !ok {
			t.Errorf("region %q: no provider %q", r.Code, r.Provider)
		}
		for _, k := range []string{r.Provider + "/" + r.Code, r.Provider + "/" + r.Letter + "/letter"} {
			if seen[k] {
				t.Errorf("region %q: %s occurs twice", r.Code, k)
			}
			seen[k] = true
		}
	}
}

// The API server refuses reserved slugs by a CEL rule, functions by the table.
func TestReservedSlugsAgreeWithCEL(t *testing.T) {
	src, err := os.ReadFile("../../apis/v1alpha1/organization.go")
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile(`self\.metadata\.name in \[([^\]]*)\]`).FindSubmatch(src)
	if m == nil {
		t.Fatal("no reserved names in the CEL rule of Organization")
	}
	got := strings.Split(strings.ReplaceAll(string(m[1]), "'", ""), ",")

	slug := regexp.MustCompile(`^[a-z][a-z0-9-]{2,31}$`)
	tb := tables()
	want := slices.Clone(tb.ReservedSlugs.Exact)
	for _, dims := range [][]dimension{tb.Providers, tb.Regions, tb.BuildingBlocks, tb.EnvTypes} {
		for _, d := range dims {
			if slug.MatchString(d.Code) {
				want = append(want, d.Code)
			}
		}
	}
	slices.Sort(got)
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("CEL rule: -table, +rule:\n%s", diff)
	}
	for _, p := range tb.ReservedSlugs.Prefixes {
		if !strings.Contains(string(src), "startsWith('"+p+"')") {
			t.Errorf("CEL rule lacks prefix %q", p)
		}
	}
	for _, s := range tb.ReservedSlugs.Suffixes {
		if !strings.Contains(string(src), "endsWith('"+s+"')") {
			t.Errorf("CEL rule lacks suffix %q", s)
		}
	}
}

func TestReservedSlug(t *testing.T) {
	cases := map[string]struct {
		reason string
		slug   string
		want   bool
	}{
		"Free":      {reason: "An ordinary slug is free", slug: "acme", want: false},
		"Component": {reason: "Components are reserved", slug: "flux", want: true},
		"Region":    {reason: "Dimension codes are reserved", slug: "fsn", want: true},
		"Kube":      {reason: "Kubernetes' namespaces are reserved", slug: "kube-public", want: true},
		"Platform":  {reason: "The platform's namespaces are reserved", slug: "crossplane-system", want: true},
		"Inside":    {reason: "A reserved word inside a slug is fine", slug: "acme-flux", want: false},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, ReservedSlug(tc.slug)); diff != "" {
				t.Errorf("%s\nReservedSlug(%q): -want, +got:\n%s", tc.reason, tc.slug, diff)
			}
		})
	}
}

func TestNames(t *testing.T) {
	envType := func(org, env string) string {
		et, ok := EnvTypeOf(org, env)
		if !ok {
			return "none"
		}
		return string(et)
	}
	cases := map[string]struct {
		reason string
		got    string
		want   string
	}{
		"DevBranch":       {reason: "dev follows develop", got: Branch(v1alpha1.EnvDev), want: "develop"},
		"StgBranch":       {reason: "stg follows staging", got: Branch(v1alpha1.EnvStg), want: "staging"},
		"ProdBranch":      {reason: "prod follows main", got: Branch(v1alpha1.EnvProd), want: "main"},
		"UATBranch":       {reason: "uat has a branch of its own", got: Branch(v1alpha1.EnvUAT), want: "uat"},
		"POCBranch":       {reason: "poc has a branch of its own", got: Branch(v1alpha1.EnvPOC), want: "poc"},
		"Host":            {reason: "Application, Environment, domain", got: ApplicationHost("marketing-site", "acme-prod", "omantel.openova.io."), want: "marketing-site.acme-prod.omantel.openova.io"},
		"SubjectPrefix":   {reason: "Environments are workspaces to NATS", got: SubjectPrefix("acme-prod"), want: "ws.acme-prod"},
		"Bucket":          {reason: "Buckets end in -state", got: StateBucket("acme-prod"), want: "ws-acme-prod-state"},
		"SecretPath":      {reason: "OpenBao paths use the type, not the Environment's name", got: SecretPath("acme", v1alpha1.EnvProd), want: "org/acme/env/prod"},
		"EnvType":         {reason: "The type follows the Organization", got: envType("acme", "acme-prod"), want: "prod"},
		"EnvTypeDashes":   {reason: "Slugs may have dashes", got: envType("acme-uk", "acme-uk-dev"), want: "dev"},
		"ForeignEnv":      {reason: "Another Organization's Environment is none of ours", got: envType("acme", "globex-prod"), want: "none"},
		"UnknownEnvType":  {reason: "Types are a closed set", got: envType("acme", "acme-dr"), want: "none"},
		"DefaultUsername": {reason: "Accounts are named like the email's local part", got: Username(v1alpha1.OrganizationMember{Email: "Ann+x@acme.com"}), want: "ann-x"},
		"Username":        {reason: "A user name that was given is used", got: Username(v1alpha1.OrganizationMember{Email: "a@acme.com", Username: "ann"}), want: "ann"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, tc.got); diff != "" {
				t.Errorf("%s: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}
