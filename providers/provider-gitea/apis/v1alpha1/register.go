package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// Group and Version of the API.
const (
	Group   = "gitea.openova.io"
	Version = "v1alpha1"
)

// SchemeGroupVersion of the API.
var SchemeGroupVersion = schema.GroupVersion{Group: Group, Version: Version}

// Kinds of managed resources.
const (
	OrganizationKind      = "Organization"
	TeamKind              = "Team"
	RepositoryKind        = "Repository"
	BranchKind            = "Branch"
	RepositoryContentKind = "RepositoryContent"
	BranchProtectionKind  = "BranchProtection"
	WebhookKind           = "Webhook"
	DeployKeyKind         = "DeployKey"
)

// Kinds of provider configuration.
const (
	ProviderConfigKind        = "ProviderConfig"
	ClusterProviderConfigKind = "ClusterProviderConfig"
	ProviderConfigUsageKind   = "ProviderConfigUsage"
)

// GroupVersionKinds of the API.
var (
	OrganizationGroupVersionKind          = SchemeGroupVersion.WithKind(OrganizationKind)
	TeamGroupVersionKind                  = SchemeGroupVersion.WithKind(TeamKind)
	RepositoryGroupVersionKind            = SchemeGroupVersion.WithKind(RepositoryKind)
	BranchGroupVersionKind                = SchemeGroupVersion.WithKind(BranchKind)
	RepositoryContentGroupVersionKind     = SchemeGroupVersion.WithKind(RepositoryContentKind)
	BranchProtectionGroupVersionKind      = SchemeGroupVersion.WithKind(BranchProtectionKind)
	WebhookGroupVersionKind               = SchemeGroupVersion.WithKind(WebhookKind)
	DeployKeyGroupVersionKind             = SchemeGroupVersion.WithKind(DeployKeyKind)
	ProviderConfigGroupVersionKind        = SchemeGroupVersion.WithKind(ProviderConfigKind)
	ClusterProviderConfigGroupVersionKind = SchemeGroupVersion.WithKind(ClusterProviderConfigKind)
	ProviderConfigUsageGroupVersionKind   = SchemeGroupVersion.WithKind(ProviderConfigUsageKind)
)

// AddToScheme adds the kinds of the API to a scheme.
func AddToScheme(s *runtime.Scheme) error {
	s.AddKnownTypes(SchemeGroupVersion,
		&Organization{}, &OrganizationList{},
		&Team{}, &TeamList{},
		&Repository{}, &RepositoryList{},
		&Branch{}, &BranchList{},
		&RepositoryContent{}, &RepositoryContentList{},
		&BranchProtection{}, &BranchProtectionList{},
		&Webhook{}, &WebhookList{},
		&DeployKey{}, &DeployKeyList{},
		&ProviderConfig{}, &ProviderConfigList{},
		&ClusterProviderConfig{}, &ClusterProviderConfigList{},
		&ProviderConfigUsage{}, &ProviderConfigUsageList{},
	)
	metav1.AddToGroupVersion(s, SchemeGroupVersion)
	return nil
}
