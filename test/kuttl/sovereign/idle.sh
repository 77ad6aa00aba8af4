#!/usr/bin/env bash
. ../lib.sh
. ./sovereign.sh

# What is ready is left alone, at Hetzner and on this side.
before="$(kubectl get sovereign,hostcluster,nodepool,managed -A -o json | jq -c '[.items[] | [.kind, .metadata.name, .metadata.generation]]')"
hetzner /requests -X DELETE
sleep 30
writes="$(hetzner /log | jq '[.[]? | select(.method != "GET")] | length')"
same "writes to Hetzner while nothing changed" 0 "$writes"
after="$(kubectl get sovereign,hostcluster,nodepool,managed -A -o json | jq -c '[.items[] | [.kind, .metadata.name, .metadata.generation]]')"
same "generations while nothing changed" "$before" "$after"
