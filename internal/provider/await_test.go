package provider

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/reconciler/managed"
	"github.com/crossplane/crossplane-runtime/v2/pkg/resource/fake"
	"github.com/crossplane/crossplane-runtime/v2/pkg/test"
)

func TestAwait(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	deleted, long := metav1.NewTime(now), metav1.NewTime(now.Add(-time.Hour))
	told := xpv1.ConditionedStatus{Conditions: []xpv1.Condition{xpv1.Creating().WithMessage("Waits for Repository x")}}
	type want struct {
		passed  bool
		said    string
		updates int
		after   time.Duration
		failed  bool
	}
	cases := map[string]struct {
		reason string
		mg     fake.ModernManaged
		needs  string
		err    error
		want   want
	}{
		"NeedsNothing": {
			reason: "What needs nothing is reconciled",
			want:   want{passed: true},
		},
		"Waits": {
			reason: "What waits for a moment says nothing: whoever watches would look again",
			mg:     fake.ModernManaged{ObjectMeta: metav1.ObjectMeta{CreationTimestamp: metav1.NewTime(now)}},
			needs:  "Repository x",
			want:   want{after: time.Second},
		},
		"WaitsForLong": {
			reason: "What waits for longer says for what",
			mg:     fake.ModernManaged{ObjectMeta: metav1.ObjectMeta{CreationTimestamp: long}},
			needs:  "Repository x",
			want:   want{said: "Waits for Repository x", updates: 1, after: time.Second},
		},
		"HasSaidSo": {
			reason: "What has said so does not say it again",
			mg:     fake.ModernManaged{ObjectMeta: metav1.ObjectMeta{CreationTimestamp: long}, ConditionedStatus: told},
			needs:  "Repository x",
			want:   want{after: time.Second},
		},
		"Known": {
			reason: "What was reconciled before does not wait for what it had then",
			mg:     fake.ModernManaged{ObjectMeta: metav1.ObjectMeta{Finalizers: []string{managed.FinalizerName}}},
			needs:  "Repository x",
			want:   want{passed: true},
		},
		"Going": {
			reason: "What is being deleted does not wait to be created",
			mg:     fake.ModernManaged{ObjectMeta: metav1.ObjectMeta{DeletionTimestamp: &deleted}},
			needs:  "Repository x",
			want:   want{passed: true},
		},
		"Unknown": {
			reason: "Whether something is needed must be known",
			err:    errors.New("boom"),
			want:   want{failed: true},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got := want{}
			a := &awaiting[*fake.ModernManaged]{
				Reconciler: reconcile.Func(func(context.Context, reconcile.Request) (reconcile.Result, error) {
					got.passed = true
					return reconcile.Result{}, nil
				}),
				kube: &test.MockClient{
					MockGet: func(_ context.Context, _ client.ObjectKey, o client.Object) error {
						*o.(*fake.ModernManaged) = tc.mg
						return nil
					},
					MockStatusUpdate: func(_ context.Context, o client.Object, _ ...client.SubResourceUpdateOption) error {
						got.updates++
						if mg, ok := o.(*fake.ModernManaged); ok {
							got.said = mg.GetCondition(xpv1.TypeReady).Message
						}
						return nil
					},
				},
				kind: Kind[*fake.ModernManaged]{
					New:   func() *fake.ModernManaged { return &fake.ModernManaged{} },
					Await: func(context.Context, client.Client, *fake.ModernManaged) (string, error) { return tc.needs, tc.err },
				},
				now: func() time.Time { return now },
			}
			rsp, err := a.Reconcile(t.Context(), reconcile.Request{})
			got.after, got.failed = rsp.RequeueAfter, err != nil
			if diff := cmp.Diff(tc.want, got, cmp.AllowUnexported(want{})); diff != "" {
				t.Errorf("%s\n-want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}
