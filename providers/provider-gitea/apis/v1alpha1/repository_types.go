package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	xpv2 "github.com/crossplane/crossplane-runtime/v2/apis/common/v2"
)

// RepositoryParameters are the configurable fields of a Repository. What is
// left out is left as it is on the server.
// +kubebuilder:validation:XValidation:rule="has(self.owner) || has(self.ownerRef) || has(self.ownerSelector)",message="one of owner, ownerRef and ownerSelector is required"
// +kubebuilder:validation:XValidation:rule="!has(oldSelf.owner) || (has(self.owner) && self.owner == oldSelf.owner)",message="owner can't be changed: create another object and delete this one"
// +kubebuilder:validation:XValidation:rule="[has(self.autoInit) && self.autoInit, has(self.fromTemplate), has(self.migrate)].filter(b, b).size() <= 1",message="only one of autoInit, fromTemplate and migrate can be given"
type RepositoryParameters struct {
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

	// Description of the repository.
	// +kubebuilder:validation:MaxLength=2048
	// +optional
	Description *string `json:"description,omitempty"`

	// Website with more about what is in the repository.
	// +kubebuilder:validation:MaxLength=1024
	// +kubebuilder:validation:Pattern=`^(https?://.+)?$`
	// +optional
	Website *string `json:"website,omitempty"`

	// Private repositories are seen only by who was given access. A new
	// repository is public unless this says otherwise.
	// +optional
	Private *bool `json:"private,omitempty"`

	// Template makes this a repository others can be generated from.
	// +optional
	Template *bool `json:"template,omitempty"`

	// Archived repositories can be read only.
	// +optional
	Archived *bool `json:"archived,omitempty"`

	// DefaultBranch of the repository. It may name a branch that doesn't exist
	// yet: it becomes the default branch when it does.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=100
	// +optional
	DefaultBranch *string `json:"defaultBranch,omitempty"`

	// AutoInit gives a new repository a first commit with a README. It is used
	// only when the repository is created.
	// +optional
	AutoInit *bool `json:"autoInit,omitempty"`

	// FromTemplate generates the repository from another one on the same
	// server. It is used only when the repository is created.
	// +optional
	FromTemplate *RepositoryTemplate `json:"fromTemplate,omitempty"`

	// Migrate copies or mirrors a repository from elsewhere. It is used only
	// when the repository is created, mirrorInterval excepted.
	// +optional
	Migrate *RepositoryMigration `json:"migrate,omitempty"`

	// HasIssues turns the issue tracker on or off.
	// +optional
	HasIssues *bool `json:"hasIssues,omitempty"`

	// HasWiki turns the wiki on or off.
	// +optional
	HasWiki *bool `json:"hasWiki,omitempty"`

	// HasPullRequests turns pull requests on or off. The merge styles below
	// are settings of pull requests.
	// +optional
	HasPullRequests *bool `json:"hasPullRequests,omitempty"`

	// HasProjects turns project boards on or off.
	// +optional
	HasProjects *bool `json:"hasProjects,omitempty"`

	// HasReleases turns releases on or off.
	// +optional
	HasReleases *bool `json:"hasReleases,omitempty"`

	// HasPackages turns the package registry on or off.
	// +optional
	HasPackages *bool `json:"hasPackages,omitempty"`

	// HasActions turns Gitea Actions on or off.
	// +optional
	HasActions *bool `json:"hasActions,omitempty"`

	// AllowMerge allows merging a pull request with a merge commit.
	// +optional
	AllowMerge *bool `json:"allowMerge,omitempty"`

	// AllowRebase allows rebasing a pull request onto its base.
	// +optional
	AllowRebase *bool `json:"allowRebase,omitempty"`

	// AllowRebaseMerge allows rebasing a pull request and then adding a merge
	// commit.
	// +optional
	AllowRebaseMerge *bool `json:"allowRebaseMerge,omitempty"`

	// AllowSquash allows squashing a pull request into one commit.
	// +optional
	AllowSquash *bool `json:"allowSquash,omitempty"`

	// AllowFastForwardOnly allows moving the base to the head of a pull
	// request, when that needs no merge.
	// +optional
	AllowFastForwardOnly *bool `json:"allowFastForwardOnly,omitempty"`

	// AllowManualMerge allows marking a pull request as merged by hand.
	// +optional
	AllowManualMerge *bool `json:"allowManualMerge,omitempty"`

	// AllowRebaseUpdate allows updating a pull request's branch by rebase.
	// +optional
	AllowRebaseUpdate *bool `json:"allowRebaseUpdate,omitempty"`

	// AutodetectManualMerge marks pull requests as merged whose commits were
	// pushed to the base by hand.
	// +optional
	AutodetectManualMerge *bool `json:"autodetectManualMerge,omitempty"`

	// DefaultMergeStyle is offered first.
	// +kubebuilder:validation:Enum=merge;rebase;rebase-merge;squash;fast-forward-only
	// +optional
	DefaultMergeStyle *string `json:"defaultMergeStyle,omitempty"`

	// DeleteBranchAfterMerge deletes the branch of a merged pull request unless
	// who merges it says otherwise.
	// +optional
	DeleteBranchAfterMerge *bool `json:"deleteBranchAfterMerge,omitempty"`

	// DefaultAllowMaintainerEdit lets maintainers push to the branch of a pull
	// request unless its author says otherwise.
	// +optional
	DefaultAllowMaintainerEdit *bool `json:"defaultAllowMaintainerEdit,omitempty"`
}

