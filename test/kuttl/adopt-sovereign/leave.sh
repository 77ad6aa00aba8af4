#!/usr/bin/env bash
. ../lib.sh
. ./outside.sh

# Nothing of what the Sovereign consists of may be deleted with its objects. No
# function says anything about managementPolicies of these, so they stay changed.
kubectl get managed -n sovereign-omantel -o json |
  jq '.items[] | select(.apiVersion | test("^(hcloud|powerdns)\\.")) | {apiVersion, kind, metadata: (.metadata | {name, namespace}), spec: {managementPolicies: ["Observe", "Create", "Update", "LateInitialize"]}}' |
  kubectl apply --server-side --field-manager=handover --force-conflicts -f -

# The Secrets go along: the clusters that were made with them know no others.
kubectl get sovereign omantel -o jsonpath='{range .status.handover.secrets[*]}{.namespace} {.name}{"\n"}{end}' |
  while read -r namespace name; do
    kubectl get secret "$name" -n "$namespace" -o json | jq '.metadata |= {name, namespace}'
  done >"$noted/secrets"

outside "$noted/before"
hetzner /requests -X DELETE
kubectl delete sovereign omantel --wait=false
eventually 200 refused NotFound kubectl get sovereign omantel
eventually 240 refused NotFound kubectl get namespace sovereign-omantel

outside "$noted/without"
diff -r "$noted/before" "$noted/without" || fail "something outside changed although only its objects were deleted"
writes="$(hetzner /log | jq -c '[.[]? | select(.method != "GET")]')"
same "writes to Hetzner while its objects went" "[]" "$writes"
