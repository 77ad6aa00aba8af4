package hostcluster

import (
	"fmt"
	"testing"
)

// BenchmarkRunFunction tells what a call costs for a settled HostCluster with more
// and more workers.
func BenchmarkRunFunction(b *testing.B) {
	fn := newFn()
	for _, n := range []int{1, 35, 98} {
		b.Run(fmt.Sprintf("%d_workers", n), func(b *testing.B) {
			w := world(b, with("count: 2, min: 2, max: 10", fmt.Sprintf("count: %d, min: 0, max: 98", n)), generated)
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
