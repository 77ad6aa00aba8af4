package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	xpv2 "github.com/crossplane/crossplane-runtime/v2/apis/common/v2"
)

// TSIGKeyParameters are what the key should be.
type TSIGKeyParameters struct {
	// Algorithm of the key.
	// +optional
	// +kubebuilder:default=hmac-sha256
	// +kubebuilder:validation:Enum=hmac-md5;hmac-sha1;hmac-sha224;hmac-sha256;hmac-sha384;hmac-sha512
	Algorithm string `json:"algorithm,omitempty"`

	// KeySecretRef names the Secret of this namespace, and the key in it, that
	// holds the shared secret in base64. Without it the server generates one.
	// +optional
	KeySecretRef *xpv1.LocalSecretKeySelector `json:"keySecretRef,omitempty"`
}

// TSIGKeyObservation is what the server says about the key.
type TSIGKeyObservation struct {
	// ID of the key in the server's API.
	ID string `json:"id,omitempty"`

	// Name of the key, lower case, with a trailing dot.
	Name string `json:"name,omitempty"`

	// Algorithm of the key.
	Algorithm string `json:"algorithm,omitempty"`
}

// A TSIGKeySpec is the desired state of a TSIGKey.
type TSIGKeySpec struct {
	xpv2.ManagedResourceSpec `json:",inline"`

	// ForProvider is what the key should be.
	ForProvider TSIGKeyParameters `json:"forProvider"`
}

// A TSIGKeyStatus is the observed state of a TSIGKey.
type TSIGKeyStatus struct {
	xpv1.ResourceStatus `json:",inline"`

	// AtProvider is what the server says about the key.
	AtProvider TSIGKeyObservation `json:"atProvider,omitempty"`
}

// A TSIGKey is a shared secret that secures zone transfers and updates of a
// PowerDNS server. It is named by the annotation crossplane.io/external-name,
// which defaults to metadata.name; case and a trailing dot don't matter. The
// secret is only published to the connection Secret, with the keys name,
// algorithm and secret.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:scope=Namespaced,categories={crossplane,managed,powerdns}
// +kubebuilder:printcolumn:name="READY",type="string",JSONPath=".status.conditions[?(@.type=='Ready')].status"
// +kubebuilder:printcolumn:name="SYNCED",type="string",JSONPath=".status.conditions[?(@.type=='Synced')].status"
// +kubebuilder:printcolumn:name="ALGORITHM",type="string",JSONPath=".status.atProvider.algorithm"
// +kubebuilder:printcolumn:name="EXTERNAL-NAME",type="string",JSONPath=".metadata.annotations.crossplane\\.io/external-name"
// +kubebuilder:printcolumn:name="AGE",type="date",JSONPath=".metadata.creationTimestamp"
type TSIGKey struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	Spec   TSIGKeySpec   `json:"spec"`
	Status TSIGKeyStatus `json:"status,omitempty"`
}

// A TSIGKeyList is a list of TSIGKeys.
//
// +kubebuilder:object:root=true
type TSIGKeyList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`

	Items []TSIGKey `json:"items"`
}
