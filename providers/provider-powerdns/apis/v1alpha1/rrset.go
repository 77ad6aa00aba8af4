package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	xpv2 "github.com/crossplane/crossplane-runtime/v2/apis/common/v2"
)

// A Record is one record of an RRset.
type Record struct {
	// Content of the record as in a zone file, e.g. 192.0.2.1 or
	// "10 mail.example.org". Names in it are full names, their trailing dot
	// doesn't matter; neither does white space, nor the quotes around a TXT
	// record that is one string. Compared as DNS data, not as text.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=65535
	Content string `json:"content"`

	// Disabled keeps the record without serving it.
	// +optional
	Disabled *bool `json:"disabled,omitempty"`
}

// A Comment on an RRset.
type Comment struct {
	// Content of the comment.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=65535
	Content string `json:"content"`

	// Account that made the comment.
	// +optional
	// +kubebuilder:validation:MaxLength=40
	Account string `json:"account,omitempty"`
}

// RRsetParameters are what the RRset should be.
//
// +kubebuilder:validation:XValidation:rule="(has(self.zone) && size(self.zone) > 0) || has(self.zoneRef) || has(self.zoneSelector)",message="one of zone, zoneRef and zoneSelector is required"
// +kubebuilder:validation:XValidation:rule="!has(oldSelf.zone) || size(oldSelf.zone) == 0 || (has(self.zone) && (self.zone.endsWith('.') ? self.zone.lowerAscii() : self.zone.lowerAscii() + '.') == (oldSelf.zone.endsWith('.') ? oldSelf.zone.lowerAscii() : oldSelf.zone.lowerAscii() + '.'))",message="zone can't be changed: create a new RRset in the other zone and delete this one"
// +kubebuilder:validation:XValidation:rule="!has(self.zone) || size(self.zone) == 0 || self.zone == '.' || (self.name.endsWith('.') ? self.name.lowerAscii() : self.name.lowerAscii() + '.') == (self.zone.endsWith('.') ? self.zone.lowerAscii() : self.zone.lowerAscii() + '.') || (self.name.endsWith('.') ? self.name.lowerAscii() : self.name.lowerAscii() + '.').endsWith('.' + (self.zone.endsWith('.') ? self.zone.lowerAscii() : self.zone.lowerAscii() + '.'))",message="name must lie in the zone",messageExpression="'name must be ' + self.zone + ' or end with .' + self.zone + ', but is ' + self.name + ': a full name in the zone is required, not one relative to it'"
// +kubebuilder:validation:XValidation:rule="self.type != 'CNAME' || size(self.records) == 1",message="records must have exactly one item for type CNAME: a name has one canonical name"
// +kubebuilder:validation:XValidation:rule="self.type != 'CNAME' || !has(self.zone) || (self.name.endsWith('.') ? self.name.lowerAscii() : self.name.lowerAscii() + '.') != (self.zone.endsWith('.') ? self.zone.lowerAscii() : self.zone.lowerAscii() + '.')",message="type CNAME is not possible at the top of a zone: use type ALIAS"
type RRsetParameters struct {
	// Zone the RRset belongs to, e.g. example.org. Case and a trailing dot
	// don't matter. One of zone, zoneRef and zoneSelector is required.
	// +optional
	// +kubebuilder:validation:MaxLength=254
	// +crossplane:generate:reference:type=Zone
	Zone string `json:"zone,omitempty"`

	// ZoneRef names the Zone the RRset belongs to.
	// +optional
	ZoneRef *xpv1.NamespacedReference `json:"zoneRef,omitempty"`

	// ZoneSelector selects the Zone the RRset belongs to.
	// +optional
	ZoneSelector *xpv1.NamespacedSelector `json:"zoneSelector,omitempty"`

	// Name of the RRset: the full name, not relative to the zone, e.g.
	// www.example.org or *.example.org. It lies in the zone. Case and a
	// trailing dot don't matter.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=254
	// +kubebuilder:validation:Pattern=`^[^\s]+$`
	// +kubebuilder:validation:XValidation:rule="(self.endsWith('.') ? self.lowerAscii() : self.lowerAscii() + '.') == (oldSelf.endsWith('.') ? oldSelf.lowerAscii() : oldSelf.lowerAscii() + '.')",message="name can't be changed: create a new RRset with the other name and delete this one"
	Name string `json:"name"`

	// Type of the RRset, in capitals, e.g. A, AAAA, CNAME, MX, TXT, or LUA for
	// a record the server computes.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=16
	// +kubebuilder:validation:Pattern=`^[A-Z][A-Z0-9-]*$`
	// +kubebuilder:validation:XValidation:rule="!(self in ['SOA'])",message="type SOA is kept by the server with the zone: set soaEdit and soaEditAPI of the Zone"
	// +kubebuilder:validation:XValidation:rule="!(self in ['RRSIG', 'NSEC', 'NSEC3', 'NSEC3PARAM'])",message="types RRSIG, NSEC, NSEC3 and NSEC3PARAM are made by the server as it signs the zone"
	// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="type can't be changed: create a new RRset of the other type and delete this one"
	Type string `json:"type"`

	// TTL in seconds. A new RRset without one gets 3600, and an existing one
	// keeps its own.
	// +optional
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=2147483647
	TTL *int64 `json:"ttl,omitempty"`

	// Records of the RRset. Their order doesn't matter. The RRset holds exactly
	// these: others that are found are removed.
	// +listType=atomic
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=1000
	Records []Record `json:"records"`

	// Comments of the RRset. When left out, those that exist are left alone; an
	// empty list removes them.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=64
	Comments []Comment `json:"comments,omitzero"`

	// WaitOutTTL keeps the object, when it is deleted, until resolvers have
	// forgotten the records: for the TTL they had, from when they left the
	// server. Records that were replaced before count as well. Delete the DS
	// records of a zone like this before its keys, and no resolver ever expects
	// signatures that are no longer there.
	// +optional
	WaitOutTTL *bool `json:"waitOutTTL,omitempty"`
}

