#!/usr/bin/env bash
. ../lib.sh
for f in ../../../examples/provider-*/*.yaml; do
  case "$f" in
    *providerconfig.yaml) ;;
    *) kubectl delete -f "$f" --wait=false ;;
  esac
done
none() { [ -z "$(kubectl get managed -A --no-headers 2>/dev/null)" ]; }
eventually 90 none
kubectl delete namespace acme --timeout=60s
same "organizations in Gitea" "" "$(gitea "/orgs?limit=50" | jq -r '.[].username')"
same "zones in PowerDNS" "" "$(powerdns /zones | jq -r '.[].name')"
