package hcloudsim

import (
	"net/http"
	"slices"
	"strings"
)

// A handler does what one request asks for.
type handler func(c *call) (answer, error)

// An answer to a request. A nil body is none.
type answer struct {
	Status int
	Body   any
	Link   string
}

// A kind of resource: how it is called, and what can be done with it.
type kind struct {
	plural, singular string
	empty            func() object
	// sorts and filters that lists take besides name and label_selector.
	sorts   []string
	filters map[string]func(o object, v string) bool

	create, update, remove handler
	// actions by their name in the path.
	actions map[string]handler
	// sub-resources by the segment after the object.
	sub map[string]func(c *call, rest []string) (answer, error)
	// byName lets the object be addressed by its name too.
	byName bool
	// busy is the code of the error when an action runs; locked if empty.
	busy string
	// queues are commands that wait for each other in place of refusing; every
	// stands for all.
	queues map[string]bool
	// shownAs is the key in answers where that is not the singular.
	shownAs string
	// within is the id of the object that has this one. Such kinds are found
	// below that object's path only.
	within func(o object) int64
	// shared kinds are the same for all projects and can't be changed.
	shared bool
	// prepare an object's update: a hook after name and labels.
	after func(c *call) error
}

var (
	byNameCreated = []string{"id", "name", "created"}
	byName        = []string{"id", "name"}
	byCreated     = []string{"id", "created"}
)

// kinds by plural.
var kinds = map[string]*kind{}

func register(k *kind) *kind {
	if k.update == nil && !k.shared {
		k.update = func(c *call) (answer, error) { return k.rename(c) }
	}
	if k.remove == nil && !k.shared {
		k.remove = func(c *call) (answer, error) { return k.delete(c, nil) }
	}
	kinds[k.plural] = k
	return k
}

const every = "*"

func (k *kind) queued(command string) bool { return k.queues[command] || k.queues[every] }

func (k *kind) busyCode() string {
	if k.busy == "" {
		return "locked"
	}
	return k.busy
}

// key of one object in answers; more of them have an s.
func (k *kind) key() string {
	if k.shownAs == "" {
		return k.singular
	}
	return k.shownAs
}

func (k *kind) keys() string {
	if k.shownAs == "" {
		return k.plural
	}
	return k.shownAs + "s"
}

// nested routes to the objects of a kind that are within the call's object.
func nested(k *kind) func(c *call, rest []string) (answer, error) {
	return func(c *call, rest []string) (answer, error) {
		c.kind, c.parent, c.obj = k, c.target(), nil
		if len(rest) == 0 {
			return c.collection()
		}
		return c.one(rest[0], rest[1:])
	}
}

// has tells whether the call is about the place the object is in.
func (c *call) has(o object) bool {
	return c.kind.within == nil || (c.parent.obj != nil && c.kind.within(o) == c.parent.obj.base().ID)
}

// one is an answer with the object under its singular.
func (k *kind) one(c *call, status int) (answer, error) {
	return answer{Status: status, Body: map[string]any{k.key(): c.p.show(c.obj, c.now)}}, nil
}

// room checks that one more object of the kind fits into the project's limits.
func (k *kind) room(c *call) error {
	if limit := c.sim.cfg.Limits[k.plural]; limit > 0 && len(c.p.objects[k.plural]) >= limit {
		return limitExceeded(k.plural, limit)
	}
	return nil
}

// named checks a new object's name and labels.
func (k *kind) named(c *call, name string, labels *map[string]string) (meta, error) {
	if err := k.checkName(name); err != nil {
		return meta{}, err
	}
	m := meta{Name: name}
	if labels != nil {
		if err := checkLabels(*labels); err != nil {
			return meta{}, err
		}
		m.Labels = *labels
	}
	if err := c.p.unique(k, name, 0); err != nil {
		return meta{}, err
	}
	return m, k.room(c)
}

func (k *kind) checkName(name string) error {
	switch {
	case name == "":
		return invalid("name", "is missing")
	case len(name) > 128:
		return invalid("name", "is too long")
	case strings.TrimSpace(name) != name:
		return invalid("name", "must not begin or end with white space")
	case k.plural == "servers" && !hostname.MatchString(name):
		return invalid("name", "is not a valid hostname")
	}
	return nil
}

type updateRequest struct {
	Name   *string            `json:"name"`
	Labels *map[string]string `json:"labels"`
}

// rename is the update that every kind has: name and labels, each optional.
func (k *kind) rename(c *call) (answer, error) {
	req, err := decode[updateRequest](c)
	if err != nil {
		return answer{}, err
	}
	m := c.obj.base()
	if req.Name != nil && *req.Name != m.Name {
		if err := k.checkName(*req.Name); err != nil {
			return answer{}, err
		}
		if err := c.p.unique(k, *req.Name, m.ID); err != nil {
			return answer{}, err
		}
	}
	if req.Labels != nil {
		if err := checkLabels(*req.Labels); err != nil {
			return answer{}, err
		}
	}
	if k.after != nil {
		if err := k.after(c); err != nil {
			return answer{}, err
		}
	}
	if req.Name != nil {
		m.Name = *req.Name
	}
	if req.Labels != nil {
		m.Labels = *req.Labels
	}
	if err := m.relabel(); err != nil {
		return answer{}, err
	}
	return k.one(c, http.StatusOK)
}

// removable checks what every deletion has to: no running action, no protection.
func (k *kind) removable(c *call) error {
	if err := c.free(c.target()); err != nil {
		return err
	}
	if c.obj.base().Protect {
		return fail("protected", "%s deletion is protected", k.singular)
	}
	return nil
}

// delete at once, if nothing uses the object.
func (k *kind) delete(c *call, inUse func() error) (answer, error) {
	if err := k.removable(c); err != nil {
		return answer{}, err
	}
	if inUse != nil {
		if err := inUse(); err != nil {
			return answer{}, err
		}
	}
	c.p.drop(k.plural, c.obj.base().ID)
	return answer{Status: http.StatusNoContent}, nil
}

// protect is the change_protection action of kinds that protect from deletion.
func protect(c *call) (answer, error) {
	req, err := decode[struct {
		Delete *bool `json:"delete"`
	}](c)
	if err != nil {
		return answer{}, err
	}
	return c.act("change_protection", func() {
		if req.Delete != nil {
			c.obj.base().Protect = *req.Delete
		}
	})
}

// act is the whole of an action without conditions of its own.
func (c *call) act(command string, change func(), also ...target) (answer, error) {
	if err := c.lockable(command); err != nil {
		return answer{}, err
	}
	return c.started(c.start(command, change, slices.Insert(also, 0, c.target())...))
}

// lockable checks that the command may start on the object now.
func (c *call) lockable(command string) error {
	if c.kind.queued(command) && !c.sim.cfg.StrictLocks {
		return nil
	}
	return c.free(c.target())
}
