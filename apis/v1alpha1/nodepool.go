package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// NodeRole is what a server does in its cluster.
// +kubebuilder:validation:Enum=control-plane;worker
type NodeRole string

// Roles of servers.
const (
	RoleControlPlane NodeRole = "control-plane"
	RoleWorker       NodeRole = "worker"
)

// Phase tells in one word how far infrastructure has come.
// +kubebuilder:validation:Enum=Pending;Bootstrapping;Ready;Degraded
type Phase string

// Phases.
const (
	// PhasePending means that nothing has been asked for yet.
	PhasePending Phase = "Pending"
	// PhaseBootstrapping means that it has never been ready.
	PhaseBootstrapping Phase = "Bootstrapping"
	// PhaseReady means that all there should be is there.
	PhaseReady Phase = "Ready"
	// PhaseDegraded means that it was ready and is not any more, or is being
	// changed.
	PhaseDegraded Phase = "Degraded"
)

// A SecretKeyReference names a key of a Secret in the same namespace.
type SecretKeyReference struct {
	// Name of the Secret.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	Name string `json:"name"`

	// Key in the Secret.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	Key string `json:"key"`
}

// NodePoolSpec is a number of like servers of one host cluster.
// +kubebuilder:validation:XValidation:rule="self.min <= self.count && self.count <= self.max",message="spec.count must be at least spec.min and at most spec.max",fieldPath=".count"
// +kubebuilder:validation:XValidation:rule="self.role != 'control-plane' || self.count in [1, 3]",message="spec.count must be 1 or 3 for spec.role control-plane",fieldPath=".count"
// +kubebuilder:validation:XValidation:rule="self.role != 'control-plane' || self.count >= oldSelf.count",message="spec.count of a control plane must not go down: its members would lose their majority",fieldPath=".count"
// +kubebuilder:validation:XValidation:rule="int(self.firstAddress.split('.')[3]) + self.max - 1 <= 253",messageExpression="'spec.firstAddress ' + self.firstAddress + ' with spec.max servers reaches beyond address 253 of the subnet'"
// +kubebuilder:validation:XValidation:rule="!has(oldSelf.adopt) || has(self.adopt) && self.adopt == oldSelf.adopt",message="spec.adopt is immutable: what was adopted is found by it",fieldPath=".adopt"
type NodePoolSpec struct {
	// HostCluster the servers belong to, by name. Immutable.
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:Pattern=`^hz-[a-z]{3}-(rtz|dmz|mgt)-(prod|stg|uat|dev|poc)$`
	// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="spec.hostCluster is immutable: a server cannot move to another cluster"
	HostCluster string `json:"hostCluster"`

	// Domain of the Sovereign, for the label every server gets. Immutable.
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:Pattern=`^[a-z][a-z0-9-]*(\.[a-z][a-z0-9-]*)+$`
	// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="spec.domain is immutable"
	Domain string `json:"domain"`

	// Role of the servers: control-plane or worker. Immutable.
	// +kubebuilder:default=worker
	// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="spec.role is immutable: make another pool"
	Role NodeRole `json:"role,omitempty"`

	// Count of servers there are to be. At most 35, so that a pool stays within
	// 40 composed resources.
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=35
	Count int `json:"count"`

	// Min is the least count allowed.
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:default=0
	Min int `json:"min"`

	// Max is the greatest count allowed. The pool's addresses are reserved for
	// this many servers.
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=35
	// +kubebuilder:default=35
	Max int `json:"max"`

	// FirstNumber is the number in the name of the pool's first server. The
	// others count up from there. Immutable.
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=999
	// +kubebuilder:default=1
	// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="spec.firstNumber is immutable: servers cannot be renumbered"
	FirstNumber int `json:"firstNumber,omitempty"`

	// FirstAddress is the private IPv4 address of the pool's first server. The
	// others count up from there. Pools of one host cluster must not overlap.
	// Immutable.
	// +kubebuilder:validation:MaxLength=15
	// +kubebuilder:validation:Pattern=`^((25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])\.){3}(25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])$`
	// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="spec.firstAddress is immutable: servers keep their addresses"
	FirstAddress string `json:"firstAddress"`

	// ServerType at Hetzner, such as cx32.
	// +kubebuilder:validation:MaxLength=16
	// +kubebuilder:validation:Pattern=`^(cx|cpx|ccx|cax)[0-9]+$`
	// +kubebuilder:default=cx32
	ServerType string `json:"serverType,omitempty"`

	// Image the servers start from. Servers that are there keep theirs.
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:Pattern=`^[a-z0-9][a-z0-9.-]*$`
	// +kubebuilder:default=ubuntu-24.04
	Image string `json:"image,omitempty"`

	// SubnetRef names the NetworkSubnet the servers are in.
	SubnetRef LocalReference `json:"subnetRef"`

	// FirewallRef names the Firewall in front of the servers.
	FirewallRef LocalReference `json:"firewallRef"`

	// PlacementGroupRef names the PlacementGroup that keeps the servers on
	// different hosts. It takes ten servers.
	// +optional
	PlacementGroupRef *LocalReference `json:"placementGroupRef,omitempty"`

	// SSHKeyRefs name the SSHKeys that open the servers.
	// +optional
	// +kubebuilder:validation:MaxItems=8
	// +listType=map
	// +listMapKey=name
	SSHKeyRefs []LocalReference `json:"sshKeyRefs,omitempty"`

	// UserDataSecretRef names the cloud-init that new servers start with. A
	// server keeps what it started with.
	UserDataSecretRef SecretKeyReference `json:"userDataSecretRef"`

	// ProviderConfig is the name of the ClusterProviderConfig of the Hetzner
	// project.
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:default=default
	ProviderConfig string `json:"providerConfig,omitempty"`

	// Adopt servers that exist already, by number, in place of making them. It
	// stays once it is set.
	// +optional
	// +kubebuilder:validation:MaxItems=35
	// +listType=map
	// +listMapKey=number
	Adopt []ServerID `json:"adopt,omitempty"`
}

