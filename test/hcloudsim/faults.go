package hcloudsim

import (
	"encoding/json"
	"fmt"
	"net/http"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/hetznercloud/hcloud-go/v2/hcloud/schema"
)

// Effects of a fault.
const (
	// EffectAnswer answers with Status and Body as plain text, or with Code and
	// Message as an API error, in place of doing anything.
	EffectAnswer = "answer"
	// EffectRateLimit answers 429 with nothing remaining until the fault ends.
	EffectRateLimit = "rate_limit"
	// EffectLose does what is asked and drops the connection before answering.
	EffectLose = "lose"
	// EffectDrop drops the connection and does nothing.
	EffectDrop = "drop"
	// EffectDelay waits Behind seconds before answering.
	EffectDelay = "delay"
	// EffectStale serves lists as they were Behind seconds ago, but never from
	// before the fault began.
	EffectStale = "stale"
	// EffectInUse refuses deletions with resource_in_use.
	EffectInUse = "in_use"
	// EffectSlow lets actions with Command run Behind seconds longer.
	EffectSlow = "slow"
	// EffectFailAction lets actions with Command end with an error of Code.
	EffectFailAction = "fail_action"
	// EffectCapacity refuses servers of ServerType in Location, either of them
	// any if empty, with Code: resource_unavailable (the default) or
	// placement_error.
	EffectCapacity = "capacity"
)

// A Fault changes how requests are answered until it ends.
type Fault struct {
	ID     int64  `json:"id"`
	Effect string `json:"effect"`
	// Project, Token, Method and Path say which requests; any if empty. Token is
	// one of several that may open the same project. Path is a glob over the path
	// after /v1 ("/servers/*"), where * is one segment.
	Project string `json:"project,omitempty"`
	Token   string `json:"token,omitempty"`
	Method  string `json:"method,omitempty"`
	Path    string `json:"path,omitempty"`
	// Count is how many requests are hit; any number if zero.
	Count int `json:"count,omitempty"`
	// Seconds is how long the fault lasts; until it is removed if zero.
	Seconds float64 `json:"seconds,omitempty"`

	Status     int     `json:"status,omitempty"`
	Body       string  `json:"body,omitempty"`
	Code       string  `json:"code,omitempty"`
	Message    string  `json:"message,omitempty"`
	Behind     float64 `json:"behind,omitempty"`
	Command    string  `json:"command,omitempty"`
	Location   string  `json:"location,omitempty"`
	ServerType string  `json:"server_type,omitempty"`

	// Hits so far.
	Hits int `json:"hits"`

	since time.Time
}

type faults struct {
	sim *Sim
	all []*Fault
}

func seconds(f float64) time.Duration { return time.Duration(f * float64(time.Second)) }

func (f *Fault) over(now time.Time) bool {
	return (f.Count > 0 && f.Hits >= f.Count) || (f.Seconds > 0 && !now.Before(f.ends()))
}

func (f *Fault) ends() time.Time { return f.since.Add(seconds(f.Seconds)) }

// add a fault. What can't have an effect is refused: a test that injects
// nothing proves nothing.
func (fs *faults) add(f *Fault) error {
	known := []string{EffectAnswer, EffectRateLimit, EffectLose, EffectDrop, EffectDelay, EffectStale, EffectInUse, EffectSlow, EffectFailAction, EffectCapacity}
	if !slices.Contains(known, f.Effect) {
		return fmt.Errorf("effect must be one of %s", strings.Join(known, ", "))
	}
	if _, err := path.Match(f.Path, "/"); err != nil {
		return fmt.Errorf("path %q is no glob: %w", f.Path, err)
	}
	if f.Effect == EffectAnswer && f.Status == 0 && f.Code == "" {
		return fmt.Errorf("effect %s needs a status or a code", f.Effect)
	}
	f.ID, f.since, f.Hits = fs.sim.nextID(), fs.sim.now(), 0
	f.Path = strings.TrimPrefix(f.Path, prefix)
	fs.all = append(fs.all, f)
	if f.Effect == EffectStale {
		for _, p := range fs.sim.projects {
			p.remember(fs.sim.now())
		}
	}
	return nil
}

// hit finds a fault of one of the effects for a call, and counts it.
func (fs *faults) hit(c *call, accept func(*Fault) bool, effects ...string) *Fault {
	fs.all = slices.DeleteFunc(fs.all, func(f *Fault) bool { return f.over(c.now) })
	for _, f := range fs.all {
		if slices.Contains(effects, f.Effect) && f.wants(c) && (accept == nil || accept(f)) {
			f.Hits++
			return f
		}
	}
	return nil
}

