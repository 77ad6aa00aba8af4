package registrartest

import (
	"crypto/sha1" //nolint:gosec // OVH's signature is made with it.
	"encoding/hex"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// maxSkew of a signed request's time.
const maxSkew = 30 * time.Second

// ovh checks signatures, and does what it is told later.
type ovh struct{ last int }

func ovhFail(w http.ResponseWriter, status int, code, message string) {
	answer(w, status, map[string]any{"errorCode": code, "httpCode": strconv.Itoa(status) + " " + http.StatusText(status), "message": message})
}

func (*ovh) limited(w http.ResponseWriter) {
	w.Header().Set("Retry-After", "120")
	ovhFail(w, http.StatusTooManyRequests, "", "Too many requests")
}

func (*ovh) denied(w http.ResponseWriter) {
	ovhFail(w, http.StatusForbidden, "NOT_GRANTED_CALL", "This call has not been granted")
}

func (*ovh) writes(r *http.Request) bool { return r.Method == http.MethodPost }

// signed says why a request is not to be believed.
func (*ovh) signed(s *Server, r *http.Request, body []byte) (code, message string) {
	p := strings.Split(s.Config.Credentials, ":")
	if key := r.Header.Get("X-Ovh-Application"); key != p[0] {
		return "INVALID_KEY", "This application key is invalid: " + key
	}
	if key := r.Header.Get("X-Ovh-Consumer"); key != p[2] {
		return "INVALID_CREDENTIAL", "This credential is not valid: " + key
	}
	at, err := strconv.ParseInt(r.Header.Get("X-Ovh-Timestamp"), 10, 64)
	if err != nil || time.Since(time.Unix(at, 0)).Abs() > maxSkew {
		return "QUERY_TIME_OUT", "Query out of time"
	}
	sum := sha1.Sum([]byte(p[1] + "+" + p[2] + "+" + r.Method + "+http://" + r.Host + r.URL.RequestURI() + "+" + string(body) + "+" + strconv.FormatInt(at, 10))) //nolint:gosec // As above.
	if r.Header.Get("X-Ovh-Signature") != "$1$"+hex.EncodeToString(sum[:]) {
		return "INVALID_SIGNATURE", "Invalid signature"
	}
	return "", ""
}

func (f *ovh) serve(s *Server, w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		s.t.Error(err)
	}
	if code, message := f.signed(s, r, body); code != "" {
		ovhFail(w, http.StatusForbidden, code, message)
		return
	}
	r.Body = io.NopCloser(strings.NewReader(string(body)))
	path, ok := strings.CutPrefix(r.URL.Path, "/1.0/domain/")
	name, rest, _ := strings.Cut(path, "/")
	d := s.domains[name]
	switch {
	case !ok:
		s.wrong(w, r)
	case d == nil:
		ovhFail(w, http.StatusNotFound, "", "The requested object (serviceName = "+name+") does not exist")
	case rest == "" && r.Method == http.MethodGet:
		answer(w, http.StatusOK, map[string]any{"domain": name, "nameServerType": map[bool]string{true: "external", false: "hosted"}[d.external]})
	case rest == "" && r.Method == http.MethodPut:
		in := struct {
			Type string `json:"nameServerType"`
		}{}
		read(s, r, &in)
		d.external = in.Type == "external"
		answer(w, http.StatusOK, nil)
	case rest == "nameServers/update" && r.Method == http.MethodPost:
		f.update(s, w, r, name, d)
	case r.Method == http.MethodGet && strings.HasPrefix(rest, "nameServer"):
		f.nameServer(s, w, r, d, strings.TrimPrefix(rest, "nameServer"))
	case r.Method == http.MethodGet && strings.HasPrefix(rest, "task"):
		f.task(s, w, r, d, strings.TrimPrefix(rest, "task"))
	default:
		s.wrong(w, r)
	}
}

func (f *ovh) update(s *Server, w http.ResponseWriter, r *http.Request, name string, d *domain) {
	in := struct {
		NameServers []struct {
			Host string `json:"host"`
		} `json:"nameServers"`
	}{}
	read(s, r, &in)
	if !d.external {
		ovhFail(w, http.StatusForbidden, "", "The name server type of the domain is hosted")
		return
	}
	if slices.ContainsFunc(d.tasks, func(t *task) bool { return t.status == "todo" }) {
		s.t.Error("a second task while one is not done")
	}
	f.last++
	t := &task{id: f.last, status: "todo"}
	for _, ns := range in.NameServers {
		t.hosts = append(t.hosts, ns.Host)
	}
	checkNames(s, t.hosts)
	d.tasks = append(d.tasks, t)
	s.wrotef("set %s: %s", name, strings.Join(t.hosts, " "))
	answer(w, http.StatusOK, map[string]any{"id": t.id, "function": "DomainDnsUpdate", "status": "todo"})
}

// nameServer lists those that are there, which may have to go, and those that are
// about to come.
func (*ovh) nameServer(s *Server, w http.ResponseWriter, r *http.Request, d *domain, rest string) {
	type ns struct {
		ID       int    `json:"id"`
		Host     string `json:"host"`
		IsUsed   bool   `json:"isUsed"`
		ToDelete bool   `json:"toDelete"`
	}
	all := []ns{}
	next := d.nameservers
	for _, t := range d.tasks {
		if t.status == "todo" {
			next = t.hosts
		}
	}
	for _, h := range d.nameservers {
		all = append(all, ns{ID: len(all) + 1, Host: h, IsUsed: true, ToDelete: !slices.Contains(next, h)})
	}
	for _, h := range next {
		if !slices.Contains(d.nameservers, h) {
			all = append(all, ns{ID: len(all) + 1, Host: h})
		}
	}
	if rest == "" {
		ids := []int{}
		for _, n := range all {
			ids = append(ids, n.ID)
		}
		answer(w, http.StatusOK, ids)
		return
	}
	id, err := strconv.Atoi(strings.TrimPrefix(rest, "/"))
	if err != nil || id < 1 || id > len(all) {
		s.wrong(w, r)
		return
	}
	answer(w, http.StatusOK, all[id-1])
}

func (*ovh) task(s *Server, w http.ResponseWriter, r *http.Request, d *domain, rest string) {
	q := r.URL.Query()
	if rest == "" && q.Get("function") == "DomainDnsUpdate" {
		ids := []int{}
		for _, t := range d.tasks {
			if t.status == q.Get("status") {
				ids = append(ids, t.id)
			}
		}
		answer(w, http.StatusOK, ids)
		return
	}
	for _, t := range d.tasks {
		if rest == "/"+strconv.Itoa(t.id) {
			answer(w, http.StatusOK, map[string]any{"id": t.id, "function": "DomainDnsUpdate", "status": t.status, "comment": map[bool]string{true: "the zone is not served there"}[t.status == "error"]})
			return
		}
	}
	s.wrong(w, r)
}
