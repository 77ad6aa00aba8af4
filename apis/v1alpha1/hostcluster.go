package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// HostClusterSpec is a physical cluster: servers, a network and a load
// balancer.
// +kubebuilder:validation:XValidation:rule="has(self.ssh.publicKeys) || has(self.ssh.keyRefs)",message="one of spec.ssh.publicKeys and spec.ssh.keyRefs is required: Hetzner mails a password for root otherwise"
// +kubebuilder:validation:XValidation:rule="!has(oldSelf.adopt) || has(self.adopt) && self.adopt == oldSelf.adopt",message="spec.adopt is immutable: what was adopted is found by it",fieldPath=".adopt"
// +kubebuilder:validation:XValidation:rule="!has(self.adopt) || !has(self.adopt.subnet) || self.adopt.subnet == self.network.subnet",message="spec.adopt.subnet must be spec.network.subnet",fieldPath=".adopt.subnet"
// +kubebuilder:validation:XValidation:rule="self.controlPlane.count + self.workers.max <= 99",message="controlPlane.count and workers.max must not exceed 99 together: a network at Hetzner has at most 100 members, and the load balancer is one of them",fieldPath=".workers.max"
type HostClusterSpec struct {
	// Domain of the Sovereign. Immutable.
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:Pattern=`^[a-z][a-z0-9-]*(\.[a-z][a-z0-9-]*)+$`
	// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="spec.domain is immutable: the cluster's names and certificates depend on it"
	Domain string `json:"domain"`

	// Provider of the servers. Only hetzner is built.
	// +kubebuilder:validation:Enum=hetzner
	// +kubebuilder:default=hetzner
	Provider string `json:"provider,omitempty"`

	// Region of the cluster: fsn Falkenstein, nbg Nuremberg, hel Helsinki, ash
	// Ashburn, hil Hillsboro or sin Singapore. Immutable.
	// +kubebuilder:validation:Enum=fsn;nbg;hel;ash;hil;sin
	// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="spec.region is immutable: servers cannot move"
	Region string `json:"region"`

	// BuildingBlock is the security zone: mgt management, rtz restricted trust
	// or dmz edge. Immutable.
	// +kubebuilder:validation:Enum=mgt;rtz;dmz
	// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="spec.buildingBlock is immutable"
	BuildingBlock string `json:"buildingBlock"`

	// EnvType of the cluster. Immutable.
	// +kubebuilder:default=prod
	// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="spec.envType is immutable"
	EnvType EnvType `json:"envType,omitempty"`

	// Network of the cluster. Immutable.
	// +kubebuilder:default={cidr: "10.0.0.0/16", subnet: "10.0.1.0/24"}
	// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="spec.network is immutable: servers keep their addresses"
	Network HostClusterNetwork `json:"network,omitempty"`

	// Kubernetes of the cluster.
	// +kubebuilder:default={version: "v1.31.4+k3s1"}
	Kubernetes KubernetesSpec `json:"kubernetes,omitempty"`

	// ControlPlane of the cluster.
	// +kubebuilder:default={serverType: cx42, count: 1}
	ControlPlane ControlPlaneSpec `json:"controlPlane,omitempty"`

	// Workers of the cluster.
	// +kubebuilder:default={serverType: cx32, count: 2, min: 0, max: 10}
	Workers WorkersSpec `json:"workers,omitempty"`

	// LoadBalancer in front of the cluster.
	// +kubebuilder:default={type: lb11}
	LoadBalancer LoadBalancerSpec `json:"loadBalancer,omitempty"`

	// SSH says who may log in to the servers, and from where.
	SSH HostClusterSSH `json:"ssh"`

	// ProviderConfig is the name of the ClusterProviderConfig of the Hetzner
	// project.
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:default=default
	ProviderConfig string `json:"providerConfig,omitempty"`

	// Adopt what exists already at Hetzner, by id, in place of making it:
	// status.hetzner of the HostCluster it was made by, or what another tool
	// says. It stays once it is set.
	// +optional
	Adopt *HostClusterIDs `json:"adopt,omitempty"`

	// Bootstrap is what the cluster starts with beyond Kubernetes and Flux.
	// Servers that run keep what they started with.
	// +optional
	Bootstrap *HostClusterBootstrap `json:"bootstrap,omitempty"`
}

