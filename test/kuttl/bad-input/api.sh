#!/usr/bin/env bash
. ../lib.sh
# Without the separator kubectl takes the braces for JSON.
try() { { echo ---; cat; } | kubectl apply --dry-run=server -f -; }
refused "metadata.name is reserved" try <<'Y'
{apiVersion: catalyst.openova.io/v1alpha1, kind: Organization, metadata: {name: flux}, spec: {displayName: F, owners: [{email: a@b.example, role: owner}]}}
Y
refused "metadata.name must be a slug" try <<'Y'
{apiVersion: catalyst.openova.io/v1alpha1, kind: Organization, metadata: {name: 1st}, spec: {displayName: F, owners: [{email: a@b.example, role: owner}]}}
Y
refused "metadata.name must be <organization>-<envType>" try <<'Y'
{apiVersion: catalyst.openova.io/v1alpha1, kind: Environment, metadata: {name: acme-prod, namespace: default}, spec: {envType: dev}}
Y
refused "spec.envType: Unsupported value" try <<'Y'
{apiVersion: catalyst.openova.io/v1alpha1, kind: Environment, metadata: {name: acme-dr, namespace: default}, spec: {envType: dr}}
Y
refused "spec.blueprintRef.version: Invalid value: \"^1.3\"" try <<'Y'
{apiVersion: catalyst.openova.io/v1alpha1, kind: Application, metadata: {name: site, namespace: default}, spec: {blueprintRef: {name: bp-x1, version: ^1.3}, environments: [{name: acme-dev}]}}
Y
refused "placement.hostClusters must have at least two entries" try <<'Y'
{apiVersion: catalyst.openova.io/v1alpha1, kind: Application, metadata: {name: site, namespace: default}, spec: {blueprintRef: {name: bp-x1, version: 1.3.0}, environments: [{name: acme-dev, placement: {mode: active-active, hostClusters: [hz-fsn-rtz-dev]}}]}}
Y
refused "spec.environments may name at most 9 host clusters in all" try <<'Y'
{apiVersion: catalyst.openova.io/v1alpha1, kind: Application, metadata: {name: site, namespace: default}, spec: {blueprintRef: {name: bp-x1, version: 1.3.0}, environments: [{name: acme-dev, placement: {mode: active-active, hostClusters: [a, b, c, d, e]}}, {name: acme-prod, placement: {mode: active-active, hostClusters: [a, b, c, d, e]}}]}}
Y
refused "spec.forProvider.records: Invalid value" try <<'Y'
{apiVersion: powerdns.openova.io/v1alpha1, kind: RRset, metadata: {name: r, namespace: default}, spec: {forProvider: {zone: a.example, name: r.a.example, type: A, ttl: 300, records: []}}}
Y
hostcluster() { # SPEC
  jq -n --argjson spec "$1" '{apiVersion: "catalyst.openova.io/v1alpha1", kind: "HostCluster", metadata: {name: "hz-fsn-mgt-prod", namespace: "default"},
    spec: ({domain: "a.example", region: "fsn", buildingBlock: "mgt", ssh: {keyRefs: [{name: "a"}]}} * $spec)}' | try
}
refused 'spec.region: Unsupported value: "xyz"' hostcluster '{"region": "xyz"}'
refused 'metadata.name hz-fsn-mgt-prod must be hz-fsn-rtz-prod' hostcluster '{"buildingBlock": "rtz"}'
refused 'network.subnet 10.1.1.0/24 must be within spec.network.cidr 10.0.0.0/16' hostcluster '{"network": {"subnet": "10.1.1.0/24"}}'
refused 'network.cidr 8.0.0.0/16 must be a private IPv4 network' hostcluster '{"network": {"cidr": "8.0.0.0/16", "subnet": "8.0.1.0/24"}}'
refused 'spec.controlPlane.count: Invalid value: 2: controlPlane.count must be 1 or 3' hostcluster '{"controlPlane": {"count": 2}}'
refused 'spec.workers.count: Invalid value: workers.count must be at least workers.min and at most workers.max' hostcluster '{"workers": {"count": 2, "min": 3, "max": 1}}'
refused 'ssh.allowedCIDRs 192.0.2.1 must be a network' hostcluster '{"ssh": {"allowedCIDRs": ["192.0.2.1"]}}'
refused 'spec.bootstrap.git.path ./a/../b must be a path within the repository' hostcluster '{"bootstrap": {"git": {"owner": "a", "repository": "b", "path": "./a/../b"}}}'
refused 'spec.bootstrap.secrets must not be bootstrap-kit in flux-system' hostcluster '{"bootstrap": {"secrets": [{"name": "bootstrap-kit", "namespace": "flux-system", "sourceRef": {"name": "a"}}]}}'
kubeconfig() { # FORPROVIDER
  jq -n --argjson p "$1" '{apiVersion: "hcloud.openova.io/v1alpha1", kind: "Kubeconfig", metadata: {name: "k", namespace: "default"}, spec: {writeConnectionSecretToRef: {name: "k"},
    forProvider: ({authoritySecretRef: {name: "a"}, cluster: "c", server: "https://192.0.2.10:6443", user: "u", organization: "o"} + $p)}}' | try
}
refused 'server http://192.0.2.10:6443 must be a URL such as https://192.0.2.10:6443' kubeconfig '{"server": "http://192.0.2.10:6443"}'
refused 'validity 1h0m0s must be a duration of at least 24h' kubeconfig '{"validity": "1h0m0s"}'
refused 'validity soon must be a duration of at least 24h' kubeconfig '{"validity": "soon"}'
refused 'writeConnectionSecretToRef is required: it is where the authority goes' try <<'Y'
{apiVersion: hcloud.openova.io/v1alpha1, kind: ClusterAuthority, metadata: {name: a, namespace: default}, spec: {forProvider: {cluster: c}}}
Y
refused 'spec.firstAddress 10.0.1.230 with spec.max servers reaches beyond address 253' try <<'Y'
{apiVersion: catalyst.openova.io/v1alpha1, kind: NodePool, metadata: {name: p, namespace: default}, spec: {hostCluster: hz-fsn-mgt-prod, domain: a.example, count: 2, firstAddress: 10.0.1.230, subnetRef: {name: a}, firewallRef: {name: a}, userDataSecretRef: {name: a, key: b}}}
Y
refused 'spec.count: Invalid value: spec.count must be at least spec.min and at most spec.max' try <<'Y'
{apiVersion: catalyst.openova.io/v1alpha1, kind: NodePool, metadata: {name: p, namespace: default}, spec: {hostCluster: hz-fsn-mgt-prod, domain: a.example, count: 2, min: 3, firstAddress: 10.0.1.10, subnetRef: {name: a}, firewallRef: {name: a}, userDataSecretRef: {name: a, key: b}}}
Y
sovereign() { # DOMAIN REGIONS [SPEC]
  jq -n --argjson domain "$1" --argjson regions "$2" --argjson spec "${3:-{\}}" '{apiVersion: "catalyst.openova.io/v1alpha1", kind: "Sovereign", metadata: {name: "omantel"},
    spec: ({domain: ({name: "omantel.omani.works", parentZone: "omani.works"} + $domain), regions: $regions, ssh: {publicKeys: ["ssh-ed25519 AAAA"]}} + $spec)}' | try
}
one='[{"code": "fsn", "hostClusters": [{"buildingBlock": "mgt"}]}]'
refused 'spec.domain.name omantel.example.org must be one label in spec.domain.parentZone omani.works' sovereign '{"name": "omantel.example.org"}' "$one"
refused 'spec.domain.name gitea.omani.works is reserved' sovereign '{"name": "gitea.omani.works"}' "$one"
refused 'network.cidr must not overlap' sovereign '{}' '[{"code": "fsn", "hostClusters": [{"buildingBlock": "mgt"}]}, {"code": "hel", "hostClusters": [{"buildingBlock": "mgt"}]}]'
refused 'spec.regions[0].code: Unsupported value: "muc"' sovereign '{}' '[{"code": "muc", "hostClusters": [{"buildingBlock": "mgt"}]}]'
refused 'controlPlane.count: Invalid value: 2: controlPlane.count must be 1 or 3' sovereign '{}' '[{"code": "fsn", "hostClusters": [{"buildingBlock": "mgt", "controlPlane": {"count": 2}}]}]'
refused 'spec.regions[0].hostClusters[0].workers.count: Invalid value: workers.count must be at least workers.min and at most workers.max' sovereign '{}' '[{"code": "fsn", "hostClusters": [{"buildingBlock": "mgt", "workers": {"count": 2, "min": 3, "max": 1}}]}]'
refused 'spec.bootstrapKit.versions: celium is no slot, must be any of cilium, cert-manager' sovereign '{}' "$one" '{"bootstrapKit": {"versions": {"celium": "1.1.1"}}}'
refused 'spec.bootstrapKit.sizes: bp-cilium is no slot, must be any of cilium, cert-manager' sovereign '{}' "$one" '{"bootstrapKit": {"sizes": {"bp-cilium": {"cpu": "1"}}}}'
refused 'spec.adopt.hostClusters[0].networkID: Invalid value: "omantel"' sovereign '{}' "$one" '{"adopt": {"hostClusters": [{"name": "hz-fsn-mgt-prod", "networkID": "omantel"}]}}'
refused 'spec.adopt.hostClusters must name host clusters of spec.regions' sovereign '{}' "$one" '{"adopt": {"hostClusters": [{"name": "hz-fsn-rtz-prod", "networkID": "1"}]}}'
refused 'spec.adopt.zone.name must be spec.domain.name' sovereign '{}' "$one" '{"adopt": {"zone": {"name": "omani.works"}}}'
refused 'spec.adopt.subnet must be spec.network.subnet' hostcluster '{"adopt": {"networkID": "1", "subnet": "10.0.9.0/24"}}'

# Fields that do not change, on an object that waits for a subnet for ever.
kubectl apply -f - <<'Y'
---
{apiVersion: catalyst.openova.io/v1alpha1, kind: NodePool, metadata: {name: bad-input, namespace: default}, spec: {hostCluster: hz-fsn-mgt-prod, domain: a.example, count: 0, firstAddress: 10.0.1.10, subnetRef: {name: a}, firewallRef: {name: a}, userDataSecretRef: {name: a, key: b}, adopt: [{number: 1, id: "1"}]}}
Y
change() { kubectl patch nodepool bad-input -n default --type=merge -p "{\"spec\": $1}"; }
refused 'spec.hostCluster: Invalid value: "hz-hel-mgt-prod": spec.hostCluster is immutable' change '{"hostCluster": "hz-hel-mgt-prod"}'
refused 'spec.firstAddress is immutable' change '{"firstAddress": "10.0.1.11"}'
refused 'spec.adopt is immutable' change '{"adopt": [{"number": 1, "id": "2"}]}'
kubectl delete nodepool bad-input -n default --timeout=60s
