#!/bin/bash
# Watches the primary of a PostgreSQL with standbys, and promotes the one that has received most when it commits no more.
# Nothing acknowledged is lost: a commit waits for any one of the others, so that the next primary is chosen among all of
# them, and none of them may follow the old one any more before it is. What it decides is one line each.
# Arguments: the members, as name=address.
set -uo pipefail
# Debian's own `psql` is a wrapper, which starts Perl first.
PATH=$(dirname "$(command -v pg_ctl)"):$PATH
export PGPASSFILE=/run/taishang/passfile
declare -A address recovering timeline guards follows
names=()
for each; do
	names+=("${each%=*}")
	address[${each%=*}]=${each#*=}
done
# What outlives a restart of this container: the newest timeline seen, and the primary whose commits were seen to wait.
state=/tmp/taishang-watch
read -r newest guarded 2>/dev/null <"$state" || { newest=0 guarded=; }
primary=
commits=
last_commit=
last_reason=

say() { printf '%s %s\n' "$(date --utc +%FT%T.%3NZ)" "$*"; }
# A reason is said once for as long as it stays the same.
refuse() {
	[ "$last_reason" = "$*" ] || say "nobody takes over: $*"
	last_reason=$*
	return 1
}
remember() {
	newest=$1
	guarded=$2
	printf '%s %s\n' "$newest" "$guarded" >"$state.new" && mv "$state.new" "$state"
}
now_ms() { echo "$((${EPOCHREALTIME/./} / 1000))"; }
connection() {
	echo "host=$1 hostaddr=${address[$1]} port=5432 user=postgres dbname=postgres application_name=taishang-watcher connect_timeout=3"
}
# $1: a member; the rest: statements, each on its own.
ask() {
	local member=$1 commands=()
	shift
	for each; do commands+=("--command=$each"); done
	timeout "${ask_seconds:-10}" psql --no-psqlrc --quiet --no-align --tuples-only --set=ON_ERROR_STOP=1 \
		"${commands[@]}" "$(connection "$member")" 2>/dev/null
}
others() {
	for each in "${names[@]}"; do [ "$each" = "$1" ] || echo "$each"; done
}

# Whether this member takes connections, within a second.
is_open() { timeout 1 bash -c "</dev/tcp/${address[$1]}/5432" 2>/dev/null; }

# Asks these members at once what they are. One without an answer is neither `t` nor `f`.
look() {
	local descriptor name
	local -A from=()
	for name; do
		exec {descriptor}< <(ask "$name" "SELECT pg_is_in_recovery(), CASE WHEN pg_is_in_recovery() THEN 0
			ELSE ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::int END,
			current_setting('synchronous_standby_names'), current_setting('primary_conninfo')")
		from[$name]=$descriptor
	done
	for name; do
		descriptor=${from[$name]}
		recovering[$name]='' timeline[$name]=0 guards[$name]='' follows[$name]=''
		IFS='|' read -r recovering[$name] timeline[$name] guards[$name] follows[$name] <&"$descriptor"
		exec {descriptor}<&-
	done
}

# The member that takes writes on the newest timeline. One on an older timeline was promoted over, and steps back by itself.
find_primary() {
	local name found=
	for name in "${names[@]}"; do
		[ "${recovering[$name]}" = f ] && [ "${timeline[$name]}" -ge "$newest" ] || continue
		[ -n "$found" ] && [ "${timeline[$found]}" -ge "${timeline[$name]}" ] || found=$name
	done
	[ -n "$found" ] && echo "$found"
}

# Whether a commit of this primary waits for any one of the others.
is_guarded() {
	local name
	for name in $(others "$1"); do [[ ${guards[$1]} == "ANY 1 ("*"\"$name\""* ]] || return 1; done
}

follow() {
	ask "$1" "ALTER SYSTEM SET primary_conninfo = 'host=$2 port=5432 user=replicator application_name=$1 passfile=/run/taishang/passfile'" \
		"ALTER SYSTEM SET primary_slot_name = '${1//-/_}'" 'SELECT pg_reload_conf()' >/dev/null
}

# Standbys that were let go of, or missed a failover.
point_others() {
	local name
	for name in $(others "$1"); do
		[ "${recovering[$name]}" = t ] && [[ ${follows[$name]} != *"host=$1 "* ]] || continue
		follow "$name" "$1" && say "$name follows $1"
	done
}

# Nothing goes from the old primary to this standby from now on: what it still writes is acknowledged to nobody.
let_go() {
	local tries
	ask "$1" "ALTER SYSTEM SET primary_conninfo = ''" 'SELECT pg_reload_conf()' >/dev/null || return 1
	for tries in $(seq 50); do
		[ "$(ask "$1" 'SELECT count(*) FROM pg_stat_wal_receiver')" = 0 ] && return
		sleep 0.1
	done
	return 1
}

# In bytes. Nothing was received since its start: what it has replayed by now is what it has.
position() {
	ask "$1" "SELECT pg_wal_lsn_diff(GREATEST(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn()), '0/0')"
}

# Promotes one of the others, which were all let go of. $1: the old primary; $2: the one that is wanted, if any.
promote() {
	local name chosen= best=-1 found list= statements=()
	for name in $(others "$1"); do
		found=$(position "$name") && [ -n "$found" ] || { refuse "$name does not say what it has received"; return 1; }
		if [ "$found" -gt "$best" ] || { [ "$found" = "$best" ] && [ "$name" = "$2" ]; }; then
			best=$found
			chosen=$name
		fi
	done
	for name in $(others "$chosen"); do
		list="$list${list:+, }\"$name\""
		statements+=("SELECT pg_create_physical_replication_slot('${name//-/_}') WHERE NOT EXISTS
			(SELECT FROM pg_replication_slots WHERE slot_name = '${name//-/_}')")
	done
	# Before it is promoted: it acknowledges nothing alone.
	ask "$chosen" "ALTER SYSTEM SET synchronous_standby_names = 'ANY 1 ($list)'" 'SELECT pg_reload_conf()' \
		"${statements[@]}" >/dev/null || { refuse "$chosen cannot be made ready"; return 1; }
	for name in $(others "$1"); do [ "$name" = "$chosen" ] || follow "$name" "$chosen"; done
	[ "$(ask_seconds=35 ask "$chosen" 'SELECT pg_promote(true, 30)')" = t ] || { refuse "$chosen was not promoted"; return 1; }
	look "$chosen"
	remember "${timeline[$chosen]}" "$chosen"
	primary=$chosen
	last_reason=
}

# Whether a standby gets an answer from this member: one that is frozen takes connections, and gives none.
reaches() {
	local to=${address[$2]}
	ask "$1" "COPY (SELECT) TO PROGRAM 'cat >/dev/null; timeout 1 bash -c \"</dev/tcp/$to/5432\" && pg_isready -q -h $to -p 5432 -t 3'"
}

# Takes over from a primary that commits no more, if that loses nothing.
take_over() {
	local old=$1 name since=$2
	[ "$guarded" = "$old" ] || { refuse "commits of $old were not seen to wait for a standby"; return 1; }
	# shellcheck disable=SC2046
	look $(others "$old")
	for name in $(others "$old"); do
		[ "${recovering[$name]}" = t ] || { refuse "$old does not commit, and $name does not answer as its standby"; return 1; }
	done
	for name in $(others "$old"); do
		! reaches "$name" "$old" || { refuse "$old does not commit for me, and $name reaches it"; return 1; }
	done
	say "$old does not commit, and no standby reaches it"
	for name in $(others "$old"); do
		let_go "$name" || { refuse "$name does not let go of $old"; return 1; }
	done
	promote "$old" '' || return 1
	say "$primary took over from $old after $(($(now_ms) - since)) ms"
}

# Hands over from a primary that is well. $1: the old one; $2: the one that is wanted, or nothing.
hand_over() {
	local old=$1 to=$2 name tries began
	look "${names[@]}"
	for name in $(others "$old"); do
		[ "${recovering[$name]}" = t ] || { refuse "$name does not answer as a standby of $old"; return 1; }
	done
	[ "$(ask "$old" "SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming' AND sync_state = 'quorum'")" = "$((${#names[@]} - 1))" ] ||
		{ refuse "not every standby streams from $old"; return 1; }
	say "$old hands over"
	began=$(now_ms)
	# It ends with what it stops.
	ask "$old" "COPY (SELECT) TO PROGRAM 'cat >/dev/null; bash /run/taishang/step-back.sh'" >/dev/null
	for tries in $(seq 100); do
		is_open "$old" || break
		sleep 0.1
	done
	for name in $(others "$old"); do
		let_go "$name" || { refuse "$name does not let go of $old"; return 1; }
	done
	promote "$old" "$to" || return 1
	say "$primary took over from $old after $(($(now_ms) - began)) ms"
}

# What failover.sh asks for: a node, or `any`.
answer_request() {
	local to from=$primary
	[ -e "$state.request" ] || return
	read -r to <"$state.request"
	rm -f "$state.request"
	[ "$to" != any ] || to=
	last_reason=
	if [ -z "$primary" ]; then
		refuse 'no primary is known'
	elif [ "$to" = "$primary" ]; then
		refuse "$to is the primary"
	else
		hand_over "$primary" "$to"
	fi
	# shellcheck disable=SC2181
	if [ $? = 0 ]; then echo "done $from $primary"; else echo "refused $last_reason"; fi >"$state.outcome.new"
	mv "$state.outcome.new" "$state.outcome"
	last_reason=
}

# Asks the primary for a real commit twice a second on one connection: one that is cut off goes on answering reads.
begin_commits() {
	exec {commits}< <(exec psql --no-psqlrc --quiet --no-align --tuples-only --set=ON_ERROR_STOP=1 \
		"$(connection "$1")" --file=- 2>/dev/null <<<"SELECT pg_logical_emit_message(true, 'taishang', '') \\watch 0.5")
	asking=$!
}
end_commits() {
	kill "$asking" 2>/dev/null
	exec {commits}<&-
	commits=
}

# Returns once it must be looked around again: 0 after a while, 1 once the primary does not commit.
watch_commits() {
	local line failures=0 until=$(($(now_ms) + 5000))
	# Until its commits are seen to wait for a standby nobody may take over.
	[ "$guarded" = "$primary" ] || until=$(($(now_ms) + 500))
	while [ "$(now_ms)" -lt "$until" ]; do
		[ -n "$commits" ] || begin_commits "$primary"
		# A commit that takes this long was not made: nothing that is well waits for seconds.
		if read -r -t 4 -u "$commits" line; then
			last_commit=$(now_ms)
			failures=0
			[ ! -e "$state.request" ] || return 0
			continue
		fi
		if [ $? -gt 128 ]; then
			end_commits
			return 1
		fi
		# The connection broke, or was not taken: a lost connection is no failover, but a server that is gone is.
		end_commits
		failures=$((failures + 1))
		[ "$failures" -lt 5 ] || return 1
		is_open "$primary" || is_open "$primary" || return 1
		sleep 0.2
	done
}

trap 'exit 0' TERM INT
say "watches ${names[*]}"
while :; do
	look "${names[@]}"
	found=$(find_primary)
	if [ -z "$found" ]; then
		# It is down already, and this container was, too.
		if [ -n "$guarded" ] && [ -z "$primary" ]; then primary=$guarded last_commit=$(now_ms); fi
	elif [ "$found" != "$primary" ]; then
		[ -z "$commits" ] || end_commits
		primary=$found last_commit=$(now_ms)
		say "$primary is the primary"
	fi
	if [ -n "$found" ]; then
		if is_guarded "$found"; then remember "${timeline[$found]}" "$found"; fi
		point_others "$found"
	fi
	answer_request
	if [ -z "$primary" ]; then
		sleep 0.5
	elif watch_commits; then
		last_reason=
	else
		take_over "$primary" "$last_commit" || sleep 1
	fi
done
