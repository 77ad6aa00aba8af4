package v1alpha1

// HostClusterIDs are the ids at Hetzner of what a host cluster consists of. What
// has no id of its own follows from them: the subnet, and the network, services
// and target of the load balancer. The status shows what there is; pasted into
// spec.adopt it is taken over.
type HostClusterIDs struct {
	// NetworkID of the private network.
	// +optional
	// +kubebuilder:validation:MaxLength=20
	// +kubebuilder:validation:Pattern=`^[1-9][0-9]*$`
	NetworkID string `json:"networkID,omitempty"`

	// Subnet of the network that the servers are in, by its range.
	// +optional
	// +kubebuilder:validation:MaxLength=18
	Subnet string `json:"subnet,omitempty"`

	// FirewallID of the firewall in front of the servers.
	// +optional
	// +kubebuilder:validation:MaxLength=20
	// +kubebuilder:validation:Pattern=`^[1-9][0-9]*$`
	FirewallID string `json:"firewallID,omitempty"`

	// PlacementGroupID of the control plane.
	// +optional
	// +kubebuilder:validation:MaxLength=20
	// +kubebuilder:validation:Pattern=`^[1-9][0-9]*$`
	PlacementGroupID string `json:"placementGroupID,omitempty"`

	// LoadBalancerID of the load balancer.
	// +optional
	// +kubebuilder:validation:MaxLength=20
	// +kubebuilder:validation:Pattern=`^[1-9][0-9]*$`
	LoadBalancerID string `json:"loadBalancerID,omitempty"`

	// SSHKeys of the cluster's own, from spec.ssh.publicKeys. Those of a
	// Sovereign are the Sovereign's.
	// +optional
	// +kubebuilder:validation:MaxItems=4
	// +listType=map
	// +listMapKey=publicKey
	SSHKeys []SSHKeyID `json:"sshKeys,omitempty"`

	// ControlPlane servers by number.
	// +optional
	// +kubebuilder:validation:MaxItems=3
	// +listType=map
	// +listMapKey=number
	ControlPlane []ServerID `json:"controlPlane,omitempty"`

	// Workers by number.
	// +optional
	// +kubebuilder:validation:MaxItems=98
	// +listType=map
	// +listMapKey=number
	Workers []ServerID `json:"workers,omitempty"`
}

// A ServerID is the id at Hetzner of a server.
type ServerID struct {
	// Number of the server, as in its name: 2 for w2.
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=1033
	Number int `json:"number"`

	// ID of the server.
	// +kubebuilder:validation:MaxLength=20
	// +kubebuilder:validation:Pattern=`^[1-9][0-9]*$`
	ID string `json:"id"`
}

// An SSHKeyID is the id at Hetzner of an SSH key.
type SSHKeyID struct {
	// PublicKey as in spec.ssh.publicKeys. Its comment does not matter.
	// +kubebuilder:validation:MaxLength=1024
	PublicKey string `json:"publicKey"`

	// ID of the key.
	// +kubebuilder:validation:MaxLength=20
	// +kubebuilder:validation:Pattern=`^[1-9][0-9]*$`
	ID string `json:"id"`
}

// SovereignIDs are the ids of what a Sovereign consists of, outside this
// cluster.
type SovereignIDs struct {
	// HostClusters at Hetzner.
	// +optional
	// +kubebuilder:validation:MaxItems=6
	// +listType=map
	// +listMapKey=name
	HostClusters []NamedHostClusterIDs `json:"hostClusters,omitempty"`

	// SSHKeys at Hetzner.
	// +optional
	// +kubebuilder:validation:MaxItems=2
	// +listType=map
	// +listMapKey=publicKey
	SSHKeys []SSHKeyID `json:"sshKeys,omitempty"`

	// Zone in PowerDNS.
	// +optional
	Zone *ZoneIDs `json:"zone,omitempty"`
}

// NamedHostClusterIDs are the ids of a host cluster of a Sovereign.
type NamedHostClusterIDs struct {
	// Name of the host cluster, e.g. hz-fsn-mgt-prod.
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:Pattern=`^hz-[a-z]{3}-(rtz|dmz|mgt)-prod$`
	Name string `json:"name"`

	HostClusterIDs `json:",inline"`
}

// ZoneIDs are a zone in PowerDNS and the numbers of its keys there.
type ZoneIDs struct {
	// Name of the zone: the Sovereign's domain.
	// +kubebuilder:validation:MaxLength=63
	Name string `json:"name"`

	// KSK is the number of the key-signing key.
	// +optional
	// +kubebuilder:validation:MaxLength=20
	// +kubebuilder:validation:Pattern=`^[0-9]+$`
	KSK string `json:"ksk,omitempty"`

	// ZSK is the number of the zone-signing key.
	// +optional
	// +kubebuilder:validation:MaxLength=20
	// +kubebuilder:validation:Pattern=`^[0-9]+$`
	ZSK string `json:"zsk,omitempty"`
}

// HandoverStatus is what another Crossplane needs to take the Sovereign over,
// such as the one that runs on it.
type HandoverStatus struct {
	// Adopt is what spec.adopt of the Sovereign says there.
	// +optional
	Adopt *SovereignIDs `json:"adopt,omitempty"`

	// Secrets that have to be there before the Sovereign is. Only their names:
	// what they hold is never shown.
	// +optional
	// +listType=map
	// +listMapKey=namespace
	// +listMapKey=name
	Secrets []HandoverSecret `json:"secrets,omitempty"`

	// ProviderConfigs, of the kind ClusterProviderConfig, that have to be there.
	// +optional
	// +listType=map
	// +listMapKey=group
	ProviderConfigs []HandoverProviderConfig `json:"providerConfigs,omitempty"`
}

// HandoverSecret is a Secret that goes with a Sovereign.
type HandoverSecret struct {
	// Namespace of the Secret.
	Namespace string `json:"namespace"`
	// Name of the Secret.
	Name string `json:"name"`
	// Purpose of what it holds.
	Purpose string `json:"purpose"`
}

// HandoverProviderConfig is a ClusterProviderConfig that a Sovereign uses.
type HandoverProviderConfig struct {
	// Group of the provider's kinds.
	Group string `json:"group"`
	// Name of the ClusterProviderConfig.
	Name string `json:"name"`
}
