package registrartest

import (
	"net/http"
	"strings"
)

// godaddy answers in JSON.
type godaddy struct{}

func gdFail(w http.ResponseWriter, status int, code, message string) {
	answer(w, status, map[string]any{"code": code, "message": message})
}

func (*godaddy) limited(w http.ResponseWriter) {
	answer(w, http.StatusTooManyRequests, map[string]any{"code": "TOO_MANY_REQUESTS", "message": "Too many requests received within interval", "retryAfterSec": 120})
}

func (*godaddy) denied(w http.ResponseWriter) {
	gdFail(w, http.StatusForbidden, "ACCESS_DENIED", "Authenticated user is not allowed access")
}

func (*godaddy) writes(r *http.Request) bool { return r.Method != http.MethodGet }

func (*godaddy) serve(s *Server, w http.ResponseWriter, r *http.Request) {
	if key := r.Header.Get("Authorization"); key != "sso-key "+s.Config.Credentials {
		gdFail(w, http.StatusUnauthorized, "UNABLE_TO_AUTHENTICATE", "Unauthorized : Could not authenticate API key/secret "+key)
		return
	}
	name, ok := strings.CutPrefix(r.URL.Path, "/v1/domains/")
	d := s.domains[name]
	switch {
	case !ok:
		s.wrong(w, r)
	case d == nil:
		gdFail(w, http.StatusNotFound, "NOT_FOUND", "The domain is not in the account")
	case r.Method == http.MethodGet:
		answer(w, http.StatusOK, map[string]any{"domain": name, "status": "ACTIVE", "nameServers": d.nameservers})
	case r.Method == http.MethodPatch:
		in := struct {
			NameServers []string `json:"nameServers"`
		}{}
		read(s, r, &in)
		checkNames(s, in.NameServers)
		d.nameservers = in.NameServers
		s.wrotef("set %s: %s", name, strings.Join(in.NameServers, " "))
		w.WriteHeader(http.StatusNoContent)
	default:
		s.wrong(w, r)
	}
}
