#!/usr/bin/env bash
. ../lib.sh
kubectl apply -f - <<'Y'
---
{apiVersion: powerdns.openova.io/v1alpha1, kind: RRset, metadata: {name: beside, namespace: umbrella}, spec: {forProvider: {zone: umbrella.example, name: marketing-site.umbrella-dev.umbrella.example, type: CNAME, ttl: 300, records: [{content: elsewhere.example.}]}}}
Y
told() { kubectl get rrset beside -n umbrella -o jsonpath='{.status.conditions[?(@.type=="Synced")].message}' | grep -qF 'a CNAME cannot stand beside A at name marketing-site.umbrella-dev.umbrella.example.; delete one of them'; }
eventually 30 told
kubectl delete rrset beside -n umbrella --timeout=30s
same "the address beside it" 192.0.2.10 "$(resolve marketing-site.umbrella-dev.umbrella.example A)"
