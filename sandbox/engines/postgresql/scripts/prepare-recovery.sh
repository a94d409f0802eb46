#!/bin/bash
# Makes restored files recover up to a target. What belongs to the topology that they come from is left out.
# $1: folder of the files; standard input: settings of the recovery.
set -euo pipefail
settings=$1/postgresql.auto.conf
sed --in-place --regexp-extended \
	'/^(primary_conninfo|primary_slot_name|synchronous_standby_names|restore_command|recovery_)/d' "$settings"
cat >>"$settings"
rm -f "$1/standby.signal"
touch "$1/recovery.signal"
