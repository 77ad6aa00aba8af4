#!/usr/bin/env bash
. ../lib.sh
. ./regions.sh

# A region goes, and nothing of the other one with it.
kept="$(hetzner /dump | jq -c '[.servers[], .load_balancers[], .networks[] | select(.name | startswith("catalyst-norwind-hz-fsn")) | .id] | sort')"
change '[{"op": "remove", "path": "/spec/regions/1"}]'
eventually 200 servers_are hz-fsn-mgt-prod-cp1 hz-fsn-mgt-prod-w1 hz-fsn-mgt-prod-w2 hz-fsn-mgt-prod-w3
none() { same "what is left of the region" "" "$(hetzner /dump | jq -r '[.[][].name? | strings | select(contains("-hz-hel-"))] | join(" ")')"; }
eventually 150 none
same "what stays" "$kept" "$(hetzner /dump | jq -c '[.servers[], .load_balancers[], .networks[] | select(.name | startswith("catalyst-norwind-hz-fsn")) | .id] | sort')"
ready sovereign norwind
