package blueprint

import (
	"fmt"
	"strings"
	"testing"

	"github.com/openova-io/catalyst/internal/proptest"
)

// BenchmarkRunFunction tells what a call costs for a Blueprint with more and
// more parameters. It composes nothing.
func BenchmarkRunFunction(b *testing.B) {
	fn := newFn()
	for _, n := range []int{1, 10, 50, 200} {
		b.Run(fmt.Sprintf("%d_parameters", n), func(b *testing.B) {
			properties := []string{}
			for i := range n {
				properties = append(properties, fmt.Sprintf("p%d: {type: integer, minimum: 1, maximum: 5}", i))
			}
			w := proptest.NewWorld(b, strings.Replace(wordpress, "replicas: {type: integer}", strings.Join(properties, ", "), 1))
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
