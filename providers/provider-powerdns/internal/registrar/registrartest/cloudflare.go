package registrartest

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// cloudflare has a zone for each domain, whose id is its name, and records in them.
type cloudflare struct {
	// change says whether the nameservers of a zone can be changed. Nil refuses it.
	change  *bool
	records []*cfRecord
	last    int
}

type cfRecord struct {
	ID      string  `json:"id,omitempty"`
	Type    string  `json:"type"`
	Name    string  `json:"name"`
	Content string  `json:"content,omitempty"`
	TTL     int     `json:"ttl"`
	Data    *cfData `json:"data,omitempty"`

	zone string
}

type cfData struct {
	KeyTag     int    `json:"key_tag"`
	Algorithm  int    `json:"algorithm"`
	DigestType int    `json:"digest_type"`
	Digest     string `json:"digest"`
}

func (c *cloudflare) contents(name, typ string) []string {
	var out []string
	for _, r := range c.records {
		if r.Name == name && r.Type == typ {
			out = append(out, r.Content)
		}
	}
	slices.Sort(out)
	return out
}

func cfFail(w http.ResponseWriter, status, code int, message string) {
	answer(w, status, map[string]any{"success": false, "errors": []any{map[string]any{"code": code, "message": message}}, "messages": []any{}, "result": nil})
}

func cfOK(w http.ResponseWriter, result any) {
	out := map[string]any{"success": true, "errors": []any{}, "messages": []any{}, "result": result}
	if l, ok := result.([]any); ok {
		out["result_info"] = map[string]any{"page": 1, "count": len(l), "total_count": len(l)}
	}
	answer(w, http.StatusOK, out)
}

func (*cloudflare) limited(w http.ResponseWriter) {
	w.Header().Set("Retry-After", "120")
	cfFail(w, http.StatusTooManyRequests, 971, "Please wait and consider throttling your request speed")
}

func (*cloudflare) denied(w http.ResponseWriter) {
	cfFail(w, http.StatusForbidden, 9103, "Unauthorized to access requested resource")
}

func (*cloudflare) writes(r *http.Request) bool { return r.Method != http.MethodGet }

func (c *cloudflare) serve(s *Server, w http.ResponseWriter, r *http.Request) {
	if token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "); token != s.Config.Credentials {
		cfFail(w, http.StatusForbidden, 9109, "Invalid access token "+token)
		return
	}
	parts := strings.Split(strings.Trim(strings.TrimPrefix(r.URL.Path, "/client/v4"), "/"), "/")
	switch {
	case len(parts) == 1 && parts[0] == "zones" && r.Method == http.MethodGet && r.URL.Query().Get("name") != "":
		found := []any{}
		if name := r.URL.Query().Get("name"); s.domains[name] != nil {
			found = append(found, cfZone(name, s.domains[name]))
		}
		cfOK(w, found)
	case len(parts) < 2 || s.domains[parts[1]] == nil:
		s.wrong(w, r)
	case len(parts) == 2 && r.Method == http.MethodGet:
		cfOK(w, cfZone(parts[1], s.domains[parts[1]]))
	case len(parts) == 2 && r.Method == http.MethodPatch:
		c.patch(s, w, r, parts[1])
	case parts[2] == "dns_records" && len(parts) == 3 && r.Method == http.MethodGet:
		q, found := r.URL.Query(), []any{}
		for _, rec := range c.records {
			if rec.zone == parts[1] && rec.Name == q.Get("name") && rec.Type == q.Get("type") {
				found = append(found, rec)
			}
		}
		cfOK(w, found)
	case parts[2] == "dns_records" && len(parts) == 3 && r.Method == http.MethodPost:
		c.post(s, w, r, parts[1])
	case parts[2] == "dns_records" && len(parts) == 4 && r.Method == http.MethodDelete:
		c.delete(s, w, parts[3])
	default:
		s.wrong(w, r)
	}
}

func cfZone(name string, d *domain) map[string]any {
	return map[string]any{"id": name, "name": name, "status": "active", "name_servers": d.nameservers}
}

func (c *cloudflare) patch(s *Server, w http.ResponseWriter, r *http.Request, zone string) {
	in := struct {
		NameServers []string `json:"name_servers"`
	}{}
	read(s, r, &in)
	checkNames(s, in.NameServers)
	switch {
	case c.change == nil:
		cfFail(w, http.StatusBadRequest, 1016, "name_servers is read only")
	case *c.change:
		s.domains[zone].nameservers = in.NameServers
		s.wrotef("set %s: %s", zone, strings.Join(in.NameServers, " "))
		fallthrough
	default:
		cfOK(w, cfZone(zone, s.domains[zone]))
	}
}

func (c *cloudflare) post(s *Server, w http.ResponseWriter, r *http.Request, zone string) {
	in := &cfRecord{zone: zone}
	read(s, r, in)
	if !strings.HasSuffix(in.Name, "."+zone) || in.TTL != 1 && in.TTL < 60 {
		s.t.Errorf("no record for a delegation: %+v", in)
	}
	switch in.Type {
	case "NS":
		checkNames(s, []string{in.Content})
	case "DS":
		in.Content = fmt.Sprintf("%d %d %d %s", in.Data.KeyTag, in.Data.Algorithm, in.Data.DigestType, in.Data.Digest)
		if len(c.contents(in.Name, "NS")) == 0 {
			cfFail(w, http.StatusBadRequest, 1004, "DNS Validation Error: DS without NS")
			return
		}
	default:
		s.t.Errorf("no record for a delegation: %+v", in)
	}
	if slices.Contains(c.contents(in.Name, in.Type), in.Content) {
		cfFail(w, http.StatusBadRequest, 81058, "An identical record already exists.")
		return
	}
	c.last++
	in.ID = "r" + strconv.Itoa(c.last)
	c.records = append(c.records, in)
	s.wrotef("add %s %s %s", in.Name, in.Type, in.Content)
	cfOK(w, in)
}

func (c *cloudflare) delete(s *Server, w http.ResponseWriter, id string) {
	i := slices.IndexFunc(c.records, func(r *cfRecord) bool { return r.ID == id })
	if i < 0 {
		cfFail(w, http.StatusNotFound, 81044, "Record does not exist.")
		return
	}
	rec := c.records[i]
	if rec.Type == "NS" && len(c.contents(rec.Name, "NS")) == 1 && len(c.contents(rec.Name, "DS")) > 0 {
		s.t.Errorf("NS records of %s go before its DS records", rec.Name)
	}
	c.records = slices.Delete(c.records, i, i+1)
	s.wrotef("remove %s %s %s", rec.Name, rec.Type, rec.Content)
	cfOK(w, map[string]string{"id": id})
}
