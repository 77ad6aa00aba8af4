# shellcheck shell=bash
# What this scenario asks of the stand-in for Hetzner. Sourced by its steps.

# servers: the names of those that exist at Hetzner, on one line.
servers() {
  hetzner /dump | jq -r '[.servers[]?.name] | sort | join(" ")'
}
