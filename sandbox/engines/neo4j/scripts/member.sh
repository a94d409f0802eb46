#!/bin/bash
# Runs a member of a primary with a standby, of which a watcher (watch.sh) may promote one. What it is to be stands in
# /data/role, which the watcher writes; the server is started again where that has changed. It holds a lock for as long as
# its server lives, so that the watcher knows for certain when no server writes here any more, and keeps another from
# starting meanwhile.
set -uo pipefail
stopping=
server=
# Of the official image's `tini`, which is the first process elsewhere.
export TINI_SUBREAPER=1

# Time for an orderly stop, in seconds, before the server is killed: one that hangs would be a second primary.
stop_seconds=15

say() { echo "member: $*"; }
stop() {
	stopping=yes
	[ -z "$server" ] || kill -TERM "$server" 2>/dev/null
}
trap stop TERM INT

# Ends with the server, and sets `code`; its own signal reaches the server through the trap.
until_ended() {
	local ended='' told=''
	# A signal ends `wait` before anything has ended, and leaves `ended` unset.
	while [ "${ended:-}" != "$server" ]; do
		sleep 0.3 &
		wait -n -p ended "$server" "$!"
		code=$?
		if [ -z "$told" ] && [ -e /data/serving ] && [ "$(cat /data/role)" != "$(cat /data/serving)" ]; then
			say "it is to be $(cat /data/role), and was $(cat /data/serving): its server starts again"
			kill -TERM "$server"
			told=$SECONDS
		elif [ -n "$told" ] && [ "$((SECONDS - told))" -gt "$stop_seconds" ]; then
			# All but this first process.
			kill -KILL -1
		fi
	done
}

while :; do
	exec 9>>/data/server.lock
	until flock --nonblock 9; do
		[ -z "$stopping" ] || exit 0
		sleep 0.2
	done
	# What it is started as is written by start-node.sh, once it has read it. In this order: see `fence` in watch.sh.
	rm -f /data/serving /data/held
	date +%s%N >/data/started
	/bin/sh /run/taishang/start-node.sh &
	server=$!
	exec 9>&-
	until_ended
	server=
	[ -z "$stopping" ] && [ -e /data/serving ] && [ "$(cat /data/role)" != "$(cat /data/serving)" ] || exit "$code"
done
