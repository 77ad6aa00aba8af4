#!/usr/bin/env bash
. ../lib.sh
. ../organization.sh

# victim PATTERN: the pid of this control plane's process, whatever else runs.
victim() {
  local pid
  for pid in $(pgrep -f -- "$1"); do
    if cat "/proc/$pid/cmdline" "/proc/$pid/environ" 2>/dev/null | tr '\0' ' ' | grep -F -- "$CATALYST_STATE" >/dev/null; then
      echo "$pid"
      return
    fi
  done
}

establish soylent
for i in 0 1 2 3 4 5 6 7 8 9; do
  kubectl get application marketing-site -n soylent -o json |
    jq "del(.status, .metadata.uid, .metadata.resourceVersion, .metadata.annotations, .metadata.labels, .metadata.finalizers, .metadata.creationTimestamp, .metadata.generation, .metadata.managedFields, .spec.crossplane) | .metadata.name = \"app-$i\""
done | kubectl apply -f -

for pattern in "provider-gitea" "provider-powerdns" "function-catalyst application" "gitea web" "pdns_server" "crossplane core start" "kube-apiserver"; do
  pid="$(victim "$pattern")"
  [ -n "$pid" ] || fail "nothing runs that looks like $pattern"
  kill -9 "$pid"
  echo "killed $pattern ($pid)"
  sleep 2
done

answers() { kubectl get --raw /readyz; }
eventually 60 answers
for i in 0 1 2 3 4 5 6 7 8 9; do
  eventually 200 kubectl wait application "app-$i" -n soylent --for=condition=Ready --timeout=5s
done

# Each made once, and nothing beside it.
same "repositories" "app-0 app-1 app-2 app-3 app-4 app-5 app-6 app-7 app-8 app-9 marketing-site shared-blueprints" \
  "$(gitea "/orgs/soylent/repos?limit=50" | jq -r '[.[].name] | sort | join(" ")')"
for i in 0 1 2 3 4 5 6 7 8 9; do
  # A Gitea that died amid the first commit is reminded of it by another, which
  # changes no file.
  same "commits on develop of app-$i that change files" 1 "$(gitea "/repos/soylent/app-$i/commits?sha=develop&limit=10&files=true" | jq '[.[] | select((.files | length) > 0)] | length')"
  same "branches of app-$i" "develop main staging" "$(gitea "/repos/soylent/app-$i/branches" | jq -r '[.[].name] | sort | join(" ")')"
  same "protections of app-$i" "develop main staging" "$(gitea "/repos/soylent/app-$i/branch_protections" | jq -r '[.[].rule_name] | sort | join(" ")')"
done
same "names" 22 "$(powerdns /zones/soylent.example. | jq '[.rrsets[] | select(.type == "A")] | length')"
