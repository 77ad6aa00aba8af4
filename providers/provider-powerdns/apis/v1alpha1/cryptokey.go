package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	xpv2 "github.com/crossplane/crossplane-runtime/v2/apis/common/v2"
)

// CryptoKeyParameters are what the key should be.
//
// +kubebuilder:validation:XValidation:rule="(has(self.zone) && size(self.zone) > 0) || has(self.zoneRef) || has(self.zoneSelector)",message="one of zone, zoneRef and zoneSelector is required"
// +kubebuilder:validation:XValidation:rule="!has(oldSelf.zone) || size(oldSelf.zone) == 0 || (has(self.zone) && (self.zone.endsWith('.') ? self.zone.lowerAscii() : self.zone.lowerAscii() + '.') == (oldSelf.zone.endsWith('.') ? oldSelf.zone.lowerAscii() : oldSelf.zone.lowerAscii() + '.'))",message="zone can't be changed: create a new CryptoKey in the other zone and delete this one"
// +kubebuilder:validation:XValidation:rule="!has(self.bits) || !has(self.algorithm) || self.algorithm.lowerAscii() in ['5','7','8','10','rsasha1','rsasha1-nsec3-sha1','rsasha1nsec3sha1','rsasha256','rsasha512']",message="bits is only for RSA algorithms: other algorithms have one size"
type CryptoKeyParameters struct {
	// Zone the key belongs to, e.g. example.org. Case and a trailing dot
	// don't matter. One of zone, zoneRef and zoneSelector is required.
	// +optional
	// +kubebuilder:validation:MaxLength=254
	// +crossplane:generate:reference:type=Zone
	Zone string `json:"zone,omitempty"`

	// ZoneRef names the Zone the key belongs to.
	// +optional
	ZoneRef *xpv1.NamespacedReference `json:"zoneRef,omitempty"`

	// ZoneSelector selects the Zone the key belongs to.
	// +optional
	ZoneSelector *xpv1.NamespacedSelector `json:"zoneSelector,omitempty"`

	// KeyType is what the key signs: ksk the zone's keys, zsk everything else,
	// csk both. The server reports a ksk that is alone in its zone as csk, which
	// is taken for what it is.
	// +kubebuilder:validation:Enum=ksk;zsk;csk
	// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="keyType can't be changed: create a new CryptoKey and delete this one"
	KeyType string `json:"keyType"`

	// Algorithm of the key, as the server's name for it, its mnemonic or its
	// number: ecdsa256, ECDSAP256SHA256 and 13 are the same. The server's
	// default is ecdsa256.
	// +optional
	// +kubebuilder:default=ecdsa256
	// +kubebuilder:validation:MaxLength=32
	// +kubebuilder:validation:XValidation:rule="self.lowerAscii() in ['5','7','8','10','13','14','15','16','rsasha1','rsasha1-nsec3-sha1','rsasha256','rsasha512','ecdsa256','ecdsa384','ed25519','ed448','ecdsap256sha256','ecdsap384sha384','rsasha1nsec3sha1']",message="algorithm must be one of ecdsa256 (13), ecdsa384 (14), ed25519 (15), ed448 (16), rsasha256 (8), rsasha512 (10), rsasha1 (5), rsasha1-nsec3-sha1 (7)"
	// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="algorithm can't be changed: create a new CryptoKey and delete this one"
	Algorithm string `json:"algorithm,omitempty"`

	// Bits of an RSA key. Other algorithms have one size.
	// +optional
	// +kubebuilder:validation:Minimum=512
	// +kubebuilder:validation:Maximum=4096
	// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="bits can't be changed: create a new CryptoKey and delete this one"
	Bits *int64 `json:"bits,omitempty"`

	// Active says whether the zone is signed with the key.
	// +optional
	// +kubebuilder:default=true
	Active *bool `json:"active,omitempty"`

	// Published says whether the key is in the zone's DNSKEY records.
	// +optional
	// +kubebuilder:default=true
	Published *bool `json:"published,omitempty"`
}

// CryptoKeyObservation is what the server says about the key.
type CryptoKeyObservation struct {
	// ID the server gave the key.
	ID *int64 `json:"id,omitempty"`

	// Zone the key belongs to, lower case, with a trailing dot.
	Zone string `json:"zone,omitempty"`

	// KeyType as the server reports it: ksk, zsk, or csk for a key without a
	// counterpart.
	KeyType string `json:"keyType,omitempty"`

	// Algorithm as the server reports it, e.g. ECDSAP256SHA256.
	Algorithm string `json:"algorithm,omitempty"`

	// Bits of the key.
	Bits *int64 `json:"bits,omitempty"`

	// Flags of the DNSKEY record: 257 for a ksk or csk, 256 for a zsk.
	Flags *int64 `json:"flags,omitempty"`

	// KeyTag of the DNSKEY record.
	KeyTag *int64 `json:"keyTag,omitempty"`

	// Active says whether the zone is signed with the key.
	Active *bool `json:"active,omitempty"`

	// Published says whether the key is in the zone's DNSKEY records.
	Published *bool `json:"published,omitempty"`

	// DNSKey is the content of the key's DNSKEY record.
	DNSKey string `json:"dnskey,omitempty"`

	// DS are the contents of the DS records that the parent zone should have
	// for the key, one per digest. A zsk has none.
	DS []string `json:"ds,omitempty"`
}

// A CryptoKeySpec is the desired state of a CryptoKey.
type CryptoKeySpec struct {
	xpv2.ManagedResourceSpec `json:",inline"`

	// ForProvider is what the key should be.
	ForProvider CryptoKeyParameters `json:"forProvider"`
}

// A CryptoKeyStatus is the observed state of a CryptoKey.
type CryptoKeyStatus struct {
	xpv1.ResourceStatus `json:",inline"`

	// AtProvider is what the server says about the key.
	AtProvider CryptoKeyObservation `json:"atProvider,omitempty"`
}

// A CryptoKey is a key a zone of a PowerDNS server is signed with. The server
// generates it and keeps its private part, which is never read. Its external
// name is the number the server gave it. A key of the same type and algorithm
// that no other CryptoKey stands for is taken over in place of making another.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:scope=Namespaced,categories={crossplane,managed,powerdns}
// +kubebuilder:printcolumn:name="READY",type="string",JSONPath=".status.conditions[?(@.type=='Ready')].status"
// +kubebuilder:printcolumn:name="SYNCED",type="string",JSONPath=".status.conditions[?(@.type=='Synced')].status"
// +kubebuilder:printcolumn:name="ZONE",type="string",JSONPath=".status.atProvider.zone"
// +kubebuilder:printcolumn:name="TYPE",type="string",JSONPath=".spec.forProvider.keyType"
// +kubebuilder:printcolumn:name="ALGORITHM",type="string",JSONPath=".status.atProvider.algorithm"
// +kubebuilder:printcolumn:name="KEYTAG",type="integer",JSONPath=".status.atProvider.keyTag"
// +kubebuilder:printcolumn:name="ACTIVE",type="boolean",JSONPath=".status.atProvider.active"
// +kubebuilder:printcolumn:name="EXTERNAL-NAME",type="string",JSONPath=".metadata.annotations.crossplane\\.io/external-name"
// +kubebuilder:printcolumn:name="AGE",type="date",JSONPath=".metadata.creationTimestamp"
type CryptoKey struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	Spec   CryptoKeySpec   `json:"spec"`
	Status CryptoKeyStatus `json:"status,omitempty"`
}

// A CryptoKeyList is a list of CryptoKeys.
//
// +kubebuilder:object:root=true
type CryptoKeyList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`

	Items []CryptoKey `json:"items"`
}
