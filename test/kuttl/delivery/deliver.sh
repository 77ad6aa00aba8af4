#!/usr/bin/env bash
. ../lib.sh
. ./flux.sh
ready application intranet -n umbrella
runs_head
same "deploy key's Secret" "identity identity.pub known_hosts" "$(kubectl get secret intranet-deploy-key -n umbrella -o json | jq -r '.data | keys | join(" ")')"
same "address Flux clones from" ssh "$(kubectl get gitrepository intranet-umbrella-dev -n umbrella -o jsonpath='{.spec.url}' | cut -d: -f1)"
kubectl get configmap intranet-values -n intranet -o jsonpath='{.data.values\.yaml}' | grep -q 'greeting: Good morning' || fail "the Application's values did not arrive"
kubectl get configmap intranet-overlay -n intranet -o jsonpath='{.data.values\.yaml}' | grep -q umbrella-dev || fail "the Environment's values did not arrive"
refused "by resource Kustomization/intranet-umbrella-dev-hz-fsn-rtz-dev" kubectl delete secret vc-hz-fsn-rtz-dev -n umbrella
