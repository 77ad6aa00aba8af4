package connect

import (
	"maps"
	"strings"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
)

// rememberFor is how long a milestone is known without the object that stands
// for it, and how long who awaits one is known without asking again.
const rememberFor = time.Minute

// Milestones are what came about on a server a moment ago. The objects that
// stand for it say so a little later, and what waits for them can begin at once.
type Milestones struct {
	mu      sync.Mutex
	reached map[string]time.Time
	waiting map[string]map[types.NamespacedName]waiter
}

type waiter struct {
	since time.Time
	again func()
}

// NewMilestones returns none.
func NewMilestones() *Milestones {
	return &Milestones{reached: map[string]time.Time{}, waiting: map[string]map[types.NamespacedName]waiter{}}
}

// Reach milestones: whoever awaits one of them goes on.
func (m *Milestones) Reach(keys ...string) {
	if m == nil {
		return
	}
	for _, w := range m.reach(keys) {
		w.again()
	}
}

func (m *Milestones) reach(keys []string) []waiter {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := time.Now()
	m.sweep(now)
	var out []waiter
	for _, k := range keys {
		m.reached[k] = now
		for _, w := range m.waiting[k] {
			out = append(out, w)
		}
		delete(m.waiting, k)
	}
	return out
}

// sweep away what is too old to matter.
func (m *Milestones) sweep(now time.Time) {
	for k, at := range m.reached {
		if now.Sub(at) > rememberFor {
			delete(m.reached, k)
		}
	}
	for k, ws := range m.waiting {
		for who, w := range ws {
			if now.Sub(w.since) > rememberFor {
				delete(ws, who)
			}
		}
		if len(ws) == 0 {
			delete(m.waiting, k)
		}
	}
}

// Await tells whether a milestone was reached. If not, again is called once it
// is.
func (m *Milestones) Await(key string, who types.NamespacedName, again func()) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if at, ok := m.reached[key]; ok && time.Since(at) <= rememberFor {
		return true
	}
	if m.waiting[key] == nil {
		m.waiting[key] = map[types.NamespacedName]waiter{}
	}
	m.waiting[key][who] = waiter{since: time.Now(), again: again}
	return false
}

// Unmet names the first need that is not met yet, and awaits its milestone; it is
// empty if all are met. Each has to be: that a repository is there says nothing of
// its branches.
func (m *Milestones) Unmet(needs []Need, who types.NamespacedName, again func()) string {
	for _, n := range needs {
		if !m.Await(n.Milestone, who, again) {
			return n.What
		}
	}
	return ""
}

// Forget a milestone and those that begin like it: what came about has gone, with
// all that was in it.
func (m *Milestones) Forget(key string) {
	if m == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	maps.DeleteFunc(m.reached, func(k string, _ time.Time) bool { return k == key || strings.HasPrefix(k, key+"/") })
}
