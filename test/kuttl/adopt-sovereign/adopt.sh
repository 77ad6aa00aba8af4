#!/usr/bin/env bash
. ../lib.sh
. ./outside.sh

kubectl create namespace sovereign-omantel
kubectl apply -f "$noted/token"
hetzner /requests -X DELETE
kubectl patch --local -f ../../../examples/sovereign-sme/10-sovereign.yaml --type=merge -o yaml \
  -p "$(jq -n --slurpfile adopt "$noted/adopt" '{spec: {adopt: $adopt[0]}}')" | kubectl apply -f -
ready sovereign omantel

writes="$(hetzner /log | jq -c '[.[]? | select(.method != "GET")]')"
same "writes to Hetzner while the Sovereign was adopted" "[]" "$writes"
outside "$noted/after"
diff -r "$noted/before" "$noted/after" || fail "something outside changed with the adoption"
same "the token" "$(jq -r .data.token "$noted/token")" "$(kubectl get secret hz-fsn-mgt-prod-join-token -n sovereign-omantel -o jsonpath='{.data.token}')"

# It is its own now: what it would hand over is what it took over, and it scales.
same "what to adopt" "$(cat "$noted/adopt")" "$(kubectl get sovereign omantel -o json | jq -S .status.handover.adopt)"
refused "spec.adopt is immutable" kubectl patch sovereign omantel --type=json -p '[{"op": "remove", "path": "/spec/adopt"}]'
kubectl patch sovereign omantel --type=json -p '[{"op": "replace", "path": "/spec/regions/0/hostClusters/0/workers/count", "value": 3}]'
p=catalyst-omantel-hz-fsn-mgt-prod
are() { same "servers" "$p-cp1 $p-w1 $p-w2 $p-w3" "$(servers)"; }
eventually 60 are
