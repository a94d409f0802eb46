#!/bin/sh
# What somebody would type to restore a dump (standard input) into a stopped node, without a check of anything.
set -e
rm -rf /data/appendonlydir
cat >/data/dump.rdb
chown -R 999:999 /data
setpriv --reuid=999 --regid=999 --clear-groups redis-server --port 0 --unixsocket /tmp/redis.sock --dir /data \
	--appendonly no --save '' --daemonize yes >/dev/null
until [ "$(redis-cli -s /tmp/redis.sock PING 2>/dev/null)" = PONG ]; do sleep 0.02; done
redis-cli -s /tmp/redis.sock CONFIG SET appendonly yes >/dev/null
until redis-cli -s /tmp/redis.sock INFO persistence | grep -q 'aof_rewrite_in_progress:0' &&
	redis-cli -s /tmp/redis.sock INFO persistence | grep -q 'aof_rewrite_scheduled:0'; do sleep 0.02; done
redis-cli -s /tmp/redis.sock SHUTDOWN NOSAVE >/dev/null 2>&1 || true
