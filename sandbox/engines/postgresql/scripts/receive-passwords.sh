#!/bin/bash
# Begins what makes a stopped node a standby (rewind.sh, rebuild.sh). Standard input: the password file.
# $1: the node's name, $2: the primary's.
set -euo pipefail
name=$1
primary=$2
export PGPASSFILE=/tmp/passfile
umask 0077
cat >"$PGPASSFILE"
