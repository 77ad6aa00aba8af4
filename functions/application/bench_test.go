package application

import (
	"fmt"
	"strings"
	"testing"
)

// BenchmarkRunFunction tells what a call costs for a settled Application, from
// one Environment on one host cluster to as much as the API takes.
func BenchmarkRunFunction(b *testing.B) {
	fn := newFn()
	for _, tc := range []struct{ environments, clusters int }{{1, 1}, {3, 1}, {5, 1}, {3, 3}} {
		b.Run(fmt.Sprintf("%d_Environments_on_%d_host_clusters", tc.environments, tc.clusters), func(b *testing.B) {
			w := world(b, manyEnvironments(tc.environments, tc.clusters), organization, wordpress)
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

// manyEnvironments and an Application in all of them.
func manyEnvironments(environments, clusters int) string {
	names := []string{"acme-dev", "acme-stg", "acme-uat", "acme-prod", "acme-poc"}
	types := []string{"dev", "stg", "uat", "prod", "poc"}
	refs, docs := []string{}, []string{}
	for i := range environments {
		hosts, ingress := []string{}, []string{}
		for c := range clusters {
			host := fmt.Sprintf("hz-%s-rtz-%s", []string{"fsn", "hel", "nbg", "ash", "hil"}[c], types[i])
			hosts = append(hosts, host)
			ingress = append(ingress, fmt.Sprintf("{hostCluster: %s, addresses: [192.0.2.%d]}", host, 10+c))
		}
		all := strings.Join(hosts, ", ")
		docs = append(docs, fmt.Sprintf(`apiVersion: catalyst.openova.io/v1alpha1
kind: Environment
metadata: {name: %s, namespace: acme}
spec: {envType: %s, placement: {hostClusters: [%s]}, ingress: [%s]}`, names[i], types[i], all, strings.Join(ingress, ", ")))
		placement := ""
		if clusters > 1 {
			placement = fmt.Sprintf(", placement: {mode: active-hotstandby, hostClusters: [%s]}", all)
		}
		refs = append(refs, fmt.Sprintf("  - {name: %s%s}", names[i], placement))
	}
	application := `apiVersion: catalyst.openova.io/v1alpha1
kind: Application
metadata: {name: marketing-site, namespace: acme}
spec:
  blueprintRef: {name: bp-wordpress, version: 1.3.0}
  parameters: {domain: acme.example}
  environments:
` + strings.Join(refs, "\n")
	return application + "\n---\n" + strings.Join(docs, "\n---\n")
}
