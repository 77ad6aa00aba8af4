// Command functions is every composition function of Catalyst. Which of them it
// serves is its first argument. One program, because all of them are made of
// nearly the same code: a node that runs them keeps it in memory once, and their
// images share the layer it is in.
package main

import (
	"github.com/openova-io/catalyst/functions/application"
	"github.com/openova-io/catalyst/functions/blueprint"
	"github.com/openova-io/catalyst/functions/environment"
	"github.com/openova-io/catalyst/functions/hostcluster"
	"github.com/openova-io/catalyst/functions/nodepool"
	"github.com/openova-io/catalyst/functions/organization"
	"github.com/openova-io/catalyst/functions/sovereign"
	"github.com/openova-io/catalyst/internal/composing"
)

func main() {
	composing.Main("functions", "Catalyst's composition functions. Each is served by a process of its own.",
		composing.Serve("application", "Composes an Application's repository, names and delivery.", application.Compose),
		composing.Serve("blueprint", "Checks Blueprints before Applications use them.", blueprint.Compose),
		composing.Serve("environment", "Composes what an Environment needs beside its Applications.", environment.Compose),
		composing.Serve("hostcluster", "Composes a HostCluster's network, load balancer and pools of servers.", hostcluster.Compose),
		composing.Serve("nodepool", "Composes the servers of a NodePool.", nodepool.Compose),
		composing.Serve("organization", "Composes an Organization's namespace, access and Git organization.", organization.Compose),
		composing.Serve("sovereign", "Composes a Sovereign's host clusters, domain and repositories.", sovereign.Compose),
	)
}
