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

# What the cluster makes by itself: a Service's load balancer in its network and a
# claim's volume on a worker. Somebody else's volume is no concern of anybody.
p=catalyst-omantel-hz-fsn-mgt-prod
network="$(hetzner /dump | jq -r --arg n "$p-net" '.networks[] | select(.name == $n) | .id')"
worker="$(hetzner /dump | jq -r --arg n "$p-w1" '.servers[] | select(.name == $n) | .id')"
api /load_balancers -d "{\"name\": \"a0815\", \"load_balancer_type\": \"lb11\", \"location\": \"fsn1\", \"network\": $network, \"labels\": {\"hcloud-ccm/service-uid\": \"0815\"}}" >/dev/null
api /volumes -d "{\"name\": \"pvc-0815\", \"size\": 10, \"server\": $worker, \"labels\": {\"managed-by\": \"csi-driver\"}}" >/dev/null
api /volumes -d "{\"name\": \"backup\", \"size\": 10, \"location\": \"fsn1\", \"labels\": {\"managed-by\": \"csi-driver\"}}" >/dev/null

# Its keys outlive its DS records, wherever these are remembered.
free() { kubectl delete sovereign omantel --wait=false; }
remembered() {
  same "DS records served" "" "$(resolve omantel.omani.works DS)"
  same "why their object stays" WaitsOutTTL "$(kubectl get rrsets.powerdns.openova.io parent-ds -n sovereign-omantel -o jsonpath='{.status.conditions[?(@.type=="Ready")].reason}')"
}
leave() {
  eventually 30 free
  eventually 60 remembered
  eventually 200 refused NotFound kubectl get sovereign omantel
  eventually 240 refused NotFound kubectl get namespace sovereign-omantel
}
never_bogus omani.works omantel.omani.works 10 leave
foreign="$(hetzner /dump | jq -r '.volumes[]? | select(.name == "backup") | .id')"
api "/volumes/${foreign:?a volume of others is gone}" -X DELETE
left="$(hetzner /dump)"
same "what is left at Hetzner" "{}" "$left"
no_zone omantel.omani.works
same "the delegation" "" "$(resolve omantel.omani.works DS)$(resolve omantel.omani.works NS)"
organizations="$(gitea "/orgs?limit=50" | jq '[.[] | select(.username == "system" or .username == "catalog" or .username == "catalog-sovereign")] | length')"
same "organizations in Gitea" 0 "$organizations"
kubectl delete -f ../../../examples/parent-zone --timeout=60s
no_zone omani.works
