// Package v1alpha1 contains the managed resources of a Hetzner project:
// servers, networks, load balancers, DNS zones and everything else that
// Hetzner's Terraform provider knows.
package v1alpha1
