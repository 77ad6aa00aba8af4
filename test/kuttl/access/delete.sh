#!/usr/bin/env bash
. ../lib.sh
. ../tenant.sh
evict initrode
