#!/usr/bin/env bash
. ../lib.sh
may() { same "$1 may $2 $3 in $4" yes "$(kubectl auth can-i "$2" "$3" -n "$4" --as "$1")"; }
may_not() { same "$1 may $2 $3 in $4" no "$(kubectl auth can-i "$2" "$3" -n "$4" --as "$1" || true)"; }

admin=ann@initrode.example developer=dev@initrode.example
may $admin create applications.catalyst.openova.io initrode
may $admin create environments.catalyst.openova.io initrode
may $admin delete blueprints.catalyst.openova.io initrode
may $developer create applications.catalyst.openova.io initrode
may $developer list environments.catalyst.openova.io initrode
may_not $developer create environments.catalyst.openova.io initrode

# Managed resources, secrets and other people's Organizations are out of reach.
for who in $admin $developer; do
  may_not $who list repositories.gitea.openova.io initrode
  may_not $who create rrsets.powerdns.openova.io initrode
  may_not $who get secrets initrode
  may_not $who create rolebindings.rbac.authorization.k8s.io initrode
  may_not $who list applications.catalyst.openova.io catalyst-system
  may_not $who create organizations.catalyst.openova.io ""
done

# Nothing of ours runs as cluster-admin.
for sa in crossplane rbac-manager; do
  same "crossplane-system:$sa may do anything" no "$(kubectl auth can-i '*' '*' --as "system:serviceaccount:crossplane-system:$sa" || true)"
done
may_not system:serviceaccount:crossplane-system:crossplane create clusterrolebindings.rbac.authorization.k8s.io initrode
