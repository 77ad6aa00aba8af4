package v1alpha1

import (
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// OrganizationRole is what a person may do in an Organization.
// +kubebuilder:validation:Enum=owner;admin;developer;viewer
type OrganizationRole string

// Roles in an Organization.
const (
	RoleOwner     OrganizationRole = "owner"
	RoleAdmin     OrganizationRole = "admin"
	RoleDeveloper OrganizationRole = "developer"
	RoleViewer    OrganizationRole = "viewer"
)

// DeletionPolicy of an object that others depend on.
type DeletionPolicy string

// Deletion policies.
const (
	// DeletionRefuse refuses deletion while there are children.
	DeletionRefuse DeletionPolicy = "Refuse"
	// DeletionCascade deletes the children too.
	DeletionCascade DeletionPolicy = "Cascade"
	// DeletionDelete deletes what is outside the cluster too.
	DeletionDelete DeletionPolicy = "Delete"
	// DeletionOrphan leaves what is outside the cluster in place.
	DeletionOrphan DeletionPolicy = "Orphan"
)

// OrganizationSpec is what an Organization asks for.
type OrganizationSpec struct {
	// DisplayName of the Organization, as people write it.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=128
	DisplayName string `json:"displayName"`

	// Tier of the Organization: sme or corporate.
	// +kubebuilder:validation:Enum=sme;corporate
	// +kubebuilder:default=sme
	Tier string `json:"tier,omitempty"`

	// SovereignRef names the Sovereign the Organization lives on.
	// +optional
	SovereignRef *LocalReference `json:"sovereignRef,omitempty"`

	// Domain under which the Organization's Applications get their names, e.g.
	// acme.com. There must be a zone of this name. Default: the Sovereign's
	// domain.
	// +optional
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:Pattern=`^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?$`
	Domain string `json:"domain,omitempty"`

	// Owners are the people of the Organization and their roles.
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=100
	// +listType=map
	// +listMapKey=email
	Owners []OrganizationMember `json:"owners"`

	// Quota for all that runs in the Organization's namespace. Absent: none.
	// +optional
	Quota *OrganizationQuota `json:"quota,omitempty"`

	// DeletionPolicy says what deleting the Organization does while it has
	// Environments, Applications or Blueprints: Refuse the deletion, or
	// Cascade and delete them all.
	// +kubebuilder:validation:Enum=Refuse;Cascade
	// +kubebuilder:default=Refuse
	DeletionPolicy DeletionPolicy `json:"deletionPolicy,omitempty"`
}

// An OrganizationMember is a person with a role.
type OrganizationMember struct {
	// Email of the person. It is also her user name towards Kubernetes.
	// +kubebuilder:validation:MaxLength=254
	// +kubebuilder:validation:Pattern=`^[^@\s]+@[^@\s]+\.[^@\s]+$`
	Email string `json:"email"`

	// Role of the person.
	Role OrganizationRole `json:"role"`

	// Username of the person in Gitea. Default: the part of the email before
	// the @.
	// +optional
	// +kubebuilder:validation:MaxLength=40
	// +kubebuilder:validation:Pattern=`^[a-zA-Z0-9]([a-zA-Z0-9._-]*[a-zA-Z0-9])?$`
	Username string `json:"username,omitempty"`
}

// OrganizationQuota bounds what runs in an Organization's namespace.
type OrganizationQuota struct {
	// CPU requested in all, in cores.
	// +optional
	CPU *resource.Quantity `json:"cpu,omitempty"`

	// Memory requested in all, in bytes.
	// +optional
	Memory *resource.Quantity `json:"memory,omitempty"`

	// Storage requested in all, in bytes.
	// +optional
	Storage *resource.Quantity `json:"storage,omitempty"`

	// Pods in all.
	// +optional
	// +kubebuilder:validation:Minimum=1
	Pods *int64 `json:"pods,omitempty"`
}

// OrganizationStatus is what became of the Organization.
type OrganizationStatus struct {
	Progress `json:",inline"`

	// Namespace of the Organization.
	// +optional
	Namespace string `json:"namespace,omitempty"`

	// Domain in force: the Organization's own or the Sovereign's.
	// +optional
	Domain string `json:"domain,omitempty"`

	// GitURL of the Organization.
	// +optional
	GitURL string `json:"gitURL,omitempty"`

	// MissingMembers have a role and no account in Gitea yet.
	// +optional
	// +listType=set
	MissingMembers []string `json:"missingMembers,omitempty"`

	// Children of the Organization.
	// +optional
	Children *OrganizationChildren `json:"children,omitempty"`
}

// OrganizationChildren counts what lives in an Organization's namespace.
type OrganizationChildren struct {
	// Environments of the Organization.
	Environments int `json:"environments"`
	// Applications of the Organization.
	Applications int `json:"applications"`
	// Blueprints private to the Organization.
	Blueprints int `json:"blueprints"`
}

// An Organization is who uses a Sovereign: people, a namespace, a Git
// organization and the Environments and Applications in it.
//
// +kubebuilder:object:root=true
// +kubebuilder:resource:scope=Cluster,path=organizations,singular=organization,shortName=org,categories={catalyst}
// +kubebuilder:printcolumn:name="TIER",type=string,JSONPath=`.spec.tier`
// +kubebuilder:printcolumn:name="ENVIRONMENTS",type=integer,JSONPath=`.status.children.environments`
// +kubebuilder:printcolumn:name="APPLICATIONS",type=integer,JSONPath=`.status.children.applications`
// +kubebuilder:printcolumn:name="STATUS",type=string,JSONPath=`.status.summary`
// +kubebuilder:printcolumn:name="GIT",type=string,JSONPath=`.status.gitURL`,priority=1
// +kubebuilder:validation:XValidation:rule="self.metadata.name.matches('^[a-z][a-z0-9-]{2,31}$')",message="metadata.name must be a slug: 3 to 32 lower-case letters, digits and dashes, starting with a letter"
// +kubebuilder:validation:XValidation:rule="!(self.metadata.name in ['catalog','catalog-sovereign','catalyst','crossplane','default','flux','gitea','system','apse','ash','aws','cnn','dev','dmz','dxb','fra','fsn','gcp','hel','hil','iad','las','mer','mgt','nbg','oci','poc','prod','rtz','sin','stg','syd','uat'] || self.metadata.name.startsWith('kube-') || self.metadata.name.startsWith('sovereign-') || self.metadata.name.endsWith('-system'))",message="metadata.name is reserved: no name of a Catalyst component, of a namespace the platform uses (kube-*, sovereign-*, *-system), of a region, provider, building block or environment type"
type Organization struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	Spec OrganizationSpec `json:"spec"`
	// +optional
	Status OrganizationStatus `json:"status,omitempty"`
}

// OrganizationList is a list of Organizations.
//
// +kubebuilder:object:root=true
type OrganizationList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`

	Items []Organization `json:"items"`
}
