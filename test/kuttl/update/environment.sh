#!/usr/bin/env bash
. ../lib.sh
kubectl patch application marketing-site -n globex --type merge -p '{"spec":{"environments":[{"name":"globex-dev"}]}}'
unnamed() { [ -z "$(resolve marketing-site.globex-prod.globex.example A)" ]; }
eventually 30 unnamed
same "address in globex-dev" 192.0.2.10 "$(resolve marketing-site.globex-dev.globex.example A)"
head_of globex/marketing-site main | grep -Eq '^[0-9a-f]{40}$' || fail "branch main is gone"
