# shellcheck shell=bash
# What the stand-in for Hetzner's API knows. Sourced by this scenario's steps.

# examples: the examples of provider-hcloud that can be applied as they are.
# One names credentials that are not here, one an address, and one a key.
examples() {
  find ../../../examples/provider-hcloud -name '*.yaml' ! -name providerconfig.yaml ! -name rdns.yaml ! -name uploadedcertificate.yaml | sort
}
