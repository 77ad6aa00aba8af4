package registrartest

import (
	"fmt"
	"net/http"
	"strings"
)

// dynadot answers 200 with JSON, whatever became of a command. A domain gets only
// nameservers that the account knows.
type dynadot struct{ known map[string]bool }

func ddFail(w http.ResponseWriter, field, text string) {
	answer(w, http.StatusOK, map[string]any{field: map[string]any{"ResponseCode": "-1", "Status": "error", "Error": text}})
}

func (*dynadot) limited(w http.ResponseWriter) {
	ddFail(w, "Response", "too many requests, please slow down")
}

func (*dynadot) denied(w http.ResponseWriter) {
	ddFail(w, "Response", "unauthorized ip address 192.0.2.9")
}

func (*dynadot) writes(r *http.Request) bool {
	return r.URL.Query().Get("command") == "set_ns"
}

func (f *dynadot) serve(s *Server, w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	key, _, _ := strings.Cut(s.Config.Credentials, ":")
	if q.Get("key") != key {
		ddFail(w, "Response", "invalid key "+q.Get("key")+" in "+r.URL.RawQuery)
		return
	}
	name := q.Get("domain")
	d := s.domains[name]
	switch command := q.Get("command"); {
	case r.Method != http.MethodGet || r.URL.Path != "/api3.json":
		s.wrong(w, r)
	case command == "add_ns":
		checkNames(s, []string{q.Get("host")})
		if f.known[q.Get("host")] {
			ddFail(w, "AddNsResponse", "name server "+q.Get("host")+" already exists")
			return
		}
		f.known[q.Get("host")] = true
		answer(w, http.StatusOK, map[string]any{"AddNsResponse": map[string]any{"ResponseCode": 0, "Status": "success"}})
	case command == "domain_info" && d == nil:
		ddFail(w, "DomainInfoResponse", "could not find domain in your account")
	case command == "set_ns" && d == nil:
		ddFail(w, "SetNsResponse", "could not find domain in your account")
	case command == "domain_info":
		list := []any{}
		for i := range 13 {
			host := ""
			if i < len(d.nameservers) {
				host = d.nameservers[i]
			}
			list = append(list, map[string]any{"ServerId": fmt.Sprint(i), "ServerName": host})
		}
		answer(w, http.StatusOK, map[string]any{"DomainInfoResponse": map[string]any{"ResponseCode": 0, "Status": "success", "DomainInfo": map[string]any{"Name": name, "NameServerSettings": map[string]any{"Type": "Name Servers", "NameServers": list}}}})
	case command == "set_ns":
		var hosts []string
		for i := 0; q.Has(fmt.Sprintf("ns%d", i)); i++ {
			host := q.Get(fmt.Sprintf("ns%d", i))
			if !f.known[host] {
				ddFail(w, "SetNsResponse", "name server "+host+" is not in your account")
				return
			}
			hosts = append(hosts, host)
		}
		if fmt.Sprint(hosts) != fmt.Sprint(d.nameservers) {
			s.wrotef("set %s: %s", name, strings.Join(hosts, " "))
		}
		d.nameservers = hosts
		answer(w, http.StatusOK, map[string]any{"SetNsResponse": map[string]any{"ResponseCode": "0", "Status": "success"}})
	default:
		s.wrong(w, r)
	}
}
