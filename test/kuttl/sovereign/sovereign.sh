# shellcheck shell=bash
# What this scenario asks of the stand-in for Hetzner. Sourced by its steps.

# servers: the names of those that exist at Hetzner, on one line.
servers() {
  hetzner /dump | jq -r '[.servers[]?.name] | sort | join(" ")'
}

# api PATH [curl options]: what the API itself answers.
api() {
  local path="$1"
  shift
  curl -sS --fail --max-time 20 -H "Authorization: Bearer $(cat "$CATALYST_HCLOUD_TOKEN_FILE")" -H "Content-Type: application/json" "$@" "$CATALYST_HCLOUD_URL/v1$path"
}
