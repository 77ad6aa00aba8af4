package composing_test

import (
	"strconv"
	"testing"

	"github.com/crossplane/crossplane-runtime/v2/pkg/logging"

	"github.com/openova-io/catalyst/hack/bench/workload"
	"github.com/openova-io/catalyst/internal/composing"
)

// BenchmarkRunFunction tells what a call costs by the number of composed
// resources, all of which exist: the honest measure of the framework, because
// the composer itself does next to nothing.
func BenchmarkRunFunction(b *testing.B) {
	fn := composing.NewFunction(logging.NewNopLogger(), workload.Compose)
	for _, n := range []int{1, 10, 50, 200} {
		b.Run(strconv.Itoa(n)+"_resources", func(b *testing.B) {
			req, err := workload.Settled(b.Context(), fn, n)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				rsp, err := fn.RunFunction(b.Context(), req)
				if err != nil {
					b.Fatal(err)
				}
				if got := len(rsp.GetDesired().GetResources()); got != n {
					b.Fatalf("want %d desired resources, got %d", n, got)
				}
			}
			b.ReportMetric(float64(n), "composed")
		})
	}
}
