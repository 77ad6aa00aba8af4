package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	xpv2 "github.com/crossplane/crossplane-runtime/v2/apis/common/v2"
)

// WebhookParameters are the configurable fields of a Webhook.
// +kubebuilder:validation:XValidation:rule="has(self.owner) || has(self.ownerRef) || has(self.ownerSelector)",message="one of owner, ownerRef and ownerSelector is required"
// +kubebuilder:validation:XValidation:rule="!has(oldSelf.owner) || (has(self.owner) && self.owner == oldSelf.owner)",message="owner can't be changed: create another object and delete this one"
// +kubebuilder:validation:XValidation:rule="!has(oldSelf.repository) || (has(self.repository) && self.repository == oldSelf.repository)",message="repository can't be changed: create another object and delete this one"
// +kubebuilder:validation:XValidation:rule="has(oldSelf.type) == has(self.type) && (!has(self.type) || self.type == oldSelf.type)",message="type can't be changed: create another object and delete this one"
type WebhookParameters struct {
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

	// Repository is the name of the repository. Leave it out for a webhook of
	// the whole organization. It can't be changed.
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

	// URL that is called. It must not hold credentials.
	// +kubebuilder:validation:Pattern=`^https?://[^@\s]+$`
	// +kubebuilder:validation:MaxLength=2048
	URL string `json:"url"`

	// Events that are told, e.g. push, pull_request, create, delete, release.
	// Defaults to push. What Gitea makes of pull_request, issues and the like
	// covers the events below them.
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=64
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=64
	// +kubebuilder:validation:items:Pattern=`^[a-z_]+$`
	// +optional
	Events []string `json:"events,omitempty"`

	// Active webhooks are called. Defaults to true.
	// +optional
	Active *bool `json:"active,omitempty"`

	// ContentType of the call. Defaults to json.
	// +kubebuilder:validation:Enum=json;form
	// +optional
	ContentType *string `json:"contentType,omitempty"`

	// BranchFilter is a pattern of branches whose events are told. Defaults to
	// all branches.
	// +kubebuilder:validation:MaxLength=255
	// +optional
	BranchFilter *string `json:"branchFilter,omitempty"`

	// SecretSecretRef is the secret calls are signed with.
	// +optional
	SecretSecretRef *xpv1.LocalSecretKeySelector `json:"secretSecretRef,omitempty"`

	// Type of the receiver. Defaults to gitea. It can't be changed.
	// +kubebuilder:validation:Enum=gitea;gogs;slack;discord;dingtalk;telegram;msteams;feishu;wechatwork;packagist
	// +optional
	Type *string `json:"type,omitempty"`
}

// WebhookObservation is what was last seen of a Webhook.
type WebhookObservation struct {
	// ID the server gave the webhook.
	ID int64 `json:"id,omitempty"`

	// Active webhooks are called.
	// +optional
	Active *bool `json:"active,omitempty"`

	// Events that are told.
	// +optional
	Events []string `json:"events,omitempty"`

	// SecretHash is a salted hash of the secret the server was last given.
	SecretHash string `json:"secretHash,omitempty"`
}

// A WebhookSpec defines the desired state of a Webhook.
type WebhookSpec struct {
	xpv2.ManagedResourceSpec `json:",inline"`

	ForProvider WebhookParameters `json:"forProvider"`
}

// A WebhookStatus represents the observed state of a Webhook.
type WebhookStatus struct {
	xpv1.ResourceStatus `json:",inline"`

	AtProvider WebhookObservation `json:"atProvider,omitempty"`
}

// A Webhook tells another program what happens in a repository, or in all
// repositories of an organization when no repository is given. It carries its
// external name on the server and is found again by it; a webhook without a
// name is adopted when its URL and events are equal.
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:scope=Namespaced,categories={crossplane,managed,gitea},shortName=gthook
// +kubebuilder:printcolumn:name="READY",type="string",JSONPath=".status.conditions[?(@.type=='Ready')].status"
// +kubebuilder:printcolumn:name="SYNCED",type="string",JSONPath=".status.conditions[?(@.type=='Synced')].status"
// +kubebuilder:printcolumn:name="OWNER",type="string",JSONPath=".spec.forProvider.owner"
// +kubebuilder:printcolumn:name="REPOSITORY",type="string",JSONPath=".spec.forProvider.repository"
// +kubebuilder:printcolumn:name="ACTIVE",type="boolean",JSONPath=".status.atProvider.active"
// +kubebuilder:printcolumn:name="URL",type="string",JSONPath=".spec.forProvider.url"
// +kubebuilder:printcolumn:name="EXTERNAL-NAME",type="string",JSONPath=`.metadata.annotations.crossplane\.io/external-name`
// +kubebuilder:printcolumn:name="AGE",type="date",JSONPath=".metadata.creationTimestamp"
type Webhook struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	Spec   WebhookSpec   `json:"spec"`
	Status WebhookStatus `json:"status,omitempty"`
}

// +kubebuilder:object:root=true

// WebhookList contains a list of Webhook.
type WebhookList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`

	Items []Webhook `json:"items"`
}
