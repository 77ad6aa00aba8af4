// Program provider reconciles the managed resources of provider-powerdns.
package main

import (
	"github.com/openova-io/catalyst/internal/provider"
	"github.com/openova-io/catalyst/providers/provider-powerdns/apis/v1alpha1"
	"github.com/openova-io/catalyst/providers/provider-powerdns/internal/controller"
)

func main() {
	provider.Main(provider.Provider{
		Name:        "provider-powerdns",
		Description: "Reconciles zones, records, DNSSEC keys and TSIG keys of PowerDNS authoritative servers.",
		AddToScheme: v1alpha1.AddToScheme,
		Setup:       controller.Setup,
	})
}
