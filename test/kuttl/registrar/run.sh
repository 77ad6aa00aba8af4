#!/usr/bin/env bash
. ../lib.sh

# The stand-in runs for this step alone.
api=$((CATALYST_DNS_PORT + 1)) front=$((CATALYST_DNS_PORT + 2))
work="$(mktemp -d)"
go build -C ../../.. -o "$work/registrarsim" ./test/registrarsim
"$work/registrarsim" --address "127.0.0.1:$api" --dns "127.0.0.1:$front" --server "127.0.0.1:$CATALYST_DNS_PORT" --zone omani.works --token the-token --powerdns "$CATALYST_POWERDNS_URL" --key-file "$CATALYST_POWERDNS_KEY_FILE" 2>"$work/log" &
sim=$!
trap 'kill "$sim"; rm -r "$work"' EXIT

kubectl apply -f ../../../examples/parent-zone
ready cryptokeys.powerdns.openova.io omani.works-ksk -n catalyst-system
kubectl apply -f <(sed "s/:DNS/:$CATALYST_DNS_PORT/; s/:API/:$api/" sovereign.yaml)

# delegation PATH: what the Sovereign's status says of it.
delegation() { kubectl get sovereign souk -o jsonpath="{.status.delegation$1}"; }

# waits MESSAGE: fail unless the Sovereign's summary holds it.
waits() {
  local summary
  summary="$(kubectl get sovereign souk -o jsonpath='{.status.summary}')"
  grep -qF -- "$1" <<<"$summary" || fail "summary: want '$1', got '$summary'"
}

# told: the types of records that the parent zone has of the domain.
told() { powerdns /zones/omani.works. | jq -r '[.rrsets[] | select(.name == "souk.omani.works.") | .type] | sort | join(" ")'; }

# look now, not within a minute.
look() { kubectl annotate delegations.powerdns.openova.io souk.omani.works -n sovereign-souk --overwrite look="$(date +%s%N)"; }

# Nothing is told before there are credentials, and wrong ones are no secret's end.
eventually 100 waits "RegistrarCredentials: Secret cloudflare: Waits for Secret cloudflare of spec.domain.registrar.credentialsSecretRef in the namespace catalyst-system"
kubectl create secret generic cloudflare -n catalyst-system --from-literal=token=the-wrong-token
eventually 100 waits "Cloudflare answered 401"
same "what is told of the wrong token" "" "$(kubectl get sovereign,delegations.powerdns.openova.io,events -A -o yaml | grep the-wrong-token || true)"
same "what the parent zone has" "" "$(told)"
kubectl create secret generic cloudflare -n catalyst-system --from-literal=token=the-token --dry-run=client -o yaml | kubectl apply -f -

# NS records come, then DS records; looking more often only saves minutes.
look_until() {
  look
  kubectl wait sovereign souk --for=condition=Ready --timeout=5s
}
come() { eventually 240 look_until; }
come
same "state" Published "$(delegation .state)"
same "nameservers at the registrar" '["ns1.openova.io.","ns2.openova.io."]' "$(delegation .registrarNameservers)"
same "whether DS records are entered by hand" "" "$(delegation .dsByHand)"
same "DS found" "$(delegation .ds)" "$(delegation .foundDS)"
anchor="$work/anchor"
trust omani.works >"$anchor"
eventually 30 validated "$anchor" omani.works console.souk.omani.works A

# The Sovereign may go although it is signed: the registrar is told first. Resolvers
# find the parent zone on other servers than the domain's.
leave() {
  kubectl delete sovereign souk --wait=false
  eventually 400 refused NotFound kubectl get sovereign souk
  eventually 240 refused NotFound kubectl get namespace sovereign-souk
}
CATALYST_DNS_PORT="$front" never_bogus omani.works souk.omani.works 5 leave

same "what the parent zone has" "" "$(told)"
left="$(hetzner /dump)"
same "what is left at Hetzner" "{}" "$left"
no_zone souk.omani.works
kubectl delete secret cloudflare -n catalyst-system
kubectl delete -f ../../../examples/parent-zone --timeout=60s
no_zone omani.works
organizations="$(gitea "/orgs?limit=50" | jq '[.[] | select(.username == "system" or .username == "catalog" or .username == "catalog-sovereign")] | length')"
same "organizations in Gitea" 0 "$organizations"
