package clients

import (
	"context"
	"strings"
	"sync"
	"time"
)

// defaultSnapshotAge is half the provider's default poll interval, so that the
// managed resources that look at one listing share it, and a change made
// elsewhere is seen no more than half an interval late.
const defaultSnapshotAge = 30 * time.Second

// snapshots keep listings that several managed resources look at: one GET of a
// listing costs Gitea as much as one GET of an item, and as much as a write.
// What this client writes drops the listings it changes.
type snapshots struct {
	age   time.Duration
	locks *keyedLocks

	mu    sync.Mutex
	items map[string]snapshot
	// epoch counts drops, so that a listing read before a write is not kept
	// after it.
	epoch int64
}

type snapshot struct {
	value any
	taken time.Time
}

func newSnapshots() *snapshots {
	return &snapshots{age: defaultSnapshotAge, locks: newKeyedLocks(), items: map[string]snapshot{}}
}

// peek returns the listing when it is young enough.
func (s *snapshots) peek(key string) (any, int64, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	it, ok := s.items[key]
	return it.value, s.epoch, ok && time.Since(it.taken) < s.age
}

func (s *snapshots) keep(key string, value any, epoch int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if epoch != s.epoch || s.age <= 0 {
		return
	}
	now := time.Now()
	for k, it := range s.items {
		if now.Sub(it.taken) >= s.age {
			delete(s.items, k)
		}
	}
	s.items[key] = snapshot{value: value, taken: now}
}

// drop every listing below the prefix.
func (s *snapshots) drop(prefix string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.epoch++
	prefix = strings.ToLower(prefix)
	for k := range s.items {
		if k == prefix || strings.HasPrefix(k, prefix+"/") {
			delete(s.items, k)
		}
	}
}

// share returns the listing of the key, loading it unless somebody did moments
// ago. Who asks while it is being loaded waits for that answer.
func share[T any](ctx context.Context, s *snapshots, key string, load func(context.Context) (T, error)) (T, error) {
	var zero T
	key = strings.ToLower(key)
	unlock, err := s.locks.lock(ctx, key)
	if err != nil {
		return zero, err
	}
	defer unlock()

	value, epoch, ok := s.peek(key)
	if v, is := value.(T); ok && is {
		return v, nil
	}
	v, err := load(ctx)
	if err != nil {
		return zero, err
	}
	s.keep(key, v, epoch)
	return v, nil
}
