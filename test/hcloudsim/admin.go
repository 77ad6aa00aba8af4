package hcloudsim

import (
	"cmp"
	"encoding/json"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

const adminPrefix = "/_sim/"

// A Request the Sim was asked, without what it held.
type Request struct {
	At      time.Time `json:"at"`
	Project string    `json:"project,omitempty"`
	Method  string    `json:"method"`
	Pattern string    `json:"pattern"`
	Status  int       `json:"status"`
}

// A Count of requests by method and pattern.
type Count struct {
	Method  string `json:"method"`
	Pattern string `json:"pattern"`
	Count   int    `json:"count"`
}

// maxRequests kept one by one. Counts go on.
const maxRequests = 100_000

func (s *Sim) nextRequest() int64 { return int64(len(s.requests)) + 1 }

func (s *Sim) record(now time.Time, projectName, method, pattern string, status int) {
	if p, ok := s.projects[projectName]; ok {
		p.Log[method+" "+pattern]++
	}
	if len(s.requests) < maxRequests {
		s.requests = append(s.requests, Request{At: now.UTC(), Project: projectName, Method: method, Pattern: pattern, Status: status})
	}
}

var number = regexp.MustCompile(`^\d+$`)

// pattern of a path: ids, and names of zones and record sets, become {id}.
func pattern(path string) string {
	parts := segments(path)
	for i, seg := range parts {
		name := i == 1 && parts[0] == "zones" && seg != "actions"
		record := (i == 3 || i == 4) && len(parts) > 2 && parts[2] == "rrsets"
		if number.MatchString(seg) || name || record {
			parts[i] = "{id}"
		}
	}
	return "/" + strings.Join(parts, "/")
}

// Counts of a project's requests since it was made or reset, or of all projects.
func (s *Sim) Counts(projectName string) []Count {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.counts(projectName)
}

func (s *Sim) counts(projectName string) []Count {
	sum := map[string]int{}
	for name, p := range s.projects {
		if projectName != "" && name != projectName {
			continue
		}
		for k, n := range p.Log {
			sum[k] += n
		}
	}
	out := make([]Count, 0, len(sum))
	for k, n := range sum {
		method, pattern, _ := strings.Cut(k, " ")
		out = append(out, Count{Method: method, Pattern: pattern, Count: n})
	}
	slices.SortFunc(out, func(a, b Count) int {
		return cmp.Or(cmp.Compare(a.Pattern, b.Pattern), cmp.Compare(a.Method, b.Method))
	})
	return out
}

// Dump of everything that exists in a project, by plural; empty kinds are left
// out, so nothing left is an empty map.
func (s *Sim) Dump(projectName string) map[string][]json.RawMessage {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.dump(projectName)
}

func (s *Sim) dump(projectName string) map[string][]json.RawMessage {
	out := map[string][]json.RawMessage{}
	now := s.now()
	for name, p := range s.projects {
		if projectName != "" && name != projectName {
			continue
		}
		p.settle(now)
		for plural := range p.objects {
			for _, o := range p.all(plural) {
				raw, err := json.Marshal(p.show(o, now))
				if err == nil {
					out[plural] = append(out[plural], raw)
				}
			}
		}
	}
	return out
}

// Inject a fault, and get the id it has.
func (s *Sim) Inject(f Fault) (int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.faults.add(&f); err != nil {
		return 0, err
	}
	return f.ID, nil
}

// Heal removes a fault, or with id 0 all of them.
func (s *Sim) Heal(id int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults.all = slices.DeleteFunc(s.faults.all, func(f *Fault) bool { return id == 0 || f.ID == id })
}

// Reset a project, or with an empty name all: nothing exists, no fault is
// injected, the log is empty and the budget full.
func (s *Sim) Reset(projectName string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for name, p := range s.projects {
		if projectName == "" || name == projectName {
			p.clear()
			p.Bucket = newBucket(s.cfg.RateLimit, s.now())
		}
	}
	if projectName == "" {
		s.requests = nil
		s.faults.all = nil
	}
	s.save()
}

// Advance the clock.
func (s *Sim) Advance(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.offset += d
	s.save()
}

// SetActionDuration for the actions that start from now on.
func (s *Sim) SetActionDuration(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cfg.ActionDuration = d
}

func (s *Sim) setRelease(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cfg.FirewallRelease = d
}

// SetBudget gives a project the requests it has left.
func (s *Sim) SetBudget(projectName string, remaining int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p, ok := s.projects[projectName]; ok {
		p.Bucket.refill(s.now())
		p.Bucket.Tokens = float64(remaining)
	}
}

// settings that can be changed while the Sim runs.
type settings struct {
	ActionDuration *string `json:"action_duration,omitempty"`
	Advance        *string `json:"advance,omitempty"`
	StrictLocks    *bool   `json:"strict_locks,omitempty"`
	OldTargetCodes *bool   `json:"old_target_codes,omitempty"`
	Release        *string `json:"firewall_release,omitempty"`
	Remaining      *int    `json:"remaining,omitempty"`
	Project        string  `json:"project,omitempty"`

	Limits map[string]int `json:"limits,omitempty"`
}

func (s *Sim) set(in settings) error {
	for _, d := range []struct {
		text *string
		set  func(time.Duration)
	}{{in.ActionDuration, s.SetActionDuration}, {in.Advance, s.Advance}, {in.Release, s.setRelease}} {
		if d.text == nil {
			continue
		}
		v, err := time.ParseDuration(*d.text)
		if err != nil {
			return err
		}
		d.set(v)
	}
	if in.Remaining != nil {
		s.SetBudget(in.Project, *in.Remaining)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	set(&s.cfg.StrictLocks, in.StrictLocks)
	set(&s.cfg.OldTargetCodes, in.OldTargetCodes)
	maps.Copy(s.cfg.Limits, in.Limits)
	return nil
}

// admin answers under /_sim: see the README.
func (s *Sim) admin(w http.ResponseWriter, r *http.Request) {
	projectName := r.URL.Query().Get("project")
	what := strings.TrimPrefix(r.URL.Path, adminPrefix)
	switch r.Method + " " + what {
	case "GET health":
		reportJSON(w, http.StatusOK, map[string]string{"status": "ok"})
	case "GET dump":
		reportJSON(w, http.StatusOK, s.Dump(projectName))
	case "GET requests":
		reportJSON(w, http.StatusOK, s.Counts(projectName))
	case "GET log":
		s.mu.Lock()
		log := slices.Clone(s.requests)
		s.mu.Unlock()
		reportJSON(w, http.StatusOK, log)
	case "DELETE requests":
		s.forget()
		w.WriteHeader(http.StatusNoContent)
	case "GET faults":
		s.mu.Lock()
		defer s.mu.Unlock()
		reportJSON(w, http.StatusOK, s.faults.all)
	case "DELETE faults":
		id, _ := strconv.ParseInt(r.URL.Query().Get("id"), 10, 64)
		s.Heal(id)
		w.WriteHeader(http.StatusNoContent)
	case "POST reset":
		s.Reset(projectName)
		w.WriteHeader(http.StatusNoContent)
	case "POST faults":
		adminPost(w, r, func(f Fault) (any, error) {
			id, err := s.Inject(f)
			return map[string]int64{"id": id}, err
		})
	case "POST settings":
		adminPost(w, r, func(in settings) (any, error) { return map[string]bool{"ok": true}, s.set(in) })
	default:
		http.Error(w, "hcloudsim has no "+r.Method+" "+r.URL.Path, http.StatusNotFound)
	}
}

// forget the requests so far, to count from here.
func (s *Sim) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = nil
	for _, p := range s.projects {
		p.Log = map[string]int{}
	}
}

// adminPost reads strictly: a misspelt fault must not be a fault that never hits.
func adminPost[T any](w http.ResponseWriter, r *http.Request, do func(T) (any, error)) {
	var in T
	d := json.NewDecoder(r.Body)
	d.DisallowUnknownFields()
	if err := d.Decode(&in); err != nil {
		http.Error(w, "cannot read body: "+err.Error(), http.StatusBadRequest)
		return
	}
	out, err := do(in)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	reportJSON(w, http.StatusCreated, out)
}

func reportJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) //nolint:errchkjson // What is passed here is made here.
}
