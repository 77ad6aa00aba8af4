package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	xpv2 "github.com/crossplane/crossplane-runtime/v2/apis/common/v2"
)

// BranchProtectionParameters are the configurable fields of a
// BranchProtection. What is left out is left as it is on the server; an empty
// list empties the list on the server.
// +kubebuilder:validation:XValidation:rule="has(self.owner) || has(self.ownerRef) || has(self.ownerSelector)",message="one of owner, ownerRef and ownerSelector is required"
// +kubebuilder:validation:XValidation:rule="!has(oldSelf.owner) || (has(self.owner) && self.owner == oldSelf.owner)",message="owner can't be changed: create another object and delete this one"
// +kubebuilder:validation:XValidation:rule="has(self.repository) || has(self.repositoryRef) || has(self.repositorySelector)",message="one of repository, repositoryRef and repositorySelector is required"
// +kubebuilder:validation:XValidation:rule="!has(oldSelf.repository) || (has(self.repository) && self.repository == oldSelf.repository)",message="repository can't be changed: create another object and delete this one"
// +kubebuilder:validation:XValidation:rule="has(oldSelf.ruleName) == has(self.ruleName) && (!has(self.ruleName) || self.ruleName == oldSelf.ruleName)",message="ruleName can't be changed: create another object and delete this one"
type BranchProtectionParameters struct {
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

	// RuleName is the branch, or the pattern of branches, the rule matches,
	// e.g. main or release/**. Defaults to the name of the BranchProtection
	// object. It can't be changed.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=255
	// +kubebuilder:validation:Pattern=`^[^\x00-\x1f\x7f]+$`
	// +optional
	RuleName *string `json:"ruleName,omitempty"`

	// Priority decides which rule applies when several match: the lowest wins. The server
	// numbers rules from 1 when this is left out.
	// +kubebuilder:validation:Minimum=1
	// +optional
	Priority *int64 `json:"priority,omitempty"`

	// EnablePush allows pushing to the branch. Without it changes arrive by pull request
	// only.
	// +optional
	EnablePush *bool `json:"enablePush,omitempty"`

	// EnablePushWhitelist restricts pushing to who is listed.
	// +optional
	EnablePushWhitelist *bool `json:"enablePushWhitelist,omitempty"`

	// PushWhitelistUsernames may push, when the push list is on.
	// +listType=set
	// +kubebuilder:validation:MaxItems=500
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=255
	// +optional
	PushWhitelistUsernames []string `json:"pushWhitelistUsernames,omitzero"`

	// PushWhitelistTeams may push, when the push list is on.
	// +listType=set
	// +kubebuilder:validation:MaxItems=500
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=255
	// +optional
	PushWhitelistTeams []string `json:"pushWhitelistTeams,omitzero"`

	// PushWhitelistDeployKeys lets deploy keys that may write push, when the push list is on.
	// +optional
	PushWhitelistDeployKeys *bool `json:"pushWhitelistDeployKeys,omitempty"`

	// EnableForcePush allows force-pushing to who may push.
	// +optional
	EnableForcePush *bool `json:"enableForcePush,omitempty"`

	// EnableForcePushAllowlist restricts force-pushing to who is listed.
	// +optional
	EnableForcePushAllowlist *bool `json:"enableForcePushAllowlist,omitempty"`

	// ForcePushAllowlistUsernames may force-push, when the force-push list is on.
	// +listType=set
	// +kubebuilder:validation:MaxItems=500
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=255
	// +optional
	ForcePushAllowlistUsernames []string `json:"forcePushAllowlistUsernames,omitzero"`

	// ForcePushAllowlistTeams may force-push, when the force-push list is on.
	// +listType=set
	// +kubebuilder:validation:MaxItems=500
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=255
	// +optional
	ForcePushAllowlistTeams []string `json:"forcePushAllowlistTeams,omitzero"`

	// ForcePushAllowlistDeployKeys lets deploy keys force-push, when the force-push list is on.
	// +optional
	ForcePushAllowlistDeployKeys *bool `json:"forcePushAllowlistDeployKeys,omitempty"`

	// EnableMergeWhitelist restricts merging pull requests to who is listed.
	// +optional
	EnableMergeWhitelist *bool `json:"enableMergeWhitelist,omitempty"`

	// MergeWhitelistUsernames may merge, when the merge list is on.
	// +listType=set
	// +kubebuilder:validation:MaxItems=500
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=255
	// +optional
	MergeWhitelistUsernames []string `json:"mergeWhitelistUsernames,omitzero"`

	// MergeWhitelistTeams may merge, when the merge list is on.
	// +listType=set
	// +kubebuilder:validation:MaxItems=500
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=255
	// +optional
	MergeWhitelistTeams []string `json:"mergeWhitelistTeams,omitzero"`

	// EnableStatusCheck requires the status checks named in statusCheckContexts to pass.
	// +optional
	EnableStatusCheck *bool `json:"enableStatusCheck,omitempty"`

	// StatusCheckContexts are the exact names, or patterns, of status checks that must pass.
	// +listType=set
	// +kubebuilder:validation:MaxItems=500
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=255
	// +optional
	StatusCheckContexts []string `json:"statusCheckContexts,omitzero"`

	// RequiredApprovals is how many approvals a pull request needs.
	// +kubebuilder:validation:Minimum=0
	// +optional
	RequiredApprovals *int64 `json:"requiredApprovals,omitempty"`

	// EnableApprovalsWhitelist counts only approvals of who is listed.
	// +optional
	EnableApprovalsWhitelist *bool `json:"enableApprovalsWhitelist,omitempty"`

	// ApprovalsWhitelistUsernames give approvals that count, when the approvals list is
	// on.
	// +listType=set
	// +kubebuilder:validation:MaxItems=500
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=255
	// +optional
	ApprovalsWhitelistUsernames []string `json:"approvalsWhitelistUsernames,omitzero"`

	// ApprovalsWhitelistTeams give approvals that count, when the approvals list is on.
	// +listType=set
	// +kubebuilder:validation:MaxItems=500
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=255
	// +optional
	ApprovalsWhitelistTeams []string `json:"approvalsWhitelistTeams,omitzero"`

	// BlockOnRejectedReviews blocks merging while somebody asks for changes.
	// +optional
	BlockOnRejectedReviews *bool `json:"blockOnRejectedReviews,omitempty"`

	// BlockOnOfficialReviewRequests blocks merging while a requested review is
	// outstanding.
	// +optional
	BlockOnOfficialReviewRequests *bool `json:"blockOnOfficialReviewRequests,omitempty"`

	// BlockOnOutdatedBranch blocks merging while the pull request is behind its base.
	// +optional
	BlockOnOutdatedBranch *bool `json:"blockOnOutdatedBranch,omitempty"`

	// DismissStaleApprovals dismisses approvals when the pull request changes.
	// +optional
	DismissStaleApprovals *bool `json:"dismissStaleApprovals,omitempty"`

	// IgnoreStaleApprovals does not count approvals of earlier changes, without
	// dismissing them.
	// +optional
	IgnoreStaleApprovals *bool `json:"ignoreStaleApprovals,omitempty"`

	// RequireSignedCommits refuses commits that are not signed and verified.
	// +optional
	RequireSignedCommits *bool `json:"requireSignedCommits,omitempty"`

	// ProtectedFilePatterns are files nobody may change by pushing, separated by
	// semicolons.
	// +optional
	ProtectedFilePatterns *string `json:"protectedFilePatterns,omitempty"`

	// UnprotectedFilePatterns are files who may not push may still change,
	// separated by semicolons.
	// +optional
	UnprotectedFilePatterns *string `json:"unprotectedFilePatterns,omitempty"`

	// BlockAdminMergeOverride holds administrators of the repository to the rule.
	// +optional
	BlockAdminMergeOverride *bool `json:"blockAdminMergeOverride,omitempty"`
}

