package registrartest

import (
	"encoding/xml"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// namecheap answers 200 with XML, whatever became of a command.
type namecheap struct{}

func ncFail(w http.ResponseWriter, number, text string) {
	ncAnswer(w, "ERROR", fmt.Sprintf(`<Errors><Error Number=%q>%s</Error></Errors>`, number, ncEscape(text)))
}

func ncAnswer(w http.ResponseWriter, status, body string) {
	w.Header().Set("Content-Type", "text/xml; charset=utf-8")
	_, _ = fmt.Fprintf(w, `<?xml version="1.0" encoding="utf-8"?><ApiResponse Status="%s" xmlns="http://api.namecheap.com/xml.response">%s<Server>X</Server></ApiResponse>`, status, body)
}

func ncEscape(text string) string {
	b := &strings.Builder{}
	_ = xml.EscapeText(b, []byte(text))
	return b.String()
}

func (*namecheap) limited(w http.ResponseWriter) { w.WriteHeader(http.StatusMethodNotAllowed) }

func (*namecheap) denied(w http.ResponseWriter) {
	ncFail(w, "1011150", "Invalid request IP: 192.0.2.9")
}

func (*namecheap) writes(r *http.Request) bool {
	return strings.HasPrefix(r.URL.Query().Get("Command"), "namecheap.domains.dns.set")
}

func (*namecheap) serve(s *Server, w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	p := strings.Split(s.Config.Credentials, ":")
	if q.Get("ApiKey") != p[1] || q.Get("ApiUser") != p[0] || q.Get("UserName") == "" {
		ncFail(w, "1011102", "API Key is invalid or API access has not been enabled: "+r.URL.RawQuery+" "+q.Get("ApiKey"))
		return
	}
	if q.Get("ClientIp") != p[2] {
		ncFail(w, "1011150", "Invalid request IP: "+q.Get("ClientIp"))
		return
	}
	name := q.Get("SLD") + "." + q.Get("TLD")
	d := s.domains[name]
	if r.Method != http.MethodGet || r.URL.Path != "/xml.response" || strings.Contains(q.Get("SLD"), ".") {
		s.wrong(w, r)
		return
	}
	if d == nil {
		ncFail(w, "2019166", "Domain not found")
		return
	}
	switch command := q.Get("Command"); command {
	case "namecheap.domains.dns.getList":
		b := &strings.Builder{}
		for _, ns := range d.nameservers {
			b.WriteString("<Nameserver>" + ns + "</Nameserver>")
		}
		ncAnswer(w, "OK", fmt.Sprintf(`<Errors /><CommandResponse Type=%q><DomainDNSGetListResult Domain=%q IsUsingOurDNS="false">%s</DomainDNSGetListResult></CommandResponse>`, command, name, b))
	case "namecheap.domains.dns.setCustom":
		d.nameservers = strings.Split(q.Get("Nameservers"), ",")
		checkNames(s, d.nameservers)
		if slices.ContainsFunc(d.nameservers, func(ns string) bool { return strings.HasSuffix(ns, ".registrar-servers.com") }) {
			s.t.Error("Namecheap's own nameservers are set as somebody else's")
		}
		s.wrotef("set %s: %s", name, strings.Join(d.nameservers, " "))
		ncAnswer(w, "OK", fmt.Sprintf(`<Errors /><CommandResponse Type=%q><DomainDNSSetCustomResult Domain=%q Updated="true" /></CommandResponse>`, command, name))
	case "namecheap.domains.dns.setDefault":
		d.nameservers = []string{"dns1.registrar-servers.com", "dns2.registrar-servers.com"}
		s.wrotef("set %s: its own", name)
		ncAnswer(w, "OK", fmt.Sprintf(`<Errors /><CommandResponse Type=%q><DomainDNSSetDefaultResult Domain=%q Updated="true" /></CommandResponse>`, command, name))
	default:
		s.wrong(w, r)
	}
}
