// Package v1alpha1 holds the Go types of Catalyst's composite resources. They
// are the single source of the XRDs' schemas, and functions decode into them.
//
// +kubebuilder:object:generate=true
// +groupName=catalyst.openova.io
// +versionName=v1alpha1
package v1alpha1
