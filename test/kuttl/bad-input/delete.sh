#!/usr/bin/env bash
. ../lib.sh
. ../organization.sh
evict umbrella
