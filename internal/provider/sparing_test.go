package provider

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/crossplane/crossplane-runtime/v2/pkg/errors"
	"github.com/crossplane/crossplane-runtime/v2/pkg/test"
)

type managerOf struct {
	ctrl.Manager

	client client.Client
}

func (m managerOf) GetClient() client.Client { return m.client }

func TestSparing(t *testing.T) {
	read := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "acme", ResourceVersion: "7"}}
	cases := map[string]struct {
		reason string
		write  *corev1.Namespace
		get    error
		want   []string
	}{
		"Unchanged": {reason: "What is there already is not written", write: read},
		"Changed": {
			reason: "A change is written",
			write:  &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "acme", ResourceVersion: "7", Finalizers: []string{"in-use"}}},
			want:   []string{"update", "status"},
		},
		"Stale": {
			reason: "An object the cache has another version of is written, so that the API server refuses it",
			write:  &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "acme", ResourceVersion: "6"}},
			want:   []string{"update", "status"},
		},
		"Unreadable": {reason: "What cannot be compared is written", write: read, get: errors.New("boom"), want: []string{"update", "status"}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			var got []string
			c := sparing{managerOf{client: &test.MockClient{
				MockGet: func(_ context.Context, _ client.ObjectKey, o client.Object) error {
					read.DeepCopyInto(o.(*corev1.Namespace))
					return tc.get
				},
				MockUpdate: func(context.Context, client.Object, ...client.UpdateOption) error {
					got = append(got, "update")
					return nil
				},
				MockStatusUpdate: func(context.Context, client.Object, ...client.SubResourceUpdateOption) error {
					got = append(got, "status")
					return nil
				},
			}}}.GetClient()
			if err := c.Update(context.Background(), tc.write); err != nil {
				t.Fatalf("%s: Update(...): %v", tc.reason, err)
			}
			if err := c.Status().Update(context.Background(), tc.write); err != nil {
				t.Fatalf("%s: Status().Update(...): %v", tc.reason, err)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("%s: writes: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}
