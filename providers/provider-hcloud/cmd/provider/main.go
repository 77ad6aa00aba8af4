// The provider-hcloud program reconciles the managed resources of Hetzner
// projects.
package main

import (
	"io"
	"log"

	"github.com/openova-io/catalyst/internal/provider"
	"github.com/openova-io/catalyst/providers/provider-hcloud/apis/v1alpha1"
	"github.com/openova-io/catalyst/providers/provider-hcloud/internal/controller"
)

func main() {
	// The Terraform provider writes what it does to the standard logger, some
	// of it with the arguments it was given.
	log.SetOutput(io.Discard)
	provider.Main(provider.Provider{
		Name:        "provider-hcloud",
		Description: "Servers, networks, load balancers, DNS zones and everything else in a Hetzner project.",
		Poll:        controller.DefaultPoll,
		AddToScheme: v1alpha1.AddToScheme,
		Setup:       controller.Setup,
	})
}
