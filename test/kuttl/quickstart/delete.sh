#!/usr/bin/env bash
. ../lib.sh
refused "Organization acme still has" kubectl delete -f ../../../examples/quickstart --wait=false
gone acme
no_zone acme.example
