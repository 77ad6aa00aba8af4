// Command sovereign is the composition function of Sovereigns.
package main

import (
	"github.com/crossplane/crossplane-runtime/v2/pkg/logging"
	fnv1 "github.com/crossplane/function-sdk-go/proto/v1"

	"github.com/openova-io/catalyst/internal/composing"
)

func main() {
	composing.Main("function-catalyst-sovereign", "Composes a Sovereign's host clusters, domain and repositories.",
		func(log logging.Logger) fnv1.FunctionRunnerServiceServer { return composing.NewFunction(log, Compose) })
}
