#!/usr/bin/env bash
. ../lib.sh
. ../organization.sh
establish umbrella
composed_of() { kubectl get managed -n umbrella -l "crossplane.io/composite=$1" --no-headers -o name | wc -l; }
[ "$(composed_of marketing-site)" -gt 0 ] || fail "nothing is labelled as composed of marketing-site"
says() { # JQ-FILTER MESSAGE
  kubectl get application marketing-site -n umbrella -o json | jq "del(.status, .metadata.uid, .metadata.resourceVersion, .metadata.annotations, .metadata.labels, .metadata.finalizers, .spec.crossplane) | .metadata.name = \"bad\" | $1" | kubectl apply -f - >/dev/null
  told() { kubectl get application bad -n umbrella -o jsonpath='{.status.conditions[?(@.type=="Accepted")].message}' | grep -qF -- "$1"; }
  eventually 30 told "$2"
  same "objects composed of it" 0 "$(composed_of bad)"
  kubectl delete application bad -n umbrella --timeout=30s >/dev/null
}
says '.spec.blueprintRef.name = "bp-nothing"' 'spec.blueprintRef.name is "bp-nothing", and there is no such Blueprint in namespaces umbrella, catalog-sovereign and catalog'
says '.spec.blueprintRef.version = "2.0.0"' 'spec.blueprintRef.version is "2.0.0", and Blueprint bp-wordpress in namespace umbrella has version 1.3.0'
says '.spec.parameters.replicas = "many"' 'spec.parameters/replicas: got string, want integer'
says '.spec.environments[0].name = "globex-dev"' 'spec.environments[0].name is "globex-dev", must be an Environment of Organization umbrella'
says '.spec.environments[0].size = "huge"' 'spec.environments[0].size is "huge", and Blueprint bp-wordpress offers large'
kubectl apply -n umbrella -f - <<'Y'
---
{apiVersion: catalyst.openova.io/v1alpha1, kind: Environment, metadata: {name: globex-prod, namespace: umbrella}, spec: {envType: prod}}
Y
misplaced() { kubectl get environment globex-prod -n umbrella -o jsonpath='{.status.summary}' | grep -qF 'metadata.name is "globex-prod", must be "umbrella-prod"'; }
eventually 30 misplaced
