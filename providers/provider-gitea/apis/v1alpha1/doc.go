// Package v1alpha1 contains the managed resources of a Gitea server:
// organizations, teams, repositories and what lives in them.
// +kubebuilder:object:generate=true
// +groupName=gitea.openova.io
// +versionName=v1alpha1
package v1alpha1
