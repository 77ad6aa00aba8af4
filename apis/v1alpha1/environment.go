package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// EnvType is the kind of an Environment.
// +kubebuilder:validation:Enum=prod;stg;uat;dev;poc
type EnvType string

// Types of Environment.
const (
	EnvProd EnvType = "prod"
	EnvStg  EnvType = "stg"
	EnvUAT  EnvType = "uat"
	EnvDev  EnvType = "dev"
	EnvPOC  EnvType = "poc"
)

// EnvironmentSpec is the part of an Organization where Applications run.
// +kubebuilder:validation:XValidation:rule="!has(self.ingress) || !has(self.placement) || self.ingress.all(i, i.hostCluster in self.placement.hostClusters)",message="spec.ingress[].hostCluster must be one of spec.placement.hostClusters"
type EnvironmentSpec struct {
	// EnvType of the Environment: prod, stg, uat, dev or poc. It decides the
	// Git branch. Immutable.
	// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="spec.envType is immutable: the Environment's name, branch and history depend on it"
	EnvType EnvType `json:"envType"`

	// Placement of the Environment on host clusters.
	// +optional
	Placement *EnvironmentPlacement `json:"placement,omitempty"`

	// Ingress addresses of the Environment's host clusters. Applications get
	// DNS names on those that have one.
	// +optional
	// +kubebuilder:validation:MaxItems=5
	// +listType=map
	// +listMapKey=hostCluster
	Ingress []EnvironmentIngress `json:"ingress,omitempty"`
}

// EnvironmentPlacement says where an Environment is realised.
type EnvironmentPlacement struct {
	// HostClusters by name, e.g. hz-fsn-rtz-prod. The first is the primary.
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=5
	// +kubebuilder:validation:items:MaxLength=63
	// +kubebuilder:validation:items:Pattern=`^[a-z]{2,3}-[a-z]{2,4}-(rtz|dmz|mgt)-(prod|stg|uat|dev|poc)$`
	// +listType=set
	HostClusters []string `json:"hostClusters"`
}

// EnvironmentIngress is where traffic enters a host cluster.
type EnvironmentIngress struct {
	// HostCluster the addresses belong to.
	// +kubebuilder:validation:MaxLength=63
	HostCluster string `json:"hostCluster"`

	// Addresses of the host cluster's load balancer, IPv4.
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=4
	// +kubebuilder:validation:items:MaxLength=15
	// +kubebuilder:validation:items:Pattern=`^((25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])\.){3}(25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])$`
	Addresses []string `json:"addresses"`
}

// EnvironmentStatus is what became of the Environment.
type EnvironmentStatus struct {
	Progress `json:",inline"`

	// Branch of every Application repository that this Environment follows.
	// +optional
	Branch string `json:"branch,omitempty"`

	// SubjectPrefix of the Environment's events.
	// +optional
	SubjectPrefix string `json:"subjectPrefix,omitempty"`

	// SecretPath of the Environment in OpenBao.
	// +optional
	SecretPath string `json:"secretPath,omitempty"`

	// Applications in this Environment.
	// +optional
	// +listType=map
	// +listMapKey=name
	Applications []EnvironmentApplication `json:"applications,omitempty"`

	// ApplicationCount is the number of Applications in this Environment.
	// +optional
	ApplicationCount int `json:"applicationCount"`
}

// EnvironmentApplication is an Application as its Environment sees it.
type EnvironmentApplication struct {
	// Name of the Application.
	Name string `json:"name"`
	// State of the Application in this Environment.
	// +optional
	State ApplicationState `json:"state,omitempty"`
}

// An Environment is a scope of one type, such as prod, in which an
// Organization's Applications run. Its name is <organization>-<envType> and
// its namespace is the Organization's.
//
// +kubebuilder:object:root=true
// +kubebuilder:resource:scope=Namespaced,path=environments,singular=environment,shortName=env,categories={catalyst}
// +kubebuilder:printcolumn:name="TYPE",type=string,JSONPath=`.spec.envType`
// +kubebuilder:printcolumn:name="BRANCH",type=string,JSONPath=`.status.branch`
// +kubebuilder:printcolumn:name="APPLICATIONS",type=integer,JSONPath=`.status.applicationCount`
// +kubebuilder:printcolumn:name="STATUS",type=string,JSONPath=`.status.summary`
// +kubebuilder:validation:XValidation:rule="self.metadata.name.matches('^[a-z][a-z0-9-]{2,31}-(prod|stg|uat|dev|poc)$') && self.metadata.name.endsWith('-' + self.spec.envType)",message="metadata.name must be <organization>-<envType>, e.g. acme-prod with spec.envType prod"
type Environment struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	Spec EnvironmentSpec `json:"spec"`
	// +optional
	Status EnvironmentStatus `json:"status,omitempty"`
}

// EnvironmentList is a list of Environments.
//
// +kubebuilder:object:root=true
type EnvironmentList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`

	Items []Environment `json:"items"`
}
