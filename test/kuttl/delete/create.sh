#!/usr/bin/env bash
. ../lib.sh
. ../organization.sh
establish hooli