// NodePoolStatus is what became of the NodePool.
type NodePoolStatus struct {
	Progress `json:",inline"`

	// Phase of the pool: Pending, Bootstrapping, Ready or Degraded.
	// +optional
	Phase Phase `json:"phase,omitempty"`

	// ReadyServers is the number of servers that run.
	// +optional
	ReadyServers int `json:"readyServers"`

	// Servers of the pool.
	// +optional
	// +listType=map
	// +listMapKey=name
	Servers []NodePoolServer `json:"servers,omitempty"`

	// UserDataKeys that servers of the pool started with.
	// +optional
	// +listType=set
	UserDataKeys []string `json:"userDataKeys,omitempty"`
}

// A NodePoolServer is a server of a pool.
type NodePoolServer struct {
	// Name of the server.
	Name string `json:"name"`
	// Number of the server in its cluster.
	// +optional
	Number int `json:"number,omitempty"`
	// ID of the server at Hetzner, once it is known.
	// +optional
	ID string `json:"id,omitempty"`
	// PrivateAddress of the server, IPv4.
	PrivateAddress string `json:"privateAddress"`
	// PublicAddress of the server, IPv4, once it is known.
	// +optional
	PublicAddress string `json:"publicAddress,omitempty"`
}

// A NodePool is a number of like servers of one host cluster. A HostCluster
// composes its own; more may be added beside them.
//
// +kubebuilder:object:root=true
// +kubebuilder:resource:scope=Namespaced,path=nodepools,singular=nodepool,shortName=np,categories={catalyst}
// +kubebuilder:printcolumn:name="CLUSTER",type=string,JSONPath=`.spec.hostCluster`
// +kubebuilder:printcolumn:name="ROLE",type=string,JSONPath=`.spec.role`
// +kubebuilder:printcolumn:name="TYPE",type=string,JSONPath=`.spec.serverType`
// +kubebuilder:printcolumn:name="COUNT",type=integer,JSONPath=`.spec.count`
// +kubebuilder:printcolumn:name="RUNNING",type=integer,JSONPath=`.status.readyServers`
// +kubebuilder:printcolumn:name="PHASE",type=string,JSONPath=`.status.phase`
// +kubebuilder:printcolumn:name="STATUS",type=string,JSONPath=`.status.summary`
type NodePool struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	Spec NodePoolSpec `json:"spec"`
	// +optional
	Status NodePoolStatus `json:"status,omitempty"`
}

// NodePoolList is a list of NodePools.
//
// +kubebuilder:object:root=true
type NodePoolList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`

	Items []NodePool `json:"items"`
}
