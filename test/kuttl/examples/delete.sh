#!/usr/bin/env bash
. ../lib.sh
for f in ../../../examples/provider-{gitea,powerdns}/*.yaml; do
  case "$f" in
    *providerconfig.yaml | */delegation*.yaml) ;;
    *) kubectl delete -f "$f" --wait=false ;;
  esac
done
for namespace in acme default; do
  none() { left="$(kubectl get managed -n "$namespace" -o name)" && [ -z "$left" ]; }
  eventually 90 none
done
kubectl delete namespace acme --timeout=60s
gone acme
zones="$(powerdns /zones | jq length)"
same "zones in PowerDNS" 0 "$zones"
