package nodepool

import (
	"fmt"
	"testing"
)

// BenchmarkRunFunction tells what a call costs for a settled NodePool with more
// and more servers.
func BenchmarkRunFunction(b *testing.B) {
	fn := newFn()
	for _, n := range []int{1, 10, 35} {
		b.Run(fmt.Sprintf("%d_servers", n), func(b *testing.B) {
			w := world(b, with("count: 3", fmt.Sprintf("count: %d", n)))
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
