#!/usr/bin/env bash
. ../lib.sh
. ./hetzner.sh

# Kinds that nothing composes are inactive. Crossplane never deactivates a kind
# again.
kubectl apply -f - <<'Y'
apiVersion: apiextensions.crossplane.io/v1alpha1
kind: ManagedResourceActivationPolicy
metadata: {name: hetzner}
spec: {activate: ["*.hcloud.openova.io"]}
Y
established() {
  local kinds active
  kinds="$(kubectl get managedresourcedefinitions -o name | grep -c 'hcloud.openova.io$')"
  active="$(kubectl get managedresourcedefinitions -o json | jq '[.items[] | select((.metadata.name | endswith("hcloud.openova.io")) and any(.status.conditions[]?; .type == "Established" and .status == "True"))] | length')"
  [ "$kinds" -gt 20 ] && [ "$kinds" = "$active" ]
}
eventually 90 established

kubectl create namespace sovereign-omantel --dry-run=client -o yaml | kubectl apply -f -
examples | while read -r f; do kubectl apply -f "$f"; done

pair="$(mktemp -d)"
trap 'rm -rf "$pair"' EXIT
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=console.omantel.example -keyout "$pair/tls.key" -out "$pair/tls.crt" 2>/dev/null
kubectl create secret generic console-tls -n sovereign-omantel --from-file="$pair/tls.key" --dry-run=client -o yaml | kubectl apply -f -
kubectl patch --local -f ../../../examples/provider-hcloud/uploadedcertificate.yaml --type=merge -o yaml \
  -p "$(jq -n --rawfile crt "$pair/tls.crt" '{spec: {forProvider: {certificate: $crt}}}')" | kubectl apply -f -

eventually 60 kubectl wait primaryips.hcloud.openova.io cp1 -n sovereign-omantel --for=condition=Ready --timeout=5s
address="$(kubectl get primaryips.hcloud.openova.io cp1 -n sovereign-omantel -o jsonpath='{.status.atProvider.ipAddress}')"
sed "s/ipAddress: .*/ipAddress: $address/" ../../../examples/provider-hcloud/rdns.yaml | kubectl apply -f -
for kind in $(kubectl api-resources --categories=hcloud -o name | grep -v providerconfig); do
  for name in $(kubectl get "$kind" -n sovereign-omantel -o name); do
    eventually 120 kubectl wait -n sovereign-omantel "$name" --for=condition=Ready --timeout=5s
  done
done

# What is ready is left alone.
hetzner /requests -X DELETE
sleep 20
writes="$(hetzner /log | jq '[.[]? | select(.method != "GET")] | length')"
same "writes to Hetzner while nothing changed" 0 "$writes"
