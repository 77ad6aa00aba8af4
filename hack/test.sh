#!/usr/bin/env bash
# Every check there is, on real servers: lint, unit, property and provider
# tests, then the kuttl scenarios on a control plane of their own.
set -euo pipefail
cd "$(dirname "$0")/.."

local_plane() { go run ./hack/local --name test "$@"; }
kuttl_log=_output/kuttl/log
section() { printf '\n== %s (%dm%02ds)\n' "$1" $((SECONDS / 60)) $((SECONDS % 60)); }

finish() {
  local code=$?
  if [ $code -ne 0 ]; then
    section "Failed. What of the control plane runs, and where its logs are"
    local_plane status || true
    mkdir -p _output
    cp -r "${CATALYST_STATE:-/nonexistent}/logs" _output/ 2>/dev/null && echo "Logs: _output/logs"
    failed_scenarios
  fi
  local_plane down >/dev/null
  exit $code
}

# What failed is said last, where it is seen.
failed_scenarios() {
  local name
  [ -f "$kuttl_log" ] || return 0
  sed -n 's|^ *--- FAIL: kuttl/harness/\([^ ]*\) .*|\1|p' "$kuttl_log" | while read -r name; do
    section "Scenario $name failed. The end of what it said"
    grep -E "\| $name(/| )" "$kuttl_log" | sed 's/^ *logger.go:[0-9]*: //' | tail -40
  done
}
trap finish EXIT

# What another run said is not what this one says.
rm -f "$kuttl_log"

section "Control plane"
# It comes first because it installs what the tests of the providers need too.
local_plane up
eval "$(local_plane env)"
CATALYST_GITEA="$(local_plane tools --path gitea)"
export CATALYST_GITEA

section "Generated code"
# What is generated must be what is committed, or what is about to be.
fingerprint() { git ls-files -z --cached --others --exclude-standard -- apis providers package | sort -z | xargs -0 sha256sum | sha256sum; }
before="$(fingerprint)"
hack/generate.sh
[ "$(fingerprint)" = "$before" ] || {
  echo "Generated code was out of date. Commit what make generate wrote:"
  git status --short -- apis providers package
  exit 1
}

section "Lint"
hack/lint.sh

section "Unit, property and provider tests"
go test ./...

section "Scenarios"
mkdir -p _output/kuttl
"$(local_plane tools --path kubectl-kuttl)" test --config test/kuttl/kuttl-test.yaml 2>&1 | tee "$kuttl_log"

section "Done"
