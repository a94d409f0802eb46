#!/bin/sh
# Starts the node: the first password comes from a file, as its hash, and never from the environment.
set -e
# What a restore has made ready takes the place of what was there; a start that is killed in between goes on here.
if [ -e /data/restored/complete ]; then
	for path in databases/neo4j transactions/neo4j databases/system transactions/system; do
		[ -e "/data/restored/$path" ] || continue
		rm -rf "/data/$path"
		mv "/data/restored/$path" "/data/$path"
	done
fi
rm -rf /data/restored
if [ ! -e /data/dbms/auth.ini ]; then
	install --directory --owner=7474 --group=7474 --mode=755 /data/dbms
	install --owner=7474 --group=7474 --mode=600 /run/taishang/auth.ini /data/dbms/auth.ini
fi
# The official image's first process, and ours.
if [ -x /startup/docker-entrypoint.sh ]; then
	exec tini -g -- /startup/docker-entrypoint.sh neo4j
fi
exec docker-entrypoint.sh neo4j
