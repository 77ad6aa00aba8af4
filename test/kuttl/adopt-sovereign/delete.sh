#!/usr/bin/env bash
. ../lib.sh
. ./outside.sh

kubectl delete sovereign omantel --wait=false
eventually 200 refused NotFound kubectl get sovereign omantel
eventually 200 refused NotFound kubectl get namespace sovereign-omantel
left="$(hetzner /dump)"
same "what is left at Hetzner" "{}" "$left"
no_zone omantel.omani.works
kubectl delete zones.powerdns.openova.io omani.works -n catalyst-system --timeout=60s
rm -rf "$noted"
