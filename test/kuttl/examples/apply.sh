#!/usr/bin/env bash
. ../lib.sh
kubectl create namespace acme --dry-run=client -o yaml | kubectl apply -f -
kubectl create secret generic projector-webhook -n acme --from-literal=secret=example --dry-run=client -o yaml | kubectl apply -f -
for f in ../../../examples/provider-{gitea,powerdns}/*.yaml; do
  case "$f" in
    # They name servers that are not here.
    *providerconfig.yaml | */delegation*.yaml) kubectl apply --dry-run=server -f "$f" ;;
    *) kubectl apply -f "$f" ;;
  esac
done
count="$(kubectl get managed -A --no-headers | wc -l)"
[ "$count" -ge 13 ] || fail "only $count managed resources were made of the examples"
for kind in $(kubectl api-resources --categories=managed -o name); do
  for name in $(kubectl get "$kind" -A -o jsonpath='{range .items[*]}{.metadata.namespace}/{.metadata.name} {end}'); do
    eventually 90 kubectl wait "$kind" -n "${name%/*}" "${name#*/}" --for=condition=Ready --timeout=5s
  done
done
