package rrset

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/openova-io/catalyst/providers/provider-powerdns/apis/v1alpha1"
)

// A removal of an RRset at a server, with a clock of its own.
type removal struct {
	*bench

	t  *testing.T
	at time.Time
}

func newRemoval(t *testing.T) *removal {
	t.Helper()
	return &removal{bench: newBench(t), t: t, at: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
}

func (r *removal) external() *external {
	e := New(r.hub, r.server).(*external) //nolint:forcetypeassert // What New returns.
	e.now = func() time.Time { return r.at }
	return e
}

// settle the RRset as it should be, and leave the status of the reconcile that
// found it so.
func (r *removal) settle(mg *v1alpha1.RRset) {
	r.t.Helper()
	for range 2 {
		e := r.external()
		o, err := e.Observe(r.t.Context(), mg)
		switch {
		case err == nil && !o.ResourceExists:
			_, err = e.Create(r.t.Context(), mg)
		case err == nil && !o.ResourceUpToDate:
			_, err = e.Update(r.t.Context(), mg)
		}
		if err != nil {
			r.t.Fatal(err)
		}
	}
}

// remove it as the managed reconciler does, and tell whether its finalizer goes.
func (r *removal) remove(mg *v1alpha1.RRset) (gone bool) {
	r.t.Helper()
	e := r.external()
	o, err := e.Observe(r.t.Context(), mg)
	if err != nil {
		r.t.Fatal(err)
	}
	if !o.ResourceExists {
		return true
	}
	if _, err := e.Delete(r.t.Context(), mg); err != nil {
		r.t.Fatal(err)
	}
	return false
}

func (r *removal) served() bool { return len(r.answers(r.t, "d.example.org", "A")) > 0 }

func waiting(ttl int64) *v1alpha1.RRset {
	mg := newRRset("d.example.org", "A", "192.0.2.1")
	mg.Spec.ForProvider.TTL = &ttl
	mg.Spec.ForProvider.WaitOutTTL = new(true)
	return mg
}

func deleted(mg *v1alpha1.RRset) *v1alpha1.RRset {
	mg = mg.DeepCopy()
	now := metav1.Now()
	mg.SetDeletionTimestamp(&now)
	return mg
}

func TestForgotten(t *testing.T) {
	cases := map[string]struct {
		reason string
		// change the RRset at some time before its deletion.
		change func(r *removal, mg *v1alpha1.RRset)
		// want is how long after its removal it is kept.
		want time.Duration
	}{
		"Plain": {
			reason: "It is kept for its TTL",
			change: func(*removal, *v1alpha1.RRset) {},
			want:   600 * time.Second,
		},
		"ShorterTTL": {
			reason: "Resolvers hold what they were told, a TTL that was longer",
			change: func(r *removal, mg *v1alpha1.RRset) {
				mg.Spec.ForProvider.TTL = new(int64(60))
				r.settle(mg)
				r.at = r.at.Add(100 * time.Second)
			},
			want: 500 * time.Second,
		},
		"Replaced": {
			reason: "Records that were replaced long ago are forgotten",
			change: func(r *removal, mg *v1alpha1.RRset) {
				mg.Spec.ForProvider.Records[0].Content = "192.0.2.9"
				r.settle(mg)
				r.at = r.at.Add(1000 * time.Second)
			},
			want: 600 * time.Second,
		},
		"LeftAlone": {
			reason: "Who doesn't ask for it doesn't wait",
			change: func(_ *removal, mg *v1alpha1.RRset) { mg.Spec.ForProvider.WaitOutTTL = nil },
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			r := newRemoval(t)
			mg := waiting(600)
			r.settle(mg)
			tc.change(r, mg)

			mg = deleted(mg)
			if r.remove(mg) {
				t.Fatalf("%s: gone before it was removed", tc.reason)
			}
			if r.served() {
				t.Errorf("%s: still served", tc.reason)
			}
			if tc.want > 0 {
				r.at = r.at.Add(tc.want - time.Second)
				if r.remove(mg.DeepCopy()) {
					t.Errorf("%s: its object went a second too early", tc.reason)
				}
				until, ready := hold(mg)
				if diff := cmp.Diff(r.at.Add(time.Second), until.UTC()); diff != "" {
					t.Errorf("%s: held until: -want, +got:\n%s", tc.reason, diff)
				}
				if want := "until " + until.UTC().Format(time.RFC3339); ready.Reason != ReasonWaitsOutTTL || !strings.HasSuffix(ready.Message, want) {
					t.Errorf("%s: condition %s %q, want one that ends with %q", tc.reason, ready.Reason, ready.Message, want)
				}
				r.at = r.at.Add(time.Second)
			}
			if !r.remove(mg) {
				t.Errorf("%s: its object stays although it is forgotten", tc.reason)
			}
		})
	}
}

// A provider that dies between the removal at the server and its note of it
// waits from when it finds the records gone.
func TestForgottenAfterCrash(t *testing.T) {
	r := newRemoval(t)
	mg := waiting(60)
	r.settle(mg)
	mg = deleted(mg)
	r.remove(mg.DeepCopy())

	r.at = r.at.Add(time.Hour)
	if r.remove(mg) {
		t.Fatal("forgotten at once after a crash")
	}
	r.at = r.at.Add(59 * time.Second)
	if r.remove(mg.DeepCopy()) {
		t.Error("forgotten too early after a crash")
	}
	r.at = r.at.Add(time.Second)
	if !r.remove(mg) {
		t.Error("never forgotten after a crash")
	}
}

// Nothing is removed before the status says for how long it has to be waited.
func TestRememberedFirst(t *testing.T) {
	r := newRemoval(t)
	mg := waiting(60)
	r.settle(mg)
	mg = deleted(waiting(60))
	if r.remove(mg); !r.served() {
		t.Fatal("removed before the TTL was in the status")
	}
	if r.remove(mg); r.served() {
		t.Error("not removed although the TTL is in the status")
	}
}

func TestNeverCreated(t *testing.T) {
	r := newRemoval(t)
	if !r.remove(deleted(waiting(60))) {
		t.Error("what never was has to be forgotten")
	}
}

// What comes back is removed again, and waited for anew.
func TestBack(t *testing.T) {
	r := newRemoval(t)
	mg := waiting(60)
	r.settle(mg)
	gone := deleted(mg)
	r.remove(gone)
	r.at = r.at.Add(time.Hour)
	r.settle(mg)
	if r.remove(gone) {
		t.Fatal("gone although it is back")
	}
	if r.served() {
		t.Error("still served")
	}
	r.at = r.at.Add(59 * time.Second)
	if r.remove(gone.DeepCopy()) {
		t.Error("not waited for anew")
	}
}
