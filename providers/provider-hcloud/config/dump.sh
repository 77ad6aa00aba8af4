#!/usr/bin/env bash
# Writes schema.json and provider-metadata.yaml anew from the Terraform
# provider that go.mod requires. Needed only when its version changes; wants
# terraform and jq.
set -euo pipefail
cd "$(dirname "$0")"

provider=github.com/hetznercloud/terraform-provider-hcloud
upjet=github.com/crossplane/upjet/v2
version() { go list -m -f '{{.Version}}' "$1"; }

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
go build -o "$work/bin/terraform-provider-hcloud" "$provider"

cat > "$work/main.tf" <<EOF
terraform {
  required_providers {
    hcloud = { source = "hetznercloud/hcloud" }
  }
}
EOF
cat > "$work/terraformrc" <<EOF
provider_installation {
  dev_overrides { "hetznercloud/hcloud" = "$work/bin" }
  direct {}
}
EOF

TF_CLI_CONFIG_FILE="$work/terraformrc" CHECKPOINT_DISABLE=1 \
  terraform -chdir="$work" providers schema -json | jq --compact-output . > schema.json
go run "$upjet/cmd/scraper@$(version "$upjet")" --name hetznercloud/hcloud --resource-prefix hcloud \
  --repo "$(go list -m -f '{{.Dir}}' "$provider")/docs/resources" --out provider-metadata.yaml
