package hcloudsim

import (
	"net/http"
	"slices"
	"time"

	"github.com/hetznercloud/hcloud-go/v2/hcloud/schema"
)

// catalog holds what Hetzner offers: the same for every project, and read only.
// Sizes are Hetzner's; prices are the double's own.
var catalog = &project{objects: map[string]map[int64]object{}}

// fixed is an object of the catalog.
type fixed[T any] struct {
	meta

	Value T
}

func (f *fixed[T]) view(*project) any { return f.Value }

func offer[T any](plural string, id int64, name string, v T) {
	catalog.put(plural, &fixed[T]{meta: meta{ID: id, Name: name}, Value: v})
}

// offered finds an item by id or name.
func offered[T any](plural string, ref schema.IDOrName) (T, bool) {
	o, ok := catalog.objects[plural][ref.ID]
	if ref.Name != "" {
		o, ok = catalog.named(plural, ref.Name)
	}
	if !ok {
		var none T
		return none, false
	}
	return o.(*fixed[T]).Value, true
}

func field1[T any](get func(T) string) func(object, string) bool {
	return func(o object, v string) bool { return get(o.(*fixed[T]).Value) == v }
}

var (
	_ = register(&kind{plural: "locations", singular: "location", shared: true, sorts: byName})
	_ = register(&kind{plural: "server_types", singular: "server_type", shared: true, sorts: byName})
	_ = register(&kind{plural: "load_balancer_types", singular: "load_balancer_type", shared: true, sorts: byName})
	_ = register(&kind{plural: "isos", singular: "iso", shared: true, sorts: byName, filters: map[string]func(object, string) bool{
		"architecture": field1(func(i schema.ISO) string { return *i.Architecture }),
	}})
)

var locations = []schema.Location{
	{ID: 1, Name: "fsn1", Description: "Falkenstein DC Park 1", Country: "DE", City: "Falkenstein", Latitude: 50.47612, Longitude: 12.370071, NetworkZone: "eu-central"},
	{ID: 2, Name: "nbg1", Description: "Nuremberg DC Park 1", Country: "DE", City: "Nuremberg", Latitude: 49.452102, Longitude: 11.076665, NetworkZone: "eu-central"},
	{ID: 3, Name: "hel1", Description: "Helsinki DC Park 1", Country: "FI", City: "Helsinki", Latitude: 60.169855, Longitude: 24.938379, NetworkZone: "eu-central"},
	{ID: 4, Name: "ash", Description: "Ashburn, VA", Country: "US", City: "Ashburn, VA", Latitude: 39.045821, Longitude: -77.487073, NetworkZone: "us-east"},
	{ID: 5, Name: "hil", Description: "Hillsboro, OR", Country: "US", City: "Hillsboro, OR", Latitude: 45.54222, Longitude: -122.951924, NetworkZone: "us-west"},
	{ID: 6, Name: "sin", Description: "Singapore", Country: "SG", City: "Singapore", Latitude: 1.283333, Longitude: 103.833333, NetworkZone: "ap-southeast"},
}

func locationNamed(name string) schema.Location {
	i := slices.IndexFunc(locations, func(l schema.Location) bool { return l.Name == name })
	return locations[i]
}

// serverSizes of the types, by family: where a family is sold, and whether it
// is on its way out.
var serverSizes = []struct {
	family, cpu, arch string
	in                []string
	deprecated        bool
	gone              bool
	sizes             []serverSize
}{
	{family: "cx", cpu: "shared", arch: "x86", in: []string{"fsn1", "nbg1", "hel1"}, gone: true, sizes: []serverSize{
		{1, "cx11", 1, 2, 20},
	}},
	{family: "cx", cpu: "shared", arch: "x86", in: []string{"fsn1", "nbg1", "hel1"}, deprecated: true, sizes: []serverSize{
		{104, "cx22", 2, 4, 40}, {105, "cx32", 4, 8, 80}, {106, "cx42", 8, 16, 160}, {107, "cx52", 16, 32, 320},
	}},
	{family: "cx", cpu: "shared", arch: "x86", in: []string{"fsn1", "nbg1", "hel1"}, sizes: []serverSize{
		{114, "cx23", 2, 4, 40}, {115, "cx33", 4, 8, 80}, {116, "cx43", 8, 16, 160}, {117, "cx53", 16, 32, 320},
	}},
	{family: "cpx", cpu: "shared", arch: "x86", in: []string{"ash", "hil", "sin"}, sizes: []serverSize{
		{22, "cpx11", 2, 2, 40}, {23, "cpx21", 3, 4, 80}, {24, "cpx31", 4, 8, 160}, {25, "cpx41", 8, 16, 240}, {26, "cpx51", 16, 32, 360},
	}},
	{family: "cpx", cpu: "shared", arch: "x86", in: []string{"fsn1", "nbg1", "hel1", "sin"}, sizes: []serverSize{
		{108, "cpx12", 1, 2, 40}, {109, "cpx22", 2, 4, 80}, {110, "cpx32", 4, 8, 160}, {111, "cpx42", 8, 16, 320}, {112, "cpx52", 12, 24, 480}, {113, "cpx62", 16, 32, 640},
	}},
	{family: "cax", cpu: "shared", arch: "arm", in: []string{"fsn1", "nbg1", "hel1"}, sizes: []serverSize{
		{45, "cax11", 2, 4, 40}, {93, "cax21", 4, 8, 80}, {94, "cax31", 8, 16, 160}, {95, "cax41", 16, 32, 320},
	}},
	{family: "ccx", cpu: "dedicated", arch: "x86", in: []string{"fsn1", "nbg1", "hel1", "ash", "hil", "sin"}, sizes: []serverSize{
		{96, "ccx13", 2, 8, 80}, {97, "ccx23", 4, 16, 160}, {98, "ccx33", 8, 32, 240}, {99, "ccx43", 16, 64, 360}, {100, "ccx53", 32, 128, 600}, {101, "ccx63", 48, 192, 960},
	}},
}

