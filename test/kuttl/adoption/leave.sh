#!/usr/bin/env bash
. ../lib.sh
kubectl delete -f observe.yaml --timeout=30s
same "the old record" 192.0.2.99 "$(resolve www.legacy.example A)"
