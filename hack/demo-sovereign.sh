#!/usr/bin/env bash
# Makes a small Sovereign on the local control plane, with a stand-in for
# Hetzner, shows how it comes up and says what to look at next.
set -euo pipefail
cd "$(dirname "$0")/.."
eval "$(go run ./hack/local env)"

say() { printf '\n\033[1m%s\033[0m\n' "$*"; }

say "A signed parent zone: omani.works"
kubectl apply -f examples/parent-zone

say "kubectl apply -f examples/sovereign-sme"
kubectl apply -f examples/sovereign-sme
start=$SECONDS

say "Waiting for Sovereign omantel"
shown=""
until [ "$(kubectl get sovereign omantel -o jsonpath='{.status.conditions[?(@.type=="Ready")].status}')" = True ]; do
  # A line for each step that became ready.
  steps="$(kubectl get sovereign omantel -o jsonpath='{range .status.steps[?(@.state=="Ready")]}{.name}{"\n"}{end}')"
  for step in $steps; do
    case " $shown " in
    *" $step "*) ;;
    *)
      printf '%4ds  %s\n' $((SECONDS - start)) "$step"
      shown="$shown $step"
      ;;
    esac
  done
  if [ $((SECONDS - start)) -gt 180 ]; then
    say "Not ready after three minutes. What there is, and what was said last:"
    kubectl get sovereign,hostcluster,nodepool,managed -A
    kubectl get events -n sovereign-omantel --sort-by=.lastTimestamp | tail -15
    echo "Logs: make logs C=crossplane, or C=provider-hcloud, C=provider-powerdns, C=function-catalyst-sovereign"
    exit 1
  fi
  sleep 0.5
done
printf '%4ds  Ready\n' $((SECONDS - start))

say "What it is made of"
kubectl get sovereign,hostcluster,nodepool -A

say "Look at it"
cat <<EOF
  export KUBECONFIG=$KUBECONFIG

  # What exists at the stand-in for Hetzner:
  curl -s $CATALYST_HCLOUD_URL/_sim/dump | jq 'map_values(length)'

  # Its names, and the record that closes the chain of trust:
  dig +short @127.0.0.1 -p $CATALYST_DNS_PORT console.omantel.omani.works
  dig +short @127.0.0.1 -p $CATALYST_DNS_PORT omantel.omani.works DS

  # Its bootstrap kit, in Git (user $CATALYST_GITEA_USER):
  git clone http://$CATALYST_GITEA_USER:\$(cat $CATALYST_GITEA_TOKEN_FILE)@${CATALYST_GITEA_URL#http://}/system/catalyst-config.git

Gone again with: kubectl delete -f examples/sovereign-sme
The parent zone:  kubectl delete -f examples/parent-zone
EOF
