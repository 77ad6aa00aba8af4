#!/usr/bin/env bash
. ../lib.sh
kubectl apply -f hostcluster.yaml
kubectl apply -f umbrella.yaml
# vcluster would write this Secret.
cluster="$(kubectl config view --minify --raw -o json | jq '.clusters[0].cluster')"
jq -n --argjson cluster "$cluster" --arg token "$(kubectl create token vcluster -n intranet --duration=1h)" '{
  apiVersion: "v1", kind: "Config", "current-context": "vcluster",
  clusters: [{name: "vcluster", cluster: $cluster}],
  users: [{name: "vcluster", user: {token: $token}}],
  contexts: [{name: "vcluster", context: {cluster: "vcluster", user: "vcluster"}}]
}' | kubectl create secret generic vc-hz-fsn-rtz-dev -n umbrella --from-file=config=/dev/stdin
ready organization.catalyst.openova.io umbrella
