# shellcheck shell=bash
# What this scenario does at the registrar. Sourced by its steps.

# enter TYPE RECORD...: enter records of bank.omani.works in the parent zone, as
# somebody does at a registrar. Their TTL is that of a patient test.
enter() {
  local type="$1"
  shift
  jq -n --arg type "$type" --args '{apiVersion: "powerdns.openova.io/v1alpha1", kind: "RRset",
    metadata: {name: ("bank-" + ($type | ascii_downcase)), namespace: "catalyst-system"},
    spec: {forProvider: {zone: "omani.works", name: "bank.omani.works", $type, ttl: 5, records: [$ARGS.positional[] | {content: .}]}}}' "$@" | kubectl apply -f -
  ready rrsets.powerdns.openova.io "bank-${type,,}" -n catalyst-system
  look
}

# withdraw TYPE: the reverse.
withdraw() {
  kubectl delete rrsets.powerdns.openova.io "bank-${1,,}" -n catalyst-system --timeout=60s
}

# look now, not within a minute.
look() {
  kubectl annotate delegations.powerdns.openova.io bank.omani.works -n sovereign-bank --overwrite look="$(date +%s%N)"
}

# delegation PATH: what the Sovereign's status says of it.
delegation() {
  kubectl get sovereign bank -o jsonpath="{.status.delegation$1}"
}

# blocked_by PREFIX: fail unless the Sovereign's summary begins like that.
blocked_by() {
  local summary
  summary="$(kubectl get sovereign bank -o jsonpath='{.status.summary}')"
  [ "${summary#"$1"}" != "$summary" ] || fail "summary: want '$1…', got '$summary'"
}
