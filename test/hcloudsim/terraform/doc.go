// Package terraform runs the official Terraform provider's resources through
// hcloudsim: plan, apply, read, update and destroy, over the provider's own
// protocol and in this process. It is a package of its own because the provider
// takes minutes to compile for the first time.
package terraform
