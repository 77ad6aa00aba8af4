package v1alpha1

import (
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/scheme"
)

// Group and Version of this package's kinds.
const (
	Group   = "powerdns.openova.io"
	Version = "v1alpha1"
)

// Kinds of this package.
const (
	ZoneKind                  = "Zone"
	RRsetKind                 = "RRset"
	CryptoKeyKind             = "CryptoKey"
	TSIGKeyKind               = "TSIGKey"
	ZoneMetadataKind          = "ZoneMetadata"
	DelegationKind            = "Delegation"
	ProviderConfigKind        = "ProviderConfig"
	ClusterProviderConfigKind = "ClusterProviderConfig"
	ProviderConfigUsageKind   = "ProviderConfigUsage"
)

var (
	// SchemeGroupVersion of this package's kinds.
	SchemeGroupVersion = schema.GroupVersion{Group: Group, Version: Version}

	// SchemeBuilder registers this package's kinds.
	SchemeBuilder = &scheme.Builder{GroupVersion: SchemeGroupVersion}

	// AddToScheme registers this package's kinds with a scheme.
	AddToScheme = SchemeBuilder.AddToScheme
)

// GroupVersionKinds of this package.
var (
	ZoneGroupVersionKind                  = SchemeGroupVersion.WithKind(ZoneKind)
	RRsetGroupVersionKind                 = SchemeGroupVersion.WithKind(RRsetKind)
	CryptoKeyGroupVersionKind             = SchemeGroupVersion.WithKind(CryptoKeyKind)
	TSIGKeyGroupVersionKind               = SchemeGroupVersion.WithKind(TSIGKeyKind)
	ZoneMetadataGroupVersionKind          = SchemeGroupVersion.WithKind(ZoneMetadataKind)
	DelegationGroupVersionKind            = SchemeGroupVersion.WithKind(DelegationKind)
	ProviderConfigGroupVersionKind        = SchemeGroupVersion.WithKind(ProviderConfigKind)
	ClusterProviderConfigGroupVersionKind = SchemeGroupVersion.WithKind(ClusterProviderConfigKind)

	ProviderConfigUsageGroupVersionKind     = SchemeGroupVersion.WithKind(ProviderConfigUsageKind)
	ProviderConfigUsageListGroupVersionKind = SchemeGroupVersion.WithKind(ProviderConfigUsageKind + "List")
)

//nolint:gochecknoinits // The way every Kubernetes API package registers its kinds.
func init() {
	SchemeBuilder.Register(
		&Zone{}, &ZoneList{},
		&RRset{}, &RRsetList{},
		&CryptoKey{}, &CryptoKeyList{},
		&TSIGKey{}, &TSIGKeyList{},
		&ZoneMetadata{}, &ZoneMetadataList{},
		&Delegation{}, &DelegationList{},
		&ProviderConfig{}, &ProviderConfigList{},
		&ClusterProviderConfig{}, &ClusterProviderConfigList{},
		&ProviderConfigUsage{}, &ProviderConfigUsageList{},
	)
}
