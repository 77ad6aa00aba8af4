# shellcheck shell=bash
# What this scenario knows of the world outside the cluster. Sourced by its
# steps, which share a folder for what one notes and another compares.
. ../sovereign/sovereign.sh

noted="${TMPDIR:-/tmp}/catalyst-adopt-sovereign"

# outside FOLDER: note what there is at Hetzner, but for what changes by itself,
# and in PowerDNS, serial numbers and keys included.
outside() {
  mkdir -p "$1"
  hetzner /dump | jq -S 'map_values(map({id, name}) | sort_by(.id))' >"$1/hetzner"
  local zone
  for zone in omantel.omani.works. omani.works.; do
    powerdns "/zones/$zone" | jq -S 'del(.edited_serial) | .rrsets |= sort_by(.name, .type)' >"$1/zone-$zone"
    powerdns "/zones/$zone/cryptokeys" | jq -S 'map({id, keytype, dnskey, active, published})' >"$1/keys-$zone"
  done
}

# project PATH [curl options]: what Hetzner's API answers.
project() {
  local path="$1"
  shift
  curl -sS --fail --max-time 20 -H "Authorization: Bearer $(cat "$CATALYST_HCLOUD_TOKEN_FILE")" -H 'Content-Type: application/json' "$@" "$CATALYST_HCLOUD_URL/v1$path"
}
