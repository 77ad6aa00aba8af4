#!/usr/bin/env bash
. ../lib.sh
sed 's/\[Observe\]/["*"]/; s/kind: Native}/kind: Native, nameservers: [ns1.legacy.example.]}/' observe.yaml | kubectl apply -f -
ready zone.powerdns.openova.io legacy -n catalyst-system
same "the old record" 192.0.2.99 "$(resolve www.legacy.example A)"
kubectl delete zone.powerdns.openova.io legacy -n catalyst-system --timeout=30s
no_zone legacy.example
