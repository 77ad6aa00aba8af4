#!/usr/bin/env bash
. ../lib.sh
. ../delivered.sh
delivered umbrella intranet
