package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	xpv1 "github.com/crossplane/crossplane-runtime/v2/apis/common/v1"
	xpv2 "github.com/crossplane/crossplane-runtime/v2/apis/common/v2"

	commonv1alpha1 "github.com/openova-io/catalyst/apis/common/v1alpha1"
)

// DefaultEndpoint of Hetzner's Cloud API.
const DefaultEndpoint = "https://api.hetzner.cloud/v1"

// A ConfigSpec says which Hetzner project managed resources live in. Its
// credentials are an API token of the project that may read and write.
type ConfigSpec struct {
	// Endpoint of the Cloud API, with its version. Left out, Hetzner's own.
	// +kubebuilder:validation:Pattern=`^https?://`
	// +kubebuilder:validation:MaxLength=2048
	// +kubebuilder:default="https://api.hetzner.cloud/v1"
	// +optional
	Endpoint string `json:"endpoint,omitempty"`

	// StorageEndpoint of the API that storage boxes live on, with its version.
	// Left out, Hetzner's own.
	// +kubebuilder:validation:Pattern=`^https?://`
	// +kubebuilder:validation:MaxLength=2048
	// +optional
	StorageEndpoint *string `json:"storageEndpoint,omitempty"`

	// Credentials hold the API token.
	Credentials commonv1alpha1.ProviderCredentials `json:"credentials"`

	// CABundle is a PEM bundle of certificate authorities to trust for the
	// endpoints, in place of the system's.
	// +optional
	CABundle []byte `json:"caBundle,omitempty"`

	// PollInterval is the time between two looks at an action that runs, such
	// as the creation of a server. It doubles up to ten seconds. The default is
	// half a second.
	// +optional
	PollInterval *metav1.Duration `json:"pollInterval,omitempty"`

	// ListLag is how far lists of the project's resources may be behind. What a
	// cluster has made by itself counts as gone once it has been in no list for
	// that long. The default is a minute, and so is zero.
	// +optional
	ListLag *metav1.Duration `json:"listLag,omitempty"`
}

// A ConfigStatus counts the managed resources that use the configuration.
type ConfigStatus struct {
	xpv1.ProviderConfigStatus `json:",inline"`

	// APIBudget is what the API last said about the requests it still grants.
	// +optional
	APIBudget *APIBudget `json:"apiBudget,omitempty"`
}

// An APIBudget is how many requests the API grants. All clients of a project
// share it.
type APIBudget struct {
	// Limit of requests an hour.
	Limit int64 `json:"limit"`
	// Remaining requests.
	Remaining int64 `json:"remaining"`
	// ResetAt is when the budget is full again, at one request a second for a
	// limit of 3600.
	ResetAt metav1.Time `json:"resetAt"`
}

// A ProviderConfig says which Hetzner project the managed resources of its
// namespace live in.
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:scope=Namespaced,categories={crossplane,providerconfig,hcloud},shortName=hcpc
// +kubebuilder:printcolumn:name="ENDPOINT",type="string",JSONPath=".spec.endpoint"
// +kubebuilder:printcolumn:name="USERS",type="integer",JSONPath=".status.users"
// +kubebuilder:printcolumn:name="BUDGET",type="integer",JSONPath=".status.apiBudget.remaining"
// +kubebuilder:printcolumn:name="AGE",type="date",JSONPath=".metadata.creationTimestamp"
type ProviderConfig struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	Spec   ConfigSpec   `json:"spec"`
	Status ConfigStatus `json:"status,omitempty"`
}

// ConfigSpec of this provider configuration.
func (c *ProviderConfig) ConfigSpec() commonv1alpha1.ProviderConfigSpec { return c.Spec.common() }

// HCloud is the part of the configuration that only this provider has.
func (c *ProviderConfig) HCloud() *ConfigSpec { return &c.Spec }

// HCloudStatus is the status of the configuration.
func (c *ProviderConfig) HCloudStatus() *ConfigStatus { return &c.Status }

// +kubebuilder:object:root=true

// ProviderConfigList contains a list of ProviderConfig.
type ProviderConfigList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`

	Items []ProviderConfig `json:"items"`
}

// A ClusterProviderConfig says which Hetzner project managed resources of any
// namespace live in.
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:scope=Cluster,categories={crossplane,providerconfig,hcloud},shortName=hccpc
// +kubebuilder:printcolumn:name="ENDPOINT",type="string",JSONPath=".spec.endpoint"
// +kubebuilder:printcolumn:name="USERS",type="integer",JSONPath=".status.users"
// +kubebuilder:printcolumn:name="BUDGET",type="integer",JSONPath=".status.apiBudget.remaining"
// +kubebuilder:printcolumn:name="AGE",type="date",JSONPath=".metadata.creationTimestamp"
type ClusterProviderConfig struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	Spec   ConfigSpec   `json:"spec"`
	Status ConfigStatus `json:"status,omitempty"`
}

// ConfigSpec of this provider configuration.
func (c *ClusterProviderConfig) ConfigSpec() commonv1alpha1.ProviderConfigSpec {
	return c.Spec.common()
}

// HCloud is the part of the configuration that only this provider has.
func (c *ClusterProviderConfig) HCloud() *ConfigSpec { return &c.Spec }

// HCloudStatus is the status of the configuration.
func (c *ClusterProviderConfig) HCloudStatus() *ConfigStatus { return &c.Status }

// +kubebuilder:object:root=true

// ClusterProviderConfigList contains a list of ClusterProviderConfig.
type ClusterProviderConfigList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`

	Items []ClusterProviderConfig `json:"items"`
}

// A ProviderConfigUsage records that a managed resource uses a provider
// configuration.
// +kubebuilder:object:root=true
// +kubebuilder:resource:scope=Namespaced,categories={crossplane,providerconfig,hcloud}
// +kubebuilder:printcolumn:name="AGE",type="date",JSONPath=".metadata.creationTimestamp"
// +kubebuilder:printcolumn:name="CONFIG-KIND",type="string",JSONPath=".providerConfigRef.kind"
// +kubebuilder:printcolumn:name="CONFIG-NAME",type="string",JSONPath=".providerConfigRef.name"
// +kubebuilder:printcolumn:name="RESOURCE-KIND",type="string",JSONPath=".resourceRef.kind"
// +kubebuilder:printcolumn:name="RESOURCE-NAME",type="string",JSONPath=".resourceRef.name"
type ProviderConfigUsage struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	xpv2.TypedProviderConfigUsage `json:",inline"`
}

// +kubebuilder:object:root=true

// ProviderConfigUsageList contains a list of ProviderConfigUsage.
type ProviderConfigUsageList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`

	Items []ProviderConfigUsage `json:"items"`
}

func (s *ConfigSpec) common() commonv1alpha1.ProviderConfigSpec {
	url := s.Endpoint
	if url == "" {
		url = DefaultEndpoint
	}
	return commonv1alpha1.ProviderConfigSpec{URL: url, Credentials: s.Credentials, CABundle: s.CABundle}
}
