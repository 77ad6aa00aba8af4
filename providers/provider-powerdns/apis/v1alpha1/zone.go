package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	xpv2 "github.com/crossplane/crossplane-runtime/v2/apis/common/v2"
)

// ZoneParameters are what a zone should be. A field that is left out is left
// alone: the server's default applies to a new zone, and nothing is changed in
// an existing one.
type ZoneParameters struct {
	// Kind of the zone. Native leaves replication to the server's database.
	// Master (primary) notifies its secondaries of changes. Slave (secondary)
	// transfers its records from the servers in masters. Producer and Consumer
	// are the two sides of a catalog zone (RFC 9432).
	// +optional
	// +kubebuilder:default=Native
	// +kubebuilder:validation:Enum=Native;Master;Slave;Producer;Consumer
	Kind string `json:"kind,omitempty"`

	// Nameservers become the NS records at the top of a new zone, with the
	// server's default TTL. They are written once, when the zone is created,
	// and can't be changed here afterwards: an RRset of type NS with the name
	// of the zone takes over from then on. Case and a trailing dot don't
	// matter.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=32
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=254
	// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="nameservers are written when the zone is created and can't be changed here: manage the NS records with an RRset of type NS and the name of the zone"
	Nameservers []string `json:"nameservers,omitempty"`

	// Account the zone is filed under. It means nothing to the server; an
	// empty string removes it.
	// +optional
	// +kubebuilder:validation:MaxLength=40
	Account *string `json:"account,omitempty"`

	// Masters are the addresses a Slave or Consumer zone is transferred from,
	// each with an optional port, e.g. 192.0.2.1 or 192.0.2.1:5300. An empty
	// list removes them.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=32
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=128
	Masters []string `json:"masters,omitzero"`

	// Catalog is the catalog zone this zone is a member of. An empty string
	// removes it from its catalog.
	// +optional
	// +kubebuilder:validation:MaxLength=254
	Catalog *string `json:"catalog,omitempty"`

	// SOAEdit says how the serial number is changed as it is served, for
	// example INCEPTION-EPOCH on a signed zone. An empty string leaves it as
	// it is stored.
	// +optional
	// +kubebuilder:validation:MaxLength=32
	// +kubebuilder:validation:XValidation:rule="size(self) == 0 || self in ['INCREMENT-WEEKS', 'INCEPTION-EPOCH', 'INCEPTION-INCREMENT', 'INCEPTION', 'INCEPTION-WEEK', 'EPOCH', 'NONE']",message="soaEdit must be one of INCREMENT-WEEKS, INCEPTION-EPOCH, INCEPTION-INCREMENT, EPOCH, NONE, or empty"
	SOAEdit *string `json:"soaEdit,omitempty"`

	// SOAEditAPI says how the serial number is changed by each write through
	// the API. The server's default is DEFAULT; an empty string turns the
	// change off.
	// +optional
	// +kubebuilder:validation:MaxLength=32
	// +kubebuilder:validation:XValidation:rule="size(self) == 0 || self in ['DEFAULT', 'INCREASE', 'EPOCH', 'SOA-EDIT', 'SOA-EDIT-INCREASE']",message="soaEditAPI must be one of DEFAULT, INCREASE, EPOCH, SOA-EDIT, SOA-EDIT-INCREASE, or empty; INCEPTION-EPOCH is a value of soaEdit"
	SOAEditAPI *string `json:"soaEditAPI,omitempty"`

	// APIRectify says whether the server puts a signed zone in order after
	// each write through the API.
	// +optional
	APIRectify *bool `json:"apiRectify,omitempty"`

	// DNSSEC says whether the zone is signed. True on a zone without keys
	// makes the server create one combined signing key; leave it out where
	// CryptoKeys say which keys the zone has. False removes all keys of the
	// zone, also those of CryptoKeys.
	// +optional
	DNSSEC *bool `json:"dnssec,omitempty"`

	// NSEC3Param are the NSEC3 parameters of a signed zone: hash algorithm,
	// flags, iterations and salt, e.g. "1 0 0 -". An empty string means NSEC.
	// +optional
	// +kubebuilder:validation:MaxLength=600
	// +kubebuilder:validation:XValidation:rule="size(self) == 0 || self.matches('^[0-9]+ [0-9]+ [0-9]+ (-|([0-9A-Fa-f][0-9A-Fa-f])+)$')",message="nsec3Param must be a hash algorithm, flags, iterations and a salt in hexadecimal or -, e.g. '1 0 0 -', or empty for NSEC"
	NSEC3Param *string `json:"nsec3Param,omitempty"`

	// NSEC3Narrow says whether a signed zone answers with white lies (RFC
	// 7129) in place of its real neighbours.
	// +optional
	NSEC3Narrow *bool `json:"nsec3Narrow,omitempty"`

	// MasterTSIGKeys are the names of the TSIG keys that secure transfers from
	// this zone.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=16
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=254
	MasterTSIGKeys []string `json:"masterTSIGKeys,omitzero"`

	// SlaveTSIGKeys are the names of the TSIG keys this zone is transferred
	// with.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=16
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=254
	SlaveTSIGKeys []string `json:"slaveTSIGKeys,omitzero"`
}