func (f *Fault) wants(c *call) bool {
	if f.Project != "" && f.Project != c.p.Name {
		return false
	}
	if f.Token != "" && f.Token != c.token || f.Method != "" && f.Method != c.method {
		return false
	}
	if f.Path == "" {
		return true
	}
	ok, err := path.Match(f.Path, "/"+strings.Join(c.path, "/"))
	return err == nil && ok
}

// around a call, do what a fault says. Faults come before the call unless they
// are about its answer.
func (fs *faults) around(c *call, h http.Header, do func() (int, reply)) (int, reply) {
	f := fs.hit(c, nil, EffectAnswer, EffectRateLimit, EffectLose, EffectDrop, EffectDelay)
	if f == nil && c.method == http.MethodDelete {
		f = fs.hit(c, nil, EffectInUse)
	}
	if f == nil {
		status, out := do()
		fs.remember(c)
		return status, out
	}
	switch f.Effect {
	case EffectInUse:
		e := fail("resource_in_use", "%s is still in use", c.url.Path)
		return e.Status, e.write
	case EffectRateLimit:
		until := c.now.Add(time.Minute)
		if f.Seconds > 0 {
			until = f.ends()
		}
		rateHeaders(h, c.p.Bucket.Limit, 0, until)
		e := fail("rate_limit_exceeded", "limit of %d requests per hour reached", c.p.Bucket.Limit)
		return e.Status, e.write
	case EffectDrop:
		return 0, hangUp
	case EffectLose:
		status, _ := do()
		fs.remember(c)
		return status, hangUp
	case EffectDelay:
		status, out := do()
		fs.remember(c)
		return status, func(w http.ResponseWriter) {
			time.Sleep(seconds(f.Behind))
			out(w)
		}
	}
	return f.answer()
}

func hangUp(http.ResponseWriter) { panic(http.ErrAbortHandler) }

// answer of an EffectAnswer.
func (f *Fault) answer() (int, reply) {
	if f.Code != "" {
		e := fail(f.Code, "%s", f.Message)
		if f.Message == "" {
			e.Message = "injected fault"
		}
		if f.Status != 0 {
			e.Status = f.Status
		}
		return e.Status, e.write
	}
	return f.Status, func(w http.ResponseWriter) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.WriteHeader(f.Status)
		_, _ = w.Write([]byte(f.Body))
	}
}

// failure of an action that a fault wants to end with an error.
func (fs *faults) failure(c *call, command string) *schema.ActionError {
	f := fs.hit(c, of(command), EffectFailAction)
	if f == nil {
		return nil
	}
	out := &schema.ActionError{Code: "action_failed", Message: "Action failed"}
	if f.Code != "" {
		out.Code = f.Code
	}
	if f.Message != "" {
		out.Message = f.Message
	}
	return out
}

// slower is how much longer an action runs.
func (fs *faults) slower(c *call, command string) time.Duration {
	if f := fs.hit(c, of(command), EffectSlow); f != nil {
		return seconds(f.Behind)
	}
	return 0
}

// of a command, if a fault names one.
func of(command string) func(*Fault) bool {
	return func(f *Fault) bool { return f.Command == "" || f.Command == command }
}

// capacity error for a server of a type in a location, if there is a fault.
func (fs *faults) capacity(c *call, serverType, location string) error {
	f := fs.hit(c, func(f *Fault) bool {
		return (f.Location == "" || f.Location == location) && (f.ServerType == "" || f.ServerType == serverType)
	}, EffectCapacity)
	switch {
	case f == nil:
		return nil
	case f.Code != "" && f.Code != "resource_unavailable":
		return fail(f.Code, "error during placement")
	}
	return fail("resource_unavailable", "error during placement (server type %s is unavailable in %s)", serverType, location)
}

// A snapshot is a project as it was.
type snapshot struct {
	at time.Time
	p  *project
}

// remember the project as it is after a call, while lists are stale.
func (fs *faults) remember(c *call) {
	stale := slices.ContainsFunc(fs.all, func(f *Fault) bool { return f.Effect == EffectStale && !f.over(c.now) })
	if !stale {
		c.p.history = nil
		return
	}
	if c.method != http.MethodGet {
		c.p.remember(c.now)
	}
}

func (p *project) remember(now time.Time) {
	raw, err := json.Marshal(p)
	if err != nil {
		return
	}
	old := &project{}
	if err := json.Unmarshal(raw, old); err != nil {
		return
	}
	old.sim, old.now = p.sim, now
	p.history = append(p.history, snapshot{at: now, p: old})
}

// past is the project lists are read from.
func (fs *faults) past(c *call) *project {
	f := fs.hit(c, nil, EffectStale)
	if f == nil || len(c.p.history) == 0 {
		return c.p
	}
	at := c.now.Add(-seconds(f.Behind))
	out := c.p.history[0].p
	for _, s := range c.p.history {
		if !s.at.After(at) {
			out = s.p
		}
	}
	return out
}
