#!/usr/bin/env bash
. ../lib.sh
. ./regions.sh
kubectl delete sovereign norwind --wait=false
eventually 240 refused NotFound kubectl get namespace sovereign-norwind
eventually 30 refused NotFound kubectl get sovereign norwind
left="$(hetzner /dump | jq -r '[.[][].name? | strings | select(startswith("catalyst-norwind-"))] | join(" ")')"
same "what is left at Hetzner" "" "$left"
no_zone norwind.omani.works
kubectl delete -f ../../../examples/parent-zone --timeout=60s
no_zone omani.works
