package hcloudsim

import (
	"cmp"
	"maps"
	"net/http"
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"github.com/hetznercloud/hcloud-go/v2/hcloud/schema"
	"github.com/miekg/dns"
)

// rrset: https://docs.hetzner.cloud/reference/cloud#zone-rrsets
type rrset struct {
	Name      string
	Type      string
	TTL       *int
	Labels    map[string]string
	Protected bool
	Records   []schema.ZoneRRSetRecord
}

func (s *rrset) id() string { return s.Name + "/" + s.Type }

func (s *rrset) view(z *zone) schema.ZoneRRSet {
	labels := s.Labels
	if labels == nil {
		labels = map[string]string{}
	}
	return schema.ZoneRRSet{
		ID: s.id(), Name: s.Name, Type: s.Type, TTL: s.TTL, Labels: labels, Zone: z.ID,
		Protection: schema.ZoneRRSetProtection{Change: s.Protected}, Records: append([]schema.ZoneRRSetRecord{}, s.Records...),
	}
}

var (
	recordTypes = []string{"A", "AAAA", "CAA", "CNAME", "DS", "HINFO", "HTTPS", "MX", "NS", "PTR", "RP", "SOA", "SRV", "SVCB", "TLSA", "TXT"}
	recordName  = regexp.MustCompile(`^(@|(\*|[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*)$`)
)

func (z *zone) set(name, kind string) *rrset {
	for _, s := range z.Sets {
		if s.Name == name && s.Type == kind {
			return s
		}
	}
	return nil
}

func (z *zone) put(s *rrset) {
	z.forget(s)
	z.Sets = append(z.Sets, s)
}

func (z *zone) forget(s *rrset) {
	z.Sets = slices.DeleteFunc(z.Sets, func(o *rrset) bool { return o.id() == s.id() })
}

// checkSet before it is stored.
func (z *zone) checkSet(c *call, s *rrset) error {
	if !recordName.MatchString(s.Name) {
		return invalid("name", "must be in lower case, relative to the zone, or @ for the zone itself")
	}
	if s.Name == z.Name || strings.HasSuffix(s.Name, "."+z.Name) {
		return invalid("name", "must not end with the zone's name")
	}
	if err := oneOf("type", s.Type, recordTypes...); err != nil {
		return err
	}
	if err := checkTTL(s.TTL); err != nil {
		return err
	}
	if err := checkLabels(s.Labels); err != nil {
		return err
	}
	for _, o := range z.Sets {
		if o.Name == s.Name && o.Type != s.Type && (o.Type == "CNAME" || s.Type == "CNAME") {
			return invalid("type", "a CNAME can't stand beside other records of the same name")
		}
	}
	return z.checkRecords(c, s.Name, s.Type, s.Records)
}

func (z *zone) checkRecords(c *call, name, kind string, records []schema.ZoneRRSetRecord) error {
	if len(records) == 0 {
		return invalid("records", "must not be empty")
	}
	if limit := c.sim.cfg.Limits["rrset_records"]; limit > 0 && len(records) > limit {
		return invalid("records", "at most %d records are allowed", limit)
	}
	if kind == "CNAME" && len(records) > 1 {
		return invalid("records", "a CNAME has one record")
	}
	for i, r := range records {
		if slices.ContainsFunc(records[:i], func(o schema.ZoneRRSetRecord) bool { return o.Value == r.Value }) {
			return invalid("records", "'%s' is given twice", r.Value)
		}
		if err := z.checkValue(name, kind, r.Value); err != nil {
			return err
		}
	}
	return nil
}

// checkValue as a zone file would be checked.
func (z *zone) checkValue(name, kind, value string) error {
	if kind == "A" || kind == "AAAA" {
		ip, err := netip.ParseAddr(value)
		if err != nil || ip.Is4() != (kind == "A") {
			return invalid("records", "'%s' is not an address for %s", value, kind)
		}
		return nil
	}
	if kind == "TXT" && !strings.HasPrefix(value, `"`) {
		return invalid("records", "TXT values must be quoted")
	}
	line := name + " 3600 IN " + kind + " " + value
	p := dns.NewZoneParser(strings.NewReader("$ORIGIN "+z.Name+".\n"+line+"\n"), "", "")
	if rr, ok := p.Next(); !ok || rr == nil || p.Err() != nil {
		return invalid("records", "'%s' is not a value for %s", value, kind)
	}
	return nil
}

