#!/bin/bash
# Loads dumps beside the live data (/target) of a node that may run, or was never started: the next start of the node
# takes them. Standard input: a line once it may begin, and a tar of the dumps and of the node's auth.ini. Arguments: the
# version of the server that was dumped, and the databases to load. Ends with 3 where a dump is not what it claims to be,
# with 4 where a server does not come up on it, with 5 where /target has no room, and with 6, and this server's version,
# where that is older.
set -euo pipefail
read -r _
staging=/target/taishang_tmp_restored
dumped=$1
shift
rm -rf "$staging"
trap '[ -e "$staging/complete" ] || rm -rf "$staging"' EXIT
install --directory --owner=7474 --group=7474 /tmp/dumps
tar -x -f - -C /tmp/dumps --no-same-owner
kernel=$(basename "$NEO4J_HOME"/lib/neo4j-kernel-[0-9]*.jar .jar)
version=${kernel#neo4j-kernel-}
[ "$(printf '%s\n' "$version" "$dumped" | sort --version-sort | tail -n 1)" = "$version" ] || {
	echo "$version" >&2
	exit 6
}
entrypoint=(docker-entrypoint.sh)
[ ! -x /startup/docker-entrypoint.sh ] || entrypoint=(tini -g -- /startup/docker-entrypoint.sh)

for database in "$@"; do
	"${entrypoint[@]}" neo4j-admin database load "$database" --from-path=/tmp/dumps --overwrite-destination=true \
		>/tmp/load.log 2>&1 || { tail -n 30 /tmp/load.log >&2; exit 3; }
done

# One statement over the HTTP interface of the server in this container, which nobody else reaches.
statement() {
	local body="{\"statement\": \"$1\"}" answer
	exec 3<>/dev/tcp/127.0.0.1/7474 || return 1
	printf 'POST /db/system/query/v2 HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nAccept: application/json\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s' "${#body}" "$body" >&3
	answer=$(cat <&3)
	exec 3>&-
	grep -q '^HTTP/1.1 20' <<<"$answer" || { echo "$answer" >&2; return 1; }
}

# `system` brings the passwords of the stack that it was dumped from: the target's own user gets the target's again, as
# the hash that its first start was made from (version 1 is SHA-256 in 1,024 rounds).
if [ -e /data/databases/system ]; then
	IFS=, read -r _ hash salt _ < <(cut -d: -f2 /tmp/dumps/auth.ini)
	# Without a network the container's own name means nothing, and the server refuses such a configuration.
	echo "127.0.0.1 $(hostname)" >>/etc/hosts
	"${entrypoint[@]}" neo4j >/tmp/server.log 2>&1 &
	server=$!
	# Bounded by the caller's deadline for the whole command.
	until grep -q 'Started\.' /tmp/server.log; do
		kill -0 "$server" 2>/dev/null || { tail -n 30 /tmp/server.log >&2; exit 4; }
		sleep 0.05
	done
	statement "CREATE OR REPLACE USER neo4j SET ENCRYPTED PASSWORD '1,$hash,$salt' CHANGE NOT REQUIRED"
	kill -TERM "$server"
	wait "$server" || [ $? = 143 ]
fi

needed=$(du -s --bytes /data | cut -f1)
free=$(df --output=avail -B1 /target | tail -n 1)
[ "$free" -gt "$needed" ] || { echo "$free bytes are free, and $needed are needed" >&2; exit 5; }
# What the image's own first process copies into a volume that has nothing yet.
if [ ! -e /target/databases ] && [ -d "$NEO4J_HOME/prepared" ]; then
	cp -a "$NEO4J_HOME/prepared/." /target/
fi
mkdir "$staging"
for kind in databases transactions; do
	mkdir "$staging/$kind"
	for database in "$@"; do cp -a "/data/$kind/$database" "$staging/$kind/"; done
done
find "$staging" -name database_lock -delete
chown -R 7474:7474 "$staging"
sync "$staging"
touch "$staging/complete"
