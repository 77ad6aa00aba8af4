package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// PlacementMode is how an Application uses more than one host cluster.
// +kubebuilder:validation:Enum=single-region;active-active;active-hotstandby
type PlacementMode string

// Placement modes.
const (
	PlacementSingleRegion     PlacementMode = "single-region"
	PlacementActiveActive     PlacementMode = "active-active"
	PlacementActiveHotStandby PlacementMode = "active-hotstandby"
)

// ApplicationState is an Application's state in one Environment, in the words
// people see.
// +kubebuilder:validation:Enum=Running;Installing;Updating;Degraded;Published
type ApplicationState string

// States of an Application in an Environment.
const (
	StateRunning    ApplicationState = "Running"
	StateInstalling ApplicationState = "Installing"
	StateUpdating   ApplicationState = "Updating"
	StateDegraded   ApplicationState = "Degraded"
	// StatePublished means that the Application's Git branch is in place and
	// nothing that delivers from it is installed here.
	StatePublished ApplicationState = "Published"
)

// ApplicationSpec installs one Blueprint in some Environments.
// +kubebuilder:validation:XValidation:rule="self.environments[0].name == oldSelf.environments[0].name",message="spec.environments[0].name is immutable: changes of the Application are committed to the branch of its first Environment"
// +kubebuilder:validation:XValidation:rule="self.environments.map(e, has(e.placement) && has(e.placement.hostClusters) ? e.placement.hostClusters.size() : 1).sum() <= 9",message="spec.environments may name at most 9 host clusters in all: an Application is one composite resource"
type ApplicationSpec struct {
	// BlueprintRef names the Blueprint and its exact version.
	BlueprintRef BlueprintReference `json:"blueprintRef"`

	// Environments the Application is installed in. The first is the entry
	// Environment: changes of this object are committed to its branch and
	// reach the others by promotion.
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=5
	// +listType=map
	// +listMapKey=name
	Environments []ApplicationEnvironment `json:"environments"`

	// Parameters of the Application, as the Blueprint's configSchema has them.
	// +optional
	// +kubebuilder:pruning:PreserveUnknownFields
	// +kubebuilder:validation:Schemaless
	// +kubebuilder:validation:Type=object
	Parameters *runtime.RawExtension `json:"parameters,omitempty"`

	// HealthCheck is how DNS asks whether the Application answers.
	// +optional
	HealthCheck *HealthCheck `json:"healthCheck,omitempty"`

	// DeletionPolicy says what becomes of the Application's repository when
	// the Application is deleted: Delete it, or Orphan it.
	// +kubebuilder:validation:Enum=Delete;Orphan
	// +kubebuilder:default=Delete
	DeletionPolicy DeletionPolicy `json:"deletionPolicy,omitempty"`
}

// BlueprintReference names one version of a Blueprint. The Blueprint is looked
// up in the Application's own namespace, then in catalog-sovereign, then in
// catalog.
type BlueprintReference struct {
	// Name of the Blueprint, e.g. bp-wordpress.
	// +kubebuilder:validation:Pattern=`^bp-[a-z][a-z0-9-]{1,59}$`
	// +kubebuilder:validation:MaxLength=63
	Name string `json:"name"`

	// Version of the Blueprint, e.g. 1.3.0. Exact: ranges belong in a
	// Blueprint's depends.
	// +kubebuilder:validation:MaxLength=64
	// +kubebuilder:validation:Pattern=`^(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$`
	Version string `json:"version"`
}

// ApplicationEnvironment is an Environment the Application is installed in.
type ApplicationEnvironment struct {
	// Name of the Environment.
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:Pattern=`^[a-z][a-z0-9-]{2,31}-(prod|stg|uat|dev|poc)$`
	Name string `json:"name"`

	// Placement of the Application within the Environment. Default: the
	// Environment's first host cluster.
	// +optional
	Placement *ApplicationPlacement `json:"placement,omitempty"`

	// Size names one of the Blueprint's manifests.overlays. It is what the
	// Environment's overlay starts from; the overlay then belongs to people.
	// +optional
	// +kubebuilder:validation:MaxLength=32
	Size string `json:"size,omitempty"`
}

// ApplicationPlacement says on which of an Environment's host clusters an
// Application runs, and how.
// +kubebuilder:validation:XValidation:rule="self.mode != 'single-region' || !has(self.hostClusters) || self.hostClusters.size() == 1",message="placement.hostClusters must have exactly one entry when placement.mode is single-region"
// +kubebuilder:validation:XValidation:rule="self.mode == 'single-region' || (has(self.hostClusters) && self.hostClusters.size() >= 2)",message="placement.hostClusters must have at least two entries when placement.mode is active-active or active-hotstandby"
type ApplicationPlacement struct {
	// Mode of the placement.
	// +kubebuilder:default=single-region
	Mode PlacementMode `json:"mode,omitempty"`

	// HostClusters the Application runs on, the primary first. They must be
	// among the Environment's.
	// +optional
	// +kubebuilder:validation:MaxItems=5
	// +kubebuilder:validation:items:MaxLength=63
	// +listType=set
	HostClusters []string `json:"hostClusters,omitempty"`
}