// read a zone file over what is there.
func (z *zone) read(c *call, text string) error {
	p := dns.NewZoneParser(strings.NewReader(text), z.Name+".", "")
	p.SetDefaultTTL(uint32(z.TTL)) //nolint:gosec // checkTTL keeps it in range.
	sets := map[string]*rrset{}
	for rr, ok := p.Next(); ok; rr, ok = p.Next() {
		h := rr.Header()
		kind := dns.TypeToString[h.Rrtype]
		name := strings.TrimSuffix(strings.TrimSuffix(h.Name, z.Name+"."), ".")
		if name == "" {
			name = "@"
		}
		if kind == "SOA" {
			continue
		}
		s, known := sets[name+"/"+kind]
		if !known {
			s = &rrset{Name: name, Type: kind, TTL: new(int(h.Ttl))}
			sets[s.id()] = s
		}
		s.Records = append(s.Records, schema.ZoneRRSetRecord{Value: strings.TrimSpace(strings.TrimPrefix(rr.String(), h.String()))})
	}
	if err := p.Err(); err != nil {
		return invalid("zonefile", "cannot be read: %v", err)
	}
	for _, id := range slices.Sorted(maps.Keys(sets)) {
		if err := z.checkSet(c, sets[id]); err != nil {
			return err
		}
		z.put(sets[id])
	}
	return nil
}

// routeSets below /zones/{id}/rrsets:
//
//	[/{name}/{type}[/actions/{action}]]
func routeSets(c *call, rest []string) (answer, error) {
	z := c.obj.(*zone)
	if err := z.in("primary"); err != nil {
		return answer{}, err
	}
	switch {
	case len(rest) == 0 && c.method == http.MethodGet:
		return listSets(c, z)
	case len(rest) == 0:
		return c.only(http.MethodPost, func(c *call) (answer, error) { return createSet(c, z) })
	case len(rest) < 2:
		return answer{}, fail("not_found", "%s not found", c.url.Path)
	}
	s := z.set(rest[0], rest[1])
	if s == nil && (len(rest) < 4 || rest[3] != "add_records") {
		return answer{}, notFound("rrset", rest[0]+"/"+rest[1])
	}
	if len(rest) == 4 && rest[2] == "actions" {
		if s == nil {
			s = &rrset{Name: rest[0], Type: rest[1]}
		}
		return c.only(http.MethodPost, func(c *call) (answer, error) { return setAction(c, z, s, rest[3]) })
	}
	switch c.method {
	case http.MethodGet:
		return answer{Status: http.StatusOK, Body: schema.ZoneRRSetGetResponse{RRSet: s.view(z)}}, nil
	case http.MethodPut:
		return updateSet(c, z, s)
	}
	return c.only(http.MethodDelete, func(c *call) (answer, error) { return deleteSet(c, z, s) })
}

func listSets(c *call, z *zone) (answer, error) {
	sel, err := parseSelector(c.query.Get("label_selector"))
	if err != nil {
		return answer{}, err
	}
	if old, ok := c.sim.faults.past(c).objects["zones"][z.ID]; ok {
		z = old.(*zone)
	}
	var rows []*rrset
	for _, s := range z.Sets {
		named := !c.query.Has("name") || c.query.Get("name") == s.Name
		typed := !c.query.Has("type") || slices.Contains(c.query["type"], s.Type)
		if named && typed && sel.matches(s.Labels) {
			rows = append(rows, s)
		}
	}
	keys := order[*rrset]{
		"id":      func(a, b *rrset) int { return cmp.Compare(a.id(), b.id()) },
		"name":    func(a, b *rrset) int { return cmp.Compare(a.Name, b.Name) },
		"created": func(*rrset, *rrset) int { return 0 },
	}
	if err := sortRows(rows, c.query["sort"], keys); err != nil {
		return answer{}, err
	}
	return listed(c, "rrsets", rows, func(s *rrset) any { return s.view(z) })
}

func createSet(c *call, z *zone) (answer, error) {
	req, err := decode[schema.ZoneRRSetCreateRequest](c)
	if err != nil {
		return answer{}, err
	}
	s := &rrset{Name: req.Name, Type: req.Type, TTL: req.TTL, Labels: or(req.Labels, nil), Records: req.Records}
	if z.set(s.Name, s.Type) != nil {
		return answer{}, notUnique("name", "rrset %s already exists", s.id())
	}
	if err := z.checkSet(c, s); err != nil {
		return answer{}, err
	}
	if err := c.lockable("create_rrset"); err != nil {
		return answer{}, err
	}
	a := c.start("create_rrset", func() { z.put(s) }, c.target())
	return answer{Status: http.StatusCreated, Body: schema.ZoneRRSetCreateResponse{RRSet: s.view(z), Action: a.view(c.now)}}, nil
}

