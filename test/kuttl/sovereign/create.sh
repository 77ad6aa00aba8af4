#!/usr/bin/env bash
. ../lib.sh
. ./sovereign.sh

# The parent zone is signed, or there would be no chain of trust to close.
kubectl apply -f ../../../examples/parent-zone
ready cryptokeys.powerdns.openova.io omani.works-ksk -n catalyst-system

kubectl apply -f ../../../examples/sovereign-sme
ready sovereign omantel

address="$(kubectl get sovereign omantel -o jsonpath='{.status.loadBalancer.ipv4}')"
[ -n "$address" ] || fail "the Sovereign has no address"
for name in omantel.omani.works console.omantel.omani.works anything.omantel.omani.works; do
  same "address of $name" "$address" "$(resolve "$name" A)"
done

# From the parent's key down: who trusts omani.works can trust the console.
anchor="$(mktemp)"
trap 'rm -f "$anchor"' EXIT
trust omani.works >"$anchor"
eventually 30 validated "$anchor" omani.works console.omantel.omani.works A

same "servers" "catalyst-omantel-hz-fsn-mgt-prod-cp1 catalyst-omantel-hz-fsn-mgt-prod-w1 catalyst-omantel-hz-fsn-mgt-prod-w2" "$(servers)"

# The bootstrap kit is in Git, a folder of the Sovereign's.
kit="$(gitea "/repos/system/catalyst-config/contents/clusters/omantel.omani.works/bootstrap-kit?ref=main" | jq -r '[.[].name] | length')"
[ "$kit" -ge 18 ] || fail "the bootstrap kit has $kit files"
