#!/usr/bin/env bash
# Writes all generated code and schemas anew. Running it twice changes nothing.
set -euo pipefail
cd "$(dirname "$0")/.."

controller_gen() { go run sigs.k8s.io/controller-tools/cmd/controller-gen@v0.20.0 "$@"; }
angryjet="$(go run ./hack/local tools --path angryjet)"
header=hack/boilerplate/boilerplate.go.txt

controller_gen object:headerFile=$header paths=./apis/...
for provider in powerdns gitea; do
  apis=./providers/provider-$provider/apis/...
  controller_gen object:headerFile=$header paths=$apis \
    crd:crdVersions=v1 output:crd:artifacts:config=package/providers/provider-$provider/crds
  "$angryjet" generate-methodsets --header-file=$header $apis
done

go run ./providers/provider-hcloud/cmd/generator providers/provider-hcloud $header
hcloud=./providers/provider-hcloud/apis/...
controller_gen object:headerFile=$header paths=$hcloud \
  crd:crdVersions=v1,allowDangerousTypes=true output:crd:artifacts:config=package/providers/provider-hcloud/crds
"$angryjet" generate-methodsets --header-file=$header $hcloud

crds="$(mktemp -d)"
trap 'rm -rf "$crds"' EXIT
controller_gen crd:crdVersions=v1 paths=./apis/v1alpha1/... output:crd:artifacts:config="$crds"
go run ./hack/xrdgen "$crds" apis
