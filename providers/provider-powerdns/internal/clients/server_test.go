package clients

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestClaim(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	s := &Server{o: Options{Now: func() time.Time { return now }}, claims: map[claim]claimant{}}
	steps := []struct {
		reason string
		owner  string
		after  time.Duration
		want   bool
	}{
		{reason: "A key that nobody has is had", owner: "a", want: true},
		{reason: "It is still the same one's", owner: "a", want: true},
		{reason: "Another one comes too late", owner: "b"},
		{reason: "Who has not said so for long may be gone, and the key is still there", owner: "b", after: claimAge, want: true},
		{reason: "Then it is the other one's", owner: "a"},
	}
	for _, st := range steps {
		now = now.Add(st.after)
		if diff := cmp.Diff(st.want, s.Claim("example.org.", 1, st.owner)); diff != "" {
			t.Errorf("%s: -want, +got:\n%s", st.reason, diff)
		}
	}
}
