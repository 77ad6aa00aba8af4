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
