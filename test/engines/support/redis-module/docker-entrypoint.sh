#!/bin/sh
# As the official image's entrypoint: whatever server it starts, it loads the modules in this folder. It also gives an
# argument that decides which dumps a server can read.
set -e
if [ "$1" = redis-server ]; then
	for module in /usr/local/lib/redis/modules/*.so; do
		[ ! -s "$module" ] || set -- "$@" --loadmodule "$module"
	done
	set -- "$@" --databases 32
fi
exec docker-entrypoint-without-modules.sh "$@"
