#!/usr/bin/env bash
. ../lib.sh
. ../delivered.sh
cascade soylent
gone soylent
refused NotFound kubectl get configmap canteen-values -n canteen
refused NotFound kubectl get configmap canteen-overlay -n canteen
kubectl delete namespace canteen --timeout=60s
