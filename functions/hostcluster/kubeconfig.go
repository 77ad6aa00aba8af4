package hostcluster

import (
	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"

	hcloud "github.com/openova-io/catalyst/providers/provider-hcloud/apis/v1alpha1"
)

// Who the kubeconfig is for: whoever runs the platform, with all rights.
const (
	kubeconfigUser         = "catalyst"
	kubeconfigOrganization = "system:masters"
)

// kubeconfig composes what opens the cluster. It follows the load balancer's
// address, and needs no server to be made.
func (c *hostCluster) kubeconfig(in *inputs) error {
	s := c.run.Step("Kubeconfig")
	lb := c.run.Observed(keyLB).String("status", "atProvider", "ipv4")
	if lb == "" {
		s.Wait(ReasonAddressUnknown, "Waits for the load balancer's address, where the cluster is reached")
		s.Blame(hcloud.LoadBalancer_Kind, c.cluster.Object("lb"))
		return nil
	}
	managed := c.managed()
	managed.WriteConnectionSecretToReference = &xpv1.LocalSecretReference{Name: c.cluster.Object(keyKubeconfig)}
	return s.DesireWhen(in.authority != nil, "the authority that signs it", keyKubeconfig, &hcloud.Kubeconfig{
		ObjectMeta: c.cluster.Meta(keyKubeconfig),
		Spec: hcloud.KubeconfigSpec{ManagedResourceSpec: managed, ForProvider: hcloud.KubeconfigParameters{
			AuthoritySecretRef: xpv1.LocalSecretReference{Name: c.cluster.Object(keyAuthority)},
			Cluster:            c.GetName(),
			Server:             endpoint(lb),
			// Servers that run name the load balancer's address as it was when
			// they started, and the domain.
			ServerName:   new(c.Spec.Domain),
			User:         kubeconfigUser,
			Organization: kubeconfigOrganization,
		}},
	})
}
