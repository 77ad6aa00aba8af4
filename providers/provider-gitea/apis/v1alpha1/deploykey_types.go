package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	xpv2 "github.com/crossplane/crossplane-runtime/v2/apis/common/v2"
)

// DeployKeyParameters are the configurable fields of a DeployKey.
// +kubebuilder:validation:XValidation:rule="has(self.owner) || has(self.ownerRef) || has(self.ownerSelector)",message="one of owner, ownerRef and ownerSelector is required"
// +kubebuilder:validation:XValidation:rule="!has(oldSelf.owner) || (has(self.owner) && self.owner == oldSelf.owner)",message="owner can't be changed: create another object and delete this one"
// +kubebuilder:validation:XValidation:rule="has(self.repository) || has(self.repositoryRef) || has(self.repositorySelector)",message="one of repository, repositoryRef and repositorySelector is required"
// +kubebuilder:validation:XValidation:rule="!has(oldSelf.repository) || (has(self.repository) && self.repository == oldSelf.repository)",message="repository can't be changed: create another object and delete this one"
// +kubebuilder:validation:XValidation:rule="has(oldSelf.title) == has(self.title) && (!has(self.title) || self.title == oldSelf.title)",message="title can't be changed: create another object and delete this one"
type DeployKeyParameters struct {
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

	// Title of the key, unique in the repository. Defaults to the name of the
	// DeployKey object. It can't be changed.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=50
	// +optional
	Title *string `json:"title,omitempty"`

	// ReadOnly keys can't push. Defaults to true. The key is replaced when this
	// changes.
	// +optional
	ReadOnly *bool `json:"readOnly,omitempty"`
}

// DeployKeyObservation is what was last seen of a DeployKey.
type DeployKeyObservation struct {
	// ID the server gave the key.
	ID int64 `json:"id,omitempty"`

	// Fingerprint of the key.
	Fingerprint string `json:"fingerprint,omitempty"`

	// ReadOnly keys can't push.
	// +optional
	ReadOnly *bool `json:"readOnly,omitempty"`

	// SSHURL is the address the key opens.
	SSHURL string `json:"sshURL,omitempty"`

	// KnownHosts says where the server's host keys in the Secret come from:
	// Configured in the provider configuration, Scanned from the server, or
	// Missing because the server's SSH port couldn't be reached.
	KnownHosts string `json:"knownHosts,omitempty"`
}

// A DeployKeySpec defines the desired state of a DeployKey.
// +kubebuilder:validation:XValidation:rule="has(self.writeConnectionSecretToRef) || (has(self.managementPolicies) && size(self.managementPolicies) == 1 && self.managementPolicies[0] == 'Observe')",message="writeConnectionSecretToRef is required: it is where the private key goes"
type DeployKeySpec struct {
	xpv2.ManagedResourceSpec `json:",inline"`

	ForProvider DeployKeyParameters `json:"forProvider"`
}

// A DeployKeyStatus represents the observed state of a DeployKey.
type DeployKeyStatus struct {
	xpv1.ResourceStatus `json:",inline"`

	AtProvider DeployKeyObservation `json:"atProvider,omitempty"`
}

// A DeployKey is an SSH key that opens one repository. The provider makes the
// key pair and writes it into the Secret spec.writeConnectionSecretToRef names,
// with the keys identity, identity.pub and known_hosts that Flux expects. When
// that Secret is lost the key is replaced by a new one. Its external name is the
// key's title: spec.forProvider.title when given, the DeployKey's own name
// otherwise.
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:scope=Namespaced,categories={crossplane,managed,gitea},shortName=gtkey
// +kubebuilder:printcolumn:name="READY",type="string",JSONPath=".status.conditions[?(@.type=='Ready')].status"
// +kubebuilder:printcolumn:name="SYNCED",type="string",JSONPath=".status.conditions[?(@.type=='Synced')].status"
// +kubebuilder:printcolumn:name="OWNER",type="string",JSONPath=".spec.forProvider.owner"
// +kubebuilder:printcolumn:name="REPOSITORY",type="string",JSONPath=".spec.forProvider.repository"
// +kubebuilder:printcolumn:name="READ-ONLY",type="boolean",JSONPath=".status.atProvider.readOnly"
// +kubebuilder:printcolumn:name="SECRET",type="string",JSONPath=".spec.writeConnectionSecretToRef.name"
// +kubebuilder:printcolumn:name="EXTERNAL-NAME",type="string",JSONPath=`.metadata.annotations.crossplane\.io/external-name`
// +kubebuilder:printcolumn:name="AGE",type="date",JSONPath=".metadata.creationTimestamp"
type DeployKey struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	Spec   DeployKeySpec   `json:"spec"`
	Status DeployKeyStatus `json:"status,omitempty"`
}

// +kubebuilder:object:root=true

// DeployKeyList contains a list of DeployKey.
type DeployKeyList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`

	Items []DeployKey `json:"items"`
}
