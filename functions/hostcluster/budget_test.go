package hostcluster

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/openova-io/catalyst/internal/proptest"
)

const providerConfig = `apiVersion: hcloud.openova.io/v1alpha1
kind: ClusterProviderConfig
metadata: {name: default}
status: {apiBudget: {limit: 3600, remaining: 3420, resetAt: "2026-01-01T00:03:00Z"}}`

func TestAPIBudget(t *testing.T) {
	published := map[string]any{"limit": 3600.0, "remaining": 3420.0, "resetAt": "2026-01-01T00:03:00Z"}
	before := map[string]any{"limit": 3600.0, "remaining": 1.0}
	ready := func(w *proptest.World) { w.Settle(t, newFn()) }
	cases := map[string]struct {
		reason  string
		prepare func(*proptest.World)
		objects []string
		was     map[string]any
		want    any
	}{
		"Ready":   {reason: "What the provider published", prepare: ready, objects: []string{providerConfig}, want: published},
		"Changed": {reason: "What the provider published, whatever was there", prepare: ready, objects: []string{providerConfig}, was: before, want: published},
		"ComingUp": {
			reason:  "The configuration changes with every server that comes up, and is not asked for",
			prepare: func(*proptest.World) {}, objects: []string{providerConfig}, was: before, want: before,
		},
		"Unpublished": {reason: "Nothing is known", prepare: ready, want: nil},
		"Unknown":     {reason: "A configuration that is gone for a moment takes nothing away", prepare: ready, was: before, want: before},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			w := world(t, append([]string{cluster, generated}, tc.objects...)...)
			tc.prepare(w)
			if tc.was != nil {
				s, err := structpb.NewStruct(map[string]any{"apiBudget": tc.was})
				if err != nil {
					t.Fatal(err)
				}
				if w.XR.GetFields()["status"] == nil {
					w.XR.Fields["status"] = structpb.NewStructValue(&structpb.Struct{Fields: map[string]*structpb.Value{}})
				}
				w.XR.GetFields()["status"].GetStructValue().Fields["apiBudget"] = s.GetFields()["apiBudget"]
			}
			_, rsp := w.Run(t, newFn())
			if diff := cmp.Diff(tc.want, status(rsp)["apiBudget"]); diff != "" {
				t.Errorf("%s: -want, +got:\n%s", tc.reason, diff)
			}
		})
	}
}
