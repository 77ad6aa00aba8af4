package provider

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"github.com/crossplane/crossplane-runtime/v2/pkg/resource/fake"
	"github.com/crossplane/crossplane-runtime/v2/pkg/test"
)

func TestHold(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	deleted := metav1.NewTime(now)
	waits := xpv1.Condition{Type: xpv1.TypeReady, Status: corev1.ConditionFalse, Reason: "WaitsOutTTL", Message: "Until then"}
	type want struct {
		passed  bool
		updates int
		after   time.Duration
	}
	cases := map[string]struct {
		reason string
		mg     fake.ModernManaged
		until  time.Time
		want   want
	}{
		"Alive": {
			reason: "What is not being deleted is not held",
			until:  now.Add(time.Hour),
			want:   want{passed: true},
		},
		"NotHeld": {
			reason: "What nothing holds is reconciled",
			mg:     fake.ModernManaged{ObjectMeta: metav1.ObjectMeta{DeletionTimestamp: &deleted}},
			want:   want{passed: true},
		},
		"Held": {
			reason: "What is held says so, and is looked at when its time has come",
			mg:     fake.ModernManaged{ObjectMeta: metav1.ObjectMeta{DeletionTimestamp: &deleted}},
			until:  now.Add(time.Hour),
			want:   want{updates: 1, after: time.Hour},
		},
		"HeldStill": {
			reason: "What has said so does not say it again",
			mg:     fake.ModernManaged{ObjectMeta: metav1.ObjectMeta{DeletionTimestamp: &deleted}, ConditionedStatus: xpv1.ConditionedStatus{Conditions: []xpv1.Condition{waits}}},
			until:  now.Add(time.Minute),
			want:   want{after: time.Minute},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got := want{}
			h := &holding[*fake.ModernManaged]{
				Reconciler: reconcile.Func(func(context.Context, reconcile.Request) (reconcile.Result, error) {
					got.passed = true
					return reconcile.Result{}, nil
				}),
				kube: &test.MockClient{
					MockGet: func(_ context.Context, _ client.ObjectKey, o client.Object) error {
						*o.(*fake.ModernManaged) = tc.mg
						return nil
					},
					MockStatusUpdate: func(context.Context, client.Object, ...client.SubResourceUpdateOption) error {
						got.updates++
						return nil
					},
				},
				kind: Kind[*fake.ModernManaged]{
					New:  func() *fake.ModernManaged { return &fake.ModernManaged{} },
					Hold: func(*fake.ModernManaged) (time.Time, xpv1.Condition) { return tc.until, waits },
				},
				now: func() time.Time { return now },
			}
			r, err := h.Reconcile(t.Context(), reconcile.Request{})
			if err != nil {
				t.Fatalf("%s: %v", tc.reason, err)
			}
			got.after = r.RequeueAfter
			if diff := cmp.Diff(tc.want, got, cmp.AllowUnexported(want{})); diff != "" {
				t.Errorf("%s: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}
