// The provider-gitea program reconciles the managed resources of Gitea servers.
package main

import (
	"github.com/openova-io/catalyst/internal/provider"
	"github.com/openova-io/catalyst/providers/provider-gitea/apis/v1alpha1"
	"github.com/openova-io/catalyst/providers/provider-gitea/internal/controller"
)

func main() {
	provider.Main(provider.Provider{
		Name:        "provider-gitea",
		Description: "Organizations, teams, repositories and what lives in them, on Gitea.",
		AddToScheme: v1alpha1.AddToScheme,
		Setup:       controller.Setup,
	})
}
