#!/usr/bin/env bash
. ../lib.sh
. ./regions.sh

# Helsinki has no servers to give. The Sovereign says so, and what it has is not
# touched; the region is there once Helsinki has.
fault="$(hetzner /faults -d '{"effect":"capacity","location":"hel1"}' | jq .id)"
change '[{"op": "add", "path": "/spec/regions/-", "value": {"code": "hel", "network": {"cidr": "10.1.0.0/16"}, "hostClusters": [{"buildingBlock": "dmz", "workers": {"count": 1, "min": 0, "max": 9}}]}}]'
says() { kubectl get sovereign norwind -o jsonpath='{.status.summary}' | grep -F resource_unavailable; }
eventually 60 says
servers_are hz-fsn-mgt-prod-cp1
hetzner "/faults?id=$fault" -X DELETE
eventually 100 servers_are hz-fsn-mgt-prod-cp1 hz-hel-dmz-prod-cp1 hz-hel-dmz-prod-w1
ready sovereign norwind
