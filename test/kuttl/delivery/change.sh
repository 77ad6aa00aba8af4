#!/usr/bin/env bash
. ../lib.sh
. ./flux.sh
before="$(head_of $repo develop)"
kubectl patch application intranet -n umbrella --type merge -p '{"spec":{"parameters":{"greeting":"Good evening"}}}'
moved() { [ "$(head_of $repo develop)" != "$before" ]; }
eventually 30 moved
fetch
arrived() { kubectl get configmap intranet-values -n intranet -o jsonpath='{.data.values\.yaml}' | grep -q 'greeting: Good evening'; }
eventually 30 arrived
eventually 30 runs_head
