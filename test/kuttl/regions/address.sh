#!/usr/bin/env bash
. ../lib.sh
. ./regions.sh

# Somebody deletes the load balancer at Hetzner. There is another one when that
# is noticed, with another address, and the names follow.
before="$(address)"
id="$(hetzner /dump | jq -r '.load_balancers[] | select(.name == "catalyst-norwind-hz-fsn-mgt-prod-lb") | .id')"
curl -sS --fail --max-time 20 -X DELETE -H "Authorization: Bearer $(cat "$CATALYST_HCLOUD_TOKEN_FILE")" "$CATALYST_HCLOUD_URL/load_balancers/$id"
# Drift is looked for every half hour; an edit has it looked for at once.
kubectl annotate loadbalancers.hcloud.openova.io -n sovereign-norwind --all example.org/looked-at=now --overwrite
moved() { local now; now="$(address)"; [ -n "$now" ] && [ "$now" != "$before" ]; }
eventually 60 moved
kubectl annotate loadbalancernetworks.hcloud.openova.io,loadbalancerservices.hcloud.openova.io,loadbalancertargets.hcloud.openova.io -n sovereign-norwind --all example.org/looked-at=now --overwrite
eventually 60 follows "$(address)"
whole() {
  same "services and targets" "3 1 1" "$(hetzner /dump | jq -r '.load_balancers[] | select(.name == "catalyst-norwind-hz-fsn-mgt-prod-lb") | "\(.services | length) \(.targets | length) \(.private_net | length)"')"
}
eventually 60 whole
ready sovereign norwind
servers_are hz-fsn-mgt-prod-cp1
