package connect

import (
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/types"
)

func TestMilestones(t *testing.T) {
	m, again := NewMilestones(), 0
	who := types.NamespacedName{Namespace: "acme", Name: "content"}
	await := func(key string) bool { return m.Await(key, who, func() { again++ }) }

	for range 2 {
		if await("a") {
			t.Error("a milestone is reached before anybody reached it")
		}
	}
	m.Reach("b")
	if again != 0 {
		t.Error("who awaits one milestone is told of another")
	}
	m.Reach("a")
	if again != 1 {
		t.Errorf("who awaits a milestone twice is told once, not %d times", again)
	}
	m.Reach("a")
	if again != 1 {
		t.Error("who was told is told again")
	}
	if !await("a") {
		t.Error("a milestone that was reached a moment ago is not known")
	}
	m.Forget("a")
	if await("a") {
		t.Error("a milestone is known although what it stands for has gone")
	}

	m.Reach("a/branch", "ab")
	m.Forget("a")
	if await("a/branch") || !await("ab") {
		t.Error("what is in something is forgotten with it, and nothing beside it")
	}
	delete(m.reached, "ab")
	delete(m.waiting, "a/branch")

	m.reached["b"] = time.Now().Add(-2 * rememberFor)
	m.waiting["a"] = map[types.NamespacedName]waiter{who: {since: time.Now().Add(-2 * rememberFor)}}
	if await("b") {
		t.Error("what came about long ago is for its object to tell")
	}
	m.Reach("c")
	if len(m.waiting["a"]) != 0 || len(m.reached) != 1 {
		t.Errorf("what is old is kept: %v, %v", m.waiting["a"], m.reached)
	}
}

// A need that is met says nothing of those after it.
func TestUnmet(t *testing.T) {
	needs := []Need{{What: "Repository site", Milestone: "repository"}, {What: "RepositoryContent site", Milestone: "branch"}}
	cases := map[string]struct {
		reason  string
		needs   []Need
		reached []string
		want    string
		// then is reached, and whoever waits for it is told.
		then string
	}{
		"Nothing":      {reason: "Nothing is needed"},
		"None":         {reason: "The first need comes first", needs: needs, want: "Repository site", then: "repository"},
		"First":        {reason: "A repository that is there is no branch yet", needs: needs, reached: []string{"repository"}, want: "RepositoryContent site", then: "branch"},
		"Second":       {reason: "Order is kept although the second is met", needs: needs, reached: []string{"branch"}, want: "Repository site", then: "repository"},
		"FirstAndLast": {reason: "All needs are met", needs: needs, reached: []string{"repository", "branch"}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			m, again := NewMilestones(), 0
			m.Reach(tc.reached...)
			if got := m.Unmet(tc.needs, types.NamespacedName{Namespace: "acme", Name: "site"}, func() { again++ }); got != tc.want {
				t.Errorf("%s: want %q, got %q", tc.reason, tc.want, got)
			}
			if tc.then == "" {
				return
			}
			if m.Reach(tc.then); again != 1 {
				t.Errorf("%s: told %d times, not once", tc.reason, again)
			}
		})
	}
}
