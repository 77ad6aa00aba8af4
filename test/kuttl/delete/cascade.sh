#!/usr/bin/env bash
. ../lib.sh
kubectl patch organization.catalyst.openova.io hooli --type merge -p '{"spec":{"deletionPolicy":"Cascade"}}'
unguarded() { kubectl delete organization.catalyst.openova.io hooli --dry-run=server; }
eventually 30 unguarded
kubectl delete organization.catalyst.openova.io hooli --wait=false
gone hooli
kubectl delete zone.powerdns.openova.io hooli.example -n catalyst-system --timeout=60s
no_zone hooli.example
