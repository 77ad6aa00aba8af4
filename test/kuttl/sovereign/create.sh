#!/usr/bin/env bash
. ../lib.sh
. ./sovereign.sh

# The parent zone is signed, or there would be no chain of trust to close.
kubectl apply -f - <<'Y'
apiVersion: powerdns.openova.io/v1alpha1
kind: Zone
metadata: {name: omani.works, namespace: catalyst-system}
spec: {forProvider: {kind: Native, nameservers: [ns1.openova.io., ns2.openova.io., ns3.openova.io.]}}
---
apiVersion: powerdns.openova.io/v1alpha1
kind: CryptoKey
metadata: {name: parent-ksk, namespace: catalyst-system}
spec: {forProvider: {zoneRef: {name: omani.works}, keyType: ksk, algorithm: ecdsa256}}
---
apiVersion: powerdns.openova.io/v1alpha1
kind: CryptoKey
metadata: {name: parent-zsk, namespace: catalyst-system}
spec: {forProvider: {zoneRef: {name: omani.works}, keyType: zsk, algorithm: ecdsa256}}
Y
ready cryptokeys.powerdns.openova.io parent-ksk -n catalyst-system

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
resolve omani.works DNSKEY | awk '$1 == 257 {f = $1; p = $2; a = $3; $1 = $2 = $3 = ""; gsub(/ /, ""); printf "trust-anchors { omani.works. static-key %s %s %s \"%s\"; };\n", f, p, a, $0}' >"$anchor"
validated() {
  delv @127.0.0.1 -p "$CATALYST_DNS_PORT" -a "$anchor" +root=omani.works console.omantel.omani.works A 2>&1 | grep -F "; fully validated"
}
eventually 30 validated

same "servers" "catalyst-omantel-hz-fsn-mgt-prod-cp1 catalyst-omantel-hz-fsn-mgt-prod-w1 catalyst-omantel-hz-fsn-mgt-prod-w2" "$(servers)"

# The bootstrap kit is in Git, a folder of the Sovereign's.
kit="$(gitea "/repos/system/catalyst-config/contents/clusters/omantel.omani.works/bootstrap-kit?ref=main" | jq -r '[.[].name] | length')"
[ "$kit" -ge 18 ] || fail "the bootstrap kit has $kit files"
