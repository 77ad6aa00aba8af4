#!/usr/bin/env bash
. ../lib.sh
. ./delegation.sh

kubectl apply -f ../../../examples/parent-zone
ready cryptokeys.powerdns.openova.io omani.works-ksk -n catalyst-system

asks() { sed "s/PORT/$CATALYST_DNS_PORT/" sovereign.yaml; }
refused "spec.domain.parentServers nowhere must be an address or name with a port" kubectl apply -f <(asks | sed "s/127.0.0.1:$CATALYST_DNS_PORT/nowhere/")
refused "spec.domain.parentServers is for spec.domain.mode BYOManual" kubectl apply -f <(asks | sed 's/BYOManual/Pool, parentZone: omani.works/; s/mode: \(.*\), parentZone: \(.*\)/mode: \1\n    parentZone: \2/')
registrar() { asks | sed "s|mode: BYOManual|mode: $1\n    registrar: {type: $2, credentialsSecretRef: {name: registrar, key: key}${3:-}}|"; }
refused "spec.domain.registrar is required with spec.domain.mode BYORegistrar" kubectl apply -f <(asks | sed 's/BYOManual/BYORegistrar/')
refused "spec.domain.registrar is for spec.domain.mode BYORegistrar, not BYOManual" kubectl apply -f <(registrar BYOManual OVH)
refused "spec.domain.registrar.type: Unsupported value: \"Gandi\": supported values: \"Cloudflare\", \"GoDaddy\", \"Namecheap\", \"OVH\", \"Dynadot\"" kubectl apply -f <(registrar BYORegistrar Gandi)
refused "spec.domain.registrar.endpoint http://api.example.org must be an https URL" kubectl apply -f <(registrar BYORegistrar OVH ', endpoint: "http://api.example.org"')
kubectl apply --dry-run=server -f <(registrar BYORegistrar OVH ', endpoint: "http://127.0.0.1:8080/1.0"')
kubectl apply -f <(asks)

# Everything but the delegation is there.
other() { kubectl get sovereign bank -o json | jq -r '[.status.steps[]? | select(.name != "Delegation" and .state != "Ready") | .name] | join(" ")'; }
complete() {
  blocked_by "Delegation: Delegation bank.omani.works: Enter NS "
  same "other steps that wait" "" "$(other)"
}
eventually 100 complete
server="127.0.0.1:$CATALYST_DNS_PORT"
same "summary" "Delegation: Delegation bank.omani.works: Enter NS ns1.openova.io., ns2.openova.io. and no others at the registrar of bank.omani.works, in zone omani.works.; $server says none" \
  "$(kubectl get sovereign bank -o jsonpath='{.status.summary}')"
same "state" Pending "$(delegation .state)"
same "nameservers wanted" '["ns1.openova.io.","ns2.openova.io."]' "$(delegation .nameservers)"
same "how long resolvers may hold that there are none" 3600 "$(delegation .ttl)"
[ -n "$(resolve console.bank.omani.works A)" ] || fail "the zone has no names"
