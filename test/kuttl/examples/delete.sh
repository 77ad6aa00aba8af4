#!/usr/bin/env bash
. ../lib.sh
for f in ../../../examples/provider-{gitea,powerdns}/*.yaml; do
  case "$f" in
    *providerconfig.yaml | */delegation*.yaml) ;;
    *) kubectl delete -f "$f" --wait=false ;;
  esac
done
none() { [ -z "$(kubectl get managed -A --no-headers 2>/dev/null)" ]; }
eventually 90 none
kubectl delete namespace acme --timeout=60s
gone acme
zones="$(powerdns /zones | jq length)"
same "zones in PowerDNS" 0 "$zones"
