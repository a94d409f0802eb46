#!/bin/bash
# Runs one of Neo4j's main classes with the heap of the configuration and the flags given: neo4j-java.sh FLAGS... CLASS ARGS...
set -euo pipefail
home=${NEO4J_HOME:-/var/lib/neo4j}

# The last line of a setting wins.
setting() {
	sed -n "s/^$1=//p" "$home/conf/neo4j.conf" | tail -n 1
}

flags=(
	-XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xss512k
	--add-opens=java.base/java.nio=ALL-UNNAMED
	--add-opens=java.base/java.io=ALL-UNNAMED
	--add-opens=java.base/sun.nio.ch=ALL-UNNAMED
	--add-opens=java.base/java.util.concurrent=ALL-UNNAMED
	--enable-native-access=ALL-UNNAMED
	--sun-misc-unsafe-memory-access=allow
)
# Absent while the image is built.
[ ! -e "$home/lib/neo4j.aot" ] || flags+=("-XX:AOTCache=$home/lib/neo4j.aot")
initial=$(setting server.memory.heap.initial_size)
maximum=$(setting server.memory.heap.max_size)
[ -z "$initial" ] || flags+=("-Xms$initial")
[ -z "$maximum" ] || flags+=("-Xmx$maximum")
while read -r flag; do
	[ -z "$flag" ] || flags+=("$flag")
done < <(sed -n 's/^server.jvm.additional=//p' "$home/conf/neo4j.conf")

# The order of the class path is part of what the archive of prepared classes was made for.
class_path=$(printf '%s:' "$home"/lib/*.jar)
for plugin in "$home"/plugins/*.jar; do
	[ ! -e "$plugin" ] || class_path="$class_path$plugin:"
done
exec java -cp "${class_path%:}" "${flags[@]}" "$@"
