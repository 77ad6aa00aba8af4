package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// BlueprintSpec describes a unit of installable software.
type BlueprintSpec struct {
	// Version of the Blueprint, e.g. 1.3.0.
	// +kubebuilder:validation:MaxLength=64
	// +kubebuilder:validation:Pattern=`^(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?$`
	Version string `json:"version"`

	// Card is how the Blueprint presents itself.
	// +optional
	Card *BlueprintCard `json:"card,omitempty"`

	// Visibility of the Blueprint for catalogs that show it: listed, unlisted
	// and found by name, or private. Who may use it is decided by its
	// namespace.
	// +kubebuilder:validation:Enum=listed;unlisted;private
	// +kubebuilder:default=listed
	Visibility string `json:"visibility,omitempty"`

	// Owner of the Blueprint.
	// +optional
	Owner *BlueprintOwner `json:"owner,omitempty"`

	// ConfigSchema is the JSON Schema an Application's parameters must match.
	// +optional
	// +kubebuilder:pruning:PreserveUnknownFields
	// +kubebuilder:validation:Schemaless
	// +kubebuilder:validation:Type=object
	ConfigSchema *runtime.RawExtension `json:"configSchema,omitempty"`

	// PlacementSchema says where Applications of this Blueprint may run.
	// +optional
	PlacementSchema *PlacementSchema `json:"placementSchema,omitempty"`

	// Manifests of the Blueprint.
	// +optional
	Manifests *BlueprintManifests `json:"manifests,omitempty"`
}

// BlueprintCard is how a Blueprint presents itself in a catalog.
type BlueprintCard struct {
	// Title of the Blueprint.
	Title string `json:"title"`
	// Summary in one line.
	// +optional
	Summary string `json:"summary,omitempty"`
	// Tagline in one line, an older spelling of summary.
	// +optional
	Tagline string `json:"tagline,omitempty"`
	// Description in a few sentences.
	// +optional
	Description string `json:"description,omitempty"`
	// Category of the Blueprint.
	// +optional
	Category string `json:"category,omitempty"`
	// Family of the Blueprint, an older spelling of category.
	// +optional
	Family string `json:"family,omitempty"`
	// Tags to find the Blueprint by.
	// +optional
	Tags []string `json:"tags,omitempty"`
	// Icon of the Blueprint.
	// +optional
	Icon string `json:"icon,omitempty"`
	// License of the software.
	// +optional
	License string `json:"license,omitempty"`
	// Documentation of the software.
	// +optional
	Documentation string `json:"documentation,omitempty"`
}

// BlueprintOwner is who answers for a Blueprint.
type BlueprintOwner struct {
	// Team that owns the Blueprint.
	// +optional
	Team string `json:"team,omitempty"`
	// Contact of the team.
	// +optional
	Contact string `json:"contact,omitempty"`
}

// PlacementSchema says where Applications of a Blueprint may run.
type PlacementSchema struct {
	// Modes the Blueprint supports.
	// +optional
	// +listType=set
	Modes []PlacementMode `json:"modes,omitempty"`
	// MinRegions is the least number of host clusters the Blueprint needs in
	// an Environment.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=5
	MinRegions *int64 `json:"minRegions,omitempty"`
	// MaxRegions is the greatest number of host clusters the Blueprint can use
	// in an Environment.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=5
	MaxRegions *int64 `json:"maxRegions,omitempty"`
	// Default mode that catalogs offer. An Application that names no placement
	// is single-region.
	// +optional
	Default PlacementMode `json:"default,omitempty"`
}

// BlueprintManifests are what a Blueprint installs.
type BlueprintManifests struct {
	// Source of the manifests.
	// +optional
	Source *ManifestSource `json:"source,omitempty"`
	// Chart is the folder of the chart beside the Blueprint, e.g. ./chart. The
	// published chart is then oci://ghcr.io/openova-io/<name>.
	// +optional
	Chart string `json:"chart,omitempty"`
	// Values every Application of this Blueprint starts from.
	// +optional
	// +kubebuilder:pruning:PreserveUnknownFields
	// +kubebuilder:validation:Schemaless
	// +kubebuilder:validation:Type=object
	Values *runtime.RawExtension `json:"values,omitempty"`
	// Overlays are fragments of values by size: small, medium, large.
	// +optional
	// +kubebuilder:pruning:PreserveUnknownFields
	// +kubebuilder:validation:Schemaless
	// +kubebuilder:validation:Type=object
	Overlays *runtime.RawExtension `json:"overlays,omitempty"`
}

// ManifestSource is where a Blueprint's manifests come from.
type ManifestSource struct {
	// Kind of the source.
	// +kubebuilder:validation:Enum=HelmChart;Kustomize
	Kind string `json:"kind"`
	// Ref of the OCI artifact, e.g. oci://ghcr.io/openova-io/bp-wordpress.
	// +kubebuilder:validation:Pattern=`^oci://`
	// +kubebuilder:validation:MaxLength=512
	Ref string `json:"ref"`
}

// BlueprintStatus is what became of the Blueprint.
type BlueprintStatus struct {
	Progress `json:",inline"`
}

// A Blueprint is a unit of installable software: what it needs to know, what
// it installs and where it may run. Its namespace is its audience: catalog,
// catalog-sovereign or an Organization.
//
// +kubebuilder:object:root=true
// +kubebuilder:resource:scope=Namespaced,path=blueprints,singular=blueprint,shortName=bp,categories={catalyst}
// +kubebuilder:printcolumn:name="VERSION",type=string,JSONPath=`.spec.version`
// +kubebuilder:printcolumn:name="TITLE",type=string,JSONPath=`.spec.card.title`
// +kubebuilder:printcolumn:name="STATUS",type=string,JSONPath=`.status.summary`
// +kubebuilder:validation:XValidation:rule="self.metadata.name.matches('^bp-[a-z][a-z0-9-]{1,59}$')",message="metadata.name must be bp-<name>, e.g. bp-wordpress"
type Blueprint struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	Spec BlueprintSpec `json:"spec"`
	// +optional
	Status BlueprintStatus `json:"status,omitempty"`
}

// BlueprintList is a list of Blueprints.
//
// +kubebuilder:object:root=true
type BlueprintList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`

	Items []Blueprint `json:"items"`
}
