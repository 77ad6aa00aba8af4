package main

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/openova-io/catalyst/hack/local/internal/plane"
)

func TestProblem(t *testing.T) {
	p := plane.Package{Name: "function-catalyst-a", Kind: "Function", Source: "ghcr.io/openova-io/function-catalyst-a", Version: "v2"}

	object := func(ref, current string, conditions ...any) *unstructured.Unstructured {
		return &unstructured.Unstructured{Object: map[string]any{
			"spec":   map[string]any{"package": ref},
			"status": map[string]any{"currentIdentifier": current, "conditions": conditions},
		}}
	}
	cond := func(typ, status, message string) map[string]any {
		return map[string]any{"type": typ, "status": status, "reason": "Because", "message": message}
	}

	cases := map[string]struct {
		reason string
		obj    *unstructured.Unstructured
		want   string
	}{
		"Missing":   {reason: "What isn't there isn't healthy", want: "Crossplane hasn't created it yet"},
		"Old":       {reason: "A package that isn't upgraded yet isn't what we want", obj: object(p.Source+":v1", p.Source+":v1"), want: "it is still " + p.Source + ":v1, not v2"},
		"Upgrading": {reason: "The health of the version before doesn't count", obj: object(p.Ref(), p.Source+":v1", cond("Installed", "True", ""), cond("Healthy", "True", "")), want: "Crossplane hasn't unpacked it yet"},
		"Unknown":   {reason: "A package without conditions isn't healthy", obj: object(p.Ref(), p.Ref()), want: "not Installed yet"},
		"Unhealthy": {reason: "An unhealthy package says why", obj: object(p.Ref(), p.Ref(), cond("Installed", "True", ""), cond("Healthy", "False", "it died")), want: "not Healthy: Because it died"},
		"Healthy":   {reason: "A healthy package has no problem", obj: object(p.Ref(), p.Ref(), cond("Installed", "True", ""), cond("Healthy", "True", ""))},
	}

	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, problem(tc.obj, p)); diff != "" {
				t.Errorf("%s\nproblem(...): -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}

func TestImageConfig(t *testing.T) {
	ic := imageConfig(plane.Config{PortBase: 16000})

	got, _, _ := unstructured.NestedString(ic.Object, "spec", "rewriteImage", "prefix")
	if diff := cmp.Diff("127.0.0.1:16500/openova-io/", got); diff != "" {
		t.Errorf("imageConfig(...): -want, +got:\n%s", diff)
	}
}
