#!/usr/bin/env bash
. ../lib.sh
. ./outside.sh

# Nothing of what the Sovereign consists of may be deleted with its objects. No
# function says anything about managementPolicies of these, so they stay changed.
kubectl get managed -n sovereign-omantel -o name | grep -E '\.(hcloud|powerdns)\.openova\.io/' |
  xargs -P 4 -I{} kubectl patch {} -n sovereign-omantel --type=merge -p '{"spec": {"managementPolicies": ["Observe", "Create", "Update", "LateInitialize"]}}'

# The token that servers join with goes along: the cluster that was made with it
# knows no other.
kubectl get secret hz-fsn-mgt-prod-join-token -n sovereign-omantel -o json |
  jq '.metadata |= {name, namespace}' >"$noted/token"

outside "$noted/before"
hetzner /requests -X DELETE
kubectl delete sovereign omantel --wait=false
eventually 120 refused NotFound kubectl get sovereign omantel
eventually 120 refused NotFound kubectl get namespace sovereign-omantel

outside "$noted/without"
diff -r "$noted/before" "$noted/without" || fail "something outside changed although only its objects were deleted"
writes="$(hetzner /log | jq -c '[.[]? | select(.method != "GET")]')"
same "writes to Hetzner while its objects went" "[]" "$writes"
