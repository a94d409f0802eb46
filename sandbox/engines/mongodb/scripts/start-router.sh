#!/bin/bash
# Starts a router. $1: the config servers as mongos takes them; the rest: members that are replica sets of one.
set -euo pipefail
config=$1
shift
# Bounded by the deadline of whoever waits for this node to answer.
until setpriv --reuid=mongodb --regid=mongodb --init-groups env TAISHANG_MEMBERS="$*" \
	mongosh --quiet --nodb /run/taishang/initiate.js; do sleep 0.05; done
exec setpriv --reuid=mongodb --regid=mongodb --init-groups \
	mongos --configdb "$config" --keyFile /run/taishang/key-file --bind_ip_all --port 27017