// ZoneObservation is what the server says about a zone.
type ZoneObservation struct {
	// ID of the zone in the server's API.
	ID string `json:"id,omitempty"`

	// Name of the zone, lower case, with a trailing dot.
	Name string `json:"name,omitempty"`

	// Kind of the zone.
	Kind string `json:"kind,omitempty"`

	// Serial number that is stored in the zone's SOA record.
	Serial *int64 `json:"serial,omitempty"`

	// EditedSerial is the serial number as it is served, after soaEdit.
	EditedSerial *int64 `json:"editedSerial,omitempty"`

	// NotifiedSerial is the last serial number secondaries were told of.
	NotifiedSerial *int64 `json:"notifiedSerial,omitempty"`

	// DNSSEC says whether the zone is signed.
	DNSSEC *bool `json:"dnssec,omitempty"`

	// Nameservers in the NS records at the top of the zone.
	Nameservers []string `json:"nameservers,omitempty"`

	// Account the zone is filed under.
	Account string `json:"account,omitempty"`

	// Masters the zone is transferred from.
	Masters []string `json:"masters,omitempty"`

	// Catalog the zone is a member of.
	Catalog string `json:"catalog,omitempty"`

	// SOAEdit of the zone.
	SOAEdit string `json:"soaEdit,omitempty"`

	// SOAEditAPI of the zone.
	SOAEditAPI string `json:"soaEditAPI,omitempty"`

	// APIRectify of the zone.
	APIRectify *bool `json:"apiRectify,omitempty"`

	// NSEC3Param of the zone.
	NSEC3Param string `json:"nsec3Param,omitempty"`

	// NSEC3Narrow of the zone.
	NSEC3Narrow *bool `json:"nsec3Narrow,omitempty"`

	// Presigned says whether the zone's signatures come with its records.
	Presigned *bool `json:"presigned,omitempty"`
}

// A ZoneSpec is the desired state of a Zone.
//
// +kubebuilder:validation:XValidation:rule="(has(self.managementPolicies) && !('*' in self.managementPolicies || 'Create' in self.managementPolicies)) || (has(self.forProvider.kind) && !(self.forProvider.kind in ['Native', 'Master'])) || has(self.forProvider.nameservers)",message="forProvider.nameservers is required for a Native or Master zone, unless managementPolicies leave out Create"
// +kubebuilder:validation:XValidation:rule="!has(self.forProvider.kind) || !(self.forProvider.kind in ['Slave', 'Consumer']) || (has(self.managementPolicies) && !('*' in self.managementPolicies || 'Create' in self.managementPolicies)) || (has(self.forProvider.masters) && size(self.forProvider.masters) > 0)",message="forProvider.masters is required for a Slave or Consumer zone, unless managementPolicies leave out Create"
type ZoneSpec struct {
	xpv2.ManagedResourceSpec `json:",inline"`

	// ForProvider is what the zone should be.
	ForProvider ZoneParameters `json:"forProvider"`
}

// A ZoneStatus is the observed state of a Zone.
type ZoneStatus struct {
	xpv1.ResourceStatus `json:",inline"`

	// AtProvider is what the server says about the zone.
	AtProvider ZoneObservation `json:"atProvider,omitempty"`
}

// A Zone is a DNS zone of a PowerDNS server. It is named by the annotation
// crossplane.io/external-name, which defaults to metadata.name; case and a
// trailing dot don't matter. Deleting a Zone deletes the zone with all its
// records and keys; set managementPolicies without Delete to keep it. A zone
// that exists already is taken over, and its records are left alone.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:scope=Namespaced,categories={crossplane,managed,powerdns}
// +kubebuilder:printcolumn:name="READY",type="string",JSONPath=".status.conditions[?(@.type=='Ready')].status"
// +kubebuilder:printcolumn:name="SYNCED",type="string",JSONPath=".status.conditions[?(@.type=='Synced')].status"
// +kubebuilder:printcolumn:name="KIND",type="string",JSONPath=".status.atProvider.kind"
// +kubebuilder:printcolumn:name="SERIAL",type="integer",JSONPath=".status.atProvider.serial"
// +kubebuilder:printcolumn:name="DNSSEC",type="boolean",JSONPath=".status.atProvider.dnssec"
// +kubebuilder:printcolumn:name="EXTERNAL-NAME",type="string",JSONPath=".metadata.annotations.crossplane\\.io/external-name"
// +kubebuilder:printcolumn:name="AGE",type="date",JSONPath=".metadata.creationTimestamp"
type Zone struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	Spec   ZoneSpec   `json:"spec"`
	Status ZoneStatus `json:"status,omitempty"`
}

// A ZoneList is a list of Zones.
//
// +kubebuilder:object:root=true
type ZoneList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`

	Items []Zone `json:"items"`
}
