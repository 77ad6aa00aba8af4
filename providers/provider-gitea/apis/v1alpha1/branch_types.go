package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	xpv2 "github.com/crossplane/crossplane-runtime/v2/apis/common/v2"
)

// BranchParameters are the configurable fields of a Branch.
// +kubebuilder:validation:XValidation:rule="has(self.owner) || has(self.ownerRef) || has(self.ownerSelector)",message="one of owner, ownerRef and ownerSelector is required"
// +kubebuilder:validation:XValidation:rule="!has(oldSelf.owner) || (has(self.owner) && self.owner == oldSelf.owner)",message="owner can't be changed: create another object and delete this one"
// +kubebuilder:validation:XValidation:rule="has(self.repository) || has(self.repositoryRef) || has(self.repositorySelector)",message="one of repository, repositoryRef and repositorySelector is required"
// +kubebuilder:validation:XValidation:rule="!has(oldSelf.repository) || (has(self.repository) && self.repository == oldSelf.repository)",message="repository can't be changed: create another object and delete this one"
// +kubebuilder:validation:XValidation:rule="has(oldSelf.name) == has(self.name) && (!has(self.name) || self.name == oldSelf.name)",message="name can't be changed: create another object and delete this one"
type BranchParameters struct {
	// Owner is the organization or user that the repository belongs to. It can't be changed.
	// +crossplane:generate:reference:type=Organization
	// +kubebuilder:validation:Pattern=`^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$`
	// +kubebuilder:validation:MaxLength=40
	// +optional
	Owner *string `json:"owner,omitempty"`

	// OwnerRef names the Organization that the repository belongs to.
	// +optional
	OwnerRef *xpv1.NamespacedReference `json:"ownerRef,omitempty"`

	// OwnerSelector selects the Organization that the repository belongs to.
	// +optional
	OwnerSelector *xpv1.NamespacedSelector `json:"ownerSelector,omitempty"`

	// Repository is the name of the repository. It can't be changed.
	// +crossplane:generate:reference:type=Repository
	// +kubebuilder:validation:Pattern=`^[A-Za-z0-9._-]+$`
	// +kubebuilder:validation:MaxLength=100
	// +kubebuilder:validation:XValidation:rule="!(self in ['.', '..'])",message="must be the name of a repository"
	// +optional
	Repository *string `json:"repository,omitempty"`

	// RepositoryRef names the Repository.
	// +optional
	RepositoryRef *xpv1.NamespacedReference `json:"repositoryRef,omitempty"`

	// RepositorySelector selects the Repository.
	// +optional
	RepositorySelector *xpv1.NamespacedSelector `json:"repositorySelector,omitempty"`

	// Name of the branch. Defaults to the name of the Branch object, which
	// can't hold a slash. It can't be changed.
	// +kubebuilder:validation:Pattern=`^[^\s~^:?*\[\\\x00-\x1f\x7f]+$`
	// +kubebuilder:validation:MaxLength=100
	// +kubebuilder:validation:MinLength=1
	// +optional
	Name *string `json:"name,omitempty"`

	// Ref is the branch, tag or commit to cut the branch from. It is used only
	// when the branch is created. Defaults to the repository's default branch.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=255
	// +optional
	Ref *string `json:"ref,omitempty"`
}

// BranchObservation is what was last seen of a Branch.
type BranchObservation struct {
	// Commit the branch points to.
	Commit string `json:"commit,omitempty"`

	// Protected says whether a branch protection covers the branch.
	Protected bool `json:"protected,omitempty"`
}

// A BranchSpec defines the desired state of a Branch.
type BranchSpec struct {
	xpv2.ManagedResourceSpec `json:",inline"`

	ForProvider BranchParameters `json:"forProvider"`
}

// A BranchStatus represents the observed state of a Branch.
type BranchStatus struct {
	xpv1.ResourceStatus `json:",inline"`

	AtProvider BranchObservation `json:"atProvider,omitempty"`
}

// A Branch is a branch of a repository. It is cut once and belongs to people
// from then on: a branch that moved is not moved back. Its external name is the
// branch's name: spec.forProvider.name when given, the Branch's own name
// otherwise.
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:scope=Namespaced,categories={crossplane,managed,gitea},shortName=gtbranch
// +kubebuilder:printcolumn:name="READY",type="string",JSONPath=".status.conditions[?(@.type=='Ready')].status"
// +kubebuilder:printcolumn:name="SYNCED",type="string",JSONPath=".status.conditions[?(@.type=='Synced')].status"
// +kubebuilder:printcolumn:name="OWNER",type="string",JSONPath=".spec.forProvider.owner"
// +kubebuilder:printcolumn:name="REPOSITORY",type="string",JSONPath=".spec.forProvider.repository"
// +kubebuilder:printcolumn:name="COMMIT",type="string",JSONPath=".status.atProvider.commit"
// +kubebuilder:printcolumn:name="EXTERNAL-NAME",type="string",JSONPath=`.metadata.annotations.crossplane\.io/external-name`
// +kubebuilder:printcolumn:name="AGE",type="date",JSONPath=".metadata.creationTimestamp"
type Branch struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	Spec   BranchSpec   `json:"spec"`
	Status BranchStatus `json:"status,omitempty"`
}

// +kubebuilder:object:root=true

// BranchList contains a list of Branch.
type BranchList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`

	Items []Branch `json:"items"`
}
