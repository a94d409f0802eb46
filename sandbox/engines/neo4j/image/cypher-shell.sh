#!/bin/bash
# Cypher Shell with a Java of its own. Its class path is apart from the server's, whose libraries are newer.
set -euo pipefail
exec java -XX:+UseSerialGC -XX:TieredStopAtLevel=1 --enable-native-access=ALL-UNNAMED \
	-cp "$NEO4J_HOME/shell/*" org.neo4j.shell.Main "$@"
