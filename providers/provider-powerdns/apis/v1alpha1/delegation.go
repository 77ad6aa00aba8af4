package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	xpv2 "github.com/crossplane/crossplane-runtime/v2/apis/common/v2"
)

// DelegationParameters are what the parent zone should say of a domain.
type DelegationParameters struct {
	// Domain that is delegated, e.g. cloud.example.org. Case and a trailing dot
	// don't matter.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=254
	// +kubebuilder:validation:Pattern=`^[^\s]+\.[^\s]+$`
	// +kubebuilder:validation:XValidation:rule="(self.endsWith('.') ? self.lowerAscii() : self.lowerAscii() + '.') == (oldSelf.endsWith('.') ? oldSelf.lowerAscii() : oldSelf.lowerAscii() + '.')",message="domain can't be changed: create a new Delegation of the other domain and delete this one"
	Domain string `json:"domain"`

	// Nameservers that the parent zone should name, all of them and no others.
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=16
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=254
	// +kubebuilder:validation:items:Pattern=`^[^\s]+$`
	Nameservers []string `json:"nameservers"`

	// DS records that the parent zone should have, as in a zone file, e.g.
	// "12345 13 2 abcd…". Other digests of the same keys do no harm and are let
	// be. When left out, DS records are looked at and not judged.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=16
	// +kubebuilder:validation:items:MaxLength=512
	// +kubebuilder:validation:items:Pattern=`^[0-9]+ +[0-9A-Za-z-]+ +[0-9]+ +[0-9A-Fa-f ]+$`
	DS []string `json:"ds,omitempty"`

	// Servers of the parent zone to ask, each with its port, e.g.
	// 192.0.2.53:53, [2001:db8::53]:53 or ns1.example.org:53. When left out,
	// they are found by the NS records of the parent zone with the resolver of
	// the provider's system, and each is asked at one address.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=16
	// +kubebuilder:validation:items:MaxLength=260
	// +kubebuilder:validation:items:XValidation:rule="self.matches('^([0-9A-Za-z._-]+|[[][0-9A-Fa-f:.]+[]]):[0-9]{1,5}$')",messageExpression="'servers ' + self + ' must be an address or name with a port, e.g. 192.0.2.53:53, [2001:db8::53]:53 or ns1.example.org:53'"
	Servers []string `json:"servers,omitempty"`

	// Registrar that the provider has set what the parent zone should say. When
	// left out, nothing is written: the condition Ready says what somebody has to
	// enter.
	// +optional
	Registrar *DelegationRegistrar `json:"registrar,omitempty"`
}

// A DelegationRegistrar is where the domain is registered, or, at Cloudflare,
// where the zone above it is.
type DelegationRegistrar struct {
	// Type of the registrar. Cloudflare also sets the DS records of a domain that
	// lies in one of the account's zones. In all other cases somebody has to enter
	// DS records: the condition Ready says which.
	// +kubebuilder:validation:Enum=Cloudflare;GoDaddy;Namecheap;OVH;Dynadot
	// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="registrar.type can't be changed: what was set at one registrar could not be undone at another; create a new Delegation and delete this one"
	Type string `json:"type"`

	// CredentialsSecretRef names the Secret of this namespace, and the key in it,
	// that opens the registrar's API. Cloudflare: a token. GoDaddy: key:secret.
	// Namecheap: apiUser:apiKey:clientIP or apiUser:apiKey:userName:clientIP.
	// OVH: applicationKey:applicationSecret:consumerKey. Dynadot: the key.
	CredentialsSecretRef xpv1.LocalSecretKeySelector `json:"credentialsSecretRef"`

	// Endpoint of the API when it is not the usual one, such as
	// https://api.ote-godaddy.com, https://api.sandbox.namecheap.com/xml.response
	// or https://ca.api.ovh.com/1.0.
	// +optional
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:XValidation:rule="self.matches('^https://[0-9A-Za-z.-]+(:[0-9]{1,5})?(/[0-9A-Za-z._/-]*)?$') || self.matches('^http://(localhost|127[.]0[.]0[.]1|[[]::1[]])(:[0-9]{1,5})?(/[0-9A-Za-z._/-]*)?$')",messageExpression="'registrar.endpoint ' + self + ' must be an https URL without user, query or fragment, or an http URL of localhost, 127.0.0.1 or [::1]: credentials are sent there'"
	Endpoint string `json:"endpoint,omitempty"`

	// AbandonDS lets a deletion go on while resolvers may expect the domain to be
	// signed because of DS records that the registrar's API cannot remove. What is
	// at the registrar stays as it is. When left out, the deletion waits until
	// somebody has removed them and resolvers have forgotten them.
	// +optional
	AbandonDS *bool `json:"abandonDS,omitempty"`
}

// A DelegationRegistrarObservation is what the registrar says.
type DelegationRegistrarObservation struct {
	// Nameservers of the domain at the registrar.
	Nameservers []string `json:"nameservers,omitempty"`

	// DS records of the domain at the registrar. Only known with setsDS.
	DS []string `json:"ds,omitempty"`

	// SetsDS says that the registrar's API sets DS records of this domain. Where
	// it does not, somebody has to enter and to remove them.
	SetsDS bool `json:"setsDS,omitempty"`

	// Task that the registrar has accepted and not finished.
	Task string `json:"task,omitempty"`

	// Before is what the registrar had when it was first looked at. Deletion
	// restores it.
	Before *DelegationBefore `json:"before,omitempty"`
}

