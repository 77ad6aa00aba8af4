// Command blueprint is the composition function of Blueprints.
package main

import (
	"github.com/crossplane/crossplane-runtime/v2/pkg/logging"
	fnv1 "github.com/crossplane/function-sdk-go/proto/v1"

	"github.com/openova-io/catalyst/internal/composing"
)

func main() {
	composing.Main("function-catalyst-blueprint", "Checks Blueprints before Applications use them.",
		func(log logging.Logger) fnv1.FunctionRunnerServiceServer { return composing.NewFunction(log, Compose) })
}
