package hostcluster

import (
	"github.com/openova-io/catalyst/apis/v1alpha1"
	"github.com/openova-io/catalyst/internal/composing"
	"github.com/openova-io/catalyst/internal/hetzner"
	hcloud "github.com/openova-io/catalyst/providers/provider-hcloud/apis/v1alpha1"
)

// apiBudget is what Hetzner's API last said of the requests it still grants the
// cluster's project. While the cluster comes up its provider configuration
// changes with every managed resource that begins to use it, and each change
// would be one more call of this function; until all is there the budget stays
// what it was.
func (c *hostCluster) apiBudget() *v1alpha1.APIBudget {
	was := c.Status.APIBudget
	if c.run.Phase() != v1alpha1.PhaseReady {
		return was
	}
	cfg := c.run.RequireOne("provider-config", composing.Selector{
		APIVersion: hetzner.APIVersion, Kind: hcloud.ClusterProviderConfigKind, Name: c.cluster.Config().Name,
	})
	limit := cfg.Int("status", "apiBudget", "limit")
	if limit == 0 {
		return was
	}
	return &v1alpha1.APIBudget{
		Limit:     limit,
		Remaining: cfg.Int("status", "apiBudget", "remaining"),
		ResetAt:   cfg.String("status", "apiBudget", "resetAt"),
	}
}
