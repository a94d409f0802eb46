#!/bin/bash
# Watches the primary of a Neo4j with a standby, and promotes the standby where the primary is lost. Community replicates
# nothing: the standby has what the last dump had, and what was committed since is on the old primary alone. So it waits
# longer than a watcher of copies would, and says which dump was promoted. What it decides is one line each.
# No two members take writes: before one is promoted the other's role is taken from it, and its server is gone, which the
# lock tells that the server holds (member.sh). Arguments: the members, as name=address; their data is in /members/NAME.
set -uo pipefail
declare -A address
names=()
for each; do
	names+=("${each%=*}")
	address[${each%=*}]=${each#*=}
done
primary=
answered= # Which start of the primary's server has answered.
last=     # When it did, or was first looked at.
failures=0
last_reason=

# A server that is gone must be gone for this long, in milliseconds: it may be started again. As many looks must fail.
gone_ms=5000
failures_needed=5
# One that runs and has answered may be out of reach for this long.
unreachable_ms=15000
# One that still takes connections may be slow for this long: on a busy machine it is only that.
slow_ms=60000
# One that has not answered yet recovers, or has only just been started, as this watcher may have been.
starting_ms=120000

say() { printf '%s %s\n' "$(date --utc +%FT%T.%3NZ)" "$*"; }
# A reason is said once for as long as it stays the same.
refuse() {
	[ "$last_reason" = "$*" ] || say "nobody takes over: $*"
	last_reason=$*
	return 1
}
now_ms() { echo "$((${EPOCHREALTIME/./} / 1000))"; }
of() { cat "/members/$1/$2" 2>/dev/null; }
other() { for each in "${names[@]}"; do [ "$each" = "$1" ] || echo "$each"; done; }
set_role() {
	printf '%s\n' "$2" >"/members/$1/role.new" && sync "/members/$1/role.new" && mv "/members/$1/role.new" "/members/$1/role"
}

prepare_question() { bash /run/taishang/conversation.sh /run/taishang/password "$2" "$3" >"/tmp/$1"; }
prepare_question access system "SHOW DATABASES YIELD name, access WHERE name = 'neo4j' RETURN '<' + access + '>'"
prepare_question dump neo4j "OPTIONAL MATCH (r:SandboxRecord {name: 'dump'}) RETURN '<' + coalesce(r.text, 'none') + '>'"
# $1: a member; $2: a question that was prepared.
ask() { timeout 5 bash /run/taishang/bolt.sh "${address[$1]}" "/tmp/$2" 2>/dev/null; }

# Within two seconds: the kernel does that, however busy the server is.
takes_connections() { timeout 2 bash -c "</dev/tcp/${address[$1]}/7687" 2>/dev/null; }
is_gone() { flock --nonblock "/members/$1/server.lock" true; }

# The member whose data says that it takes writes. There are never two.
find_primary() {
	for each in "${names[@]}"; do
		[ "$(of "$each" role)" != primary ] || echo "$each"
	done
}

# Takes the role from a member, and holds its lock in `lock`, so that its server is gone and stays so until it is let go.
# One that has come back as no primary holds it, and may. Its role is taken first, and it says what it serves as only after
# it has read its role, and after what it had said before is removed: no other order is safe.
fence() {
	local tries
	set_role "$1" diverged || return 1
	exec {lock}<"/members/$1/server.lock" || return 1
	for tries in $(seq 100); do
		! flock --nonblock "$lock" || return 0
		case $(of "$1" serving) in standby | diverged) return 0 ;; esac
		sleep 0.2
	done
	exec {lock}<&-
	# It goes on as what it was, if it goes on.
	set_role "$1" primary
	return 1
}

# $1: the member; $2: the lineage of what it writes from now on, which tells its copies from an old primary.
promote() {
	local until=$(($(now_ms) + starting_ms))
	printf '%s\n' "$2" >"/members/$1/lineage"
	set_role "$1" primary || return 1
	until [ "$(ask "$1" access)" = read-write ]; do
		[ "$(now_ms)" -lt "$until" ] || return 1
		sleep 0.3
	done
}

