#!/bin/bash
# Makes an image of ours like the vendor's (neo4j/docker-neo4j): its first process, no store to copy, and no settings but
# the two that the vendor's entrypoint has itself. /tini.sh is beside it.
set -euo pipefail
mkdir /startup
mv /usr/local/bin/docker-entrypoint.sh /startup/docker-entrypoint.sh
install --mode=755 /tini.sh /usr/bin/tini
rm -rf "$NEO4J_HOME/prepared" && mkdir "$NEO4J_HOME/prepared"
printf 'server.default_listen_address=0.0.0.0\nserver.memory.pagecache.size=512M\n' >"$NEO4J_HOME/conf/neo4j.conf"
