package sovereign

import (
	"fmt"
	"net/netip"

	xpv2 "github.com/crossplane/crossplane-runtime/v2/apis/common/v2"

	"github.com/openova-io/catalyst/apis/v1alpha1"
	"github.com/openova-io/catalyst/internal/composing"
	"github.com/openova-io/catalyst/internal/hetzner"
	"github.com/openova-io/catalyst/internal/naming"
	hcloud "github.com/openova-io/catalyst/providers/provider-hcloud/apis/v1alpha1"
)

// provider and envType of a Sovereign's host clusters, in their names.
const (
	providerCode = "hz"
	envType      = v1alpha1.EnvProd
)

// blocks are the subnets of a region's network by building block: by what they
// are and not by their order, so that one more changes nothing.
func blocks() map[string]byte { return map[string]byte{"mgt": 1, "rtz": 2, "dmz": 3} }

// hostClusters composes one host cluster per region and building block, and the
// SSH keys they share: Hetzner has each key once in a project.
func (s *sovereign) hostClusters(ns *composing.Step) error {
	keys := s.run.Step("Keys")
	var refs []v1alpha1.LocalReference
	for _, k := range s.Spec.SSH.PublicKeys {
		id := hetzner.KeyID(k)
		name := "key-" + id
		refs = append(refs, v1alpha1.LocalReference{Name: name})
		cluster := hetzner.Cluster{ProviderConfig: s.Spec.ProviderConfig}
		if err := keys.DesireAfter(ns, keySSHKeyPrefix+id, s.named(keySSHKeyPrefix+id, hetzner.IDOfKey(s.adopted().SSHKeys, k), &hcloud.SSHKey{
			ObjectMeta: s.meta(name),
			Spec: hcloud.SSHKeySpec{
				ManagedResourceSpec: xpv2.ManagedResourceSpec{ProviderConfigReference: cluster.Config()},
				ForProvider: hcloud.SSHKeyParameters{
					Name:      new("catalyst-" + s.GetName() + "-" + id),
					PublicKey: new(k),
					Labels:    map[string]*string{hetzner.LabelSovereign: new(s.Spec.Domain.Name), naming.LabelManagedBy: new(naming.ManagedBy)},
				},
			},
		})); err != nil {
			return err
		}
	}
	s.run.RetireOthers(keySSHKeyPrefix, "the key was removed from spec.ssh.publicKeys")

	step := s.run.Step("HostClusters")
	for _, region := range s.Spec.Regions {
		for _, c := range region.HostClusters {
			hc, err := s.hostCluster(region, c)
			if err != nil {
				return err
			}
			if hc.GetName() == s.entrance() {
				hc.Spec.Bootstrap = s.bootstrap()
			}
			hc.Spec.SSH = v1alpha1.HostClusterSSH{KeyRefs: refs, AllowedCIDRs: s.Spec.SSH.AllowedCIDRs}
			if err := step.DesireAfter(keys, keyClusterPrefix+hc.GetName(), hc); err != nil {
				return err
			}
		}
	}
	s.run.RetireOthers(keyClusterPrefix, "the host cluster was removed from spec.regions")
	return nil
}

func (s *sovereign) hostCluster(region v1alpha1.SovereignRegion, c v1alpha1.SovereignHostCluster) (*v1alpha1.HostCluster, error) {
	network, err := netip.ParsePrefix(region.Network.CIDR)
	if err != nil || !network.Addr().Is4() || network.Bits() > 22 {
		return nil, fmt.Errorf("spec.regions[%s].network.cidr %q must be an IPv4 network of at most 22 bits, e.g. 10.0.0.0/16", region.Code, region.Network.CIDR)
	}
	b := network.Masked().Addr().As4()
	b[2] += blocks()[c.BuildingBlock]
	return &v1alpha1.HostCluster{
		ObjectMeta: s.meta(clusterName(region.Code, c.BuildingBlock)),
		Spec: v1alpha1.HostClusterSpec{
			Domain:        s.Spec.Domain.Name,
			Provider:      s.Spec.Provider,
			Region:        region.Code,
			BuildingBlock: c.BuildingBlock,
			EnvType:       envType,
			Network: v1alpha1.HostClusterNetwork{
				CIDR:   region.Network.CIDR,
				Subnet: netip.PrefixFrom(netip.AddrFrom4(b), 24).String(),
			},
			Kubernetes:     s.Spec.Kubernetes,
			ControlPlane:   c.ControlPlane,
			Workers:        c.Workers,
			ProviderConfig: s.Spec.ProviderConfig,
			Adopt:          s.adoptedCluster(clusterName(region.Code, c.BuildingBlock)),
		},
	}, nil
}

func clusterName(region, block string) string {
	return naming.HostCluster{Provider: providerCode, Region: region, BuildingBlock: block, EnvType: string(envType)}.String()
}

// entrance is the host cluster the Sovereign's names point to: the first for
// management, or the first of all.
func (s *sovereign) entrance() string {
	first := ""
	for _, region := range s.Spec.Regions {
		for _, c := range region.HostClusters {
			name := clusterName(region.Code, c.BuildingBlock)
			if c.BuildingBlock == "mgt" {
				return name
			}
			if first == "" {
				first = name
			}
		}
	}
	return first
}

// address of the entrance, or nil until it is known.
func (s *sovereign) address() *v1alpha1.LoadBalancerAddresses {
	o := s.run.Observed(keyClusterPrefix + s.entrance())
	ip := o.String("status", "loadBalancer", "ipv4")
	if ip == "" {
		return nil
	}
	return &v1alpha1.LoadBalancerAddresses{IPv4: ip, IPv6: o.String("status", "loadBalancer", "ipv6")}
}
