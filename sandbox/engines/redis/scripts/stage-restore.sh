#!/bin/sh
# Makes an append-only file of a dump, in a folder beside the live data of a node that may run: the next start of the
# node takes it. Standard input: a line once it may begin, and a tar of dump.rdb and users.acl. Ends with 3 where the
# dump, and with 4 where the users are not what they claim to be.
# A server that starts with `appendonly yes` beside a lone dump.rdb comes up empty and without an error, so the
# dump is loaded with `appendonly no` first, and the append-only file is written from what was loaded.
set -eu
read -r _
staging=/data/restored
rm -rf "$staging"
trap '[ -e "$staging/complete" ] || rm -rf "$staging"' EXIT
mkdir "$staging"
tar -x -f - -C "$staging" --no-same-owner
chown -R 999:999 "$staging"

# The server reads all of the dump, with its checksum, and ends where it is no whole one. The users are lines of the
# configuration: a rule that it does not know stops it before.
{ cat "$staging/users.acl" && echo; } >/tmp/staging.conf
chmod 644 /tmp/staging.conf
setpriv --reuid=999 --regid=999 --clear-groups redis-server /tmp/staging.conf --port 0 --unixsocket /tmp/redis.sock \
	--dir "$staging" --dbfilename dump.rdb --appendonly no --save '' >/tmp/redis.log 2>&1 &
server=$!
ask() { redis-cli -s /tmp/redis.sock "$@"; }

# Bounded by the caller's deadline for the whole command.
until [ "$(ask PING 2>/dev/null)" = PONG ]; do
	kill -0 "$server" 2>/dev/null || {
		tail -n 20 /tmp/redis.log >&2
		grep -q 'FATAL CONFIG FILE ERROR' /tmp/redis.log && exit 4
		exit 3
	}
	sleep 0.02
done
# What had expired was left out: told on standard output (Redis documentation, INFO, `rdb_last_load_keys_expired`).
ask INFO persistence | tr -d '\r' | grep '^rdb_last_load_keys_expired:'
ask CONFIG SET appendonly yes >/dev/null
until ask INFO persistence | tr -d '\r' | grep -q '^aof_rewrite_in_progress:0$' &&
	ask INFO persistence | tr -d '\r' | grep -q '^aof_rewrite_scheduled:0$'; do sleep 0.02; done
ask INFO persistence | tr -d '\r' | grep -q '^aof_last_bgrewrite_status:ok$' || { cat /tmp/redis.log >&2; exit 5; }
ask SHUTDOWN NOSAVE >/dev/null 2>&1 || true
wait "$server" || true
[ -d "$staging/appendonlydir" ]

# The stack's own user stays as it is, with its password.
{ grep '^user default ' /data/users.acl && cat "$staging/users.acl" && echo; } | grep . >"$staging/users.new"
mv "$staging/users.new" "$staging/users.acl"
rm "$staging/dump.rdb"
chown -R 999:999 "$staging"
chmod 600 "$staging/users.acl"
sync "$staging"
touch "$staging/complete"