// DelegationBefore is what a registrar had of a domain before it was told
// anything.
type DelegationBefore struct {
	// Nameservers of the domain. None if they were those that are wanted.
	Nameservers []string `json:"nameservers,omitempty"`
}

// A DelegationServer is a server of the parent zone and what it says.
type DelegationServer struct {
	// Name of the server, or what spec.forProvider.servers calls it.
	Name string `json:"name"`

	// Address it was asked at.
	Address string `json:"address,omitempty"`

	// Nameservers it names for the domain.
	Nameservers []string `json:"nameservers,omitempty"`

	// DS records it has for the domain.
	DS []string `json:"ds,omitempty"`

	// Error that kept it from answering.
	Error string `json:"error,omitempty"`
}

// DelegationObservation is what the servers of the parent zone say.
type DelegationObservation struct {
	// ParentZone the domain is delegated from, lower case, with a trailing dot.
	ParentZone string `json:"parentZone,omitempty"`

	// Servers of the parent zone that were asked.
	// +listType=map
	// +listMapKey=name
	Servers []DelegationServer `json:"servers,omitempty"`

	// Published says that every server of the parent zone has exactly what is
	// wanted.
	Published bool `json:"published,omitempty"`

	// Nameservers that any server of the parent zone names.
	Nameservers []string `json:"nameservers,omitempty"`

	// DS records that any server of the parent zone has.
	DS []string `json:"ds,omitempty"`

	// Missing records: wanted, and not at every server that answered.
	Missing []string `json:"missing,omitempty"`

	// Unexpected records: not wanted, and at some server.
	Unexpected []string `json:"unexpected,omitempty"`

	// NameserversTTL is for how many seconds resolvers may hold what the
	// servers say of nameservers, that there are none included.
	NameserversTTL *int64 `json:"nameserversTTL,omitempty"`

	// DSTTL is for how many seconds resolvers may hold what the servers say of
	// DS records, that there are none included.
	DSTTL *int64 `json:"dsTTL,omitempty"`

	// NameserversCachedUntil is until when resolvers may still ask nameservers
	// that the parent zone doesn't name any more.
	NameserversCachedUntil *metav1.Time `json:"nameserversCachedUntil,omitempty"`

	// DSCachedUntil is until when resolvers may still hold DS records that the
	// parent zone doesn't have any more.
	DSCachedUntil *metav1.Time `json:"dsCachedUntil,omitempty"`

	// Validated says that resolvers may expect the domain to be signed: a
	// server of the parent zone has DS records, or resolvers may hold such.
	Validated bool `json:"validated,omitempty"`

	// Registrar and what it says. Only known with spec.forProvider.registrar.
	Registrar *DelegationRegistrarObservation `json:"registrar,omitempty"`
}

// A DelegationSpec is the desired state of a Delegation.
type DelegationSpec struct {
	xpv2.ManagedResourceSpec `json:",inline"`

	// ForProvider is what the parent zone should say.
	ForProvider DelegationParameters `json:"forProvider"`
}

// A DelegationStatus is the observed state of a Delegation.
type DelegationStatus struct {
	xpv1.ResourceStatus `json:",inline"`

	// AtProvider is what the servers of the parent zone say.
	AtProvider DelegationObservation `json:"atProvider,omitempty"`
}

// A Delegation tells whether the parent zone of a domain delegates it as it
// should. The parent zone is somebody else's, a registrar's for example: the
// provider asks its servers themselves, never a cache. It is asked once a minute
// until all is as wanted, and looked at as often as everything else from then on.
// It needs no server of one's own: its provider configuration is not used.
//
// Without a registrar it writes nothing, and says what somebody has to enter. With
// one it has the registrar set the nameservers, and the DS records where its API
// can, in the order in which the domain is never bogus. Deleting it removes the DS
// records, waits until resolvers have forgotten them, and restores the nameservers
// that were there before. The registrar is asked once a minute at most, and once
// in ten minutes when all is as wanted.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:scope=Namespaced,categories={crossplane,managed,powerdns}
// +kubebuilder:printcolumn:name="READY",type="string",JSONPath=".status.conditions[?(@.type=='Ready')].status"
// +kubebuilder:printcolumn:name="SYNCED",type="string",JSONPath=".status.conditions[?(@.type=='Synced')].status"
// +kubebuilder:printcolumn:name="DOMAIN",type="string",JSONPath=".spec.forProvider.domain"
// +kubebuilder:printcolumn:name="PARENT",type="string",JSONPath=".status.atProvider.parentZone"
// +kubebuilder:printcolumn:name="REASON",type="string",JSONPath=".status.conditions[?(@.type=='Ready')].reason"
// +kubebuilder:printcolumn:name="AGE",type="date",JSONPath=".metadata.creationTimestamp"
type Delegation struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	Spec   DelegationSpec   `json:"spec"`
	Status DelegationStatus `json:"status,omitempty"`
}

// A DelegationList is a list of Delegations.
//
// +kubebuilder:object:root=true
type DelegationList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`

	Items []Delegation `json:"items"`
}
