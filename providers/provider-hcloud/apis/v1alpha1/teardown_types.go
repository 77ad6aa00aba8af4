package v1alpha1

import (
	"reflect"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	xpv2 "github.com/crossplane/crossplane-runtime/v2/apis/common/v2"
)

// What a Teardown does with Organizations.
const (
	// TeardownRefuse leaves Organizations alone.
	TeardownRefuse = "Refuse"
	// TeardownCascade deletes them.
	TeardownCascade = "Cascade"
)

// TeardownParameters say what goes with a Sovereign.
type TeardownParameters struct {
	// Organizations says what becomes of those that name the Sovereign: Cascade
	// deletes them, before anything of the Sovereign goes. Refuse waits until they
	// are gone. It counts once the Sovereign is gone that did not wait for this
	// object; before, the Sovereign's own deletionPolicy does.
	// +kubebuilder:validation:Enum=Refuse;Cascade
	// +kubebuilder:default=Refuse
	// +optional
	Organizations string `json:"organizations,omitempty"`
}

// A TeardownObject is something that is not gone yet.
type TeardownObject struct {
	// Kind of the object.
	Kind string `json:"kind"`

	// Name of the object.
	Name string `json:"name"`

	// Reason it is still there, as far as it says.
	// +optional
	Reason string `json:"reason,omitempty"`
}

// A TeardownLayer is what goes together. The next one stays until it is gone.
type TeardownLayer struct {
	// Name of the layer.
	Name string `json:"name"`

	// Left is how many objects are still there.
	Left int `json:"left"`
}

// TeardownObservation is how far a deletion is. It is empty while nothing is
// being deleted.
type TeardownObservation struct {
	// Since when the Sovereign is being deleted.
	// +optional
	Since *metav1.Time `json:"since,omitempty"`

	// Layer that is going, such as "2 of 3, host clusters".
	// +optional
	Layer string `json:"layer,omitempty"`

	// WaitsFor says in one line what that layer waits for.
	// +optional
	WaitsFor string `json:"waitsFor,omitempty"`

	// Left is how many objects of all layers are still there.
	// +optional
	Left *int `json:"left,omitempty"`

	// Layers in the order they go.
	// +optional
	Layers []TeardownLayer `json:"layers,omitempty"`

	// Remaining objects of the layer that is going, at most twenty: first those
	// that are going, then those that wait for others.
	// +optional
	Remaining []TeardownObject `json:"remaining,omitempty"`

	// Organizations that were found, by name. An Organization is gone when its
	// namespace is, and nobody knows afterwards whose that was.
	// +optional
	// +listType=set
	Organizations []string `json:"organizations,omitempty"`
}

// A TeardownSpec defines the desired state of a Teardown.
// +kubebuilder:validation:XValidation:rule="!has(self.managementPolicies) || self.managementPolicies.exists(p, p == '*' || p == 'Update')",message="managementPolicies must have Update: it is what lets a Sovereign go"
type TeardownSpec struct {
	xpv2.ManagedResourceSpec `json:",inline"`

	// +kubebuilder:default={}
	// +optional
	ForProvider TeardownParameters `json:"forProvider,omitempty"`
}

// A TeardownStatus represents the observed state of a Teardown.
type TeardownStatus struct {
	xpv1.ResourceStatus `json:",inline"`

	AtProvider TeardownObservation `json:"atProvider,omitempty"`
}

// A Teardown takes the Sovereign it belongs to down layer by layer, and says what
// that waits for: first the Organizations, if they are to go too, then the host
// clusters with their servers, then the domain, Git and the namespace. It belongs
// to the Sovereign that is its controller; Hetzner knows nothing of it.
//
// While the Sovereign lives it keeps a finalizer on it and does nothing else. It
// stays until nothing of the Sovereign is left in its namespace. Without Delete in
// spec.managementPolicies it lets the Sovereign go at once and deletes nothing.
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:scope=Namespaced,categories={crossplane,managed,hcloud}
// +kubebuilder:printcolumn:name="SYNCED",type="string",JSONPath=".status.conditions[?(@.type=='Synced')].status"
// +kubebuilder:printcolumn:name="READY",type="string",JSONPath=".status.conditions[?(@.type=='Ready')].status"
// +kubebuilder:printcolumn:name="SINCE",type="date",JSONPath=".status.atProvider.since"
// +kubebuilder:printcolumn:name="LAYER",type="string",JSONPath=".status.atProvider.layer"
// +kubebuilder:printcolumn:name="LEFT",type="integer",JSONPath=".status.atProvider.left"
// +kubebuilder:printcolumn:name="WAITS FOR",type="string",JSONPath=".status.atProvider.waitsFor"
type Teardown struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	Spec   TeardownSpec   `json:"spec"`
	Status TeardownStatus `json:"status,omitempty"`
}

// +kubebuilder:object:root=true

// TeardownList contains a list of Teardown.
type TeardownList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`

	Items []Teardown `json:"items"`
}

// TeardownGroupVersionKind of Teardowns.
var TeardownGroupVersionKind = CRDGroupVersion.WithKind(reflect.TypeFor[Teardown]().Name())

func init() {
	SchemeBuilder.Register(&Teardown{}, &TeardownList{})
}
