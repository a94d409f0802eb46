#!/bin/bash
# Starts a standby: copies the primary on the first start, and follows it from then on.
# $1: name under which the primary knows it; the rest: the server's command.
set -euo pipefail
name=$1
shift
export PGPASSFILE=/run/taishang/passfile
mkdir -p "$PGDATA"
chown postgres:postgres "$PGDATA"
chmod 700 "$PGDATA"
if [ ! -s "$PGDATA/PG_VERSION" ]; then
	setpriv --reuid=postgres --regid=postgres --init-groups pg_basebackup --pgdata="$PGDATA" --wal-method=stream \
		--checkpoint=fast --write-recovery-conf --slot="${name//-/_}" \
		--dbname="host=postgresql port=5432 user=replicator application_name=$name"
fi
exec docker-entrypoint.sh "$@"
