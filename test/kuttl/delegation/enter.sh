#!/usr/bin/env bash
. ../lib.sh
. ./delegation.sh

enter NS ns1.openova.io. ns2.openova.io.
eventually 30 blocked_by "Delegation: Delegation bank.omani.works: Enter DS "
same "state" Pending "$(delegation .state)"

mapfile -t ds < <(delegation '.ds[*]' | grep -oE '[0-9]+ [0-9]+ [0-9]+ [0-9a-f]+')
enter DS "${ds[@]}"
ready sovereign bank
same "state" Published "$(delegation .state)"
same "DS found" "$(delegation .ds)" "$(delegation .foundDS)"

anchor="$(mktemp)"
trap 'rm -f "$anchor"' EXIT
trust omani.works >"$anchor"
eventually 30 validated "$anchor" omani.works console.bank.omani.works A