type serverSize struct {
	id     int64
	name   string
	cores  int
	memory float32
	disk   int
}

// Until when deprecated types are sold. The date is far away: the double has no
// calendar of Hetzner's, and cx11 is there for what is no longer sold.
var (
	announced   = time.Date(2025, time.October, 16, 0, 0, 0, 0, time.UTC)
	soldUntil   = time.Date(2099, time.December, 31, 0, 0, 0, 0, time.UTC)
	longGone    = time.Date(2021, time.September, 6, 0, 0, 0, 0, time.UTC)
	price       = schema.Price{Net: "1.0000000000", Gross: "1.1900000000000000"}
	traffic     = uint64(20) << 40
	imageSince  = time.Date(2024, time.April, 25, 0, 0, 0, 0, time.UTC)
	cpuCategory = map[string]string{"cx": "cost_optimized", "cax": "cost_optimized", "cpx": "regular_purpose", "ccx": "general_purpose"}
)

func init() {
	for _, l := range locations {
		offer("locations", l.ID, l.Name, l)
	}
	for _, f := range serverSizes {
		var old schema.DeprecatableResource
		switch {
		case f.gone:
			old.Deprecation = &schema.DeprecationInfo{Announced: longGone, UnavailableAfter: longGone}
		case f.deprecated:
			old.Deprecation = &schema.DeprecationInfo{Announced: announced, UnavailableAfter: soldUntil}
		}
		for _, z := range f.sizes {
			t := schema.ServerType{
				ID: z.id, Name: z.name, Description: z.name, Category: cpuCategory[f.family], Cores: z.cores, Memory: z.memory,
				Disk: z.disk, StorageType: "local", CPUType: f.cpu, Architecture: f.arch, DeprecatableResource: old, Deprecated: old.Deprecation != nil,
			}
			for _, name := range f.in {
				t.Prices = append(t.Prices, schema.PricingServerTypePrice{Location: name, PriceHourly: price, PriceMonthly: price, IncludedTraffic: traffic, PricePerTBTraffic: price})
				t.Locations = append(t.Locations, schema.ServerTypeLocation{ID: locationNamed(name).ID, Name: name, Recommended: !f.deprecated, Available: !f.gone, DeprecatableResource: old})
			}
			offer("server_types", t.ID, t.Name, t)
		}
	}
	for _, t := range []schema.LoadBalancerType{
		{ID: 1, Name: "lb11", Description: "LB11", MaxConnections: 10000, MaxServices: 5, MaxTargets: 25, MaxAssignedCertificates: 10},
		{ID: 2, Name: "lb21", Description: "LB21", MaxConnections: 20000, MaxServices: 15, MaxTargets: 75, MaxAssignedCertificates: 25},
		{ID: 3, Name: "lb31", Description: "LB31", MaxConnections: 40000, MaxServices: 30, MaxTargets: 150, MaxAssignedCertificates: 50},
	} {
		for _, l := range locations {
			t.Prices = append(t.Prices, schema.PricingLoadBalancerTypePrice{Location: l.Name, PriceHourly: price, PriceMonthly: price, IncludedTraffic: traffic, PricePerTBTraffic: price})
		}
		offer("load_balancer_types", t.ID, t.Name, t)
	}
	offer("isos", 26055, "virtio-win-0.1.248.iso", schema.ISO{ID: 26055, Name: "virtio-win-0.1.248.iso", Description: "virtio-win-0.1.248", Type: "public", Architecture: new("x86")})
	for i, os := range []struct{ name, flavor, version, text string }{
		{"ubuntu-22.04", "ubuntu", "22.04", "Ubuntu 22.04"},
		{"ubuntu-24.04", "ubuntu", "24.04", "Ubuntu 24.04"},
		{"debian-12", "debian", "12", "Debian 12"},
		{"debian-13", "debian", "13", "Debian 13"},
		{"rocky-9", "rocky", "9", "Rocky Linux 9"},
	} {
		for j, arch := range []string{"x86", "arm"} {
			id := int64(500 + 2*i + j)
			offer("images", id, os.name, schema.Image{
				ID: id, Status: "available", Type: "system", Name: &os.name, Description: os.text, DiskSize: 5, Created: &imageSince,
				OSFlavor: os.flavor, OSVersion: &os.version, Architecture: arch, RapidDeploy: true, Labels: map[string]string{},
			})
		}
	}
}

// getPricing answers with what the catalog costs.
func getPricing(*call) (answer, error) {
	out := schema.Pricing{
		Currency: "EUR", VATRate: "19.000000", Image: schema.PricingImage{PricePerGBMonth: price}, ServerBackup: schema.PricingServerBackup{Percentage: "20.0000000000"}, Volume: schema.PricingVolume{PricePerGBPerMonth: price},
		FloatingIPs: []schema.PricingFloatingIPType{}, PrimaryIPs: []schema.PricingPrimaryIP{},
	}
	for _, o := range catalog.all("server_types") {
		t := o.view(nil).(schema.ServerType)
		out.ServerTypes = append(out.ServerTypes, schema.PricingServerType{ID: t.ID, Name: t.Name, Prices: t.Prices})
	}
	for _, o := range catalog.all("load_balancer_types") {
		t := o.view(nil).(schema.LoadBalancerType)
		out.LoadBalancerTypes = append(out.LoadBalancerTypes, schema.PricingLoadBalancerType{ID: t.ID, Name: t.Name, Prices: t.Prices})
	}
	return answer{Status: http.StatusOK, Body: schema.PricingGetResponse{Pricing: out}}, nil
}
