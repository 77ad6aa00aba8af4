package v1alpha1

import (
	"reflect"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	xpv2 "github.com/crossplane/crossplane-runtime/v2/apis/common/v2"
)

// ClusterLeftoversParameters say what belongs to a cluster.
type ClusterLeftoversParameters struct {
	// NetworkID of the cluster's network. A load balancer that is attached to it
	// is the cluster's, unless one of its targets is another's server.
	// +crossplane:generate:reference:type=Network
	// +optional
	NetworkID *string `json:"networkId,omitempty"`

	// NetworkIDRef names the Network to take networkId from.
	// +optional
	NetworkIDRef *xpv1.NamespacedReference `json:"networkIdRef,omitempty"`

	// NetworkIDSelector selects the Network to take networkId from.
	// +optional
	NetworkIDSelector *xpv1.NamespacedSelector `json:"networkIdSelector,omitempty"`

	// ServerSelector selects the cluster's servers by their labels at Hetzner,
	// such as openova.io/cluster=hz-fsn-mgt-prod. A load balancer that targets
	// one of them is the cluster's, and so is a volume that is attached to one.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=1024
	ServerSelector string `json:"serverSelector"`

	// VolumeLabels that the cluster's CSI driver gives every volume beside its
	// own (volumeExtraLabels of its chart). A volume that has all of them is the
	// cluster's, whether or not it is attached.
	// +optional
	// +kubebuilder:validation:MaxProperties=16
	VolumeLabels map[string]string `json:"volumeLabels,omitempty"`
}

// ClusterLeftoversObservation is what was last seen of ClusterLeftovers.
type ClusterLeftoversObservation struct {
	// Remaining load balancers and volumes, by kind and name. It is only known
	// while they are being deleted.
	// +optional
	Remaining []string `json:"remaining,omitempty"`

	// QuietUntil is when the leftovers count as gone if none is found until then.
	// Lists may be behind: an empty one alone says nothing.
	// +optional
	QuietUntil *metav1.Time `json:"quietUntil,omitempty"`

	// VolumeIDs that were found attached to the cluster's servers when deletion
	// began. They stay the cluster's once the servers are gone.
	// +optional
	VolumeIDs []int64 `json:"volumeIds,omitempty"`
}

// A ClusterLeftoversSpec defines the desired state of ClusterLeftovers.
type ClusterLeftoversSpec struct {
	xpv2.ManagedResourceSpec `json:",inline"`

	ForProvider ClusterLeftoversParameters `json:"forProvider"`
}

// A ClusterLeftoversStatus represents the observed state of ClusterLeftovers.
type ClusterLeftoversStatus struct {
	xpv1.ResourceStatus `json:",inline"`

	AtProvider ClusterLeftoversObservation `json:"atProvider,omitempty"`
}

// ClusterLeftovers are the load balancers and volumes that a Kubernetes cluster
// has made at Hetzner by itself: Services of type LoadBalancer through
// hcloud-cloud-controller-manager, which labels them hcloud-ccm/service-uid, and
// PersistentVolumes through hcloud-csi, which labels them managed-by=csi-driver.
// Nobody else knows of them, and a network cannot be deleted before they are.
//
// Nothing happens while the object is there. When it is deleted, it deletes
// them, and is gone when they are. What has none of the two labels, does not
// belong to the cluster, or is labelled hcloud.openova.io/keep is left alone;
// what is protected against deletion is waited for. Without Delete in
// spec.managementPolicies all stay.
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:scope=Namespaced,path=clusterleftovers,singular=clusterleftovers,categories={crossplane,managed,hcloud}
// +kubebuilder:printcolumn:name="SYNCED",type="string",JSONPath=".status.conditions[?(@.type=='Synced')].status"
// +kubebuilder:printcolumn:name="READY",type="string",JSONPath=".status.conditions[?(@.type=='Ready')].status"
// +kubebuilder:printcolumn:name="REMAINING",type="string",JSONPath=".status.atProvider.remaining"
// +kubebuilder:printcolumn:name="AGE",type="date",JSONPath=".metadata.creationTimestamp"
type ClusterLeftovers struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	Spec   ClusterLeftoversSpec   `json:"spec"`
	Status ClusterLeftoversStatus `json:"status,omitempty"`
}

// +kubebuilder:object:root=true

// ClusterLeftoversList contains a list of ClusterLeftovers.
type ClusterLeftoversList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`

	Items []ClusterLeftovers `json:"items"`
}

// ClusterLeftoversGroupVersionKind of ClusterLeftovers.
var ClusterLeftoversGroupVersionKind = CRDGroupVersion.WithKind(reflect.TypeFor[ClusterLeftovers]().Name())

func init() {
	SchemeBuilder.Register(&ClusterLeftovers{}, &ClusterLeftoversList{})
}
