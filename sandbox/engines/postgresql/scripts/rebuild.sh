#!/bin/bash
# Gives a stopped member that has lost its data a fresh copy of the primary. Standard input: the password file.
# $1: the node's name, $2: the primary's.
set -euo pipefail
name=$1
primary=$2
export PGPASSFILE=/tmp/passfile
umask 0077
cat >"$PGPASSFILE"
find "$PGDATA" -mindepth 1 -delete
pg_basebackup --pgdata="$PGDATA" --wal-method=stream --checkpoint=fast --slot="${name//-/_}" \
	--dbname="host=$primary port=5432 user=replicator application_name=$name" >&2
touch "$PGDATA/standby.signal"
{
	echo "primary_conninfo = 'host=$primary port=5432 user=replicator application_name=$name passfile=/run/taishang/passfile'"
	echo "primary_slot_name = '${name//-/_}'"
} >>"$PGDATA/postgresql.auto.conf"
