package config

import (
	"github.com/hashicorp/terraform-plugin-sdk/v2/terraform"
)

// settled drops what is only to be computed from the plan for a resource that
// exists. The server has computed it already; an update would ask the same
// again for ever.
func settled(diff *terraform.InstanceDiff, state *terraform.InstanceState, _ *terraform.ResourceConfig) (*terraform.InstanceDiff, error) {
	if diff == nil || state == nil || state.ID == "" || diff.Destroy {
		return diff, nil
	}
	for k, a := range diff.Attributes {
		if a != nil && a.NewComputed && !a.RequiresNew {
			delete(diff.Attributes, k)
		}
	}
	return diff, nil
}
