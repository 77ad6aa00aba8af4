#!/usr/bin/env bash
. ../lib.sh
. ../tenant.sh
tenant initrode
