#!/usr/bin/env bash
. ../lib.sh
. ./sovereign.sh

scale() {
  kubectl patch sovereign omantel --type=json -p "[{\"op\": \"replace\", \"path\": \"/spec/regions/0/hostClusters/0/workers/count\", \"value\": $1}, {\"op\": \"replace\", \"path\": \"/spec/regions/0/hostClusters/0/workers/min\", \"value\": $2}]"
}
p=catalyst-omantel-hz-fsn-mgt-prod
are() { same "servers" "$1" "$(servers)"; }

scale 5 2
eventually 60 are "$p-cp1 $p-w1 $p-w2 $p-w3 $p-w4 $p-w5"
# The highest numbers go; the others are the machines they were.
kept="$(hetzner /dump | jq -c --arg n "$p-w1" '.servers[] | select(.name == $n) | .id')"
scale 1 1
eventually 60 are "$p-cp1 $p-w1"
same "the first worker" "$kept" "$(hetzner /dump | jq -c --arg n "$p-w1" '.servers[] | select(.name == $n) | .id')"
settled() { same "Servers" 2 "$(kubectl get servers.hcloud.openova.io -n sovereign-omantel -o name | wc -l)"; }
eventually 60 settled
ready sovereign omantel

refused "min" kubectl patch sovereign omantel --type=json -p '[{"op": "replace", "path": "/spec/regions/0/hostClusters/0/workers/min", "value": 9}]'
