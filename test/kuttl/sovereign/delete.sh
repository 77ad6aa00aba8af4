#!/usr/bin/env bash
. ../lib.sh
. ./sovereign.sh

# An Organization holds its Sovereign.
kubectl apply -f - <<'Y'
apiVersion: catalyst.openova.io/v1alpha1
kind: Organization
metadata: {name: tyrell}
spec: {displayName: Tyrell, sovereignRef: {name: omantel}, owners: [{email: a@tyrell.example, role: owner}]}
Y
ready organization.catalyst.openova.io tyrell
held() { refused tyrell kubectl delete sovereign omantel --dry-run=server; }
eventually 30 held
kubectl delete organization.catalyst.openova.io tyrell --timeout=100s

# Its keys outlive its DS records, wherever these are remembered.
free() { kubectl delete sovereign omantel --wait=false; }
remembered() {
  same "DS records served" "" "$(resolve omantel.omani.works DS)"
  same "why their object stays" WaitsOutTTL "$(kubectl get rrsets.powerdns.openova.io parent-ds -n sovereign-omantel -o jsonpath='{.status.conditions[?(@.type=="Ready")].reason}')"
}
leave() {
  eventually 30 free
  eventually 60 remembered
  eventually 120 refused NotFound kubectl get sovereign omantel
  eventually 120 refused NotFound kubectl get namespace sovereign-omantel
}
never_bogus omani.works omantel.omani.works 10 leave
left="$(hetzner /dump)"
same "what is left at Hetzner" "{}" "$left"
no_zone omantel.omani.works
same "the delegation" "" "$(resolve omantel.omani.works DS)$(resolve omantel.omani.works NS)"
organizations="$(gitea "/orgs?limit=50" | jq '[.[] | select(.username == "system" or .username == "catalog" or .username == "catalog-sovereign")] | length')"
same "organizations in Gitea" 0 "$organizations"
kubectl delete -f ../../../examples/parent-zone --timeout=60s
no_zone omani.works
