package environment

import (
	"fmt"
	"strings"
	"testing"

	"github.com/openova-io/catalyst/internal/proptest"
)

// BenchmarkRunFunction tells what a call costs for a settled Environment with
// more and more Applications. What it composes stays the same.
func BenchmarkRunFunction(b *testing.B) {
	fn := newFn()
	for _, n := range []int{1, 10, 50, 200} {
		b.Run(fmt.Sprintf("%d_Applications", n), func(b *testing.B) {
			docs := []string{environment, others}
			for i := range n {
				docs = append(docs, fmt.Sprintf("apiVersion: catalyst.openova.io/v1alpha1\nkind: Application\nmetadata: {name: a%d, namespace: acme}\nspec: {environments: [{name: acme-prod}]}", i))
			}
			w := proptest.NewWorld(b, strings.Join(docs, "\n---\n"), allKinds()...)
			w.Settle(b, fn)
			req, rsp := w.Run(b, fn)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := fn.RunFunction(b.Context(), req); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(len(rsp.GetDesired().GetResources())), "composed")
		})
	}
}
