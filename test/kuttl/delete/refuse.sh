#!/usr/bin/env bash
. ../lib.sh
refused "Organization hooli still has 1 Application (marketing-site), 1 Blueprint (bp-wordpress), 2 Environments (hooli-dev, hooli-prod). Delete them first, or set spec.deletionPolicy to Cascade" \
  kubectl delete organization.catalyst.openova.io hooli --dry-run=server
refused "Organization hooli still has" kubectl delete namespace hooli --dry-run=server
refused "Environment hooli-dev is used by Application marketing-site" kubectl delete environment hooli-dev -n hooli --dry-run=server
