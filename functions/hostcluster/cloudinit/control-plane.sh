#!/bin/bash
# Bootstraps a server of the control plane.
set -euo pipefail
# shellcheck source=/dev/null
. /usr/local/lib/catalyst/common.sh

join_url="https://$CATALYST_ENDPOINT:6443"
answers() { curl -skf -o /dev/null --max-time 5 "$join_url/cacerts"; }

# The first server starts the cluster, unless there is one: then it is the
# replacement of the one that did, and a second cluster would be the end of the
# first. All others join.
if [ "$(private_address)" = "$CATALYST_FIRST" ] && ! try 6 5 answers; then
  k3s server --cluster-init
else
  try 180 5 answers || { echo "no control plane answers at $join_url" >&2; exit 1; }
  k3s server --server "$join_url"
fi

healthy() { kubectl get --raw /healthz >/dev/null 2>&1; }
try 120 5 healthy

default_class() {
  kubectl patch storageclass local-path -p '{"metadata":{"annotations":{"storageclass.kubernetes.io/is-default-class":"true"}}}'
}
try 60 5 default_class

flux() { kubectl apply -f "https://github.com/fluxcd/flux2/releases/download/$CATALYST_FLUX_VERSION/install.yaml"; }
try 20 5 flux

complete
