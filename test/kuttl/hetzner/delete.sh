#!/usr/bin/env bash
. ../lib.sh
. ./hetzner.sh
kubectl delete -f ../../../examples/provider-hcloud/rdns.yaml -f ../../../examples/provider-hcloud/uploadedcertificate.yaml --wait=false --ignore-not-found
examples | while read -r f; do kubectl delete -f "$f" --wait=false --ignore-not-found; done
none() {
  local left
  left="$(kubectl get managed -n sovereign-omantel -o name)"
  same "managed resources left" "" "$left"
}
eventually 200 none
left="$(hetzner /dump)"
same "what is left at Hetzner" "{}" "$left"
kubectl delete namespace sovereign-omantel --timeout=60s
