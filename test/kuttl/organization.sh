# shellcheck shell=bash
# establish NAME: an Organization with one Application in two Environments, in a
# zone of its own, ready to use. Sourced after lib.sh.
establish() {
  local dir="$1.tmp"
  rm -rf "$dir"
  mkdir "$dir"
  for f in ../../../examples/quickstart/*.yaml; do
    sed "s/acme/$1/g" "$f" >"$dir/$(basename "$f")"
  done
  kubectl apply -f "$dir"
  rm -rf "$dir"
  ready application marketing-site -n "$1"
  ready organization.catalyst.openova.io "$1"
}

# evict NAME: delete the Organization and its zone, children first, and prove it gone.
evict() {
  kubectl delete application --all -n "$1" --timeout=60s
  eventually 30 kubectl delete environment,blueprint --all -n "$1" --timeout=60s
  eventually 30 kubectl delete organization.catalyst.openova.io "$1" --ignore-not-found --wait=false
  gone "$1"
  kubectl delete zone.powerdns.openova.io "$1.example" -n catalyst-system --timeout=60s
  no_zone "$1.example"
}