// A RepositoryTemplate is a repository another one is generated from.
type RepositoryTemplate struct {
	// Owner of the template.
	// +kubebuilder:validation:Pattern=`^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$`
	// +kubebuilder:validation:MaxLength=40
	Owner string `json:"owner"`

	// Repository that is the template.
	// +kubebuilder:validation:Pattern=`^[A-Za-z0-9._-]+$`
	// +kubebuilder:validation:MaxLength=100
	// +kubebuilder:validation:XValidation:rule="!(self in ['.', '..'])",message="must be the name of a repository"
	Repository string `json:"repository"`

	// Labels of the template's issues are copied too.
	// +optional
	Labels *bool `json:"labels,omitempty"`

	// Topics of the template are copied too.
	// +optional
	Topics *bool `json:"topics,omitempty"`

	// ProtectedBranch copies the branch protections of the template too.
	// +optional
	ProtectedBranch *bool `json:"protectedBranch,omitempty"`
}

// A RepositoryMigration says where a repository is copied from.
type RepositoryMigration struct {
	// CloneURL of the repository to copy. Credentials don't belong here: use
	// tokenSecretRef.
	// +kubebuilder:validation:Pattern=`^(https?|git)://[^@]+$`
	// +kubebuilder:validation:MaxLength=2048
	CloneURL string `json:"cloneURL"`

	// TokenSecretRef is a token that may read the repository.
	// +optional
	TokenSecretRef *xpv1.LocalSecretKeySelector `json:"tokenSecretRef,omitempty"`

	// Mirror keeps the copy up to date.
	// +optional
	Mirror *bool `json:"mirror,omitempty"`

	// MirrorInterval is how often a mirror is brought up to date, e.g. 8h0m0s.
	// +kubebuilder:validation:Pattern=`^([0-9]+h)?([0-9]+m)?([0-9]+s)?$`
	// +optional
	MirrorInterval *string `json:"mirrorInterval,omitempty"`
}

// RepositoryObservation is what was last seen of a Repository.
type RepositoryObservation struct {
	// ID the server gave the repository.
	ID int64 `json:"id,omitempty"`

	// HTMLURL is where people look at the repository.
	HTMLURL string `json:"htmlURL,omitempty"`

	// CloneURL is the address for git over HTTP.
	CloneURL string `json:"cloneURL,omitempty"`

	// SSHURL is the address for git over SSH.
	SSHURL string `json:"sshURL,omitempty"`

	// Empty repositories have no commit yet.
	// +optional
	Empty *bool `json:"empty,omitempty"`

	// DefaultBranch of the repository. That of an empty repository may not
	// exist.
	DefaultBranch string `json:"defaultBranch,omitempty"`

	// Size of the repository in KiB.
	Size int64 `json:"size,omitempty"`

	// Mirror repositories follow another one.
	Mirror bool `json:"mirror,omitempty"`
}

// A RepositorySpec defines the desired state of a Repository.
type RepositorySpec struct {
	xpv2.ManagedResourceSpec `json:",inline"`

	ForProvider RepositoryParameters `json:"forProvider"`
}

// A RepositoryStatus represents the observed state of a Repository.
type RepositoryStatus struct {
	xpv1.ResourceStatus `json:",inline"`

	AtProvider RepositoryObservation `json:"atProvider,omitempty"`
}

// A Repository is a Git repository of a Gitea organization or user. Deleting
// the Repository deletes the repository and everything in it, unless its
// managementPolicies leave out Delete.
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:scope=Namespaced,categories={crossplane,managed,gitea},shortName=gtrepo
// +kubebuilder:printcolumn:name="READY",type="string",JSONPath=".status.conditions[?(@.type=='Ready')].status"
// +kubebuilder:printcolumn:name="SYNCED",type="string",JSONPath=".status.conditions[?(@.type=='Synced')].status"
// +kubebuilder:printcolumn:name="OWNER",type="string",JSONPath=".spec.forProvider.owner"
// +kubebuilder:printcolumn:name="BRANCH",type="string",JSONPath=".status.atProvider.defaultBranch"
// +kubebuilder:printcolumn:name="EMPTY",type="boolean",JSONPath=".status.atProvider.empty"
// +kubebuilder:printcolumn:name="URL",type="string",JSONPath=".status.atProvider.htmlURL",priority=1
// +kubebuilder:printcolumn:name="EXTERNAL-NAME",type="string",JSONPath=`.metadata.annotations.crossplane\.io/external-name`
// +kubebuilder:printcolumn:name="AGE",type="date",JSONPath=".metadata.creationTimestamp"
type Repository struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	Spec   RepositorySpec   `json:"spec"`
	Status RepositoryStatus `json:"status,omitempty"`
}

// +kubebuilder:object:root=true

// RepositoryList contains a list of Repository.
type RepositoryList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`

	Items []Repository `json:"items"`
}
