#!/bin/sh
# Puts a dump (standard input) into a stopped node's data folder and makes an append-only file of it.
# A server that starts with `appendonly yes` beside a lone dump.rdb comes up empty and without an error, so the
# dump is loaded with `appendonly no` first, and the append-only file is rewritten from what was loaded.
set -e
cat >/data/restored.rdb
redis-check-rdb /data/restored.rdb >/tmp/check.log || { cat /tmp/check.log >&2; rm -f /data/restored.rdb; exit 3; }
rm -rf /data/appendonlydir /data/dump.rdb
mv /data/restored.rdb /data/dump.rdb
chown -R 999:999 /data

setpriv --reuid=999 --regid=999 --clear-groups redis-server --port 0 --unixsocket /tmp/redis.sock --dir /data \
	--dbfilename dump.rdb --appendonly no --save '' --daemonize yes --logfile /tmp/redis.log >/dev/null
ask() { redis-cli -s /tmp/redis.sock "$@"; }

# Bounded by the caller's deadline for the whole command.
until [ "$(ask PING 2>/dev/null)" = PONG ]; do sleep 0.02; done
ask CONFIG SET appendonly yes >/dev/null
until ask INFO persistence | tr -d '\r' | grep -q '^aof_rewrite_in_progress:0$' &&
	ask INFO persistence | tr -d '\r' | grep -q '^aof_rewrite_scheduled:0$'; do sleep 0.02; done
ask INFO persistence | tr -d '\r' | grep -q '^aof_last_bgrewrite_status:ok$' || { cat /tmp/redis.log >&2; exit 4; }
ask SHUTDOWN SAVE >/dev/null 2>&1 || true
[ -d /data/appendonlydir ]
