#!/usr/bin/env bash
. ../lib.sh
before="$(kubectl get repositorycontent,rrset -n acme -o jsonpath='{.items[*].metadata.generation}') $(head_of acme/marketing-site develop)"
kubectl apply -f ../../../examples/quickstart
sleep 5
same "after a second apply" "$before" "$(kubectl get repositorycontent,rrset -n acme -o jsonpath='{.items[*].metadata.generation}') $(head_of acme/marketing-site develop)"
ready application marketing-site -n acme
