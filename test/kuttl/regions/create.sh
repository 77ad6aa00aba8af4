#!/usr/bin/env bash
. ../lib.sh
. ./regions.sh
kubectl apply -f ../../../examples/parent-zone
kubectl apply -f sovereign.yaml
ready sovereign norwind
servers_are hz-fsn-mgt-prod-cp1
follows "$(address)"
