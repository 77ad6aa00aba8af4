package hostcluster

import (
	"fmt"

	"github.com/openova-io/catalyst/apis/v1alpha1"
	"github.com/openova-io/catalyst/internal/composing"
	"github.com/openova-io/catalyst/internal/hetzner"
)

// maxServers of a cluster: a network at Hetzner has at most 100 members, and the
// load balancer is one of them.
// https://docs.hetzner.com/cloud/networks/faq
const maxServers = 99

// pools composes the servers: the control plane, and once that is there as many
// pools of workers as it takes. A pool that is not needed any more stays, empty:
// the usage that keeps it would never let go.
func (c *hostCluster) pools(data *userData, inFront bool, bootstrap *composing.Step) error {
	cp := c.run.Step("ControlPlane")
	workers := c.run.Step("Workers")
	if data == nil {
		cp.Wait(composing.ReasonWaiting, "Waits for Bootstrap")
		workers.Wait(composing.ReasonWaiting, "Waits for Bootstrap")
		return nil
	}

	head := c.pool("cp", v1alpha1.RoleControlPlane, 1, hostFirstControlPlane, c.Spec.ControlPlane.ServerType, data.controlPlane)
	head.Spec.Count, head.Spec.Min, head.Spec.Max = c.Spec.ControlPlane.Count, 1, 3
	head.Spec.Adopt = adoptedServers(c.adopted().ControlPlane, 1, head.Spec.Max)
	head.Spec.PlacementGroupRef = &v1alpha1.LocalReference{Name: c.cluster.Object("control-plane")}
	if err := cp.DesireWhen(inFront && bootstrap.Ready(), "what is in front of the servers", keyControlPlane, head); err != nil {
		return err
	}

	for i := range (maxServers + hetzner.PoolSize - 1) / hetzner.PoolSize {
		before := i * hetzner.PoolSize
		key := fmt.Sprintf("%s%d", keyWorkersPrefix, i+1)
		if before >= c.Spec.Workers.Count && c.run.Observed(key) == nil {
			continue
		}
		p := c.pool(fmt.Sprintf("w%d", before+1), v1alpha1.RoleWorker, before+1, hostFirstWorker+before, c.Spec.Workers.ServerType, data.worker)
		p.Spec.Count, p.Spec.Max = max(0, min(c.Spec.Workers.Count-before, hetzner.PoolSize)), hetzner.PoolSize
		p.Spec.Adopt = adoptedServers(c.adopted().Workers, before+1, hetzner.PoolSize)
		if err := workers.DesireAfter(cp, key, p); err != nil {
			return err
		}
	}
	return nil
}

func (c *hostCluster) pool(suffix string, role v1alpha1.NodeRole, first, host int, serverType, key string) *v1alpha1.NodePool {
	out := &v1alpha1.NodePool{
		ObjectMeta: c.cluster.Meta("pool-" + suffix),
		Spec: v1alpha1.NodePoolSpec{
			HostCluster:       c.GetName(),
			Domain:            c.Spec.Domain,
			Role:              role,
			FirstNumber:       first,
			FirstAddress:      c.address(byte(host)), //nolint:gosec // Pools end below 255.
			ServerType:        serverType,
			Image:             image,
			SubnetRef:         v1alpha1.LocalReference{Name: c.cluster.Object("subnet")},
			FirewallRef:       v1alpha1.LocalReference{Name: c.cluster.Object("firewall")},
			SSHKeyRefs:        append([]v1alpha1.LocalReference{}, c.Spec.SSH.KeyRefs...),
			UserDataSecretRef: v1alpha1.SecretKeyReference{Name: c.cluster.Object(keyCloudInit), Key: key},
			ProviderConfig:    c.cluster.Config().Name,
		},
	}
	for _, k := range c.Spec.SSH.PublicKeys {
		out.Spec.SSHKeyRefs = append(out.Spec.SSHKeyRefs, v1alpha1.LocalReference{Name: c.cluster.Object("key-" + hetzner.KeyID(k))})
	}
	return out
}
