#!/usr/bin/env bash
. ../lib.sh
repo=globex/marketing-site
sha="$(gitea "/repos/$repo/contents/overlays/dev/values.yaml?ref=develop" | jq -r .sha)"
gitea "/repos/$repo/contents/overlays/dev/values.yaml" -X PUT -d "{\"branch\":\"develop\",\"sha\":\"$sha\",\"message\":\"Grow dev\",\"content\":\"$(printf 'replicas: 4\n' | base64)\"}" | jq -e .commit.sha >/dev/null
kubectl patch application marketing-site -n globex --type merge -p '{"spec":{"parameters":{"title":"Globex Corporation"}}}'
titled() { gitea "/repos/$repo/raw/values.yaml?ref=develop" | grep -q 'Globex Corporation'; }
eventually 30 titled
same "the overlay" "replicas: 4" "$(gitea "/repos/$repo/raw/overlays/dev/values.yaml?ref=develop")"
