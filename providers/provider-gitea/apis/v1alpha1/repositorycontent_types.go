package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	xpv2 "github.com/crossplane/crossplane-runtime/v2/apis/common/v2"
)

// RepositoryContentParameters are the configurable fields of a
// RepositoryContent.
// +kubebuilder:validation:XValidation:rule="has(self.owner) || has(self.ownerRef) || has(self.ownerSelector)",message="one of owner, ownerRef and ownerSelector is required"
// +kubebuilder:validation:XValidation:rule="!has(oldSelf.owner) || (has(self.owner) && self.owner == oldSelf.owner)",message="owner can't be changed: create another object and delete this one"
// +kubebuilder:validation:XValidation:rule="has(self.repository) || has(self.repositoryRef) || has(self.repositorySelector)",message="one of repository, repositoryRef and repositorySelector is required"
// +kubebuilder:validation:XValidation:rule="!has(oldSelf.repository) || (has(self.repository) && self.repository == oldSelf.repository)",message="repository can't be changed: create another object and delete this one"
// +kubebuilder:validation:XValidation:rule="has(oldSelf.branch) == has(self.branch) && (!has(self.branch) || self.branch == oldSelf.branch)",message="branch can't be changed: create another object and delete this one"
type RepositoryContentParameters struct {
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

	// Branch the files are on. Defaults to the repository's default branch.
	// It can't be changed.
	// +kubebuilder:validation:Pattern=`^[^\s~^:?*\[\\\x00-\x1f\x7f]+$`
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=100
	// +optional
	Branch *string `json:"branch,omitempty"`

	// InitialBranches start where the branch of the content starts. When the
	// repository is empty they are made in the same push as its first commit,
	// which costs the server a third of making them one by one. They are not
	// looked at after that.
	// +listType=set
	// +kubebuilder:validation:MaxItems=20
	// +kubebuilder:validation:items:Pattern=`^[^\s~^:?*\[\\\x00-\x1f\x7f]+$`
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=100
	// +optional
	InitialBranches []string `json:"initialBranches,omitempty"`

	// Files that make up the content, at most one per path.
	// +listType=map
	// +listMapKey=path
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=500
	Files []RepositoryFile `json:"files"`

	// Message of commits. Defaults to one that says which files changed.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=2048
	// +optional
	Message *string `json:"message,omitempty"`

	// Author of commits. Defaults to the user the provider signs in as.
	// +optional
	Author *CommitAuthor `json:"author,omitempty"`
}

// A RepositoryFile is a file in a repository.
type RepositoryFile struct {
	// Path of the file, relative to the repository, e.g. overlays/dev/values.yaml.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=500
	// +kubebuilder:validation:Pattern=`^[^\\\x00-\x1f\x7f]+$`
	// +kubebuilder:validation:XValidation:rule="!self.matches('(^|/)(|[.]|[.][.]|[.][gG][iI][tT])(/|$)')",message="must be a path inside the repository: no leading or trailing slash, no empty segment, no '.', '..' or '.git' segment"
	Path string `json:"path"`

	// Content of the file.
	// +optional
	Content string `json:"content,omitempty"`

	// WriteOnce files are created when they don't exist and belong to people
	// from then on: they are never changed or removed.
	// +optional
	WriteOnce *bool `json:"writeOnce,omitempty"`
}

// A CommitAuthor is who commits are attributed to.
type CommitAuthor struct {
	// Name of the author.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=100
	Name string `json:"name"`

	// Email address of the author.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=254
	Email string `json:"email"`
}

// RepositoryContentObservation is what was last seen of a RepositoryContent.
type RepositoryContentObservation struct {
	// Branch the files are on.
	Branch string `json:"branch,omitempty"`

	// Commit that last wrote the files.
	Commit string `json:"commit,omitempty"`

	// Head is the commit the branch pointed to when the files were last found
	// as they should be.
	Head string `json:"head,omitempty"`

	// Digest of what was wanted when the files were last found as they should
	// be.
	Digest string `json:"digest,omitempty"`

	// InitialBranches that were made with the repository's first commit.
	// +listType=set
	// +optional
	InitialBranches []string `json:"initialBranches,omitempty"`

	// Owned are the files this content wrote and may change and remove.
	// +listType=map
	// +listMapKey=path
	// +optional
	Owned []OwnedFile `json:"owned,omitempty"`
}

// An OwnedFile is a file a RepositoryContent wrote.
type OwnedFile struct {
	// Path of the file.
	Path string `json:"path"`

	// SHA of the file's blob as it was written.
	SHA string `json:"sha"`

	// WriteOnce files are never changed or removed.
	// +optional
	WriteOnce bool `json:"writeOnce,omitempty"`
}

// A RepositoryContentSpec defines the desired state of a RepositoryContent.
type RepositoryContentSpec struct {
	xpv2.ManagedResourceSpec `json:",inline"`

	ForProvider RepositoryContentParameters `json:"forProvider"`
}

// A RepositoryContentStatus represents the observed state of a RepositoryContent.
type RepositoryContentStatus struct {
	xpv1.ResourceStatus `json:",inline"`

	AtProvider RepositoryContentObservation `json:"atProvider,omitempty"`
}

// A RepositoryContent is a set of files on a branch of a repository, written in
// one commit. It owns the files it lists and no others: files it wrote before
// and no longer lists are removed, files of other people are never touched.
// Deleting it removes its files, those that are writeOnce excepted. The
// repository may be empty: the first commit makes the branch.
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:scope=Namespaced,categories={crossplane,managed,gitea},shortName=gtcontent
// +kubebuilder:printcolumn:name="READY",type="string",JSONPath=".status.conditions[?(@.type=='Ready')].status"
// +kubebuilder:printcolumn:name="SYNCED",type="string",JSONPath=".status.conditions[?(@.type=='Synced')].status"
// +kubebuilder:printcolumn:name="OWNER",type="string",JSONPath=".spec.forProvider.owner"
// +kubebuilder:printcolumn:name="REPOSITORY",type="string",JSONPath=".spec.forProvider.repository"
// +kubebuilder:printcolumn:name="BRANCH",type="string",JSONPath=".spec.forProvider.branch"
// +kubebuilder:printcolumn:name="COMMIT",type="string",JSONPath=".status.atProvider.commit"
// +kubebuilder:printcolumn:name="EXTERNAL-NAME",type="string",JSONPath=`.metadata.annotations.crossplane\.io/external-name`
// +kubebuilder:printcolumn:name="AGE",type="date",JSONPath=".metadata.creationTimestamp"
type RepositoryContent struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	Spec   RepositoryContentSpec   `json:"spec"`
	Status RepositoryContentStatus `json:"status,omitempty"`
}

// +kubebuilder:object:root=true

// RepositoryContentList contains a list of RepositoryContent.
type RepositoryContentList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`

	Items []RepositoryContent `json:"items"`
}
