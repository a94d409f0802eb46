#!/bin/bash
# Imports rows into a database of its own, beside the live data (/target) of a node that runs: /target/taishang_tmp_imports/$1.
# Standard input, again and again: `<name> <bytes>` on a line, then so many bytes for the file of that name; at the end
# `end 0`. Further arguments are the importer's. Ends with 3 where the rows end before that: whoever sent them is gone.
set -euo pipefail
staging=/target/taishang_tmp_imports/$1
shift
# What is there was cut off. A container that outlived whoever started it finds its folder gone, and fails.
rm -rf /target/taishang_tmp_imports
mkdir -p "$staging/rows"
trap '[ -e "$staging/complete" ] || rm -rf "$staging"' EXIT

name=
while read -r name size; do
	[ "$name" != end ] || break
	head --bytes="$size" >>"$staging/rows/$name"
done
[ "$name" = end ] || { echo 'the rows ended too early' >&2; exit 3; }

entrypoint=(docker-entrypoint.sh)
[ ! -x /startup/docker-entrypoint.sh ] || entrypoint=(tini -g -- /startup/docker-entrypoint.sh)
# Quoted texts may hold line breaks. A relationship to a node that is not there stops it.
"${entrypoint[@]}" neo4j-admin database import full neo4j --overwrite-destination=true --multiline-fields=true \
	--max-off-heap-memory=256m --report-file=/tmp/import.report "$@" >/tmp/import.log 2>&1 || {
	code=$?
	tail -n 30 /tmp/import.log >&2
	[ ! -e /tmp/import.report ] || head -n 10 /tmp/import.report >&2
	exit "$code"
}
rm -rf "$staging/rows"
for kind in databases transactions; do
	mkdir "$staging/$kind"
	cp -a "/data/$kind/neo4j" "$staging/$kind/"
done
find "$staging" -name database_lock -delete
chown -R 7474:7474 "$staging"
sync "$staging"
touch "$staging/complete"
