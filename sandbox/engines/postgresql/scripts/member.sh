#!/bin/bash
# Runs a member of a primary with standbys, of which a watcher (watch.sh) may promote one. Before each start it asks the
# others: an old primary that was promoted over becomes a standby by pg_rewind, and data that is gone is copied anew. While
# it is the primary it looks at them once a second: it steps back for a newer primary, and takes no writes while it reaches
# nobody, so that clients go on to the one that was promoted where it cannot be seen.
# $1: its name; $2: `first` where it makes the first data; $3: the others, as name=address with spaces between; the rest:
# the server's command.
set -uo pipefail
# The server must get the signals that this shell passes on, and a background process without job control ignores some.
set -m
name=$1
first=$2
read -ra others <<<"$3"
shift 3
export PGPASSFILE=/run/taishang/member-passfile
# Debian's own `psql` is a wrapper, which starts Perl first.
PATH=$(dirname "$(command -v pg_ctl)"):$PATH
# Outlives the data: what comes back without any was wiped.
known=/run/taishang/known
# Made by step-back.sh: the server stops, and this script goes on.
stepped_back=/tmp/taishang-stepped-back
# Kept with the data: that it takes no writes was our doing.
held_back=$PGDATA/taishang.held-back
stopping=
server=

timeline="('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::int"

say() { echo "member $name: $*"; }
as_server() { setpriv --reuid=postgres --regid=postgres --init-groups "$@"; }
here() { as_server timeout 10 psql --no-psqlrc --quiet --no-align --tuples-only --dbname=postgres "$@" 2>/dev/null; }

# Those of the others that take connections, within a second.
reachable() {
	local each
	for each in "${others[@]}"; do
		{ timeout 1 bash -c "</dev/tcp/${each#*=}/5432" 2>/dev/null && echo "$each"; } &
	done
	wait
}

ask() {
	timeout 10 psql --no-psqlrc --quiet --no-align --tuples-only --command="$2" \
		"host=${1%=*} hostaddr=${1#*=} port=5432 user=postgres dbname=postgres connect_timeout=3" 2>/dev/null
}

# The other one that takes writes on a timeline after $1, if there is one. Further arguments: whom to ask.
primary_after() {
	local each answer mine=$1
	shift
	for each; do
		answer=$(ask "$each" "SELECT CASE WHEN pg_is_in_recovery() THEN 0 ELSE $timeline END") || continue
		if [ "${answer:-0}" -gt "$mine" ]; then
			echo "$each"
			return
		fi
	done
	return 1
}

# Makes the stopped server a standby. $1: `rewind` or `rebuild`; $2: the primary.
join() {
	# From one that is lost nobody can read any more.
	ask "$2" "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots
		WHERE slot_name = '${name//-/_}' AND wal_status = 'lost' AND NOT active" >/dev/null
	ask "$2" "SELECT pg_create_physical_replication_slot('${name//-/_}') WHERE NOT EXISTS
		(SELECT FROM pg_replication_slots WHERE slot_name = '${name//-/_}')" >/dev/null
	# pg_rewind compares with the newest checkpoint of the source.
	ask "$2" CHECKPOINT
	as_server env name="$name" primary="${2%=*}" \
		bash -c "set -euo pipefail; . /run/taishang/$1.sh; . /run/taishang/follow.sh"
}

own_timeline() {
	LC_ALL=C as_server pg_controldata "$PGDATA" | sed -n "s/^Latest checkpoint's TimeLineID: *//p"
}

prepare() {
	local primary= tries=1 mine
	mkdir -p "$PGDATA"
	chown postgres:postgres "$PGDATA"
	chmod 700 "$PGDATA"
	if [ ! -s "$PGDATA/PG_VERSION" ]; then
		# The image's own first process makes it.
		if [ "$first" = first ] && [ ! -e "$known" ]; then return; fi
		# shellcheck disable=SC2046
		until primary=$(primary_after 0 $(reachable)) && join rebuild "$primary"; do
			[ -z "$stopping" ] || return
			sleep 0.2
		done
		say "copied ${primary%=*}"
	elif [ ! -e "$PGDATA/standby.signal" ]; then
		mine=$(own_timeline)
		# Who stepped back for one that is being promoted waits for it; if nobody is, it is the primary still.
		[ ! -e "$stepped_back" ] || tries=60
		while [ "$tries" -gt 0 ] && [ -z "$stopping" ]; do
			# shellcheck disable=SC2046
			primary=$(primary_after "${mine:-0}" $(reachable)) && break
			tries=$((tries - 1))
			[ "$tries" = 0 ] || sleep 0.5
		done
		if [ -n "$primary" ]; then
			say "${primary%=*} was promoted over it: it follows"
			join rewind "$primary" || join rebuild "$primary" || return
		fi
	fi
	touch "$known"
	if [ -e "$held_back" ]; then
		sed --in-place '/^default_transaction_read_only/d' "$PGDATA/postgresql.auto.conf"
		rm -f "$held_back"
	fi
}

# Nothing is acknowledged without a standby anyway: clients are told so, and those that wait are cut off. $1: `all`
# clients, or those that `wait`.
hold_back() {
	[ -n "$(here --command='SHOW synchronous_standby_names')" ] || return
	touch "$held_back"
	here --command='ALTER SYSTEM SET default_transaction_read_only = on' --command='SELECT pg_reload_conf()' \
		--command='SELECT pg_sleep(0.2)' --command="SELECT pg_terminate_backend(pid) FROM pg_stat_activity
		WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() AND ('$1' = 'all' OR wait_event = 'SyncRep')" >/dev/null
}

release() {
	here --command='ALTER SYSTEM RESET default_transaction_read_only' --command='SELECT pg_reload_conf()' >/dev/null &&
		rm -f "$held_back"
}

keep_watch() {
	local alone=0 reached mine primary
	while sleep 1; do
		if [ -e "$PGDATA/standby.signal" ] || [ ! -e "$PGDATA/postmaster.pid" ]; then
			alone=0
			continue
		fi
		touch "$known"
		mapfile -t reached < <(reachable)
		if [ "${#reached[@]}" = 0 ]; then
			alone=$((alone + 1))
			if [ "$alone" = 3 ]; then
				say 'reaches no other member: it takes no writes'
				hold_back all
			elif [ "$alone" -gt 3 ]; then
				hold_back waiting
			fi
			continue
		fi
		alone=0
		mine=$(here --command="SELECT $timeline") || continue
		if primary=$(primary_after "$mine" "${reached[@]}"); then
			say "${primary%=*} was promoted over it: it steps back"
			as_server bash /run/taishang/step-back.sh
			return
		fi
		[ ! -e "$held_back" ] || release
	done
}

stop() {
	stopping=$1
	[ -z "$server" ] || kill -s "$1" "$server" 2>/dev/null
}
for signal in INT TERM QUIT; do
	# shellcheck disable=SC2064
	trap "stop $signal" "$signal"
done

while :; do
	prepare
	rm -f "$stepped_back"
	[ -z "$stopping" ] || exit 0
	docker-entrypoint.sh "$@" &
	server=$!
	keep_watch &
	watch=$!
	# A signal ends `wait` before the server has ended.
	while kill -0 "$server" 2>/dev/null; do
		wait "$server"
		code=$?
	done
	kill -KILL -- "-$watch" 2>/dev/null
	server=
	[ -n "$stopping" ] || [ ! -e "$stepped_back" ] || continue
	exit "$code"
done
