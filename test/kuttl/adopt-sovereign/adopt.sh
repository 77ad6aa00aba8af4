#!/usr/bin/env bash
. ../lib.sh
. ./outside.sh

kubectl create namespace sovereign-omantel
kubectl apply -f "$noted/secrets"
hetzner /requests -X DELETE
kubectl patch --local -f ../../../examples/sovereign-sme/10-sovereign.yaml --type=merge -o yaml \
  -p "$(jq -n --slurpfile adopt "$noted/adopt" '{spec: {adopt: $adopt[0]}}')" | kubectl apply -f -
ready sovereign omantel

writes="$(hetzner /log | jq -c '[.[]? | select(.method != "GET")]')"
same "writes to Hetzner while the Sovereign was adopted" "[]" "$writes"
outside "$noted/after"
diff -r "$noted/before" "$noted/after" || fail "something outside changed with the adoption"
jq -r '"\(.metadata.name) \(.data | tostring)"' "$noted/secrets" | while read -r name data; do
  same "Secret $name" "$data" "$(kubectl get secret "$name" -n sovereign-omantel -o json | jq -r '.data | tostring')"
done

# It is its own now: what it would hand over is what it took over, and it scales.
same "what to adopt" "$(cat "$noted/adopt")" "$(kubectl get sovereign omantel -o json | jq -S .status.handover.adopt)"
refused "spec.adopt is immutable" kubectl patch sovereign omantel --type=json -p '[{"op": "remove", "path": "/spec/adopt"}]'

# What cluster-autoscaler makes beside it is none of its own.
elastic=omantel-hfmp-elastic-77439321e2047e3e
id="$(jq '.hostClusters[0] | {name: $n, server_type: "cx32", image: "ubuntu-24.04", location: "fsn1", labels: {"hcloud/node-group": "omantel-hfmp-elastic"},
  networks: [.networkID | tonumber], firewalls: [{firewall: .firewallID | tonumber}]}' --arg n "$elastic" "$noted/adopt" | project /servers -X POST -d @- | jq .server.id)"
p=catalyst-omantel-hz-fsn-mgt-prod
are() { same "servers" "$1" "$(servers)"; }
scale() {
  kubectl patch sovereign omantel --type=json -p "[{\"op\": \"replace\", \"path\": \"/spec/regions/0/hostClusters/0/workers/count\", \"value\": $1}]"
  ready sovereign omantel
}
scale 3
eventually 60 are "$p-cp1 $p-w1 $p-w2 $p-w3 $elastic"
scale 2
eventually 60 are "$p-cp1 $p-w1 $p-w2 $elastic"
targets="$(hetzner /dump | jq -c '[.load_balancers[].targets[].targets[]?.server.id]')"
same "servers behind the load balancer" "$(jq -c '[.hostClusters[0].controlPlane[].id | tonumber]' "$noted/adopt")" "$targets"
project "/servers/$id" -X DELETE >/dev/null

# On its own it scales itself: the kit tells cluster-autoscaler what its servers
# need to join.
kubectl patch sovereign omantel --type=merge -p '{"spec": {"sovereignty": "Sovereign", "bootstrapKit": {"versions": {"cluster-autoscaler-hcloud": "1.0.0"}}}}'
told() {
  local release want
  release="$(gitea "/repos/system/catalyst-config/contents/clusters/omantel.omani.works/bootstrap-kit/40-cluster-autoscaler-hcloud.yaml?ref=main" | jq -r .content | base64 -d)"
  want="$(jq -r '"HCLOUD_FIREWALL: \"\(.hostClusters[0].firewallID)\" HCLOUD_NETWORK: \"\(.hostClusters[0].networkID)\" HCLOUD_SSH_KEY: \"\(.sshKeys[0].id)\""' "$noted/adopt")"
  same "what cluster-autoscaler is told" "$want" "$(grep 'HCLOUD_[FNS]' <<<"$release" | sed 's/^ *//' | paste -sd' ')"
  same "its servers" "maxSize: 8" "$(grep -o 'maxSize: .*' <<<"$release")"
}
eventually 60 told
