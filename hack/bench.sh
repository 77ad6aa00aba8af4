#!/usr/bin/env bash
# Measures functions and providers and writes docs/benchmarks.md. Flags are
# those of hack/bench: `hack/bench.sh --help`, or --only=grpc for one part.
set -euo pipefail
cd "$(dirname "$0")/.."

local_plane() { go run ./hack/local --name bench "$@"; }

mkdir -p _output
go build -o _output/bench ./hack/bench
go build -o _output/function-bench ./hack/bench/function

case " $* " in
*" --help "*) exec _output/bench --help ;;
*" --only"*) parts="$*" ;;
*) parts="functions grpc application rrsets" ;;
esac

case "$parts" in
*grpc*)
  peer="$(local_plane tools --path patch-and-transform)"
  set -- --function=_output/function-bench --patch-and-transform="$peer" "$@"
  ;;
esac

case "$parts" in
*application* | *rrsets*)
  trap 'local_plane down >/dev/null' EXIT
  local_plane up
  eval "$(local_plane env)"
  ;;
esac

_output/bench "$@"
