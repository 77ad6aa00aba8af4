package hcloudsim

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/hetznercloud/hcloud-go/v2/hcloud/schema"
)

// An action runs from Started until End and then has succeeded, or failed when
// it has an error to fail with.
// Source: https://docs.hetzner.cloud/reference/cloud#actions
type action struct {
	ID        int64
	Command   string
	Started   time.Time
	End       time.Time
	Fails     *schema.ActionError
	Resources []schema.ActionResourceReference
}

// weights are how much longer than others some commands take, so that their
// order is the real one at any action duration.
var weights = map[string]int{
	"create_server":        4,
	"create_load_balancer": 2,
	"rebuild_server":       4,
	"change_server_type":   4,
	"create_image":         4,
	"delete_server":        2,
	"shutdown_server":      2,
	"create_certificate":   4,
	"issue_certificate":    4,
}

func (a *action) status(now time.Time) string {
	switch {
	case now.Before(a.End):
		return "running"
	case a.Fails != nil:
		return "error"
	}
	return "success"
}

func (a *action) view(now time.Time) schema.Action {
	out := schema.Action{
		ID: a.ID, Command: a.Command, Status: a.status(now),
		Progress: 100, Started: a.Started.UTC(), Resources: a.Resources,
	}
	if out.Status == "running" {
		out.Progress = int(100 * now.Sub(a.Started) / a.End.Sub(a.Started))
		return out
	}
	out.Finished = new(a.End.UTC())
	if out.Status == "error" {
		out.Error = a.Fails
	}
	return out
}

// A target is an object an action works on.
type target struct {
	kind *kind
	obj  object
}

// start an action that changes its first target, and lock that until the action
// ends. Reads see the change then; a change that is made to fail never is.
func (c *call) start(command string, change func(), on ...target) *action {
	return c.startAfter(c.now, command, change, on...)
}

// startAfter another action has ended, for the actions that follow a creation.
func (c *call) startAfter(from time.Time, command string, change func(), on ...target) *action {
	queued := on[0].kind.queued(command) && !c.sim.cfg.StrictLocks
	if busy := on[0].obj.base().Busy; queued && busy.After(from) {
		from = busy
	}
	d := time.Duration(max(1, weights[command]))*c.sim.cfg.ActionDuration + c.sim.faults.slower(c, command)
	a := &action{ID: c.sim.nextID(), Command: command, Started: c.now, End: from.Add(d), Fails: c.sim.faults.failure(c, command)}
	for _, t := range on {
		a.Resources = append(a.Resources, schema.ActionResourceReference{ID: t.obj.base().ID, Type: t.kind.singular})
	}
	c.p.Actions[a.ID] = a
	if !queued {
		on[0].obj.base().hold(a.End)
	}
	on[0].obj.base().shadow(c, on[0].obj, a.End)
	if a.Fails == nil && change != nil {
		change()
	}
	return a
}

func (m *meta) hold(until time.Time) {
	if until.After(m.Busy) {
		m.Busy = until
	}
}

// shadow keeps what reads see until then.
func (m *meta) shadow(c *call, o object, until time.Time) {
	if m.Shadow != nil || !c.now.Before(until) || !m.busy(c.now) {
		return
	}
	raw, err := json.Marshal(o.view(c.p))
	if err == nil {
		m.Shadow = raw
	}
}

// relabel what reads see before an action is done: names and labels have no
// action to wait for.
func (m *meta) relabel() error {
	if m.Shadow == nil {
		return nil
	}
	seen := map[string]json.RawMessage{}
	if err := json.Unmarshal(m.Shadow, &seen); err != nil {
		return fmt.Errorf("cannot read shadow: %w", err)
	}
	for key, v := range map[string]any{"name": m.Name, "labels": m.labels()} {
		raw, err := json.Marshal(v)
		if err != nil {
			return fmt.Errorf("cannot write shadow: %w", err)
		}
		seen[key] = raw
	}
	raw, err := json.Marshal(seen)
	if err != nil {
		return fmt.Errorf("cannot write shadow: %w", err)
	}
	m.Shadow = raw
	return nil
}

// free checks that no action runs on the objects.
func (c *call) free(on ...target) error {
	for _, t := range on {
		if t.obj.base().busy(c.now) {
			return fail(t.kind.busyCode(), "%s %d is locked: an action is running on it", t.kind.singular, t.obj.base().ID)
		}
	}
	return nil
}

// started is the answer to a call that did nothing but start an action.
func (c *call) started(a *action) (answer, error) {
	return answer{Status: http.StatusCreated, Body: schema.ActionGetResponse{Action: a.view(c.now)}}, nil
}

func views(now time.Time, actions []*action) []schema.Action {
	out := make([]schema.Action, 0, len(actions))
	for _, a := range actions {
		out = append(out, a.view(now))
	}
	return out
}

// getAction answers with one action, of any resource or of some.
func getAction(c *call, id string, of func(*action) bool) (answer, error) {
	n, err := strconv.ParseInt(id, 10, 64)
	a, ok := c.p.Actions[n]
	if err != nil || !ok || !of(a) {
		return answer{}, notFound("action", id)
	}
	return answer{Status: http.StatusOK, Body: schema.ActionGetResponse{Action: a.view(c.now)}}, nil
}

// listActions of a kind or an object, as the query wants them.
func listActions(c *call, of func(*action) bool) (answer, error) {
	var rows []*action
	for _, id := range slices.Sorted(maps.Keys(c.p.Actions)) {
		a := c.p.Actions[id]
		if c.query.Has("status") && !slices.Contains(c.query["status"], a.status(c.now)) {
			continue
		}
		if c.query.Has("id") && !slices.Contains(c.query["id"], strconv.FormatInt(id, 10)) {
			continue
		}
		if of(a) {
			rows = append(rows, a)
		}
	}
	keys := order[*action]{
		"id":       func(a, b *action) int { return cmp.Compare(a.ID, b.ID) },
		"command":  func(a, b *action) int { return cmp.Compare(a.Command, b.Command) },
		"status":   func(a, b *action) int { return cmp.Compare(a.status(c.now), b.status(c.now)) },
		"started":  func(a, b *action) int { return a.Started.Compare(b.Started) },
		"finished": func(a, b *action) int { return a.End.Compare(b.End) },
	}
	if err := sortRows(rows, c.query["sort"], keys); err != nil {
		return answer{}, err
	}
	return listed(c, "actions", rows, func(a *action) any { return a.view(c.now) })
}

// allActions answers GET /actions, which since 2025-01-30 asks for ids.
func allActions(c *call) (answer, error) {
	if !c.query.Has("id") {
		e := fail("deprecated_api_endpoint", "listing all actions was removed, ask for actions by id")
		e.Details = map[string]any{"announcement": "https://docs.hetzner.cloud/changelog#2025-01-30-listing-arbitrary-actions-in-the-actions-list-endpoint-is-deprecated"}
		return answer{}, e
	}
	return listActions(c, func(*action) bool { return true })
}

// on tells whether an action works on a kind, and on that object unless id is 0.
func (a *action) on(k *kind, id int64) bool {
	return slices.ContainsFunc(a.Resources, func(r schema.ActionResourceReference) bool {
		return r.Type == k.singular && (id == 0 || r.ID == id)
	})
}
