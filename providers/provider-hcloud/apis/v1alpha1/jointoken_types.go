package v1alpha1

import (
	"reflect"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	xpv2 "github.com/crossplane/crossplane-runtime/v2/apis/common/v2"
)

// JoinTokenObservation is what was last seen of a JoinToken.
type JoinTokenObservation struct {
	// Generated says that the token was generated. It is not generated a second
	// time: servers present the first for as long as they live.
	// +optional
	Generated bool `json:"generated,omitempty"`
}

// A JoinTokenSpec defines the desired state of a JoinToken.
// +kubebuilder:validation:XValidation:rule="has(self.writeConnectionSecretToRef)",message="writeConnectionSecretToRef is required: it is where the token goes"
type JoinTokenSpec struct {
	xpv2.ManagedResourceSpec `json:",inline"`
}

// A JoinTokenStatus represents the observed state of a JoinToken.
type JoinTokenStatus struct {
	xpv1.ResourceStatus `json:",inline"`

	AtProvider JoinTokenObservation `json:"atProvider,omitempty"`
}

// A JoinToken is a random secret that the servers of one cluster present to one
// another. The provider generates it once and writes it into the Secret
// spec.writeConnectionSecretToRef names, under the key token. Hetzner knows
// nothing of it. When the Secret is lost the token is not replaced, because
// servers that run would refuse those that come: the condition says so, and the
// Secret has to be restored.
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:scope=Namespaced,categories={crossplane,managed,hcloud}
// +kubebuilder:printcolumn:name="SYNCED",type="string",JSONPath=".status.conditions[?(@.type=='Synced')].status"
// +kubebuilder:printcolumn:name="READY",type="string",JSONPath=".status.conditions[?(@.type=='Ready')].status"
// +kubebuilder:printcolumn:name="SECRET",type="string",JSONPath=".spec.writeConnectionSecretToRef.name"
// +kubebuilder:printcolumn:name="AGE",type="date",JSONPath=".metadata.creationTimestamp"
type JoinToken struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	Spec   JoinTokenSpec   `json:"spec"`
	Status JoinTokenStatus `json:"status,omitempty"`
}

// +kubebuilder:object:root=true

// JoinTokenList contains a list of JoinToken.
type JoinTokenList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`

	Items []JoinToken `json:"items"`
}

// JoinTokenGroupVersionKind of JoinTokens.
var JoinTokenGroupVersionKind = CRDGroupVersion.WithKind(reflect.TypeFor[JoinToken]().Name())

func init() {
	SchemeBuilder.Register(&JoinToken{}, &JoinTokenList{})
}
