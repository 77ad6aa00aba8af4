package provider

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/crossplane/crossplane-runtime/v2/pkg/reconciler/managed"
	"github.com/crossplane/crossplane-runtime/v2/pkg/test"
)

func TestAddFinalizer(t *testing.T) {
	cases := map[string]struct {
		reason  string
		obj     *corev1.Namespace
		updates int
	}{
		"KeepsStatus": {
			reason:  "The API server's answer must not replace the status that was observed",
			obj:     &corev1.Namespace{Status: corev1.NamespaceStatus{Phase: corev1.NamespaceActive}},
			updates: 1,
		},
		"AlreadyThere": {
			reason:  "A finalizer that is there is not written again",
			obj:     &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{ResourceVersion: "2", Finalizers: []string{managed.FinalizerName}}, Status: corev1.NamespaceStatus{Phase: corev1.NamespaceActive}},
			updates: 0,
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			updates := 0
			c := &test.MockClient{MockUpdate: func(_ context.Context, obj client.Object, _ ...client.UpdateOption) error {
				updates++
				ns := obj.(*corev1.Namespace)
				ns.Status = corev1.NamespaceStatus{}
				ns.SetResourceVersion("2")
				return nil
			}}
			if err := newFinalizer(c).AddFinalizer(context.Background(), tc.obj); err != nil {
				t.Fatalf("%s: AddFinalizer(...): %v", tc.reason, err)
			}
			want := &corev1.Namespace{
				ObjectMeta: metav1.ObjectMeta{ResourceVersion: "2", Finalizers: []string{managed.FinalizerName}},
				Status:     corev1.NamespaceStatus{Phase: corev1.NamespaceActive},
			}
			if diff := cmp.Diff(want, tc.obj); diff != "" {
				t.Errorf("%s: -want, +got:\n%s", tc.reason, diff)
			}
			if diff := cmp.Diff(tc.updates, updates); diff != "" {
				t.Errorf("%s: updates: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}