// RRsetObservation is what the server says about the RRset.
type RRsetObservation struct {
	// Zone the RRset was found in, lower case, with a trailing dot.
	Zone string `json:"zone,omitempty"`

	// FQDN is the name of the RRset, lower case, with a trailing dot.
	FQDN string `json:"fqdn,omitempty"`

	// TTL in seconds.
	TTL *int64 `json:"ttl,omitempty"`

	// Records as the server has them.
	Records []Record `json:"records,omitempty"`

	// Comments as the server has them.
	Comments []Comment `json:"comments,omitempty"`

	// CachedUntil is until when resolvers may hold records that were replaced.
	// Only known with waitOutTTL.
	CachedUntil *metav1.Time `json:"cachedUntil,omitempty"`

	// RemovedAt is when the records left the server for good. Only known with
	// waitOutTTL.
	RemovedAt *metav1.Time `json:"removedAt,omitempty"`
}

// An RRsetSpec is the desired state of an RRset.
type RRsetSpec struct {
	xpv2.ManagedResourceSpec `json:",inline"`

	// ForProvider is what the RRset should be.
	ForProvider RRsetParameters `json:"forProvider"`
}

// An RRsetStatus is the observed state of an RRset.
type RRsetStatus struct {
	xpv1.ResourceStatus `json:",inline"`

	// AtProvider is what the server says about the RRset.
	AtProvider RRsetObservation `json:"atProvider,omitempty"`
}

// An RRset is all records of one name and type in a zone of a PowerDNS server.
// Its external name is the name and the type, e.g. www.example.org./A. An RRset
// that exists already is taken over and made to hold exactly the given records.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:scope=Namespaced,categories={crossplane,managed,powerdns}
// +kubebuilder:printcolumn:name="READY",type="string",JSONPath=".status.conditions[?(@.type=='Ready')].status"
// +kubebuilder:printcolumn:name="SYNCED",type="string",JSONPath=".status.conditions[?(@.type=='Synced')].status"
// +kubebuilder:printcolumn:name="TYPE",type="string",JSONPath=".spec.forProvider.type"
// +kubebuilder:printcolumn:name="TTL",type="integer",JSONPath=".spec.forProvider.ttl"
// +kubebuilder:printcolumn:name="RECORD",type="string",JSONPath=".spec.forProvider.records[0].content"
// +kubebuilder:printcolumn:name="EXTERNAL-NAME",type="string",JSONPath=".metadata.annotations.crossplane\\.io/external-name"
// +kubebuilder:printcolumn:name="AGE",type="date",JSONPath=".metadata.creationTimestamp"
type RRset struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	Spec   RRsetSpec   `json:"spec"`
	Status RRsetStatus `json:"status,omitempty"`
}

// An RRsetList is a list of RRsets.
//
// +kubebuilder:object:root=true
type RRsetList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`

	Items []RRset `json:"items"`
}
