#!/usr/bin/env bash
. ../lib.sh
. ./delegation.sh

# The guard comes a moment after the DS records have been seen.
guarded() { same "whether it is in use" true "$(kubectl get sovereign bank -o jsonpath='{.metadata.labels.crossplane\.io/in-use}')"; }
eventually 60 guarded
held() { refused "Sovereign bank still has DS records at the registrar of bank.omani.works, or resolvers that remember them" kubectl delete sovereign bank --wait=false; }
eventually 30 held

# A resolver that holds the DS records finds signatures until it forgets them.
# Then the deletion that was refused is carried out.
leave() {
  withdraw DS
  look
  eventually 180 refused NotFound kubectl get sovereign bank
}
never_bogus omani.works bank.omani.works 5 leave
withdraw NS

eventually 240 refused NotFound kubectl get namespace sovereign-bank
left="$(hetzner /dump)"
same "what is left at Hetzner" "{}" "$left"
no_zone bank.omani.works
kubectl delete -f ../../../examples/parent-zone --timeout=60s
no_zone omani.works
organizations="$(gitea "/orgs?limit=50" | jq '[.[] | select(.username == "system" or .username == "catalog" or .username == "catalog-sovereign")] | length')"
same "organizations in Gitea" 0 "$organizations"
