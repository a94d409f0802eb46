#!/bin/sh
# Starts the node: the first password comes from a file, as its hash, and never from the environment.
set -e
if [ ! -e /data/dbms/auth.ini ]; then
	install --directory --owner=7474 --group=7474 --mode=755 /data/dbms
	install --owner=7474 --group=7474 --mode=600 /run/taishang/auth.ini /data/dbms/auth.ini
fi
# The official image's first process, and ours.
if [ -x /startup/docker-entrypoint.sh ]; then
	exec tini -g -- /startup/docker-entrypoint.sh neo4j
fi
exec docker-entrypoint.sh neo4j