// BranchProtectionObservation is what was last seen of a BranchProtection.
type BranchProtectionObservation struct {
	// RuleName of the rule.
	RuleName string `json:"ruleName,omitempty"`

	// EnablePush says whether anybody may push.
	// +optional
	EnablePush *bool `json:"enablePush,omitempty"`

	// RequiredApprovals of a pull request.
	// +optional
	RequiredApprovals *int64 `json:"requiredApprovals,omitempty"`

	// BlockAdminMergeOverride says whether administrators are held to the rule.
	// +optional
	BlockAdminMergeOverride *bool `json:"blockAdminMergeOverride,omitempty"`
}

// A BranchProtectionSpec defines the desired state of a BranchProtection.
type BranchProtectionSpec struct {
	xpv2.ManagedResourceSpec `json:",inline"`

	ForProvider BranchProtectionParameters `json:"forProvider"`
}

// A BranchProtectionStatus represents the observed state of a BranchProtection.
type BranchProtectionStatus struct {
	xpv1.ResourceStatus `json:",inline"`

	AtProvider BranchProtectionObservation `json:"atProvider,omitempty"`
}

// A BranchProtection is a rule of a repository that says who may do what with
// the branches it matches. Its external name is the rule's name, which is the
// branch or the pattern of branches it matches: spec.forProvider.ruleName when
// given, the BranchProtection's own name otherwise. A rule that exists is
// adopted.
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:scope=Namespaced,categories={crossplane,managed,gitea},shortName=gtbp
// +kubebuilder:printcolumn:name="READY",type="string",JSONPath=".status.conditions[?(@.type=='Ready')].status"
// +kubebuilder:printcolumn:name="SYNCED",type="string",JSONPath=".status.conditions[?(@.type=='Synced')].status"
// +kubebuilder:printcolumn:name="OWNER",type="string",JSONPath=".spec.forProvider.owner"
// +kubebuilder:printcolumn:name="REPOSITORY",type="string",JSONPath=".spec.forProvider.repository"
// +kubebuilder:printcolumn:name="PUSH",type="boolean",JSONPath=".status.atProvider.enablePush"
// +kubebuilder:printcolumn:name="APPROVALS",type="integer",JSONPath=".status.atProvider.requiredApprovals"
// +kubebuilder:printcolumn:name="EXTERNAL-NAME",type="string",JSONPath=`.metadata.annotations.crossplane\.io/external-name`
// +kubebuilder:printcolumn:name="AGE",type="date",JSONPath=".metadata.creationTimestamp"
type BranchProtection struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	Spec   BranchProtectionSpec   `json:"spec"`
	Status BranchProtectionStatus `json:"status,omitempty"`
}

// +kubebuilder:object:root=true

// BranchProtectionList contains a list of BranchProtection.
type BranchProtectionList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`

	Items []BranchProtection `json:"items"`
}
