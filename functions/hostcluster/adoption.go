package hostcluster

import (
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/openova-io/catalyst/apis/v1alpha1"
	"github.com/openova-io/catalyst/internal/composing"
	"github.com/openova-io/catalyst/internal/hetzner"
)

// adopted is what the cluster takes over. What has no id of its own is found by
// the ids of what it belongs to.
func (c *hostCluster) adopted() v1alpha1.HostClusterIDs {
	if c.Spec.Adopt == nil {
		return v1alpha1.HostClusterIDs{}
	}
	return *c.Spec.Adopt
}

// named is the object under the name that it has at Hetzner, if it has one.
func (c *hostCluster) named(key, id string, o client.Object) client.Object {
	hetzner.Named(o, c.run.Observed(key), id)
	return o
}

// subnetID at Hetzner of a subnet that is taken over.
func (c *hostCluster) subnetID() string {
	if a := c.adopted(); a.NetworkID != "" && a.Subnet != "" {
		return a.NetworkID + "-" + a.Subnet
	}
	return ""
}

// keyID at Hetzner of a public key that is taken over.
func (c *hostCluster) keyID(public string) string {
	return hetzner.IDOfKey(c.adopted().SSHKeys, public)
}

// adoptedServers of a pool with the numbers from first.
func adoptedServers(all []v1alpha1.ServerID, first, count int) []v1alpha1.ServerID {
	var out []v1alpha1.ServerID
	for _, s := range all {
		if s.Number >= first && s.Number < first+count {
			out = append(out, s)
		}
	}
	return out
}

// ids of what the cluster consists of, or nil while there is nothing.
func (c *hostCluster) ids() *v1alpha1.HostClusterIDs {
	out := &v1alpha1.HostClusterIDs{
		NetworkID:        idOf(c.run.Observed(keyNetwork)),
		FirewallID:       idOf(c.run.Observed(keyFirewall)),
		PlacementGroupID: idOf(c.run.Observed(keyPlacementGroup)),
		LoadBalancerID:   idOf(c.run.Observed(keyLB)),
	}
	if idOf(c.run.Observed(keySubnet)) != "" {
		out.Subnet = c.Spec.Network.Subnet
	}
	for _, k := range c.Spec.SSH.PublicKeys {
		if id := idOf(c.run.Observed(keySSHKeyPrefix + hetzner.KeyID(k))); id != "" {
			out.SSHKeys = append(out.SSHKeys, v1alpha1.SSHKeyID{PublicKey: k, ID: id})
		}
	}
	out.ControlPlane = servers(c.run.Observed(keyControlPlane))
	for _, key := range c.run.ObservedKeys(keyWorkersPrefix) {
		out.Workers = append(out.Workers, servers(c.run.Observed(key))...)
	}
	if out.NetworkID == "" && out.FirewallID == "" && out.PlacementGroupID == "" && out.LoadBalancerID == "" && len(out.SSHKeys) == 0 {
		return nil
	}
	return out
}

func idOf(o *composing.Observed) string { return o.String("status", "atProvider", "id") }

// servers of a pool, in the order of their numbers.
func servers(pool *composing.Observed) []v1alpha1.ServerID {
	if pool == nil {
		return nil
	}
	np := &v1alpha1.NodePool{}
	if err := pool.Into(np); err != nil {
		return nil
	}
	var out []v1alpha1.ServerID
	for _, s := range np.Status.Servers {
		if s.ID != "" && s.Number > 0 {
			out = append(out, v1alpha1.ServerID{Number: s.Number, ID: s.ID})
		}
	}
	return out
}
