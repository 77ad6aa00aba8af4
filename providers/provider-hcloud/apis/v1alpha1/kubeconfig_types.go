package v1alpha1

import (
	"reflect"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	xpv2 "github.com/crossplane/crossplane-runtime/v2/apis/common/v2"
)

// KubeconfigParameters are the configurable fields of a Kubeconfig.
type KubeconfigParameters struct {
	// AuthoritySecretRef names the Secret of the ClusterAuthority that signs the
	// certificate, in the namespace of the Kubeconfig.
	AuthoritySecretRef xpv1.LocalSecretReference `json:"authoritySecretRef"`

	// Cluster the kubeconfig opens. Its cluster and its context are called so.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	Cluster string `json:"cluster"`

	// Server is the URL of the cluster's API server, e.g.
	// https://192.0.2.10:6443.
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:XValidation:rule="isURL(self) && url(self).getScheme() == 'https' && url(self).getHost() != ''",messageExpression="'server ' + self + ' must be a URL such as https://192.0.2.10:6443'"
	Server string `json:"server"`

	// ServerName is what the certificate of the API server has to name, in place
	// of the host of the server: a name that stays when the address does not.
	// +kubebuilder:validation:MaxLength=253
	// +optional
	ServerName *string `json:"serverName,omitempty"`

	// User the certificate names.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	User string `json:"user"`

	// Organization the certificate names, a group to Kubernetes. system:masters
	// may do everything, and no role can take that away.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	Organization string `json:"organization"`

	// Validity of a certificate, at least 24h. A year by default. It is renewed
	// when a third of it is left, and never outlives its authority.
	// +kubebuilder:default="8760h"
	// +kubebuilder:validation:XValidation:rule="self.matches('^([0-9]+h)?([0-9]+m)?([0-9]+s)?$') && self != '' && duration(self) >= duration('24h')",messageExpression="'validity ' + self + ' must be a duration of at least 24h, e.g. 8760h'"
	// +optional
	Validity *metav1.Duration `json:"validity,omitempty"`
}

// KubeconfigObservation is what was last seen of a Kubeconfig.
type KubeconfigObservation struct {
	// NotAfter is when the certificate ends.
	// +optional
	NotAfter *metav1.Time `json:"notAfter,omitempty"`
}

// A KubeconfigSpec defines the desired state of a Kubeconfig.
// +kubebuilder:validation:XValidation:rule="has(self.writeConnectionSecretToRef)",message="writeConnectionSecretToRef is required: it is where the kubeconfig goes"
type KubeconfigSpec struct {
	xpv2.ManagedResourceSpec `json:",inline"`

	ForProvider KubeconfigParameters `json:"forProvider"`
}

// A KubeconfigStatus represents the observed state of a Kubeconfig.
type KubeconfigStatus struct {
	xpv1.ResourceStatus `json:",inline"`

	AtProvider KubeconfigObservation `json:"atProvider,omitempty"`
}

// A Kubeconfig opens a Kubernetes cluster for one user, with a certificate that
// a ClusterAuthority signs. The provider writes it into the Secret
// spec.writeConnectionSecretToRef names, under the key kubeconfig, and once more
// under the key value, which is where Flux looks for it
// (https://fluxcd.io/flux/components/kustomize/kustomizations/#kubeconfig-remote-clusters).
// It is written anew when the certificate has a third of its life left, and when
// the authority or anything in spec changes. Kubernetes has no way to take a
// certificate back: one that was copied opens the cluster until it ends. Hetzner
// knows nothing of it.
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:scope=Namespaced,categories={crossplane,managed,hcloud}
// +kubebuilder:printcolumn:name="SYNCED",type="string",JSONPath=".status.conditions[?(@.type=='Synced')].status"
// +kubebuilder:printcolumn:name="READY",type="string",JSONPath=".status.conditions[?(@.type=='Ready')].status"
// +kubebuilder:printcolumn:name="SERVER",type="string",JSONPath=".spec.forProvider.server"
// +kubebuilder:printcolumn:name="SECRET",type="string",JSONPath=".spec.writeConnectionSecretToRef.name"
// +kubebuilder:printcolumn:name="NOT-AFTER",type="string",JSONPath=".status.atProvider.notAfter"
// +kubebuilder:printcolumn:name="AGE",type="date",JSONPath=".metadata.creationTimestamp"
type Kubeconfig struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	Spec   KubeconfigSpec   `json:"spec"`
	Status KubeconfigStatus `json:"status,omitempty"`
}

// +kubebuilder:object:root=true

// KubeconfigList contains a list of Kubeconfig.
type KubeconfigList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`

	Items []Kubeconfig `json:"items"`
}

// KubeconfigGroupVersionKind of Kubeconfigs.
var KubeconfigGroupVersionKind = CRDGroupVersion.WithKind(reflect.TypeFor[Kubeconfig]().Name())

func init() {
	SchemeBuilder.Register(&Kubeconfig{}, &KubeconfigList{})
}