// HostClusterBootstrap is what a host cluster starts with.
// +kubebuilder:validation:XValidation:rule="!has(self.secrets) || !self.secrets.exists(s, s.__namespace__ + '/' + s.name in ['flux-system/bootstrap-kit', 'kube-system/cluster-autoscaler-hcloud'])",message="spec.bootstrap.secrets must not be bootstrap-kit in flux-system or cluster-autoscaler-hcloud in kube-system: those are the cluster's own",fieldPath=".secrets"
type HostClusterBootstrap struct {
	// Git that the cluster's Flux follows.
	// +optional
	Git *BootstrapGit `json:"git,omitempty"`

	// Secrets that are in the cluster before anything else.
	// +optional
	// +kubebuilder:validation:MaxItems=8
	// +listType=map
	// +listMapKey=namespace
	// +listMapKey=name
	Secrets []BootstrapSecret `json:"secrets,omitempty"`
}

// BootstrapGit is a folder in a Gitea repository that a cluster's Flux applies.
// The cluster gets a deploy key of its own, which can only read.
type BootstrapGit struct {
	// ProviderConfig is the name of the ClusterProviderConfig of the Gitea.
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:default=default
	ProviderConfig string `json:"providerConfig,omitempty"`

	// Owner of the repository, an organization.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=40
	// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="spec.bootstrap.git.owner is immutable: the deploy key is in the repository"
	Owner string `json:"owner"`

	// Repository that Flux follows. Immutable.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=100
	// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="spec.bootstrap.git.repository is immutable: the deploy key is in the repository"
	Repository string `json:"repository"`

	// Branch that Flux follows.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=100
	// +kubebuilder:default=main
	Branch string `json:"branch,omitempty"`

	// Path of the folder in the repository, e.g.
	// ./clusters/omantel.omani.works/bootstrap-kit.
	// +kubebuilder:validation:MaxLength=200
	// +kubebuilder:validation:XValidation:rule="self.startsWith('./') && !self.split('/').exists(p, p == '..')",messageExpression="'spec.bootstrap.git.path ' + self + ' must be a path within the repository such as ./clusters/omantel.omani.works/bootstrap-kit'"
	Path string `json:"path"`
}

// BootstrapSecret is a Secret that a host cluster starts with.
type BootstrapSecret struct {
	// Name of the Secret in the cluster.
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([a-z0-9-]*[a-z0-9])?$`
	Name string `json:"name"`

	// Namespace of the Secret in the cluster. It is made if it is not there.
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([a-z0-9-]*[a-z0-9])?$`
	// +kubebuilder:default=flux-system
	Namespace string `json:"namespace"`

	// Type of the Secret in the cluster.
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:Pattern=`^[A-Za-z0-9./-]+$`
	// +kubebuilder:default=Opaque
	Type string `json:"type,omitempty"`

	// SourceRef names the Secret it is a copy of, in the namespace of the
	// HostCluster. Servers start once it is there.
	SourceRef LocalReference `json:"sourceRef"`

	// Keys of the source that are copied. All of them if none are named.
	// +optional
	// +kubebuilder:validation:MaxItems=16
	// +kubebuilder:validation:items:MaxLength=253
	// +kubebuilder:validation:items:MinLength=1
	// +listType=set
	Keys []string `json:"keys,omitempty"`
}

// HostClusterNetwork is the private network of a host cluster.
// +kubebuilder:validation:XValidation:rule="!isCIDR(self.cidr) || !isCIDR(self.subnet) || cidr(self.cidr).containsCIDR(self.subnet)",messageExpression="'spec.network.subnet ' + self.subnet + ' must be within spec.network.cidr ' + self.cidr"
type HostClusterNetwork struct {
	// CIDR of the network, IPv4.
	// +kubebuilder:validation:MaxLength=18
	// +kubebuilder:default="10.0.0.0/16"
	// +kubebuilder:validation:XValidation:rule="isCIDR(self) && cidr(self) == cidr(self).masked() && cidr(self).ip().family() == 4 && ['10.0.0.0/8','172.16.0.0/12','192.168.0.0/16'].exists(p, cidr(p).containsCIDR(self))",messageExpression="'network.cidr ' + self + ' must be a private IPv4 network, e.g. 10.0.0.0/16'"
	CIDR string `json:"cidr,omitempty"`

	// Subnet of the network that the servers are in: 256 IPv4 addresses. The
	// control plane has .2 to .4, workers have .10 and up, the load balancer
	// has .254.
	// +kubebuilder:validation:MaxLength=18
	// +kubebuilder:default="10.0.1.0/24"
	// +kubebuilder:validation:XValidation:rule="isCIDR(self) && cidr(self) == cidr(self).masked() && cidr(self).ip().family() == 4 && cidr(self).prefixLength() == 24",messageExpression="'network.subnet ' + self + ' must be an IPv4 network of 24 bits, e.g. 10.0.1.0/24'"
	Subnet string `json:"subnet,omitempty"`
}

