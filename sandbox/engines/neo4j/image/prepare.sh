#!/bin/bash
# Runs while the image is built. Makes two things that shorten every start:
# an archive of the classes that a start and its first queries load, and an empty store that a first start copies.
set -euo pipefail
home=$NEO4J_HOME
server=(org.neo4j.server.Neo4jCommunity "--home-dir=$home" "--config-dir=$home/conf" --console-mode)
cp conf/neo4j.conf /tmp/neo4j.conf

start() {
	# Not through a function: the signal of `stop` must reach the server, not a shell before it.
	setpriv --reuid=neo4j --regid=neo4j --clear-groups bin/neo4j-java.sh "$@" >/tmp/prepare.log 2>&1 &
	running=$!
	local tries=0
	until grep -q 'Started\.' /tmp/prepare.log; do
		tries=$((tries + 1))
		if [ "$tries" -gt 1200 ] || ! kill -0 "$running" 2>/dev/null; then
			cat /tmp/prepare.log >&2
			exit 1
		fi
		sleep 0.1
	done
}

stop() {
	kill -TERM "$running"
	wait "$running" || [ $? = 143 ]
}

# One statement over the HTTP interface, which needs no client program.
query() {
	local body="{\"statement\": \"$1\"}"
	exec 3<>/dev/tcp/127.0.0.1/7474
	printf 'POST /db/neo4j/query/v2 HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nAccept: application/json\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s' "${#body}" "$body" >&3
	local answer
	answer=$(cat <&3)
	exec 3>&-
	grep -q '^HTTP/1.1 20' <<<"$answer" || { echo "$answer" >&2; exit 1; }
}

echo dbms.security.auth_enabled=false >>conf/neo4j.conf
start -XX:AOTCacheOutput="$home/run/neo4j.aot" "${server[@]}"
query 'CREATE CONSTRAINT n_id IF NOT EXISTS FOR (n:N) REQUIRE n.id IS UNIQUE'
query 'CREATE INDEX n_level IF NOT EXISTS FOR (n:N) ON (n.level)'
query 'CALL db.awaitIndexes(60)'
query 'UNWIND range(1, 1000) AS i CREATE (n:N {id: i, level: i % 6, at: datetime()})'
query 'UNWIND range(1, 999) AS i MATCH (a:N {id: i}), (b:N {id: i + 1}) MERGE (a)-[r:R]->(b) SET r += {weight: 0.5}'
query 'MATCH (a:N {id: 1})-[:R]->(b:N)-[:R]->(c:N) WHERE b.level <= 5 RETURN c.id, count(b) AS n ORDER BY n DESC LIMIT 20'
query 'MATCH path = (a:N {id: 1})-[:R*1..5]->(b:N) WHERE ALL(n IN nodes(path) WHERE n.level >= 0) RETURN length(path)'
query 'EXPLAIN MATCH (a:N)-[r:R]-(b:N) WHERE a.level = 3 RETURN a.id, avg(r.weight), collect(b.id)[0..5]'
query 'SHOW CONSTRAINTS'
query 'SHOW INDEXES'
query 'MATCH (n:N) DETACH DELETE n'
stop
test -s "$home/run/neo4j.aot"
mv "$home/run/neo4j.aot" "$home/lib/neo4j.aot"

# Made without authentication, so that no user is in it yet: the first start makes one from its own password.
rm -rf /data/* /logs/*
printf 'server.http.enabled=false\n' >>conf/neo4j.conf
start "${server[@]}"
stop
mkdir prepared
cp -a /data/. prepared/
rm -rf /data/* /logs/* prepared/databases/store_lock
cp /tmp/neo4j.conf conf/neo4j.conf
chown neo4j:neo4j conf/neo4j.conf
rm -rf /tmp/* run/*
