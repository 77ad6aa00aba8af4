#!/bin/bash
# What the servers of all roles do first. The bootstrap script of the role
# sources it.
set -euo pipefail
# shellcheck source=/dev/null
. /etc/catalyst/bootstrap.env

try() { # ATTEMPTS SECONDS COMMAND...
  local attempts=$1 pause=$2
  shift 2
  for _ in $(seq "$attempts"); do
    if "$@"; then return 0; fi
    sleep "$pause"
  done
  return 1
}

# The private interface comes up when Hetzner has attached the network, which
# may be after the first boot has begun.
private_address() {
  ip -4 -o address show | awk -v prefix="$CATALYST_SUBNET_PREFIX" '{ split($4, a, "/"); if (index(a[1], prefix) == 1) { print a[1]; found = 1; exit } } END { exit !found }'
}
try 120 2 private_address >/dev/null || { echo "no address in ${CATALYST_SUBNET_PREFIX}0/24" >&2; exit 1; }

swapoff -a
update-alternatives --set iptables /usr/sbin/iptables-legacy
update-alternatives --set ip6tables /usr/sbin/ip6tables-legacy

# Nodes talk to one another over the private network: the firewall lets nothing
# else in.
mkdir -p /etc/rancher/k3s/config.yaml.d
printf 'node-ip: %s\n' "$(private_address)" >/etc/rancher/k3s/config.yaml.d/50-node-ip.yaml

k3s() { # ARGUMENT...
  curl -sfL --retry 20 --retry-delay 3 --retry-all-errors -o /run/k3s-install.sh https://get.k3s.io
  INSTALL_K3S_VERSION="$CATALYST_K3S_VERSION" sh /run/k3s-install.sh "$@"
}

complete() {
  mkdir -p /var/lib/catalyst
  touch /var/lib/catalyst/cloud-init-complete
}
