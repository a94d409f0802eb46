#!/bin/bash
# Dumps every database of a stopped node (/data), `system` with its users too, as one tar on standard output.
set -euo pipefail
install --directory --owner=7474 --group=7474 /tmp/dumps
# The official image's first process, and ours; both give root's rights away.
entrypoint=(docker-entrypoint.sh)
[ ! -x /startup/docker-entrypoint.sh ] || entrypoint=(tini -g -- /startup/docker-entrypoint.sh)
"${entrypoint[@]}" neo4j-admin database dump '*' --to-path=/tmp/dumps >/tmp/dump.log 2>&1 || {
	code=$?
	tail -n 30 /tmp/dump.log >&2
	exit "$code"
}
tar -c -f - -C /tmp/dumps neo4j.dump system.dump
