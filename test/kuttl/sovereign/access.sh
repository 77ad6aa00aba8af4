#!/usr/bin/env bash
. ../lib.sh
. ./sovereign.sh

# What opens a host cluster, and what it starts with. No server runs here: an API
# server with the files that the control plane starts with stands in for it.
ns=sovereign-omantel hc=hz-fsn-mgt-prod
work="$(mktemp -d)"
server=""
finish() {
  [ -z "$server" ] || kill "$server" || true
  rm -rf "$work"
}
trap finish EXIT

# value SECRET KEY: what the Secret has.
value() { kubectl get secret "$1" -n "$ns" -o json | jq -r --arg k "$2" '.data[$k]' | base64 -d; }

# starts_with POOL: the files of the cloud-init that new servers of a pool get, as
# JSON. kubectl reads YAML, but only of Kubernetes.
starts_with() {
  local key
  key="$(kubectl get nodepools.catalyst.openova.io "$hc-pool-$1" -n "$ns" -o jsonpath='{.spec.userDataSecretRef.key}')"
  { printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: cloud-init}\n' && value "$hc-cloud-init" "$key"; } |
    kubectl create --dry-run=client --validate=false -o json -f - | jq -c '[.write_files[] | {key: .path, value: .content}] | from_entries'
}

address="$(kubectl get sovereign omantel -o jsonpath='{.status.loadBalancer.ipv4}')"
secret="$(kubectl get sovereign omantel -o jsonpath='{.status.hostClusters[0].kubeconfigSecretRef.name}')"
value "$secret" kubeconfig >"$work/kubeconfig"
same "what Flux finds" "$(cat "$work/kubeconfig")" "$(value "$secret" value)"
same "the name the kubeconfig asks for" omantel.omani.works "$(kubectl --kubeconfig "$work/kubeconfig" config view --minify -o jsonpath='{.clusters[0].cluster.tls-server-name}')"
same "where the kubeconfig leads" "https://$address:6443" "$(kubectl --kubeconfig "$work/kubeconfig" config view --minify -o jsonpath='{.clusters[0].cluster.server}')"

starts_with cp >"$work/cp.json"
starts_with w1 >"$work/w1.json"
for f in client-ca.crt client-ca.key server-ca.crt server-ca.key; do
  jq -r --arg f "/var/lib/rancher/k3s/server/tls/$f" '.[$f]' "$work/cp.json" >"$work/$f"
done
same "files of the authority that a worker starts with" 0 "$(jq '[keys[] | select(startswith("/var/lib/rancher/k3s/server/tls/"))] | length' "$work/w1.json")"

# As k3s does, the server's certificate is signed by the one authority and names
# the load balancer and the domain, and users are those that the other one signed for.
openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=kube-apiserver -keyout "$work/server.key" -out "$work/server.csr" 2>/dev/null
openssl x509 -req -in "$work/server.csr" -CA "$work/server-ca.crt" -CAkey "$work/server-ca.key" -CAcreateserial -days 1 -extfile <(printf 'subjectAltName=IP:%s,DNS:omantel.omani.works' "$address") -out "$work/server.crt" 2>/dev/null
port=$((CATALYST_DNS_PORT + 900))
etcd="$(tr '\0' '\n' <"/proc/$(cat "$CATALYST_STATE/run/etcd.pid")/cmdline" | sed -n 's/^--listen-client-urls=//p')"
program="$(readlink "/proc/$(cat "$CATALYST_STATE/run/kube-apiserver.pid")/exe")"
pki="$CATALYST_STATE/pki"
"$program" --etcd-servers="$etcd" --etcd-cafile="$pki/ca.crt" --etcd-certfile="$pki/admin.crt" --etcd-keyfile="$pki/admin.key" --etcd-prefix=/access-scenario \
  --bind-address=127.0.0.1 --advertise-address=127.0.0.1 --secure-port="$port" --cert-dir="$work" --tls-cert-file="$work/server.crt" --tls-private-key-file="$work/server.key" \
  --client-ca-file="$work/client-ca.crt" --authorization-mode=RBAC --anonymous-auth=false --service-cluster-ip-range=10.97.0.0/24 \
  --service-account-issuer=https://access.example --service-account-key-file="$pki/service-accounts.crt" --service-account-signing-key-file="$pki/service-accounts.key" >"$work/log" 2>&1 &
