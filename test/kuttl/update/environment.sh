#!/usr/bin/env bash
. ../lib.sh
refused "spec.environments[0].name is immutable" \
  kubectl patch application marketing-site -n globex --type merge -p '{"spec":{"environments":[{"name":"globex-prod"},{"name":"globex-dev"}]}}'
# Another kind of record under the same name, and back.
kubectl patch environment globex-prod -n globex --type merge -p '{"spec":{"placement":{"hostClusters":["hz-fsn-rtz-prod","hz-hel-rtz-prod"]},"ingress":[{"hostCluster":"hz-fsn-rtz-prod","addresses":["192.0.2.20"]},{"hostCluster":"hz-hel-rtz-prod","addresses":["192.0.2.30"]}]}}'
placed() { kubectl patch application marketing-site -n globex --type merge -p "{\"spec\":{\"environments\":[{\"name\":\"globex-dev\"},{\"name\":\"globex-prod\",\"placement\":$1}]}}"; }
kind_is() { [ "$(powerdns /zones/globex.example. | jq -r '[.rrsets[] | select(.name == "marketing-site.globex-prod.globex.example.") | .type] | join(" ")')" = "$1" ]; }
eventually 20 placed '{"mode":"active-hotstandby","hostClusters":["hz-fsn-rtz-prod","hz-hel-rtz-prod"]}'
eventually 30 kind_is LUA
ready application marketing-site -n globex
placed null
eventually 30 kind_is A
same "address in globex-prod" 192.0.2.20 "$(resolve marketing-site.globex-prod.globex.example A)"
kubectl patch application marketing-site -n globex --type merge -p '{"spec":{"environments":[{"name":"globex-dev"}]}}'
unnamed() { [ -z "$(resolve marketing-site.globex-prod.globex.example A)" ]; }
eventually 30 unnamed
same "address in globex-dev" 192.0.2.10 "$(resolve marketing-site.globex-dev.globex.example A)"
head_of globex/marketing-site main | grep -Eq '^[0-9a-f]{40}$' || fail "branch main is gone"
