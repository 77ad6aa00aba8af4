package hcloudsim

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"
)

// An object is one resource of a project. What the API shows of it is made when
// it is asked for, so that what follows from other objects is never out of date.
type object interface {
	base() *meta
	// view is the object as a schema type, ready to be JSON.
	view(p *project) any
}

// removed is implemented by objects that others hold on to.
type removed interface {
	removed(p *project)
}

// meta is what every object has.
type meta struct {
	ID      int64             `json:"id"`
	Name    string            `json:"name,omitempty"`
	Labels  map[string]string `json:"labels,omitempty"`
	Created time.Time         `json:"created"`
	// Protect refuses deletion.
	Protect bool `json:"protect,omitempty"`
	// Busy is when the last running action on the object ends.
	Busy time.Time `json:"busy"`
	// Shadow is shown until then: an action's effect is seen when it is done,
	// while what it takes (addresses, names) is taken when it starts.
	Shadow json.RawMessage `json:"shadow,omitempty"`
	// Gone is when an object that is being deleted vanishes.
	Gone time.Time `json:"gone"`
}

func (m *meta) base() *meta { return m }

// busy objects have an action running.
func (m *meta) busy(now time.Time) bool { return now.Before(m.Busy) }

func (m *meta) labels() map[string]string {
	if m.Labels == nil {
		return map[string]string{}
	}
	return m.Labels
}

// A project is what one token sees.
type project struct {
	Name    string
	Bucket  *bucket
	Actions map[int64]*action
	Log     map[string]int // requests by method and pattern

	sim     *Sim
	objects map[string]map[int64]object // by plural
	ordered map[string][]object         // the same, kept until that changes
	history []snapshot
	now     time.Time // of the request being handled
}

func newProject(name string, s *Sim) *project {
	p := &project{Name: name, sim: s, Bucket: newBucket(s.cfg.RateLimit, s.now()), now: s.now()}
	p.clear()
	return p
}

// clear everything a project has, its budget excepted.
func (p *project) clear() {
	p.Actions = map[int64]*action{}
	p.Log = map[string]int{}
	p.objects = map[string]map[int64]object{}
	p.ordered = map[string][]object{}
	p.history = nil
}

// add an object under a new id. Ids are never used twice, not even by different
// kinds or projects: an id of one kind is nothing in another.
func (p *project) add(plural string, o object) {
	m := o.base()
	m.ID = p.sim.nextID()
	m.Created = p.now.UTC().Truncate(time.Second)
	p.put(plural, o)
}

func (p *project) put(plural string, o object) {
	if p.objects[plural] == nil {
		p.objects[plural] = map[int64]object{}
	}
	p.objects[plural][o.base().ID] = o
	delete(p.ordered, plural)
}

// drop an object now, with what follows from that.
func (p *project) drop(plural string, id int64) {
	o, ok := p.objects[plural][id]
	if !ok {
		return
	}
	delete(p.objects[plural], id)
	delete(p.ordered, plural)
	if r, ok := o.(removed); ok {
		r.removed(p)
	}
}

// all objects of a kind, oldest first. The slice is not the caller's to change.
func (p *project) all(plural string) []object {
	if rows, ok := p.ordered[plural]; ok {
		return rows
	}
	rows := slices.SortedFunc(maps.Values(p.objects[plural]), func(a, b object) int {
		return cmp.Compare(a.base().ID, b.base().ID)
	})
	// The catalog is read by every Sim at once.
	if p != catalog {
		p.ordered[plural] = rows
	}
	return rows
}

// each object of a kind as what it is, oldest first.
func each[T object](p *project, plural string) []T {
	rows := p.all(plural)
	out := make([]T, 0, len(rows))
	for _, o := range rows {
		out = append(out, o.(T))
	}
	return out
}

// find an object by id.
func find[T object](p *project, plural string, id int64) (T, bool) {
	o, ok := p.objects[plural][id].(T)
	return o, ok
}

// named object of a kind.
func (p *project) named(plural, name string) (object, bool) {
	for _, o := range p.all(plural) {
		if o.base().Name == name {
			return o, true
		}
	}
	return nil, false
}

// unique checks that no other object of the kind has the name.
func (p *project) unique(k *kind, name string, self int64) error {
	if o, ok := p.named(k.plural, name); ok && o.base().ID != self {
		return notUnique("name", "%s name is already used", k.singular)
	}
	return nil
}

// settle lets what is due by now happen.
func (p *project) settle(now time.Time) {
	p.now = now
	for _, plural := range slices.Sorted(maps.Keys(p.objects)) {
		for _, o := range p.all(plural) {
			m := o.base()
			if !m.Gone.IsZero() && !now.Before(m.Gone) {
				p.drop(plural, m.ID)
			}
			if m.Shadow != nil && !m.busy(now) {
				m.Shadow = nil
			}
		}
	}
}

// show an object as a read at that time sees it.
func (p *project) show(o object, now time.Time) any {
	if m := o.base(); m.Shadow != nil && m.busy(now) {
		return m.Shadow
	}
	return o.view(p)
}

// MarshalJSON writes the project with everything in it.
func (p *project) MarshalJSON() ([]byte, error) {
	type plain project
	out := struct {
		*plain
		Objects map[string][]object `json:"objects"`
	}{plain: (*plain)(p), Objects: map[string][]object{}}
	for plural := range p.objects {
		out.Objects[plural] = p.all(plural)
	}
	return json.Marshal(out)
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (p *project) UnmarshalJSON(data []byte) error {
	type plain project
	in := struct {
		*plain
		Objects map[string][]json.RawMessage `json:"objects"`
	}{plain: (*plain)(p)}
	p.clear()
	if err := json.Unmarshal(data, &in); err != nil {
		return fmt.Errorf("cannot read project: %w", err)
	}
	for plural, rows := range in.Objects {
		k, ok := kinds[plural]
		if !ok {
			return fmt.Errorf("cannot read project: no kind %q", plural)
		}
		for _, raw := range rows {
			o := k.empty()
			if err := json.Unmarshal(raw, o); err != nil {
				return fmt.Errorf("cannot read %s: %w", k.singular, err)
			}
			p.put(plural, o)
		}
	}
	return nil
}
