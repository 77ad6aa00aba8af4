#!/bin/bash
# Bootstraps a worker.
set -euo pipefail
# shellcheck source=/dev/null
. /usr/local/lib/catalyst/common.sh

k3s agent --server "https://$CATALYST_ENDPOINT:6443"

complete
