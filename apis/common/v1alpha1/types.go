package v1alpha1

import (
	xpv2 "github.com/crossplane/crossplane-runtime/v2/apis/common"
)

// ProviderConfigSpec says which server a managed resource lives on and what
// opens it.
type ProviderConfigSpec struct {
	// URL of the server's API, without a trailing path unless the server is
	// published under one, e.g. http://127.0.0.1:8081 or https://git.example.org.
	// +kubebuilder:validation:Pattern=`^https?://`
	// +kubebuilder:validation:MaxLength=2048
	URL string `json:"url"`

	// Credentials that open the server's API.
	Credentials ProviderCredentials `json:"credentials"`

	// CABundle is a PEM bundle of certificate authorities to trust for this
	// server, in place of the system's.
	// +optional
	CABundle []byte `json:"caBundle,omitempty"`
}

// ProviderCredentials name the place credentials are read from. A namespaced
// ProviderConfig may only name a Secret in its own namespace.
type ProviderCredentials struct {
	// Source of the credentials.
	// +kubebuilder:validation:Enum=Secret;Environment;Filesystem
	Source xpv2.CredentialsSource `json:"source"`

	xpv2.CommonCredentialSelectors `json:",inline"`
}

// ProviderConfigStatus counts the managed resources that use the config.
type ProviderConfigStatus struct {
	xpv2.ProviderConfigStatus `json:",inline"`
}
