package provider

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/test"

	gitea "github.com/openova-io/catalyst/providers/provider-gitea/apis/v1alpha1"
)

func TestLeaving(t *testing.T) {
	const every = 5 * time.Second
	type want struct {
		Result reconcile.Result
		Error  bool
	}
	cases := map[string]struct {
		reason  string
		deleted bool
		every   time.Duration
		get     error
		res     reconcile.Result
		err     error
		want    want
	}{
		"Deleted":    {reason: "What is on its way out is looked at again soon", every: every, deleted: true, res: reconcile.Result{Requeue: true}, want: want{Result: reconcile.Result{RequeueAfter: every}}},
		"Alive":      {reason: "What lives backs off", every: every, res: reconcile.Result{Requeue: true}, want: want{Result: reconcile.Result{Requeue: true}}},
		"NoPace":     {reason: "What has no pace at the moment backs off", deleted: true, res: reconcile.Result{Requeue: true}, want: want{Result: reconcile.Result{Requeue: true}}},
		"Settled":    {reason: "What has a time of its own keeps it", every: every, deleted: true, res: reconcile.Result{RequeueAfter: time.Hour}, want: want{Result: reconcile.Result{RequeueAfter: time.Hour}}},
		"Error":      {reason: "An error backs off", every: every, deleted: true, err: errors.New("boom"), want: want{Error: true}},
		"Unreadable": {reason: "What cannot be read backs off", every: every, deleted: true, get: errors.New("boom"), res: reconcile.Result{Requeue: true}, want: want{Result: reconcile.Result{Requeue: true}}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			l := &leaving[*gitea.Team]{
				Reconciler: reconcile.Func(func(context.Context, reconcile.Request) (reconcile.Result, error) { return tc.res, tc.err }),
				kube: &test.MockClient{MockGet: func(_ context.Context, _ client.ObjectKey, o client.Object) error {
					if tc.deleted {
						o.SetDeletionTimestamp(new(metav1.Now()))
					}
					return tc.get
				}},
				kind: Kind[*gitea.Team]{New: func() *gitea.Team { return &gitea.Team{} }, DeletionPollInterval: func(*gitea.Team) time.Duration { return tc.every }},
			}
			res, err := l.Reconcile(context.Background(), reconcile.Request{NamespacedName: types.NamespacedName{Namespace: "acme", Name: "admins"}})
			if diff := cmp.Diff(tc.want, want{Result: res, Error: err != nil}); diff != "" {
				t.Errorf("%s: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}
