package hcloudsim

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/hetznercloud/hcloud-go/v2/hcloud/schema"
)

const defaultTTL = 3600

// zone: https://docs.hetzner.cloud/reference/cloud#zones
type zone struct {
	meta

	Mode      string
	TTL       int
	Primaries []schema.ZonePrimaryNameserver
	Sets      []*rrset
}

var nameservers = []string{"hydrogen.ns.hetzner.com.", "oxygen.ns.hetzner.com.", "helium.ns.hetzner.de."}

func (z *zone) view(*project) any {
	out := schema.Zone{
		ID: z.ID, Name: z.Name, Labels: z.labels(), Created: z.Created, TTL: z.TTL, Mode: z.Mode, Status: "ok", Registrar: "other",
		PrimaryNameservers: append([]schema.ZonePrimaryNameserver{}, z.Primaries...),
		Protection:         schema.ZoneProtection{Delete: z.Protect},
		AuthoritativeNameservers: schema.ZoneAuthoritativeNameservers{
			Assigned: nameservers, Delegated: []string{}, DelegationLastCheck: z.Created, DelegationStatus: "unregistered",
		},
	}
	for _, s := range z.Sets {
		out.RecordCount += len(s.Records)
	}
	return out
}

var zoneName = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]*[a-z0-9])?$`)

var zones = register(&kind{
	plural: "zones", singular: "zone", empty: func() object { return &zone{} }, sorts: byNameCreated, byName: true,
	// The Terraform provider starts the next action on a zone before it waits for
	// the last.
	queues: map[string]bool{every: true},
	filters: map[string]func(object, string) bool{
		"mode": func(o object, v string) bool { return o.(*zone).Mode == v },
	},
})

func init() {
	zones.actions = map[string]handler{
		"change_protection":          protect,
		"change_ttl":                 changeZoneTTL,
		"change_primary_nameservers": changePrimaries,
		"import_zonefile":            importZonefile,
	}
	zones.create = createZone
	zones.update = func(c *call) (answer, error) {
		req, err := decode[updateRequest](c)
		if err != nil {
			return answer{}, err
		}
		if req.Name != nil {
			return answer{}, invalid("name", "can't be changed")
		}
		return c.kind.rename(c)
	}
	zones.remove = deleteZone
	zones.sub = map[string]func(*call, []string) (answer, error){"rrsets": routeSets, "zonefile": exportZonefile}
}

func createZone(c *call) (answer, error) {
	req, err := decode[schema.ZoneCreateRequest](c)
	if err != nil {
		return answer{}, err
	}
	if !zoneName.MatchString(req.Name) || len(req.Name) > 255 {
		return answer{}, invalid("name", "must be a domain name in lower case without a dot at its end")
	}
	m, err := c.kind.named(c, req.Name, req.Labels)
	if err != nil {
		return answer{}, err
	}
	if err := oneOf("mode", req.Mode, "primary", "secondary"); err != nil {
		return answer{}, err
	}
	z := &zone{meta: m, Mode: req.Mode, TTL: or(req.TTL, defaultTTL)}
	c.obj = z
	if err := checkTTL(&z.TTL); err != nil {
		return answer{}, err
	}
	if z.Mode == "secondary" {
		for _, n := range req.PrimaryNameservers {
			z.Primaries = append(z.Primaries, schema.ZonePrimaryNameserver(n))
		}
		if z.Primaries, err = checkPrimaries(z.Primaries); err != nil {
			return answer{}, err
		}
	} else if err := z.fill(c, req); err != nil {
		return answer{}, err
	}
	c.p.add(c.kind.plural, z)
	a := c.start("create_zone", nil, c.target())
	return answer{Status: http.StatusCreated, Body: schema.ZoneCreateResponse{Zone: z.view(c.p).(schema.Zone), Action: a.view(c.now)}}, nil
}

// fill a primary zone with its own records and those asked for.
func (z *zone) fill(c *call, req schema.ZoneCreateRequest) error {
	z.Sets = z.own(c.now)
	for _, r := range req.RRSets {
		s := &rrset{Name: r.Name, Type: r.Type, TTL: r.TTL, Records: r.Records, Labels: or(r.Labels, nil)}
		if err := z.checkSet(c, s); err != nil {
			return err
		}
		z.put(s)
	}
	if req.Zonefile == "" {
		return nil
	}
	if len(req.RRSets) > 0 {
		return invalid("zonefile", "must not be given together with rrsets")
	}
	return z.read(c, req.Zonefile)
}

// own records that every primary zone has.
func (z *zone) own(now time.Time) []*rrset {
	ns := &rrset{Name: "@", Type: "NS"}
	for _, n := range nameservers {
		ns.Records = append(ns.Records, schema.ZoneRRSetRecord{Value: n})
	}
	soa := fmt.Sprintf("%s dns.hetzner.com. %s00 86400 10800 3600000 3600", nameservers[0], now.UTC().Format("20060102"))
	return []*rrset{{Name: "@", Type: "SOA", Records: []schema.ZoneRRSetRecord{{Value: soa}}}, ns}
}

func checkTTL(ttl *int) error {
	const longest = 1<<31 - 1
	if ttl == nil {
		return nil
	}
	return between("ttl", *ttl, 60, longest)
}

func checkPrimaries(in []schema.ZonePrimaryNameserver) ([]schema.ZonePrimaryNameserver, error) {
	if len(in) == 0 {
		return nil, invalid("primary_nameservers", "is required for secondary zones")
	}
	for i, n := range in {
		if n.Address == "" {
			return nil, invalid("primary_nameservers", "address is missing")
		}
		if n.Port == 0 {
			in[i].Port = 53
		}
		if n.TSIGAlgorithm != "" {
			if err := oneOf("tsig_algorithm", n.TSIGAlgorithm, "hmac-md5", "hmac-sha1", "hmac-sha256"); err != nil {
				return nil, err
			}
		}
	}
	return in, nil
}

// in checks the zone's mode: most of what can be done needs one of the two.
func (z *zone) in(mode string) error {
	if z.Mode != mode {
		return fail("incorrect_zone_mode", "operation is not supported for zones in mode %s", z.Mode)
	}
	return nil
}

// deleteZone answers with an action, unlike most deletions.
func deleteZone(c *call) (answer, error) {
	if err := c.kind.removable(c); err != nil {
		return answer{}, err
	}
	return c.leave("delete_zone", c.target())
}

func changeZoneTTL(c *call) (answer, error) {
	req, err := decode[schema.ZoneChangeTTLRequest](c)
	if err != nil {
		return answer{}, err
	}
	z := c.obj.(*zone)
	if err := z.in("primary"); err != nil {
		return answer{}, err
	}
	if err := checkTTL(&req.TTL); err != nil {
		return answer{}, err
	}
	return c.act("change_ttl", func() { z.TTL = req.TTL })
}

func changePrimaries(c *call) (answer, error) {
	req, err := decode[struct {
		PrimaryNameservers []schema.ZonePrimaryNameserver `json:"primary_nameservers"`
	}](c)
	if err != nil {
		return answer{}, err
	}
	z := c.obj.(*zone)
	if err := z.in("secondary"); err != nil {
		return answer{}, err
	}
	ns, err := checkPrimaries(req.PrimaryNameservers)
	if err != nil {
		return answer{}, err
	}
	return c.act("change_primary_nameservers", func() { z.Primaries = ns })
}

func importZonefile(c *call) (answer, error) {
	req, err := decode[schema.ZoneImportZonefileRequest](c)
	if err != nil {
		return answer{}, err
	}
	z := c.obj.(*zone)
	if err := z.in("primary"); err != nil {
		return answer{}, err
	}
	for _, s := range z.Sets {
		if s.Protected {
			return answer{}, fail("protected", "rrset %s %s is protected", s.Name, s.Type)
		}
	}
	next := &zone{meta: meta{Name: z.Name}, Mode: z.Mode, TTL: z.TTL, Sets: z.own(c.now)}
	if err := next.read(c, req.Zonefile); err != nil {
		return answer{}, err
	}
	return c.act("import_zonefile", func() { z.Sets, z.TTL = next.Sets, next.TTL })
}

func exportZonefile(c *call, _ []string) (answer, error) {
	z := c.obj.(*zone)
	if err := z.in("primary"); err != nil {
		return answer{}, err
	}
	return answer{Status: http.StatusOK, Body: schema.ZoneExportZonefileResponse{Zonefile: z.file()}}, nil
}

// file is the zone in the format of RFC 1035.
func (z *zone) file() string {
	var b strings.Builder
	fmt.Fprintf(&b, "$ORIGIN\t%s.\n$TTL\t%d\n\n", z.Name, z.TTL)
	for _, s := range z.Sets {
		for _, r := range s.Records {
			ttl := ""
			if s.TTL != nil {
				ttl = fmt.Sprintf("%d\t", *s.TTL)
			}
			fmt.Fprintf(&b, "%s\t%sIN\t%s\t%s\n", s.Name, ttl, s.Type, r.Value)
		}
	}
	return b.String()
}
