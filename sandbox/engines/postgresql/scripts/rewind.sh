#!/bin/bash
# Brings a stopped old primary to what the new one has. Prints where they parted and the commits that are given up.
# After receive-passwords.sh, and before follow.sh.
source_server="host=$primary port=5432 user=postgres dbname=postgres"

# A server that was killed must recover before its pages can be compared; pg_rewind would look for its settings in vain.
state=$(LC_ALL=C pg_controldata "$PGDATA" | sed -n 's/^Database cluster state: *//p')
if [ "$state" != 'shut down' ] && [ "$state" != 'shut down in recovery' ]; then
	rm -f "$PGDATA/postmaster.pid"
	postgres --single -D "$PGDATA" -c config_file=/dev/null -c wal_log_hints=on postgres </dev/null >/dev/null 2>&1
fi

report=$(pg_rewind --target-pgdata="$PGDATA" --source-server="$source_server" --write-recovery-conf --progress 2>&1 \
	--dry-run) || { echo "$report" >&2; exit 3; }
parted=$(sed -n 's/.*servers diverged at WAL location \([0-9A-F/]*\) on timeline \([0-9]*\).*/\1 \2/p' <<<"$report")
echo "parted ${parted:-nowhere}"
if [ -n "$parted" ]; then
	# It ends with an error where the log does: that is the end that is looked for.
	pg_waldump --path="$PGDATA/pg_wal" --timeline="${parted#* }" --start="${parted% *}" --rmgr=Transaction 2>/dev/null |
		sed -n 's/.*tx: *\([0-9]*\), lsn: \([0-9A-F/]*\),.*desc: COMMIT \([^;]*\).*/commit \1 \2 \3/p' || true
	pg_rewind --target-pgdata="$PGDATA" --source-server="$source_server" --write-recovery-conf >&2
fi
