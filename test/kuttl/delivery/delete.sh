#!/usr/bin/env bash
. ../lib.sh
none() { [ -z "$(kubectl get "$@" -o name)" ]; }
kubectl delete application intranet -n umbrella --timeout=60s
eventually 60 none gitrepository,kustomization.kustomize.toolkit.fluxcd.io,deploykey -n umbrella
eventually 30 refused NotFound kubectl get secret intranet-deploy-key -n umbrella
refused NotFound kubectl get configmap intranet-values -n intranet
refused NotFound kubectl get configmap intranet-overlay -n intranet
eventually 30 kubectl delete environment,blueprint --all -n umbrella --timeout=60s
eventually 30 kubectl delete organization.catalyst.openova.io umbrella --ignore-not-found --wait=false
gone umbrella
kubectl delete namespace intranet --timeout=60s
