#!/bin/sh
# Starts the node: the users file is kept with the data, and made from the stack's own on the first start.
set -e
. /run/taishang/take-restored.sh
if [ ! -f /data/users.acl ]; then
	install --owner=999 --group=999 --mode=600 /run/taishang/users.acl /data/users.acl
fi
exec docker-entrypoint.sh redis-server /run/taishang/redis.conf
