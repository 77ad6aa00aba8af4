// Package v1alpha1 holds the API types that Catalyst's providers share.
//
// +kubebuilder:object:generate=true
package v1alpha1
