#!/usr/bin/env bash
. ../lib.sh
dir="$(mktemp -d)"; trap 'rm -rf "$dir"' EXIT
clone acme/marketing-site "$dir/app"
cd "$dir/app"
for b in develop staging main; do git rev-parse --verify --quiet "origin/$b" >/dev/null || fail "no branch $b"; done
same "staging starts where develop did" "$(git rev-parse origin/develop)" "$(git rev-parse origin/staging)"
same "main starts where develop did" "$(git rev-parse origin/develop)" "$(git rev-parse origin/main)"
same "commits" 1 "$(git rev-list --count origin/develop)"
same "files" "CODEOWNERS kustomization.yaml overlays/dev/kustomization.yaml overlays/dev/values.yaml overlays/prod/kustomization.yaml overlays/prod/values.yaml release.yaml secrets/README.md values.yaml" \
  "$(git ls-tree -r --name-only origin/main | tr '\n' ' ' | sed 's/ $//')"
same "default branch" main "$(gitea /repos/acme/marketing-site | jq -r .default_branch)"
same "address in acme-dev" 192.0.2.10 "$(resolve marketing-site.acme-dev.acme.example A)"
same "address in acme-prod" 192.0.2.20 "$(resolve marketing-site.acme-prod.acme.example A)"
same "protected branches" "develop main staging" "$(gitea /repos/acme/marketing-site/branch_protections | jq -r '[.[].rule_name] | sort | join(" ")')"
same "admins cannot override" "true true true" "$(gitea /repos/acme/marketing-site/branch_protections | jq -r '[.[].block_admin_merge_override | tostring] | join(" ")')"
same "teams" "Owners admins developers viewers" "$(gitea /orgs/acme/teams | jq -r '[.[].name] | sort | join(" ")')"
