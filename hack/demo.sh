#!/usr/bin/env bash
# Installs the quickstart on the local control plane, shows how it comes up and
# says what to try next.
set -euo pipefail
cd "$(dirname "$0")/.."
eval "$(go run ./hack/local env)"

say() { printf '\n\033[1m%s\033[0m\n' "$*"; }

say "kubectl apply -f examples/quickstart"
kubectl apply -f examples/quickstart
start=$SECONDS

say "Waiting for Application marketing-site"
last=""
until [ "$(kubectl get application marketing-site -n acme -o jsonpath='{.status.conditions[?(@.type=="Ready")].status}')" = True ] &&
  [ "$(kubectl get organization.catalyst.openova.io acme -o jsonpath='{.status.conditions[?(@.type=="Ready")].status}')" = True ]; do
  now="$(kubectl get application marketing-site -n acme -o jsonpath='{.status.summary}')"
  if [ -n "$now" ] && [ "$now" != "$last" ]; then
    printf '%4ds  %s\n' $((SECONDS - start)) "$now"
    last="$now"
  fi
  if [ $((SECONDS - start)) -gt 120 ]; then
    say "Not ready after two minutes. What there is, and what was said last:"
    kubectl get catalyst,managed -A
    kubectl get events -n acme --sort-by=.lastTimestamp | tail -15
    echo "Logs: make logs C=crossplane, or C=provider-gitea, C=provider-powerdns, C=function-catalyst-application"
    exit 1
  fi
  sleep 0.5
done
printf '%4ds  Ready\n' $((SECONDS - start))

say "What it is made of"
"$(go run ./hack/local tools --path crank)" beta trace application.catalyst.openova.io marketing-site -n acme

say "Try it"
cat <<EOF
  export KUBECONFIG=$KUBECONFIG

  # The repository that appeared (user $CATALYST_GITEA_USER):
  git clone http://$CATALYST_GITEA_USER:\$(cat $CATALYST_GITEA_TOKEN_FILE)@${CATALYST_GITEA_URL#http://}/acme/marketing-site.git

  # The name that appeared:
  dig +short @127.0.0.1 -p $CATALYST_DNS_PORT marketing-site.acme-prod.acme.example

  # What the platform says of it:
  kubectl get catalyst -A

Gone again with: kubectl delete -f examples/quickstart --wait=false
EOF
