# shellcheck shell=bash
# A Sovereign whose regions come and go. Sourced by the steps of this scenario.

# servers: the names of this Sovereign's servers at Hetzner, on one line.
servers() {
  hetzner /dump | jq -r '[.servers[]?.name | select(startswith("catalyst-norwind-"))] | sort | join(" ")'
}

# servers_are NAME...: fail unless these are the Sovereign's servers.
servers_are() {
  local want=""
  for name in "$@"; do want+="${want:+ }catalyst-norwind-$name"; done
  same "servers" "$want" "$(servers)"
}

# change JSON-PATCH: of the Sovereign.
change() { kubectl patch sovereign norwind --type=json -p "$1"; }

# follows ADDRESS: fail unless the Sovereign's names point there.
follows() {
  same "address of the console" "$1" "$(resolve console.norwind.omani.works A)"
}

# address of the Sovereign's load balancer at Hetzner.
address() {
  hetzner /dump | jq -r '.load_balancers[]? | select(.name == "catalyst-norwind-hz-fsn-mgt-prod-lb") | .public_net.ipv4.ip'
}
