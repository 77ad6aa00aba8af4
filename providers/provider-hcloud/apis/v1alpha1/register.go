package v1alpha1

// Kinds of provider configuration.
const (
	ProviderConfigKind        = "ProviderConfig"
	ClusterProviderConfigKind = "ClusterProviderConfig"
	ProviderConfigUsageKind   = "ProviderConfigUsage"
)

// GroupVersionKinds of the provider configuration.
var (
	ProviderConfigGroupVersionKind        = CRDGroupVersion.WithKind(ProviderConfigKind)
	ClusterProviderConfigGroupVersionKind = CRDGroupVersion.WithKind(ClusterProviderConfigKind)
	ProviderConfigUsageGroupVersionKind   = CRDGroupVersion.WithKind(ProviderConfigUsageKind)
)

func init() {
	SchemeBuilder.Register(
		&ProviderConfig{}, &ProviderConfigList{},
		&ClusterProviderConfig{}, &ClusterProviderConfigList{},
		&ProviderConfigUsage{}, &ProviderConfigUsageList{},
	)
}
