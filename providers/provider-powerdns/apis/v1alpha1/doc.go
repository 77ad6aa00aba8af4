// Package v1alpha1 holds provider-powerdns's kinds: what a PowerDNS
// authoritative server keeps for a zone, and how to reach the server.
//
// +kubebuilder:object:generate=true
// +groupName=powerdns.openova.io
// +versionName=v1alpha1
package v1alpha1
