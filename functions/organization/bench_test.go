package organization

import (
	"fmt"
	"strings"
	"testing"
)

// BenchmarkRunFunction tells what a call costs for a settled Organization with
// more and more members and Applications. What it composes stays the same.
func BenchmarkRunFunction(b *testing.B) {
	fn := newFn()
	for _, n := range []int{1, 10, 50, 200} {
		b.Run(fmt.Sprintf("%d_members,_%d_Applications", n, n), func(b *testing.B) {
			owners, applications := []string{}, []string{}
			for i := range n {
				owners = append(owners, fmt.Sprintf("{email: u%d@acme.example, role: owner}", i))
				applications = append(applications, fmt.Sprintf("apiVersion: catalyst.openova.io/v1alpha1\nkind: Application\nmetadata: {name: a%d, namespace: acme}\nspec: {}", i))
			}
			w := world(b, append([]string{strings.Replace(organization, "{email: a@acme.example, role: owner}", strings.Join(owners, "\n  - "), 1)}, applications...)...)
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
