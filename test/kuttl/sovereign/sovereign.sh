# shellcheck shell=bash
# What this scenario asks of the stand-in for Hetzner. Sourced by its steps.

# hetzner PATH [curl options]: what its administration answers.
hetzner() {
  local path="$1"
  shift
  curl -sS --fail --max-time 20 "$@" "$CATALYST_HCLOUD_URL/_sim$path"
}

# servers: the names of those that exist at Hetzner, on one line.
servers() {
  hetzner /dump | jq -r '[.servers[]?.name] | sort | join(" ")'
}
