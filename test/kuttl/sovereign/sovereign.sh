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

# said: what the Sovereign's Teardown waits for.
said() {
  kubectl get teardown omantel -n sovereign-omantel -o jsonpath='{.status.atProvider.layer}{": "}{.status.atProvider.waitsFor}' | sed 's/^: $//'
}

# narrate FILE SERVERS: note what is said until the namespace is gone, and if any
# of the servers go while the namespace of tyrell is there.
narrate() {
  local now last="" tenant
  while kubectl get namespace sovereign-omantel >/dev/null 2>&1 && kill -0 $$ 2>/dev/null; do
    now="$(said 2>/dev/null || true)"
    [ "$now" = "$last" ] || printf '%s\n' "$now" >>"$1"
    last="$now"
    tenant="$(kubectl get namespace tyrell -o name 2>/dev/null || true)"
    [ -z "$tenant" ] || [ "$(servers)" = "$2" ] || echo "EARLY $(servers)" >>"$1"
    sleep 0.5
  done
}
