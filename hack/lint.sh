#!/usr/bin/env bash
# Check style. The linter's cache knows packages by their content and keeps the
# paths of the checkout that it saw them in first, where this one's exclusions
# match nothing; so each checkout has a cache of its own.
set -euo pipefail
cd "$(dirname "$0")/.."
linter="$(go run ./hack/local tools --path golangci-lint)"
GOLANGCI_LINT_CACHE="${GOLANGCI_LINT_CACHE:-$PWD/_output/golangci-lint}" "$linter" run --allow-parallel-runners "${@:-./...}"
