#!/bin/bash
# Gives a stopped member that has lost its data a fresh copy of the primary. After receive-passwords.sh, and before
# follow.sh.
find "$PGDATA" -mindepth 1 -delete
pg_basebackup --pgdata="$PGDATA" --wal-method=stream --checkpoint=fast --slot="${name//-/_}" \
	--dbname="host=$primary port=5432 user=replicator application_name=$name" >&2