// HealthCheck is an HTTP request that succeeds while an Application answers.
type HealthCheck struct {
	// Path of the request.
	// +kubebuilder:default=/healthz
	// +kubebuilder:validation:MaxLength=256
	// +kubebuilder:validation:Pattern=`^/[A-Za-z0-9._~/-]*$`
	Path string `json:"path,omitempty"`
}

// ApplicationStatus is what became of the Application.
type ApplicationStatus struct {
	Progress `json:",inline"`

	// Repository of the Application.
	// +optional
	Repository *ApplicationRepository `json:"repository,omitempty"`

	// Blueprint that was found for spec.blueprintRef.
	// +optional
	Blueprint *ResolvedBlueprint `json:"blueprint,omitempty"`

	// Environments of the Application, in the order of the spec.
	// +optional
	// +listType=map
	// +listMapKey=name
	Environments []ApplicationEnvironmentStatus `json:"environments,omitempty"`

	// Hosts are the DNS names of the Application, one per Environment.
	// +optional
	// +listType=atomic
	Hosts []string `json:"hosts,omitempty"`
}

// ApplicationRepository is where an Application's manifests are.
type ApplicationRepository struct {
	// URL of the repository for a browser.
	// +optional
	URL string `json:"url,omitempty"`
	// CloneURL of the repository for git over HTTP.
	// +optional
	CloneURL string `json:"cloneURL,omitempty"`
	// EntryBranch that changes of the Application are committed to.
	// +optional
	EntryBranch string `json:"entryBranch,omitempty"`
	// Commit on the entry branch that holds the Application as asked for.
	// +optional
	Commit string `json:"commit,omitempty"`
}

// ResolvedBlueprint is the Blueprint an Application was rendered from.
type ResolvedBlueprint struct {
	// Namespace the Blueprint was found in.
	Namespace string `json:"namespace"`
	// Name of the Blueprint.
	Name string `json:"name"`
	// Version of the Blueprint.
	Version string `json:"version"`
}

// ApplicationEnvironmentStatus is an Application in one Environment.
type ApplicationEnvironmentStatus struct {
	// Name of the Environment.
	Name string `json:"name"`
	// State of the Application in the Environment.
	State ApplicationState `json:"state"`
	// Branch the Environment follows.
	// +optional
	Branch string `json:"branch,omitempty"`
	// Revision that runs, as Flux reports it, or the branch's commit.
	// +optional
	Revision string `json:"revision,omitempty"`
	// Host is the DNS name of the Application in the Environment.
	// +optional
	Host string `json:"host,omitempty"`
}

// An Application is one installed Blueprint: one Git repository with the
// branches develop, staging and main, delivered to one or more Environments,
// with a DNS name in each.
//
// +kubebuilder:object:root=true
// +kubebuilder:resource:scope=Namespaced,path=applications,singular=application,shortName=app,categories={catalyst}
// +kubebuilder:printcolumn:name="BLUEPRINT",type=string,JSONPath=`.spec.blueprintRef.name`
// +kubebuilder:printcolumn:name="VERSION",type=string,JSONPath=`.spec.blueprintRef.version`
// +kubebuilder:printcolumn:name="STATUS",type=string,JSONPath=`.status.summary`
// +kubebuilder:printcolumn:name="REPOSITORY",type=string,JSONPath=`.status.repository.url`
// +kubebuilder:printcolumn:name="HOSTS",type=string,JSONPath=`.status.hosts`,priority=1
// +kubebuilder:validation:XValidation:rule="self.metadata.name.matches('^[a-z][a-z0-9-]{1,38}[a-z0-9]$')",message="metadata.name must be 3 to 40 lower-case letters, digits and dashes, starting with a letter: it becomes a repository and a DNS label"
// +kubebuilder:validation:XValidation:rule="!(self.metadata.name in ['shared-blueprints','catalyst-config','policy-bundle','runbooks'])",message="metadata.name is reserved for a repository the platform keeps in every Organization"
type Application struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	Spec ApplicationSpec `json:"spec"`
	// +optional
	Status ApplicationStatus `json:"status,omitempty"`
}

// ApplicationList is a list of Applications.
//
// +kubebuilder:object:root=true
type ApplicationList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`

	Items []Application `json:"items"`
}
