package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	xpv2 "github.com/crossplane/crossplane-runtime/v2/apis/common/v2"
)

// ZoneMetadataParameters are what the metadata should be.
//
// +kubebuilder:validation:XValidation:rule="(has(self.zone) && size(self.zone) > 0) || has(self.zoneRef) || has(self.zoneSelector)",message="one of zone, zoneRef and zoneSelector is required"
// +kubebuilder:validation:XValidation:rule="!has(oldSelf.zone) || size(oldSelf.zone) == 0 || (has(self.zone) && (self.zone.endsWith('.') ? self.zone.lowerAscii() : self.zone.lowerAscii() + '.') == (oldSelf.zone.endsWith('.') ? oldSelf.zone.lowerAscii() : oldSelf.zone.lowerAscii() + '.'))",message="zone can't be changed: create a new ZoneMetadata in the other zone and delete this one"
type ZoneMetadataParameters struct {
	// Zone the metadata belongs to, e.g. example.org. Case and a trailing dot
	// don't matter. One of zone, zoneRef and zoneSelector is required.
	// +optional
	// +kubebuilder:validation:MaxLength=254
	// +crossplane:generate:reference:type=Zone
	Zone string `json:"zone,omitempty"`

	// ZoneRef names the Zone the metadata belongs to.
	// +optional
	ZoneRef *xpv1.NamespacedReference `json:"zoneRef,omitempty"`

	// ZoneSelector selects the Zone the metadata belongs to.
	// +optional
	ZoneSelector *xpv1.NamespacedSelector `json:"zoneSelector,omitempty"`

	// Kind of metadata, in capitals, e.g. ALLOW-AXFR-FROM, ALSO-NOTIFY or a
	// name of your own that starts with X-.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	// +kubebuilder:validation:Pattern=`^[A-Z0-9-]+$`
	// +kubebuilder:validation:XValidation:rule="!(self in ['API-RECTIFY', 'AXFR-MASTER-TSIG', 'LUA-AXFR-SCRIPT', 'NSEC3NARROW', 'NSEC3PARAM', 'PRESIGNED', 'SOA-EDIT', 'SOA-EDIT-API', 'TSIG-ALLOW-AXFR'])",message="this kind is not set through metadata: API-RECTIFY, NSEC3NARROW, NSEC3PARAM, SOA-EDIT, SOA-EDIT-API, AXFR-MASTER-TSIG and TSIG-ALLOW-AXFR are fields of the Zone, LUA-AXFR-SCRIPT and PRESIGNED are set on the server"
	// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="kind can't be changed: create a new ZoneMetadata of the other kind and delete this one"
	Kind string `json:"kind"`

	// Metadata are the values. Their order doesn't matter. The zone has exactly
	// these of the kind: others that are found are removed.
	// +listType=atomic
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=256
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=4096
	Metadata []string `json:"metadata"`
}

// ZoneMetadataObservation is what the server says about the metadata.
type ZoneMetadataObservation struct {
	// Zone the metadata belongs to, lower case, with a trailing dot.
	Zone string `json:"zone,omitempty"`

	// Metadata as the server has it.
	Metadata []string `json:"metadata,omitempty"`
}

// A ZoneMetadataSpec is the desired state of a ZoneMetadata.
type ZoneMetadataSpec struct {
	xpv2.ManagedResourceSpec `json:",inline"`

	// ForProvider is what the metadata should be.
	ForProvider ZoneMetadataParameters `json:"forProvider"`
}

// A ZoneMetadataStatus is the observed state of a ZoneMetadata.
type ZoneMetadataStatus struct {
	xpv1.ResourceStatus `json:",inline"`

	// AtProvider is what the server says about the metadata.
	AtProvider ZoneMetadataObservation `json:"atProvider,omitempty"`
}

// A ZoneMetadata is the values of one kind of metadata of a zone of a PowerDNS
// server. Its external name is the zone and the kind, e.g.
// example.org./ALLOW-AXFR-FROM.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:scope=Namespaced,categories={crossplane,managed,powerdns}
// +kubebuilder:printcolumn:name="READY",type="string",JSONPath=".status.conditions[?(@.type=='Ready')].status"
// +kubebuilder:printcolumn:name="SYNCED",type="string",JSONPath=".status.conditions[?(@.type=='Synced')].status"
// +kubebuilder:printcolumn:name="ZONE",type="string",JSONPath=".status.atProvider.zone"
// +kubebuilder:printcolumn:name="KIND",type="string",JSONPath=".spec.forProvider.kind"
// +kubebuilder:printcolumn:name="EXTERNAL-NAME",type="string",JSONPath=".metadata.annotations.crossplane\\.io/external-name"
// +kubebuilder:printcolumn:name="AGE",type="date",JSONPath=".metadata.creationTimestamp"
type ZoneMetadata struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	Spec   ZoneMetadataSpec   `json:"spec"`
	Status ZoneMetadataStatus `json:"status,omitempty"`
}

// A ZoneMetadataList is a list of ZoneMetadatas.
//
// +kubebuilder:object:root=true
type ZoneMetadataList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`

	Items []ZoneMetadata `json:"items"`
}
