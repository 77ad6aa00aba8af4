#!/usr/bin/env bash
. ../lib.sh
. ./flux.sh
overlay=overlays/dev/kustomization.yaml
good="$(gitea "/repos/$repo/raw/$overlay?ref=develop")"
ran="$(app '{.status.environments[0].revision}')"
printf '%s\nsecretGenerator:\n- {name: intranet-secret, literals: [a=b]}\n' "$good" | commit $overlay "Reach further"
fetch
eventually 60 state Degraded
same "revision in umbrella-dev" "$ran" "$(app '{.status.environments[0].revision}')"
app '{.status.summary}' | grep -F 'Delivery: Kustomization intranet-umbrella-dev-hz-fsn-rtz-dev: ' | grep -qF 'User "system:serviceaccount:intranet:vcluster" cannot' ||
  fail "the Application does not say why: $(app '{.status.summary}')"
refused NotFound kubectl get secret intranet-secret -n intranet

commit $overlay "Stay at home" <<<"$good"
fetch
eventually 60 runs_head
