package sovereign

import (
	"fmt"
	"strings"
	"testing"
)

// BenchmarkRunFunction tells what a call costs for a settled Sovereign with more
// and more Organizations. What it composes stays the same.
func BenchmarkRunFunction(b *testing.B) {
	fn := newFn()
	for _, n := range []int{1, 50, 500} {
		b.Run(fmt.Sprintf("%d_Organizations", n), func(b *testing.B) {
			docs := []string{sme}
			for i := range n {
				docs = append(docs, strings.Replace(strings.Split(organizations, "\n---\n")[0], "name: acme", fmt.Sprintf("name: acme%d", i), 1))
			}
			w := world(b, docs...)
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