server=$!
# kubectl forgets the name along with the address.
cluster() { kubectl --kubeconfig "$work/kubeconfig" --server "https://127.0.0.1:$port" --tls-server-name omantel.omani.works --request-timeout=5s "$@"; }
answers() { cluster get --raw /readyz; }
eventually 90 answers || { tail -5 "$work/log" && false; }
same "who the kubeconfig makes one" '["catalyst",["system:masters","system:authenticated"]]' "$(cluster auth whoami -o json | jq -c '[.status.userInfo.username, .status.userInfo.groups]')"
same "whether one may do everything" yes "$(cluster auth can-i '*' '*' 2>/dev/null)"

# Another's certificate opens nothing, and another's server is not trusted.
same "what an authority of somebody else's opens" 401 "$(curl -s -o /dev/null -w '%{http_code}' --max-time 5 --cacert "$work/server-ca.crt" --cert "$pki/admin.crt" --key "$pki/admin.key" --connect-to "$address:6443:127.0.0.1:$port" "https://$address:6443/readyz")"
refused "certificate signed by unknown authority" kubectl --kubeconfig "$work/kubeconfig" --server "$(kubectl config view --minify -o jsonpath='{.clusters[0].cluster.server}')" get --raw /readyz

# The authority stays while servers know it.
refused "in-use" kubectl delete clusterauthorities.hcloud.openova.io "$hc-authority" -n "$ns" --dry-run=server

# Flux reads the kit with the key the cluster starts with.
jq -r 'to_entries[] | select(.key | startswith("/var/lib/rancher/k3s/server/manifests/catalyst-secret-")) | "---\n" + .value' "$work/cp.json" |
  kubectl create --dry-run=client --validate=false -o json -f - | jq -c 'if .kind == "List" then .items[] else . end | select(.kind == "Secret")' >"$work/secrets"
(umask 077 && jq -r 'select(.metadata.name == "bootstrap-kit").data.identity' "$work/secrets" | base64 -d >"$work/identity")
jq -r 'select(.metadata.name == "bootstrap-kit").data.known_hosts' "$work/secrets" | base64 -d >"$work/known_hosts"
jq -r '.["/var/lib/rancher/k3s/server/manifests/catalyst-bootstrap-kit.yaml"]' "$work/cp.json" >"$work/kit.yaml"
url="$(sed -n 's/^  url: //p' "$work/kit.yaml")"
path="$(sed -n 's/^  path: //p' "$work/kit.yaml")"
git_ssh() { GIT_SSH_COMMAND="ssh -i $work/identity -o IdentitiesOnly=yes -o UserKnownHostsFile=$work/known_hosts -o StrictHostKeyChecking=yes" git -C "$work" "$@"; }
git_ssh clone --quiet --branch main "$url" kit
[ -s "$work/kit/$path/kustomization.yaml" ] || fail "there is no kit in $path of $url"
refused "is not authorized to write to system/catalyst-config" git_ssh -C kit push origin main:mine

# A Secret of the platform team's is waited for by name. Servers that run keep what
# they started with; new ones get it.
kept="$(hetzner /dump | jq -c '[.servers[]? | {name, id}] | sort')"
kubectl patch sovereign omantel --type=merge -p '{"spec": {"bootstrapKit": {"pullSecretRef": {"name": "registry"}}}}'
waits() { same "what is waited for" "BootstrapSecrets: Secret registry: Waits for Secret registry of spec.bootstrapKit.pullSecretRef in the namespace catalyst-system" "$(kubectl get sovereign omantel -o jsonpath='{.status.summary}')"; }
eventually 30 waits
kubectl create secret docker-registry registry -n catalyst-system --docker-server=ghcr.example --docker-username=kit --docker-password=scenario-password >/dev/null
has() { starts_with cp | jq -e 'any(keys[]; startswith("/var/lib/rancher/k3s/server/manifests/catalyst-secret-ghcr-pull-"))'; }
eventually 60 has
ready sovereign omantel
same "servers" "$kept" "$(hetzner /dump | jq -c '[.servers[]? | {name, id}] | sort')"
shown="$(kubectl get sovereign,hostcluster,nodepool,managed,events -A -o json | grep -c -e scenario-password -e "$(printf 'kit:scenario-password' | base64)" || true)"
same "objects that show the password" 0 "$shown"

# The copy goes when nothing names it any more.
kubectl patch sovereign omantel --type=merge -p '{"spec": {"bootstrapKit": null}}'
eventually 60 refused NotFound kubectl get secret bootstrap -n "$ns"
kubectl delete secret registry -n catalyst-system >/dev/null
ready sovereign omantel
