// Command function serves the workload of the benchmarks the way every
// composition function of Catalyst is served.
package main

import (
	"github.com/crossplane/crossplane-runtime/v2/pkg/logging"
	fnv1 "github.com/crossplane/function-sdk-go/proto/v1"

	"github.com/openova-io/catalyst/hack/bench/workload"
	"github.com/openova-io/catalyst/internal/composing"
)

func main() {
	composing.Main("function-bench", "Composes any number of resources, to be measured.",
		func(log logging.Logger) fnv1.FunctionRunnerServiceServer {
			return composing.NewFunction(log, workload.Compose)
		})
}
