#!/usr/bin/env bash
. ../lib.sh
. ./regions.sh

# The project's requests are spent while workers are asked for. Nobody hammers
# the API meanwhile, and work goes on by itself when it answers again.
hetzner /requests -X DELETE
hetzner /faults -d '{"effect":"rate_limit","seconds":45}'
change '[{"op": "replace", "path": "/spec/regions/0/hostClusters/0/workers/count", "value": 3}]'
says() { kubectl get sovereign norwind -o jsonpath='{.status.summary}' | grep -F 'API budget'; }
eventually 40 says
eventually 120 servers_are hz-fsn-mgt-prod-cp1 hz-fsn-mgt-prod-w1 hz-fsn-mgt-prod-w2 hz-fsn-mgt-prod-w3 hz-hel-dmz-prod-cp1 hz-hel-dmz-prod-w1
refused="$(hetzner /log | jq '[.[]? | select(.status == 429)] | length')"
[ "$refused" -gt 0 ] || fail "no request was refused, so nothing was proved"
[ "$refused" -le 10 ] || fail "$refused requests were made while the API refused them all"
ready sovereign norwind
