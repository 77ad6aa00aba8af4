// The provider-hcloud program reconciles the managed resources of Hetzner
// projects.
package main

import (
	"io"
	"log"
	"time"

	"github.com/openova-io/catalyst/internal/provider"
	"github.com/openova-io/catalyst/providers/provider-hcloud/apis/v1alpha1"
	"github.com/openova-io/catalyst/providers/provider-hcloud/internal/controller"
)

// poll interval that keeps a hundred servers with their networks and load
// balancers within a tenth of a project's 3,600 requests an hour.
const poll = 30 * time.Minute

func main() {
	// The Terraform provider writes what it does to the standard logger, some
	// of it with the arguments it was given.
	log.SetOutput(io.Discard)
	provider.Main(provider.Provider{
		Name:        "provider-hcloud",
		Description: "Servers, networks, load balancers, DNS zones and everything else in a Hetzner project.",
		Poll:        poll,
		AddToScheme: v1alpha1.AddToScheme,
		Setup:       controller.Setup,
	})
}
