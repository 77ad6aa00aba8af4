#!/usr/bin/env bash
. ../lib.sh
. ./outside.sh

rm -rf "$noted"
mkdir -p "$noted"
kubectl apply -f - <<'Y'
apiVersion: powerdns.openova.io/v1alpha1
kind: Zone
metadata: {name: omani.works, namespace: catalyst-system}
spec: {forProvider: {kind: Native, nameservers: [ns1.openova.io., ns2.openova.io., ns3.openova.io.]}}
Y
kubectl apply -f ../../../examples/sovereign-sme
ready sovereign omantel

# What to adopt is in the status, every server included.
complete() {
  kubectl get sovereign omantel -o json | jq -S .status.handover.adopt >"$noted/adopt"
  same "servers to adopt" "1 2" "$(jq -r '"\(.hostClusters[0].controlPlane | length) \(.hostClusters[0].workers | length)"' "$noted/adopt")"
}
eventually 30 complete
servers="$(hetzner /dump | jq -c '[.servers[].id | tostring] | sort')"
same "servers to adopt" "$servers" "$(jq -c '[.hostClusters[0] | (.controlPlane + .workers)[].id] | sort' "$noted/adopt")"
