#!/bin/sh
# Starts the node: the first password comes from a file, as its hash, and never from the environment.
set -e
# What a restore has made ready takes the place of what was there; a start that is killed in between goes on here.
if [ -e /data/taishang_tmp_restored/complete ]; then
	for path in databases/neo4j transactions/neo4j databases/system transactions/system; do
		[ -e "/data/taishang_tmp_restored/$path" ] || continue
		install --directory --owner=7474 --group=7474 "/data/${path%/*}"
		# What an old primary alone had.
		if [ -e /data/keep ] && [ -e "/data/$path" ]; then
			kept="/data/kept/$(cat /data/keep)/${path%/*}"
			install --directory --owner=7474 --group=7474 /data/kept "${kept%/*}" "$kept"
			[ -e "$kept/${path#*/}" ] || mv "/data/$path" "$kept/"
		fi
		rm -rf "/data/$path"
		mv "/data/taishang_tmp_restored/$path" "/data/$path"
	done
fi
rm -rf /data/taishang_tmp_restored
rm -f /data/keep
if [ ! -e /data/dbms/auth.ini ]; then
	install --directory --owner=7474 --group=7474 --mode=755 /data/dbms
	install --owner=7474 --group=7474 --mode=600 /run/taishang/auth.ini /data/dbms/auth.ini
fi
# The official image's first process, and ours.
entrypoint=docker-entrypoint.sh
[ ! -x /startup/docker-entrypoint.sh ] || entrypoint=/startup/docker-entrypoint.sh

# Starts the server until its databases are there, for nobody outside of the container.
make_databases() {
	log=$(mktemp)
	NEO4J_server_databases_default__to__read__only=false NEO4J_server_bolt_listen__address=127.0.0.1:7687 \
		"$entrypoint" neo4j >"$log" 2>&1 &
	server=$!
	trap 'kill -TERM "$server"' TERM INT
	# Bounded by the deadline of whoever waits for this node to answer.
	until grep -q 'Started\.' "$log"; do
		kill -0 "$server" 2>/dev/null || { cat "$log" >&2; exit 1; }
		sleep 0.05
	done
	kill -TERM "$server"
	wait "$server" || [ $? = 143 ]
	trap - TERM INT
	rm -f "$log"
	# Said as the default has it: what was written into the configuration for this start is still there.
	export NEO4J_server_bolt_listen__address=:7687
}

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
	serving=$(cat /data/role)
	[ "$serving" != primary ] || read_only=false
	printf '%s\n' "$serving" >/data/serving
	# What is read only cannot be made either, and the official image has no store to copy.
	if [ "$read_only" = true ] && [ ! -e /data/databases/neo4j ] && [ ! -e "$NEO4J_HOME/prepared/databases/neo4j" ]; then
		make_databases
	fi
	export NEO4J_server_databases_default__to__read__only=$read_only
fi
if [ "$entrypoint" = /startup/docker-entrypoint.sh ]; then
	exec tini -g -- "$entrypoint" neo4j
fi
exec "$entrypoint" neo4j
