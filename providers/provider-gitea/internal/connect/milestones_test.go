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
