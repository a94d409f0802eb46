#!/bin/sh
# Starts a member of a topology of several nodes. What Redis and Sentinel learn of each other is kept with the data:
# members know each other by address, so a new network's addresses are put in the place of the old ones.
set -e
# The first process of a container ignores what it has no handler for.
trap 'exit 143' TERM
install() { command install --owner=999 --group=999 --mode=600 "$@"; }

. /run/taishang/take-restored.sh
[ -f /data/users.acl ] || install /run/taishang/users.acl /data/users.acl

# /run/taishang/addresses: a name and an address on each line.
if [ -f /data/addresses ] && ! cmp -s /data/addresses /run/taishang/addresses; then
	edits=$(
		# Not echo: this shell's would take the pattern's backslashes for its own.
		while read -r name address; do printf '%s\n' "s/\\b$address\\b/@$name@/g"; done </data/addresses
		while read -r name address; do printf '%s\n' "s/@$name@/$address/g"; done </run/taishang/addresses
	)
	for file in /data/nodes.conf /data/node.conf /data/sentinel.conf; do
		[ ! -f "$file" ] || sed -i "$edits" "$file"
	done
fi
install /run/taishang/addresses /data/addresses

# Whom the other Sentinels take for the primary, where they know of a later failover than its own does: one that was
# replaced meanwhile would take itself for it until they notice, which they look for every ten seconds. Who was promoted
# last must not follow one that has not heard of it: that one's data is older, and would take the place of its own.
ask_for_primary() {
	own=$(sed -n 's/^replica-announce-ip //p' /run/taishang/member.conf)
	latest=$(sed -n 's/^sentinel config-epoch taishang //p' /data/sentinel.conf 2>/dev/null || true)
	latest=${latest:-0}
	primary=
	while read -r _ address; do
		[ "$address" != "$own" ] || continue
		# A line for each name of a field and for each value.
		answer=$(sed -n 's/^masterauth //p' /run/taishang/member.conf |
			timeout 1 redis-cli --askpass -h "$address" -p 26379 sentinel master taishang 2>/dev/null) || continue
		epoch=$(printf '%s\n' "$answer" | sed -n '/^config-epoch$/{n;s/^\([0-9]*\)$/\1/p;}')
		[ "${epoch:-0}" -gt "$latest" ] || continue
		latest=$epoch
		primary=$(printf '%s\n' "$answer" | sed -n '/^ip$/{n;s/^\([0-9.]*\)$/\1/p;}')
	done </data/addresses
	[ -z "$primary" ] || [ "$primary" = "$own" ] || echo "replicaof $primary 6379"
}

# The role that Sentinel gave it last outlives a restart; on the first start it is the one of first.conf.
if [ -f /data/node.conf ]; then
	role=$(sed -n '/^replicaof /p' /data/node.conf)
	[ -n "$role" ] || [ ! -f /run/taishang/sentinel.conf ] || role=$(ask_for_primary)
else
	role=$(cat /run/taishang/first.conf 2>/dev/null || true)
fi
{
	cat /run/taishang/redis.conf /run/taishang/topology.conf /run/taishang/member.conf
	printf '%s\n' "$role"
} >/data/node.conf.new
install /data/node.conf.new /data/node.conf
rm /data/node.conf.new

# Beside the server and not in a container of its own: one node less for each.
if [ -f /run/taishang/sentinel.conf ]; then
	[ -f /data/sentinel.conf ] || install /run/taishang/sentinel.conf /data/sentinel.conf
	chown 999:999 /data/sentinel.conf
	setpriv --reuid=999 --regid=999 --clear-groups redis-server /data/sentinel.conf --sentinel --protected-mode no &
fi
exec docker-entrypoint.sh redis-server /data/node.conf
