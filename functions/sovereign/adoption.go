package sovereign

import (
	"slices"
	"strconv"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/openova-io/catalyst/apis/v1alpha1"
	"github.com/openova-io/catalyst/internal/composing"
	"github.com/openova-io/catalyst/internal/hetzner"
	"github.com/openova-io/catalyst/internal/naming"
	gitea "github.com/openova-io/catalyst/providers/provider-gitea/apis/v1alpha1"
	hcloud "github.com/openova-io/catalyst/providers/provider-hcloud/apis/v1alpha1"
	powerdns "github.com/openova-io/catalyst/providers/provider-powerdns/apis/v1alpha1"
)

// adopted is what the Sovereign takes over.
func (s *sovereign) adopted() v1alpha1.SovereignIDs {
	if s.Spec.Adopt == nil {
		return v1alpha1.SovereignIDs{}
	}
	return *s.Spec.Adopt
}

// adoptedZone is the zone the Sovereign takes over.
func (s *sovereign) adoptedZone() v1alpha1.ZoneIDs {
	if z := s.adopted().Zone; z != nil {
		return *z
	}
	return v1alpha1.ZoneIDs{}
}

// adoptedCluster is what a host cluster takes over, or nil.
func (s *sovereign) adoptedCluster(name string) *v1alpha1.HostClusterIDs {
	for _, c := range s.adopted().HostClusters {
		if c.Name == name {
			return &c.HostClusterIDs
		}
	}
	return nil
}

// named is the object under the name that it has outside, if it has one.
func (s *sovereign) named(key, id string, o client.Object) client.Object {
	hetzner.Named(o, s.run.Observed(key), id)
	return o
}

// handover is what another Crossplane needs to take the Sovereign over, as far
// as it is there.
func (s *sovereign) handover() *v1alpha1.HandoverStatus {
	adopt := &v1alpha1.SovereignIDs{}
	out := &v1alpha1.HandoverStatus{
		Adopt:   adopt,
		Secrets: s.handoverSecrets(),
		ProviderConfigs: []v1alpha1.HandoverProviderConfig{
			{Group: gitea.Group, Name: gitOf(s.Spec.Git.ProviderConfig)},
			{Group: hcloud.CRDGroup, Name: hetzner.Cluster{ProviderConfig: s.Spec.ProviderConfig}.Config().Name},
			{Group: powerdns.Group, Name: "default"},
		},
	}
	for _, key := range s.run.ObservedKeys(keyClusterPrefix) {
		name := s.run.Observed(key).Name()
		if ids := clusterIDs(s.run.Observed(key)); ids != nil {
			adopt.HostClusters = append(adopt.HostClusters, v1alpha1.NamedHostClusterIDs{Name: name, HostClusterIDs: *ids})
		}
	}
	for _, k := range s.Spec.SSH.PublicKeys {
		if id := s.keyID(k); id != "" {
			adopt.SSHKeys = append(adopt.SSHKeys, v1alpha1.SSHKeyID{PublicKey: k, ID: id})
		}
	}
	if s.run.Observed(keyZone) != nil {
		adopt.Zone = &v1alpha1.ZoneIDs{Name: s.Spec.Domain.Name, KSK: number(s.run.Observed(keyKSK)), ZSK: number(s.run.Observed(keyZSK))}
	}
	return out
}

// handoverSecrets are what servers were started with, which nobody can read back
// from them, and what the spec names.
func (s *sovereign) handoverSecrets() []v1alpha1.HandoverSecret {
	var out []v1alpha1.HandoverSecret
	for _, key := range s.run.ObservedKeys(keyClusterPrefix) {
		name := s.run.Observed(key).Name()
		add := func(suffix, purpose string) {
			out = append(out, v1alpha1.HandoverSecret{Namespace: s.status.Namespace, Name: name + "-" + suffix, Purpose: purpose})
		}
		add("authority", "What vouches for the host cluster")
		if name == s.entrance() {
			add("deploy-key", "What Flux reads the bootstrap kit with")
		}
		add("join-token", "What servers of the host cluster join it with")
	}
	named := s.sources()
	if c := s.credentials(); c != nil {
		named = append(named, c)
	}
	for _, src := range named {
		if !slices.ContainsFunc(out, func(h v1alpha1.HandoverSecret) bool {
			return h.Namespace == naming.NamespaceSystem && h.Name == src.name
		}) {
			out = append(out, v1alpha1.HandoverSecret{Namespace: naming.NamespaceSystem, Name: src.name, Purpose: "What " + src.field + " names"})
		}
	}
	return out
}

// keyID at Hetzner of a public key, as far as it is there.
func (s *sovereign) keyID(public string) string {
	return s.run.Observed(keySSHKeyPrefix+hetzner.KeyID(public)).String("status", "atProvider", "id")
}

// number of a zone's key.
func number(key *composing.Observed) string {
	if n := key.Int("status", "atProvider", "id"); n > 0 {
		return strconv.Itoa(n)
	}
	return ""
}

// clusterIDs of an observed host cluster, or nil while there are none.
func clusterIDs(o *composing.Observed) *v1alpha1.HostClusterIDs {
	if o == nil {
		return nil
	}
	hc := struct {
		Status struct {
			Hetzner *v1alpha1.HostClusterIDs `json:"hetzner"`
		} `json:"status"`
	}{}
	if err := o.Into(&hc); err != nil {
		return nil
	}
	return hc.Status.Hetzner
}