// KubernetesSpec is the Kubernetes that servers run.
type KubernetesSpec struct {
	// Version of k3s that new servers start with. Servers that are there keep
	// theirs.
	// +kubebuilder:validation:MaxLength=32
	// +kubebuilder:validation:Pattern=`^v[0-9]+\.[0-9]+\.[0-9]+\+k3s[0-9]+$`
	// +kubebuilder:default="v1.31.4+k3s1"
	Version string `json:"version,omitempty"`
}

// ControlPlaneSpec is the control plane of a host cluster.
type ControlPlaneSpec struct {
	// ServerType at Hetzner, such as cx42.
	// +kubebuilder:validation:MaxLength=16
	// +kubebuilder:validation:Pattern=`^(cx|cpx|ccx|cax)[0-9]+$`
	// +kubebuilder:default=cx42
	ServerType string `json:"serverType,omitempty"`

	// Count of servers: 1, or 3 for high availability. It never goes down.
	// +kubebuilder:default=1
	// +kubebuilder:validation:XValidation:rule="self in [1, 3]",message="controlPlane.count must be 1 or 3: an even number survives no more failures than the odd one below it"
	// +kubebuilder:validation:XValidation:rule="self >= oldSelf",message="controlPlane.count must not go down: its members would lose their majority"
	Count int `json:"count,omitempty"`
}

// WorkersSpec is the workers of a host cluster.
// +kubebuilder:validation:XValidation:rule="self.min <= self.count && self.count <= self.max",message="workers.count must be at least workers.min and at most workers.max",fieldPath=".count"
type WorkersSpec struct {
	// ServerType at Hetzner, such as cx32.
	// +kubebuilder:validation:MaxLength=16
	// +kubebuilder:validation:Pattern=`^(cx|cpx|ccx|cax)[0-9]+$`
	// +kubebuilder:default=cx32
	ServerType string `json:"serverType,omitempty"`

	// Count of workers there are to be.
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=98
	// +kubebuilder:default=2
	Count int `json:"count"`

	// Min is the least count allowed.
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:default=0
	Min int `json:"min"`

	// Max is the greatest count allowed. With the control plane it must not
	// exceed 99: a network at Hetzner has at most 100 members, and the load
	// balancer is one of them.
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=98
	// +kubebuilder:default=10
	Max int `json:"max"`
}

// LoadBalancerSpec is the load balancer of a host cluster.
type LoadBalancerSpec struct {
	// Type at Hetzner, such as lb11.
	// +kubebuilder:validation:MaxLength=16
	// +kubebuilder:validation:Pattern=`^lb[0-9]+$`
	// +kubebuilder:default=lb11
	Type string `json:"type,omitempty"`
}

// HostClusterSSH says who may log in to servers, and from where.
type HostClusterSSH struct {
	// PublicKeys that open the servers. Hetzner has each key once in a project:
	// clusters that share one name it in keyRefs.
	// +optional
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=4
	// +kubebuilder:validation:items:MaxLength=1024
	// +kubebuilder:validation:items:Pattern=`^(ssh-rsa|ssh-ed25519|ecdsa-sha2-nistp256) [A-Za-z0-9+/=]+( .*)?$`
	// +listType=set
	PublicKeys []string `json:"publicKeys,omitempty"`

	// KeyRefs name SSHKeys of the namespace that open the servers too.
	// +optional
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=4
	// +listType=map
	// +listMapKey=name
	KeyRefs []LocalReference `json:"keyRefs,omitempty"`

	// AllowedCIDRs may reach port 22. Empty closes the port.
	// +optional
	// +kubebuilder:validation:MaxItems=20
	// +kubebuilder:validation:items:MaxLength=43
	// +kubebuilder:validation:items:XValidation:rule="isCIDR(self) && cidr(self) == cidr(self).masked()",messageExpression="'ssh.allowedCIDRs ' + self + ' must be a network such as 192.0.2.0/24 or 2001:db8::/32'"
	// +listType=set
	AllowedCIDRs []string `json:"allowedCIDRs,omitempty"`
}

