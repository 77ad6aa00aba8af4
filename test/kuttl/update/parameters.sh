#!/usr/bin/env bash
. ../lib.sh
repo=globex/marketing-site
develop="$(head_of $repo develop)" staging="$(head_of $repo staging)" main="$(head_of $repo main)"
kubectl patch application marketing-site -n globex --type merge -p '{"spec":{"parameters":{"title":"Globex","replicas":2}}}'
moved() { [ "$(head_of $repo develop)" != "$develop" ]; }
eventually 30 moved
ready application marketing-site -n globex
sleep 3
same "parent of develop" "$develop" "$(gitea /repos/$repo/git/commits/$(head_of $repo develop) | jq -r '.parents[0].sha')"
same "files of the commit" values.yaml "$(gitea /repos/$repo/git/commits/$(head_of $repo develop) | jq -r '[.files[].filename] | join(" ")')"
same "staging" "$staging" "$(head_of $repo staging)"
same "main" "$main" "$(head_of $repo main)"
gitea "/repos/$repo/raw/values.yaml?ref=develop" | grep -q 'replicas: 2' || fail "values.yaml has the old parameters"
