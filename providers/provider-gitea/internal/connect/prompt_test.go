package connect

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/reconciler/managed"

	"github.com/openova-io/catalyst/providers/provider-gitea/apis/v1alpha1"
)

func TestPrompt(t *testing.T) {
	cases := map[string]struct {
		reason string
		err    error
		queued int
		failed int
	}{
		"Created": {reason: "What was created is looked at again at once, as if nothing had failed.", queued: 1},
		"Refused": {reason: "What was not created waits its turn.", err: errors.New("boom"), failed: 2},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			q := workqueue.NewTypedRateLimitingQueue(workqueue.NewTypedItemExponentialFailureRateLimiter[reconcile.Request](1e12, 1e13))
			defer q.ShutDown()
			p := &Prompt{}
			if err := p.Start(t.Context(), q); err != nil {
				t.Fatal(err)
			}
			r := reconcile.Request{NamespacedName: types.NamespacedName{Namespace: "acme", Name: "x"}}
			q.AddRateLimited(r)
			q.AddRateLimited(r)
			e := &prompted[*v1alpha1.Branch]{prompt: p, TypedExternalClient: managed.TypedExternalClientFns[*v1alpha1.Branch]{
				CreateFn: func(context.Context, *v1alpha1.Branch) (managed.ExternalCreation, error) {
					return managed.ExternalCreation{}, tc.err
				},
			}}
			_, err := e.Create(t.Context(), &v1alpha1.Branch{ObjectMeta: metav1.ObjectMeta{Namespace: "acme", Name: "x"}})
			if !errors.Is(err, tc.err) {
				t.Errorf("Create(...): %v", err)
			}
			if diff := cmp.Diff([]int{tc.queued, tc.failed}, []int{q.Len(), q.NumRequeues(r)}); diff != "" {
				t.Errorf("%s\n-want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}
