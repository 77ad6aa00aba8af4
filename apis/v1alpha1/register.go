package v1alpha1

import (
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/scheme"
)

// Group and Version of Catalyst's composite resources.
const (
	Group   = "catalyst.openova.io"
	Version = "v1alpha1"
)

// Kinds of Catalyst's composite resources.
const (
	KindApplication  = "Application"
	KindBlueprint    = "Blueprint"
	KindEnvironment  = "Environment"
	KindHostCluster  = "HostCluster"
	KindNodePool     = "NodePool"
	KindOrganization = "Organization"
	KindSovereign    = "Sovereign"
)

var (
	// SchemeGroupVersion of Catalyst's composite resources.
	SchemeGroupVersion = schema.GroupVersion{Group: Group, Version: Version}

	// SchemeBuilder registers the types of this group.
	SchemeBuilder = &scheme.Builder{GroupVersion: SchemeGroupVersion}

	// AddToScheme adds the types of this group to a scheme.
	AddToScheme = SchemeBuilder.AddToScheme
)

func init() {
	SchemeBuilder.Register(
		&Application{}, &ApplicationList{},
		&Blueprint{}, &BlueprintList{},
		&Environment{}, &EnvironmentList{},
		&HostCluster{}, &HostClusterList{},
		&NodePool{}, &NodePoolList{},
		&Organization{}, &OrganizationList{},
		&Sovereign{}, &SovereignList{},
	)
}
