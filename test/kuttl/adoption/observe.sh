#!/usr/bin/env bash
. ../lib.sh
powerdns /zones -X POST -d '{"name":"legacy.example.","kind":"Native","nameservers":["ns1.legacy.example."],"rrsets":[{"name":"www.legacy.example.","type":"A","ttl":60,"records":[{"content":"192.0.2.99","disabled":false}]}]}' | jq -e .id >/dev/null
kubectl apply -f observe.yaml
ready zone.powerdns.openova.io legacy -n catalyst-system
same "kind that was observed" Native "$(kubectl get zone.powerdns.openova.io legacy -n catalyst-system -o jsonpath='{.status.atProvider.kind}')"
same "the old record" 192.0.2.99 "$(resolve www.legacy.example A)"