// HostClusterStatus is what became of the HostCluster.
type HostClusterStatus struct {
	Progress `json:",inline"`

	// Phase of the cluster: Pending, Bootstrapping, Ready or Degraded.
	// +optional
	Phase Phase `json:"phase,omitempty"`

	// LocationCode of the cluster, one letter per dimension of its name.
	// +optional
	LocationCode string `json:"locationCode,omitempty"`

	// LoadBalancer is where traffic enters the cluster.
	// +optional
	LoadBalancer *LoadBalancerAddresses `json:"loadBalancer,omitempty"`

	// Endpoint of the cluster's API server.
	// +optional
	Endpoint string `json:"endpoint,omitempty"`

	// KubeconfigSecretRef names the Secret in the namespace of the HostCluster
	// that opens the cluster, under the keys kubeconfig and value.
	// +optional
	KubeconfigSecretRef *LocalReference `json:"kubeconfigSecretRef,omitempty"`

	// Servers of the cluster that run.
	// +optional
	Servers ServerCounts `json:"servers"`

	// Hetzner is what the cluster consists of at Hetzner, as far as it is
	// there.
	// +optional
	Hetzner *HostClusterIDs `json:"hetzner,omitempty"`

	// APIBudget of the cluster's project at Hetzner, to within a twentieth of
	// its limit.
	// +optional
	APIBudget *APIBudget `json:"apiBudget,omitempty"`
}

// APIBudget is how many requests Hetzner's API grants. All clients of a project
// share it.
type APIBudget struct {
	// Limit of requests an hour.
	Limit int `json:"limit"`
	// Remaining requests.
	Remaining int `json:"remaining"`
	// ResetAt is when the budget is full again, RFC 3339.
	// +optional
	ResetAt string `json:"resetAt,omitempty"`
}

// LoadBalancerAddresses of a host cluster.
type LoadBalancerAddresses struct {
	// IPv4 address of the load balancer.
	IPv4 string `json:"ipv4"`
	// IPv6 address of the load balancer.
	// +optional
	IPv6 string `json:"ipv6,omitempty"`
}

// ServerCounts are numbers of servers.
type ServerCounts struct {
	// ControlPlane servers that run.
	ControlPlane int `json:"controlPlane"`
	// Workers that run.
	Workers int `json:"workers"`
}

// A HostCluster is a physical cluster of a Sovereign. Its name says where it is
// and what for: hz-<region>-<buildingBlock>-<envType>.
//
// +kubebuilder:object:root=true
// +kubebuilder:resource:scope=Namespaced,path=hostclusters,singular=hostcluster,shortName=hc,categories={catalyst}
// +kubebuilder:printcolumn:name="PHASE",type=string,JSONPath=`.status.phase`
// +kubebuilder:printcolumn:name="ADDRESS",type=string,JSONPath=`.status.loadBalancer.ipv4`
// +kubebuilder:printcolumn:name="CONTROL-PLANE",type=integer,JSONPath=`.status.servers.controlPlane`
// +kubebuilder:printcolumn:name="WORKERS",type=integer,JSONPath=`.status.servers.workers`
// +kubebuilder:printcolumn:name="STATUS",type=string,JSONPath=`.status.summary`
// +kubebuilder:printcolumn:name="ENDPOINT",type=string,JSONPath=`.status.endpoint`,priority=1
// +kubebuilder:validation:XValidation:rule="self.metadata.name == 'hz-' + self.spec.region + '-' + self.spec.buildingBlock + '-' + self.spec.envType",messageExpression="'metadata.name ' + self.metadata.name + ' must be hz-' + self.spec.region + '-' + self.spec.buildingBlock + '-' + self.spec.envType"
type HostCluster struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	Spec HostClusterSpec `json:"spec"`
	// +optional
	Status HostClusterStatus `json:"status,omitempty"`
}

// HostClusterList is a list of HostClusters.
//
// +kubebuilder:object:root=true
type HostClusterList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`

	Items []HostCluster `json:"items"`
}
