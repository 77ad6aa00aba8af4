package sovereign

import (
	"github.com/openova-io/catalyst/apis/v1alpha1"
	"github.com/openova-io/catalyst/internal/hetzner"
	"github.com/openova-io/catalyst/internal/naming"
)

// slotAutoscaler is the slot of cluster-autoscaler. Its values need what is known
// only once the cluster is there.
const slotAutoscaler = "cluster-autoscaler-hcloud"

// An autoscaler is what cluster-autoscaler is told of the cluster it runs on:
// the servers that it may make beside those of NodePools, and what they need to
// join.
type autoscaler struct {
	group, serverType, location string
	max                         int
	network, firewall, sshKey   string
}

// autoscaler of the entrance, which is where the kit runs. It is not known
// before the cluster's network, firewall and SSH key have ids: a server without
// them has no private address and never joins.
func (s *sovereign) autoscaler() (out autoscaler, known bool) {
	name := s.entrance()
	ids := clusterIDs(s.run.Observed(keyClusterPrefix + name))
	if ids == nil || len(s.Spec.SSH.PublicKeys) == 0 {
		return out, false
	}
	out.network, out.firewall = ids.NetworkID, ids.FirewallID
	out.sshKey = s.keyID(s.Spec.SSH.PublicKeys[0])
	if out.network == "" || out.firewall == "" || out.sshKey == "" {
		return out, false
	}
	hc, err := naming.ParseHostCluster(name)
	if err != nil {
		return out, false
	}
	if out.location, _, err = hc.Location(); err != nil {
		return out, false
	}
	if out.group, err = (hetzner.Cluster{HostCluster: hc, Namespace: s.status.Namespace}).ElasticGroup(); err != nil {
		return out, false
	}
	w := s.workers(name)
	out.serverType, out.max = w.ServerType, w.Max-w.Count
	return out, true
}

// workers of a host cluster, as they were asked for.
func (s *sovereign) workers(cluster string) v1alpha1.WorkersSpec {
	for _, region := range s.Spec.Regions {
		for _, c := range region.HostClusters {
			if clusterName(region.Code, c.BuildingBlock) == cluster {
				return c.Workers
			}
		}
	}
	return v1alpha1.WorkersSpec{}
}

// values of the upstream chart.
// https://github.com/kubernetes/autoscaler/tree/master/charts/cluster-autoscaler
func (a autoscaler) values() map[string]any {
	groups := []any{}
	if a.max > 0 {
		groups = append(groups, map[string]any{"name": a.group, "instanceType": a.serverType, "region": a.location, "minSize": 0, "maxSize": a.max})
	}
	tolerate := map[string]any{"key": "node-role.kubernetes.io/control-plane", "operator": "Exists", "effect": "NoSchedule"}
	return map[string]any{
		"cloudProvider":     "hetzner",
		"autoscalingGroups": groups,
		// On control planes only: it must not take its own server away.
		"nodeSelector": map[string]any{"node-role.kubernetes.io/control-plane": "true"},
		"tolerations":  []any{tolerate},
		"extraArgs": map[string]any{
			"expander": "least-waste", "scale-down-unneeded-time": "10m", "scale-down-delay-after-add": "10m", "scale-down-delay-after-failure": "3m",
		},
		"extraEnv": map[string]any{"HCLOUD_NETWORK": a.network, "HCLOUD_FIREWALL": a.firewall, "HCLOUD_SSH_KEY": a.sshKey},
		// They hold the token that servers join with and the one that opens
		// Hetzner's API, so they are not in Git.
		"extraEnvSecrets": map[string]any{
			"HCLOUD_CLUSTER_CONFIG": map[string]any{"name": slotAutoscaler, "key": "cluster-config"},
		},
	}
}

// tokenFrom is where the release takes the token from that opens Hetzner's API,
// and the value of the Blueprint's chart that it goes to.
func tokenFrom() []any {
	return []any{map[string]any{"kind": "Secret", "name": "cloud-credentials", "valuesKey": "hcloud-token", "targetPath": "clusterAutoscalerHcloud.hcloudToken"}}
}
