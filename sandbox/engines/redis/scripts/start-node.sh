#!/bin/sh
# Starts the node: the users file is kept with the data, and made from the stack's own on the first start.
set -e
# What a restore has made ready takes the place of what was there; a start that is killed in between goes on here.
if [ -e /data/restored/complete ]; then
	for name in appendonlydir users.acl; do
		[ -e "/data/restored/$name" ] || continue
		rm -rf "/data/$name"
		mv "/data/restored/$name" "/data/$name"
	done
	rm -f /data/dump.rdb
fi
rm -rf /data/restored
if [ ! -f /data/users.acl ]; then
	install --owner=999 --group=999 --mode=600 /run/taishang/users.acl /data/users.acl
fi
exec docker-entrypoint.sh redis-server /run/taishang/redis.conf
