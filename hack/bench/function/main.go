// Command function serves the workload of the benchmarks the way every
// composition function of Catalyst is served.
package main

import (
	"github.com/openova-io/catalyst/hack/bench/workload"
	"github.com/openova-io/catalyst/internal/composing"
)

func main() {
	composing.Main("function-bench", "Composes any number of resources, to be measured.",
		composing.Serve("workload", "Composes as many resources as it is asked for.", workload.Compose))
}
