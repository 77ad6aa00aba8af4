package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	xpv2 "github.com/crossplane/crossplane-runtime/v2/apis/common/v2"
)

// OrganizationParameters are the configurable fields of an Organization. What
// is left out is left as it is on the server.
type OrganizationParameters struct {
	// FullName is the name shown to people.
	// +kubebuilder:validation:MaxLength=100
	// +optional
	FullName *string `json:"fullName,omitempty"`

	// Description of the organization.
	// +kubebuilder:validation:MaxLength=255
	// +optional
	Description *string `json:"description,omitempty"`

	// Email address people can write to.
	// +kubebuilder:validation:MaxLength=255
	// +optional
	Email *string `json:"email,omitempty"`

	// Website of the organization.
	// +kubebuilder:validation:MaxLength=255
	// +kubebuilder:validation:Pattern=`^(https?://.+)?$`
	// +optional
	Website *string `json:"website,omitempty"`

	// Location of the organization.
	// +kubebuilder:validation:MaxLength=50
	// +optional
	Location *string `json:"location,omitempty"`

	// Visibility of the organization: public to everyone, limited to signed-in
	// users, or private to its members. A new organization is public unless
	// this says otherwise.
	// +kubebuilder:validation:Enum=public;limited;private
	// +optional
	Visibility *string `json:"visibility,omitempty"`

	// RepoAdminChangeTeamAccess lets administrators of a repository give teams
	// access to it.
	// +optional
	RepoAdminChangeTeamAccess *bool `json:"repoAdminChangeTeamAccess,omitempty"`
}

// OrganizationObservation is what was last seen of an Organization.
type OrganizationObservation struct {
	// ID the server gave the organization.
	ID int64 `json:"id,omitempty"`

	// Visibility of the organization.
	Visibility string `json:"visibility,omitempty"`

	// Repositories still in the organization, while it is being deleted.
	// +optional
	Repositories *int64 `json:"repositories,omitempty"`
}

// A OrganizationSpec defines the desired state of a Organization.
type OrganizationSpec struct {
	xpv2.ManagedResourceSpec `json:",inline"`

	ForProvider OrganizationParameters `json:"forProvider"`
}

// A OrganizationStatus represents the observed state of a Organization.
type OrganizationStatus struct {
	xpv1.ResourceStatus `json:",inline"`

	AtProvider OrganizationObservation `json:"atProvider,omitempty"`
}

// An Organization is a Gitea organization: the owner of repositories and teams.
// An organization that exists is adopted. One that still holds repositories is
// not deleted: the Organization waits and names them.
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:scope=Namespaced,categories={crossplane,managed,gitea},shortName=gtorg
// +kubebuilder:printcolumn:name="READY",type="string",JSONPath=".status.conditions[?(@.type=='Ready')].status"
// +kubebuilder:printcolumn:name="SYNCED",type="string",JSONPath=".status.conditions[?(@.type=='Synced')].status"
// +kubebuilder:printcolumn:name="VISIBILITY",type="string",JSONPath=".status.atProvider.visibility"
// +kubebuilder:printcolumn:name="REPOSITORIES",type="integer",JSONPath=".status.atProvider.repositories"
// +kubebuilder:printcolumn:name="MESSAGE",type="string",JSONPath=".status.conditions[?(@.type=='Ready')].message",priority=1
// +kubebuilder:printcolumn:name="EXTERNAL-NAME",type="string",JSONPath=`.metadata.annotations.crossplane\.io/external-name`
// +kubebuilder:printcolumn:name="AGE",type="date",JSONPath=".metadata.creationTimestamp"
type Organization struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	Spec   OrganizationSpec   `json:"spec"`
	Status OrganizationStatus `json:"status,omitempty"`
}

// +kubebuilder:object:root=true

// OrganizationList contains a list of Organization.
type OrganizationList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`

	Items []Organization `json:"items"`
}
