#!/usr/bin/env bash
. ../lib.sh
. ../delivered.sh
delivered soylent canteen
ready application canteen -n soylent
kubectl get configmap canteen-values canteen-overlay -n canteen
