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
held() { refused "Sovereign omantel still has 1 Organizations (tyrell)" kubectl delete sovereign omantel --dry-run=server; }
eventually 30 held

# It goes with it if that is asked for, unless it refuses itself.
kubectl apply -f - <<'Y'
apiVersion: catalyst.openova.io/v1alpha1
kind: Environment
metadata: {name: tyrell-dev, namespace: tyrell}
spec: {envType: dev}
Y
refuses() { refused "Organization tyrell still has 1 Environment (tyrell-dev)" kubectl delete organization.catalyst.openova.io tyrell --dry-run=server; }
eventually 30 refuses
same "what is said of a Sovereign that lives" "" "$(said)"

# What the cluster makes by itself: a Service's load balancer in its network and a
# claim's volume on a worker. Somebody else's volume is no concern of anybody.
p=catalyst-omantel-hz-fsn-mgt-prod
network="$(hetzner /dump | jq -r --arg n "$p-net" '.networks[] | select(.name == $n) | .id')"
worker="$(hetzner /dump | jq -r --arg n "$p-w1" '.servers[] | select(.name == $n) | .id')"
api /load_balancers -d "{\"name\": \"a0815\", \"load_balancer_type\": \"lb11\", \"location\": \"fsn1\", \"network\": $network, \"labels\": {\"hcloud-ccm/service-uid\": \"0815\"}}" >/dev/null
api /volumes -d "{\"name\": \"pvc-0815\", \"size\": 10, \"server\": $worker, \"labels\": {\"managed-by\": \"csi-driver\"}}" >/dev/null
api /volumes -d "{\"name\": \"backup\", \"size\": 10, \"location\": \"fsn1\", \"labels\": {\"managed-by\": \"csi-driver\"}}" >/dev/null

# The Organization goes first, and nothing else meanwhile. What is waited for is
# said at every moment. The domain's keys outlive its DS records, wherever these
# are remembered.
free() { kubectl delete sovereign omantel --wait=false; }
says() { said | grep -F "$1"; }
remembered() {
  same "DS records served" "" "$(resolve omantel.omani.works DS)"
  same "why their object stays" WaitsOutTTL "$(kubectl get rrsets.powerdns.openova.io parent-ds -n sovereign-omantel -o jsonpath='{.status.conditions[?(@.type=="Ready")].reason}')"
}
leave() {
  kubectl patch sovereign omantel --type=merge -p '{"spec": {"deletionPolicy": "Cascade"}}'
  eventually 30 free
  eventually 60 says "1 of 3, Organizations: Organization tyrell: Organization tyrell still has 1 Environment (tyrell-dev). Delete them first, or set spec.deletionPolicy to Cascade"
  kubectl delete environment tyrell-dev -n tyrell --wait=false
  eventually 300 refused NotFound kubectl get sovereign omantel
  eventually 100 remembered
  eventually 240 refused NotFound kubectl get namespace sovereign-omantel
}
all="$(servers)"
log="$(mktemp)"
narrate "$log" "$all" &
narrator=$!
never_bogus omani.works omantel.omani.works 10 leave
wait "$narrator"
cat "$log"
same "what went before the Organization had gone" "" "$(grep EARLY "$log" || true)"
same "layers, in their order" "1 of 3, Organizations
2 of 3, host clusters
3 of 3, domain and Git" "$(cut -d: -f1 "$log" | grep . | uniq)"
for word in "Environment (tyrell-dev)" "ClusterLeftovers hz-fsn-mgt-prod-leftovers" "NodePool\|Server" "RRset parent-ds: "; do
  grep -q "$word" "$log" || fail "nothing was said of $word"
done
gone tyrell

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
