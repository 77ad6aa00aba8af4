#!/usr/bin/env bash
# Prints the path of cloud-init's own JSON schema. It comes from Debian's package,
# which is unpacked and not installed: a machine that has cloud-init starts in
# another way.
set -euo pipefail
home="${CATALYST_HOME:-${XDG_CACHE_HOME:-$HOME/.cache}/catalyst}"
schema="$home/cloud-init/schema.json"
if [ ! -s "$schema" ]; then
  mkdir -p "$home/cloud-init"
  tmp="$(mktemp -d "$home/cloud-init/.fetching-XXXXXX")"
  trap 'rm -rf "$tmp"' EXIT
  (
    cd "$tmp"
    apt-get download -q cloud-init || { apt-get update -q && apt-get download -q cloud-init; }
    dpkg-deb -x cloud-init_*.deb .
  ) >&2
  mv "$tmp/usr/lib/python3/dist-packages/cloudinit/config/schemas/schema-cloud-config-v1.json" "$schema"
fi
echo "$schema"
