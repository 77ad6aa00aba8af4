package kube

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

func TestServed(t *testing.T) {
	crd := func(established string, versions ...any) *unstructured.Unstructured {
		return &unstructured.Unstructured{Object: map[string]any{
			"spec": map[string]any{
				"group":    "pkg.crossplane.io",
				"names":    map[string]any{"plural": "locks"},
				"versions": versions,
			},
			"status": map[string]any{"conditions": []any{map[string]any{"type": "Established", "status": established}}},
		}}
	}
	old := map[string]any{"name": "v1alpha1", "served": false}
	beta := map[string]any{"name": "v1beta1", "served": true}

	cases := map[string]struct {
		reason string
		crd    *unstructured.Unstructured
		want   string
	}{
		"New":            {reason: "A definition that was just made says nothing yet", crd: &unstructured.Unstructured{Object: map[string]any{}}},
		"NotEstablished": {reason: "What is not established is not served", crd: crd("False", beta)},
		"NotServed":      {reason: "A version may not be served any more", crd: crd("True", old)},
		"Served":         {reason: "The first version that is served is asked for", crd: crd("True", old, beta), want: "/apis/pkg.crossplane.io/v1beta1/locks"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, served(tc.crd)); diff != "" {
				t.Errorf("%s: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}
