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
count=0
for namespace in acme default; do
  for object in $(kubectl get managed -n "$namespace" -o name); do
    eventually 90 kubectl wait "$object" -n "$namespace" --for=condition=Ready --timeout=5s
    count=$((count + 1))
  done
done
[ "$count" -ge 19 ] || fail "only $count managed resources were made of the examples"
