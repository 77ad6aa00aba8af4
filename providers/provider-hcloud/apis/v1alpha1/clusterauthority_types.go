package v1alpha1

import (
	"reflect"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	xpv2 "github.com/crossplane/crossplane-runtime/v2/apis/common/v2"
)

// ClusterAuthorityParameters are the configurable fields of a ClusterAuthority.
// +kubebuilder:validation:XValidation:rule="has(self.domain) == has(oldSelf.domain)",message="domain can't be added or removed: certificates have it in their names"
type ClusterAuthorityParameters struct {
	// Cluster the authority is that of. The names of its certificates say so. It
	// can't be changed.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=50
	// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="cluster can't be changed: certificates have it in their names"
	Cluster string `json:"cluster"`

	// Domain the cluster belongs to. The names of its certificates say so. It
	// can't be changed.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="domain can't be changed: certificates have it in their names"
	Domain *string `json:"domain,omitempty"`
}

// ClusterAuthorityObservation is what was last seen of a ClusterAuthority.
type ClusterAuthorityObservation struct {
	// Generated says that the authority was generated. It is not generated a
	// second time: servers that run know the first only.
	// +optional
	Generated bool `json:"generated,omitempty"`

	// NotAfter is when the first of the authority's certificates ends.
	// +optional
	NotAfter *metav1.Time `json:"notAfter,omitempty"`
}

// A ClusterAuthoritySpec defines the desired state of a ClusterAuthority.
// +kubebuilder:validation:XValidation:rule="has(self.writeConnectionSecretToRef)",message="writeConnectionSecretToRef is required: it is where the authority goes"
type ClusterAuthoritySpec struct {
	xpv2.ManagedResourceSpec `json:",inline"`

	ForProvider ClusterAuthorityParameters `json:"forProvider"`
}

// A ClusterAuthorityStatus represents the observed state of a ClusterAuthority.
type ClusterAuthorityStatus struct {
	xpv1.ResourceStatus `json:",inline"`

	AtProvider ClusterAuthorityObservation `json:"atProvider,omitempty"`
}

// A ClusterAuthority is what vouches for a Kubernetes cluster: one certificate
// authority that signs what its API server shows, and one that signs what its
// clients show. The provider generates both once, with keys on the curve P-256
// and for ten years, and writes them into the Secret
// spec.writeConnectionSecretToRef names, under the keys server-ca.crt,
// server-ca.key, client-ca.crt and client-ca.key: the names of the files that
// k3s takes before its first start
// (https://docs.k3s.io/cli/certificate#using-custom-ca-certificates). Whoever
// reads the Secret can become anyone in the cluster. Hetzner knows nothing of
// it. When the Secret is lost the authority is not replaced, because servers
// that run would not know the new one: the condition says so, and the Secret has
// to be restored.
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:scope=Namespaced,categories={crossplane,managed,hcloud}
// +kubebuilder:printcolumn:name="SYNCED",type="string",JSONPath=".status.conditions[?(@.type=='Synced')].status"
// +kubebuilder:printcolumn:name="READY",type="string",JSONPath=".status.conditions[?(@.type=='Ready')].status"
// +kubebuilder:printcolumn:name="CLUSTER",type="string",JSONPath=".spec.forProvider.cluster"
// +kubebuilder:printcolumn:name="SECRET",type="string",JSONPath=".spec.writeConnectionSecretToRef.name"
// +kubebuilder:printcolumn:name="NOT-AFTER",type="string",JSONPath=".status.atProvider.notAfter"
// +kubebuilder:printcolumn:name="AGE",type="date",JSONPath=".metadata.creationTimestamp"
type ClusterAuthority struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	Spec   ClusterAuthoritySpec   `json:"spec"`
	Status ClusterAuthorityStatus `json:"status,omitempty"`
}

// +kubebuilder:object:root=true

// ClusterAuthorityList contains a list of ClusterAuthority.
type ClusterAuthorityList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`

	Items []ClusterAuthority `json:"items"`
}

// ClusterAuthorityGroupVersionKind of ClusterAuthorities.
var ClusterAuthorityGroupVersionKind = CRDGroupVersion.WithKind(reflect.TypeFor[ClusterAuthority]().Name())

func init() {
	SchemeBuilder.Register(&ClusterAuthority{}, &ClusterAuthorityList{})
}
