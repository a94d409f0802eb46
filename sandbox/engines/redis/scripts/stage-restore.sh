#!/bin/sh
# Makes an append-only file of dumps, in a folder beside the live data of a node that may run: the next start of the
# node takes it. Standard input: a line once it may begin, and a tar of the dumps, users.acl, stage.conf and
# keep-slots.lua. Arguments: seconds after which it gives up, bytes of memory that the data may take, whether the node is
# of a cluster (yes or no), whether the dump must hold keys of its slots alone (yes or no), the dumps after the first, with
# spaces between them, and each range of slots of the node.
# Ends with 3 where a dump and with 4 where the users are not what they claim to be, 5 where the append-only file could
# not be written, 6 where a dump was not loaded in time, 7 where it takes too much memory, 8 where a cluster cannot have it,
# 9 where a dump holds keys of other slots.
# A server that starts with `appendonly yes` beside a lone dump.rdb comes up empty and without an error, so the
# dump is loaded with `appendonly no` first, and the append-only file is written from what was loaded.
set -eu
limit_s=$1 memory=$2 clustered=$3 exact=$4 further=$5
shift 5
read -r _
staging=/data/restored
log=/tmp/redis.log
rm -rf "$staging"
trap '[ -e "$staging/complete" ] || rm -rf "$staging"' EXIT
mkdir "$staging"
tar -x -f - -C "$staging" --no-same-owner
chown -R 999:999 "$staging"
chmod 600 "$staging/users.acl"

# By way of the image's own entrypoint, as the node: it loads the modules of the image, whose data the dump may hold.
cd "$staging"
docker-entrypoint.sh redis-server "$staging/stage.conf" >"$log" 2>&1 &
server=$!
end=$(($(date +%s) + limit_s))
ask() { timeout 5 redis-cli -s /tmp/redis.sock "$@"; }
within_limit() { timeout "$((end - $(date +%s) + 1))" redis-cli -s /tmp/redis.sock "$@"; }
fail() {
	kill -9 "$server" 2>/dev/null || true
	tail -n 20 "$log" >&2
	exit "$1"
}
in_time() { [ "$(date +%s)" -lt "$end" ] || fail 6; }
# A server that has ended says why; one that the kernel has killed took more memory than it may.
alive() {
	! kill -0 "$server" 2>/dev/null || return 0
	status=0
	wait "$server" || status=$?
	[ "$status" -ne 137 ] || fail 7
	! grep -q 'ACL errors' "$log" || fail 4
	fail 3
}

until [ "$(ask PING 2>/dev/null)" = PONG ]; do
	alive
	in_time
	sleep 0.02
done
# What had expired is left out: told on standard output, for each dump (Redis documentation, INFO,
# `rdb_last_load_keys_expired`).
tell_expired() { ask INFO persistence | tr -d '\r' | grep '^rdb_last_load_keys_expired:'; }
tell_expired
for dump in $further; do
	ask CONFIG SET dbfilename "$dump" >/dev/null
	answer=$(within_limit DEBUG RELOAD MERGE NOFLUSH NOSAVE 2>&1) || true
	[ "$answer" = OK ] || { sleep 0.1 && alive && in_time && fail 3; }
	tell_expired
done

if [ "$clustered" = yes ]; then
	# A cluster has one database.
	! ask INFO keyspace | grep -q '^db[1-9]' || fail 8
	within_limit --eval "$staging/keep-slots.lua" , "$@" >/tmp/removed || fail 6
	grep -q '^[0-9][0-9]*$' /tmp/removed || { cat /tmp/removed >&2 && fail 3; }
	[ "$exact" = no ] || grep -q '^0$' /tmp/removed || fail 9
fi
used=$(ask INFO memory | tr -d '\r' | sed -n 's/^used_memory:\([0-9]*\)$/\1/p')
[ "$used" -le "$memory" ] || { echo "the data takes $used bytes" >&2 && fail 7; }

ask CONFIG SET appendonly yes >/dev/null
until ask INFO persistence | tr -d '\r' | grep -q '^aof_rewrite_in_progress:0$' &&
	ask INFO persistence | tr -d '\r' | grep -q '^aof_rewrite_scheduled:0$'; do
	alive
	in_time
	sleep 0.02
done
ask INFO persistence | tr -d '\r' | grep -q '^aof_last_bgrewrite_status:ok$' || fail 5
ask SHUTDOWN NOSAVE >/dev/null 2>&1 || true
wait "$server" || true
[ -d "$staging/appendonlydir" ]

# The stack's own user stays as it is, with its password.
{ grep -a '^user default ' /data/users.acl && cat "$staging/users.acl"; } >"$staging/users.new"
mv "$staging/users.new" "$staging/users.acl"
rm -f "$staging"/dump*.rdb "$staging/stage.conf" "$staging/keep-slots.lua"
chown -R 999:999 "$staging"
chmod 600 "$staging/users.acl"
sync "$staging"
touch "$staging/complete"
