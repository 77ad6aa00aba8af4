package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	xpv2 "github.com/crossplane/crossplane-runtime/v2/apis/common/v2"
)

// TeamParameters are the configurable fields of a Team. What is left out is
// left as it is on the server.
// +kubebuilder:validation:XValidation:rule="has(self.owner) || has(self.ownerRef) || has(self.ownerSelector)",message="one of owner, ownerRef and ownerSelector is required"
// +kubebuilder:validation:XValidation:rule="!has(oldSelf.owner) || (has(self.owner) && self.owner == oldSelf.owner)",message="owner can't be changed: create another object and delete this one"
// +kubebuilder:validation:XValidation:rule="has(oldSelf.name) == has(self.name) && (!has(self.name) || self.name == oldSelf.name)",message="name can't be changed: create another object and delete this one"
// +kubebuilder:validation:XValidation:rule="!(has(self.permission) && has(self.unitsMap))",message="give either permission or unitsMap, not both"
type TeamParameters struct {
	// Owner is the organization or user that the team belongs to. It can't be changed.
	// +crossplane:generate:reference:type=Organization
	// +kubebuilder:validation:Pattern=`^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$`
	// +kubebuilder:validation:MaxLength=40
	// +optional
	Owner *string `json:"owner,omitempty"`

	// OwnerRef names the Organization that the team belongs to.
	// +optional
	OwnerRef *xpv1.NamespacedReference `json:"ownerRef,omitempty"`

	// OwnerSelector selects the Organization that the team belongs to.
	// +optional
	OwnerSelector *xpv1.NamespacedSelector `json:"ownerSelector,omitempty"`

	// Name of the team. Defaults to the name of the Team object. It can't be
	// changed.
	// +kubebuilder:validation:Pattern=`^[A-Za-z0-9._-]+$`
	// +kubebuilder:validation:MaxLength=255
	// +optional
	Name *string `json:"name,omitempty"`

	// Description of the team.
	// +kubebuilder:validation:MaxLength=255
	// +optional
	Description *string `json:"description,omitempty"`

	// Permission the team has on all units of its repositories. Give unitsMap
	// in its place for a permission per unit. A new team that is given neither
	// may read.
	// +kubebuilder:validation:Enum=read;write;admin
	// +optional
	Permission *string `json:"permission,omitempty"`

	// UnitsMap is the permission per unit of the team's repositories, e.g.
	// {"repo.code": "write", "repo.issues": "read"}. Units that are left out
	// are given no access.
	// +kubebuilder:validation:MinProperties=1
	// +kubebuilder:validation:MaxProperties=16
	// +kubebuilder:validation:XValidation:rule="self.all(k, k in ['repo.code', 'repo.issues', 'repo.ext_issues', 'repo.pulls', 'repo.releases', 'repo.wiki', 'repo.ext_wiki', 'repo.projects', 'repo.packages', 'repo.actions'])",message="keys must be repo.code, repo.issues, repo.ext_issues, repo.pulls, repo.releases, repo.wiki, repo.ext_wiki, repo.projects, repo.packages or repo.actions"
	// +kubebuilder:validation:XValidation:rule="self.all(k, self[k] in ['none', 'read', 'write'])",message="values must be none, read or write"
	// +optional
	UnitsMap map[string]string `json:"unitsMap,omitempty"`

	// IncludesAllRepositories gives the team every repository of the
	// organization, later ones too.
	// +optional
	IncludesAllRepositories *bool `json:"includesAllRepositories,omitempty"`

	// CanCreateOrgRepo lets members create repositories in the organization.
	// +optional
	CanCreateOrgRepo *bool `json:"canCreateOrgRepo,omitempty"`

	// Members are the login names of exactly who is in the team: others are
	// removed. Leave it out to manage members elsewhere. A member who has no
	// account yet is listed in status.atProvider.missingMembers and added once
	// the account exists.
	// +listType=set
	// +kubebuilder:validation:MaxItems=1000
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=40
	// +kubebuilder:validation:items:Pattern=`^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$`
	// +optional
	Members []string `json:"members,omitzero"`
}

// TeamObservation is what was last seen of a Team.
type TeamObservation struct {
	// ID the server gave the team.
	ID int64 `json:"id,omitempty"`

	// Permission of the team. It is none when the team has a permission per
	// unit.
	Permission string `json:"permission,omitempty"`

	// Members found in the team, when spec.forProvider.members is given.
	// +optional
	Members []string `json:"members,omitempty"`

	// MemberCount is how many members were found, when
	// spec.forProvider.members is given.
	// +optional
	MemberCount *int64 `json:"memberCount,omitempty"`

	// MissingMembers are wanted members who have no account on the server.
	// +optional
	MissingMembers []string `json:"missingMembers,omitempty"`
}

// A TeamSpec defines the desired state of a Team.
type TeamSpec struct {
	xpv2.ManagedResourceSpec `json:",inline"`

	ForProvider TeamParameters `json:"forProvider"`
}

// A TeamStatus represents the observed state of a Team.
type TeamStatus struct {
	xpv1.ResourceStatus `json:",inline"`

	AtProvider TeamObservation `json:"atProvider,omitempty"`
}

// A Team is a team of a Gitea organization: who may do what with its
// repositories. Its external name is the team's name: spec.forProvider.name
// when given, the Team's own name otherwise. The team Owners that every
// organization has may be adopted to manage its members; nothing else of it
// can be changed, and it is never deleted.
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:scope=Namespaced,categories={crossplane,managed,gitea},shortName=gtteam
// +kubebuilder:printcolumn:name="READY",type="string",JSONPath=".status.conditions[?(@.type=='Ready')].status"
// +kubebuilder:printcolumn:name="SYNCED",type="string",JSONPath=".status.conditions[?(@.type=='Synced')].status"
// +kubebuilder:printcolumn:name="OWNER",type="string",JSONPath=".spec.forProvider.owner"
// +kubebuilder:printcolumn:name="PERMISSION",type="string",JSONPath=".status.atProvider.permission"
// +kubebuilder:printcolumn:name="MEMBERS",type="integer",JSONPath=".status.atProvider.memberCount"
// +kubebuilder:printcolumn:name="MISSING",type="string",JSONPath=".status.atProvider.missingMembers",priority=1
// +kubebuilder:printcolumn:name="EXTERNAL-NAME",type="string",JSONPath=`.metadata.annotations.crossplane\.io/external-name`
// +kubebuilder:printcolumn:name="AGE",type="date",JSONPath=".metadata.creationTimestamp"
type Team struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	Spec   TeamSpec   `json:"spec"`
	Status TeamStatus `json:"status,omitempty"`
}

// +kubebuilder:object:root=true

// TeamList contains a list of Team.
type TeamList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`

	Items []Team `json:"items"`
}
