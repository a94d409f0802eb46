#!/bin/sh
# Starts the node: the first password comes from a file, as its hash, and never from the environment.
set -e
# What a restore has made ready takes the place of what was there; a start that is killed in between goes on here.
if [ -e /data/taishang_tmp_restored/complete ]; then
	for path in databases/neo4j transactions/neo4j databases/system transactions/system; do
		[ -e "/data/taishang_tmp_restored/$path" ] || continue
		install --directory --owner=7474 --group=7474 "/data/${path%/*}"
		rm -rf "/data/$path"
		mv "/data/taishang_tmp_restored/$path" "/data/$path"
	done
fi
rm -rf /data/taishang_tmp_restored
if [ ! -e /data/dbms/auth.ini ]; then
	install --directory --owner=7474 --group=7474 --mode=755 /data/dbms
	install --owner=7474 --group=7474 --mode=600 /run/taishang/auth.ini /data/dbms/auth.ini
fi
# Of a primary and its standby: what it was last made, or what it is at its first start. Data that is gone after that
# was lost: such a node waits for a copy, and takes no writes.
if [ -n "${TAISHANG_FIRST_ROLE:-}" ]; then
	if [ ! -e /data/role ]; then
		role=$TAISHANG_FIRST_ROLE
		[ ! -e /run/taishang/started ] || role=standby
		printf '%s\n' "$role" >/data/role
	fi
	touch /run/taishang/started
	# Said either way: what was written into the configuration for an earlier start is still there.
	read_only=true
	[ "$(cat /data/role)" != primary ] || read_only=false
	export NEO4J_server_databases_default__to__read__only=$read_only
fi
# The official image's first process, and ours.
if [ -x /startup/docker-entrypoint.sh ]; then
	exec tini -g -- /startup/docker-entrypoint.sh neo4j
fi
exec docker-entrypoint.sh neo4j
