# shellcheck shell=bash
# delivered ORGANIZATION APPLICATION: an Organization with an Application, on a
# host cluster that somebody else provides: a kubeconfig whose account may write
# ConfigMaps in the namespace of the Application's name. Sourced after lib.sh.
delivered() {
  local cluster
  sed "s/umbrella/$1/g; s/intranet/$2/g" ../delivery/hostcluster.yaml | kubectl apply -f -
  sed "s/umbrella/$1/g; s/intranet/$2/g" ../delivery/umbrella.yaml | kubectl apply -f -
  # vcluster would write this Secret.
  cluster="$(kubectl config view --minify --raw -o json | jq '.clusters[0].cluster')"
  jq -n --argjson cluster "$cluster" --arg token "$(kubectl create token vcluster -n "$2" --duration=1h)" '{
    apiVersion: "v1", kind: "Config", "current-context": "vcluster",
    clusters: [{name: "vcluster", cluster: $cluster}],
    users: [{name: "vcluster", user: {token: $token}}],
    contexts: [{name: "vcluster", context: {cluster: "vcluster", user: "vcluster"}}]
  }' | kubectl create secret generic vc-hz-fsn-rtz-dev -n "$1" --from-file=config=/dev/stdin
  ready organization.catalyst.openova.io "$1"
}

# cascade ORGANIZATION: delete it with all that is in it.
cascade() {
  kubectl patch organization.catalyst.openova.io "$1" --type merge -p '{"spec":{"deletionPolicy":"Cascade"}}'
  unguarded() { kubectl delete organization.catalyst.openova.io "$1" --dry-run=server; }
  eventually 30 unguarded "$1"
  kubectl delete organization.catalyst.openova.io "$1" --wait=false
}