func updateSet(c *call, z *zone, s *rrset) (answer, error) {
	req, err := decode[schema.ZoneRRSetUpdateRequest](c)
	if err != nil {
		return answer{}, err
	}
	if req.Labels != nil {
		if err := checkLabels(*req.Labels); err != nil {
			return answer{}, err
		}
		s.Labels = *req.Labels
	}
	return answer{Status: http.StatusOK, Body: schema.ZoneRRSetUpdateResponse{RRSet: s.view(z)}}, nil
}

// open checks that a record set may be changed.
func (s *rrset) open() error {
	if s.Protected {
		return fail("protected", "rrset %s is protected", s.id())
	}
	return nil
}

func deleteSet(c *call, z *zone, s *rrset) (answer, error) {
	if err := s.open(); err != nil {
		return answer{}, err
	}
	if s.Name == "@" && s.Type == "SOA" {
		return answer{}, invalid("type", "the zone's SOA can't be deleted")
	}
	return c.act("delete_rrset", func() { z.forget(s) })
}

type setRequest struct {
	TTL     *int                     `json:"ttl"`
	Change  *bool                    `json:"change"`
	Records []schema.ZoneRRSetRecord `json:"records"`
}

func setAction(c *call, z *zone, s *rrset, name string) (answer, error) {
	req, err := decode[setRequest](c)
	if err != nil {
		return answer{}, err
	}
	if name == "change_protection" {
		return c.act("change_rrset_protection", func() { s.Protected = or(req.Change, s.Protected) })
	}
	if err := s.open(); err != nil {
		return answer{}, err
	}
	switch name {
	case "change_ttl":
		if err := checkTTL(req.TTL); err != nil {
			return answer{}, err
		}
		return c.act("change_rrset_ttl", func() { s.TTL = req.TTL })
	case "set_records":
		return z.replace(c, s, "set_rrset_records", req.Records)
	case "add_records":
		return z.addRecords(c, s, req)
	case "remove_records":
		return z.removeRecords(c, s, req.Records)
	case "update_records":
		return z.updateRecords(c, s, req.Records)
	}
	return answer{}, fail("not_found", "rrset has no action %s", name)
}

func (z *zone) replace(c *call, s *rrset, command string, records []schema.ZoneRRSetRecord) (answer, error) {
	if err := z.checkRecords(c, s.Name, s.Type, records); err != nil {
		return answer{}, err
	}
	return c.act(command, func() { s.Records = records })
}

func same(a schema.ZoneRRSetRecord) func(schema.ZoneRRSetRecord) bool {
	return func(b schema.ZoneRRSetRecord) bool { return a.Value == b.Value }
}

// addRecords makes the set if it is not there.
func (z *zone) addRecords(c *call, s *rrset, req setRequest) (answer, error) {
	isNew := z.set(s.Name, s.Type) == nil
	if !isNew && req.TTL != nil && (s.TTL == nil || *s.TTL != *req.TTL) {
		return answer{}, invalid("ttl", "differs from the rrset's")
	}
	next := &rrset{Name: s.Name, Type: s.Type, TTL: req.TTL, Records: slices.Concat(s.Records, req.Records)}
	if err := z.checkSet(c, next); err != nil {
		return answer{}, err
	}
	return c.act("add_rrset_records", func() {
		s.Records = next.Records
		if isNew {
			s.TTL = req.TTL
			z.put(s)
		}
	})
}

// removeRecords and with the last of them the set.
func (z *zone) removeRecords(c *call, s *rrset, records []schema.ZoneRRSetRecord) (answer, error) {
	left := slices.Clone(s.Records)
	for _, r := range records {
		i := slices.IndexFunc(left, same(r))
		if i < 0 {
			return answer{}, fail("not_found", "record '%s' not found", r.Value)
		}
		left = slices.Delete(left, i, i+1)
	}
	return c.act("remove_rrset_records", func() {
		s.Records = left
		if len(left) == 0 {
			z.forget(s)
		}
	})
}

// updateRecords' comments.
func (z *zone) updateRecords(c *call, s *rrset, records []schema.ZoneRRSetRecord) (answer, error) {
	next := slices.Clone(s.Records)
	for _, r := range records {
		i := slices.IndexFunc(next, same(r))
		if i < 0 {
			return answer{}, fail("not_found", "record '%s' not found", r.Value)
		}
		next[i].Comment = r.Comment
	}
	out, err := c.act("update_rrset_records", func() { s.Records = next })
	if err == nil {
		out.Status = http.StatusOK // Unlike every other action.
	}
	return out, err
}