# Asked for again with every look until it is done, also by a watcher that is started again.
record_lineage() {
	[ -e "/members/$1/lineage" ] || return 0
	prepare_question lineage neo4j "MERGE (r:SandboxRecord {name: 'lineage'}) SET r.text = '$(of "$1" lineage)' RETURN '<done>'"
	[ "$(ask "$1" lineage)" = 'done' ] && rm -f "/members/$1/lineage"
}

# $1: the old primary; $2: when it was last heard; $3: what is wrong with it.
take_over() {
	local old=$1 since=$2 new dumped lock
	new=$(other "$old")
	[ "$(ask "$new" access)" = read-only ] || { refuse "$old $3, and $new does not answer as its standby"; return 1; }
	dumped=$(ask "$new" dump)
	[ -n "$dumped" ] && [ "$dumped" != none ] || { refuse "$old $3, and $new was never made from a dump"; return 1; }
	[ "$(of "$new" role)" = standby ] || { refuse "$old $3, and $new is no copy of it: it was a primary before"; return 1; }
	fence "$old" || {
		refuse "$old $3, and its server does not stop either: it is frozen, and would go on as a second primary. Resume it, or kill it"
		return 1
	}
	say "$old $3, and takes no writes any more"
	promote "$new" "$(cat /proc/sys/kernel/random/uuid)" || say "$new was promoted, and does not answer yet"
	record_lineage "$new"
	exec {lock}<&-
	say "$new took over from $old after $(($(now_ms) - since)) ms with the dump of $dumped: what was committed since then is on $old alone"
	say "$old takes no writes when it is back, and shows what it has; its store is kept when it gets a copy"
	primary=
	last_reason=
}

# Nobody is the primary: its data was lost, or an earlier watcher was stopped between two steps.
appoint() {
	local each old
	for each in "${names[@]}"; do
		[ "$(of "$each" role)" = standby ] && [ "$(ask "$each" access)" = read-only ] || continue
		case $(ask "$each" dump) in '' | none) continue ;; esac
		old=$(other "$each")
		take_over "$old" "$last" 'has no data of a primary'
		return
	done
	refuse 'no member has the data of a primary, and none that answers was made from a dump'
}

look_at_primary() {
	local silent limit=$gone_ms
	if [ "$(ask "$primary" access)" = read-write ]; then
		answered=$(of "$primary" started)
		last=$(now_ms)
		failures=0
		last_reason=
		record_lineage "$primary"
		return
	fi
	# It was stopped for a dump, and is started again by whoever stopped it.
	if [ -e "/members/$primary/held" ]; then
		last=$(now_ms)
		return
	fi
	failures=$((failures + 1))
	silent=$(($(now_ms) - last))
	[ "$failures" -ge "$failures_needed" ] || return
	if is_gone "$primary"; then
		[ -n "$answered" ] || limit=$starting_ms
		[ "$silent" -lt "$limit" ] || take_over "$primary" "$last" 'is down'
	elif [ "$(of "$primary" started)" = "$answered" ]; then
		if takes_connections "$primary"; then limit=$slow_ms; else limit=$unreachable_ms; fi
		[ "$silent" -lt "$limit" ] || take_over "$primary" "$last" 'does not answer'
	else
		[ "$silent" -lt "$starting_ms" ] || take_over "$primary" "$last" 'does not come up'
	fi
}

trap 'exit 0' TERM INT
say "watches ${names[*]}"
last=$(now_ms)
while :; do
	found=$(find_primary)
	if [ -n "$found" ] && [ "$found" != "$primary" ]; then
		say "$found is the primary"
		primary=$found answered='' failures=0 last=$(now_ms)
	fi
	if [ -n "$found" ]; then
		look_at_primary
	else
		failures=$((failures + 1))
		[ "$failures" -lt "$failures_needed" ] || appoint
	fi
	sleep 1 &
	wait "$!"
done
