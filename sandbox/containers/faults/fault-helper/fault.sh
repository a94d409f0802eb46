#!/bin/sh
# Makes and mends faults of the network namespace, or of the volumes, that it is given. Every rule is in a chain of its own, so that mending
# removes exactly what was made here, also when whoever made it is dead.
set -eu

chains='TAISHANG_FAULT_IN TAISHANG_FAULT_OUT'
delay_port=65001
ballast=.taishang-ballast
# A file system that is larger is not the node's own: filling it would fill the machine's disk.
fill_bytes_max=2147483648

# Rules come last into a chain that is there only while there is a fault.
prepare() {
	iptables -w -N TAISHANG_FAULT_IN 2>/dev/null || true
	iptables -w -N TAISHANG_FAULT_OUT 2>/dev/null || true
	iptables -w -C INPUT -j TAISHANG_FAULT_IN 2>/dev/null || iptables -w -I INPUT -j TAISHANG_FAULT_IN
	iptables -w -C OUTPUT -j TAISHANG_FAULT_OUT 2>/dev/null || iptables -w -I OUTPUT -j TAISHANG_FAULT_OUT
}

# The interface towards the stack's network, and what is on the other side of it.
interface() { ip -o -4 route show scope link | awk '{ print $3; exit }'; }
subnet() { ip -o -4 route show scope link | awk '{ print $1; exit }'; }
gateway() { ip -o -4 route show default | awk '{ print $3; exit }'; }

heal() {
	for pair in INPUT:TAISHANG_FAULT_IN OUTPUT:TAISHANG_FAULT_OUT; do
		while iptables -w -D "${pair%%:*}" -j "${pair#*:}" 2>/dev/null; do :; done
	done
	for chain in $chains; do
		iptables -w -F "$chain" 2>/dev/null && iptables -w -X "$chain" || true
	done
	while iptables -w -t nat -D PREROUTING -j TAISHANG_FAULT_IN 2>/dev/null; do :; done
	iptables -w -t nat -F TAISHANG_FAULT_IN 2>/dev/null && iptables -w -t nat -X TAISHANG_FAULT_IN || true
	tc qdisc del dev "$(interface)" root 2>/dev/null || true
}

kind=$1
shift
case "$kind" in
# Published ports reach the node from the gateway's address: clients stay, peers go.
isolate)
	prepare
	iptables -w -A TAISHANG_FAULT_IN -s "$(gateway)" -j RETURN
	iptables -w -A TAISHANG_FAULT_OUT -d "$(gateway)" -j RETURN
	iptables -w -A TAISHANG_FAULT_IN -s "$(subnet)" -j DROP
	iptables -w -A TAISHANG_FAULT_OUT -d "$(subnet)" -j DROP
	;;
# drop <in|out|both> <probability> <address...>
drop)
	direction=$1 probability=$2
	shift 2
	prepare
	for address; do
		[ "$direction" = out ] || iptables -w -A TAISHANG_FAULT_IN -s "$address" \
			-m statistic --mode random --probability "$probability" -j DROP
		[ "$direction" = in ] || iptables -w -A TAISHANG_FAULT_OUT -d "$address" \
			-m statistic --mode random --probability "$probability" -j DROP
	done
	;;
# reset <probability>: of the packets that arrive, this share is answered with a reset, new connections included.
reset)
	prepare
	iptables -w -A TAISHANG_FAULT_IN -p tcp ! -i lo \
		-m statistic --mode random --probability "$1" -j REJECT --reject-with tcp-reset
	;;
# bandwidth <kbit/s>: what the node sends. The burst is what goes out at once; it must hold a packet of this interface.
bandwidth)
	tc qdisc replace dev "$(interface)" root tbf rate "$1kbit" burst 32kbit latency 500ms
	;;
# delay <latency ms> <jitter ms> <seed>: runs for as long as the fault lasts, on every port that the node listens on.
# What arrives for such a port itself is of a connection from before, and is reset: the next one goes through the proxy.
delay)
	ports=$(ss -ltnH | awk '$4 !~ /^127\./ { sub(/.*:/, "", $4); print $4 }' | sort -u)
	python3 /usr/local/bin/delay.py "$delay_port" "$1" "$2" "$3" &
	until [ -n "$(ss -ltnH "sport = :$delay_port")" ]; do
		kill -0 $! || exit 1
		sleep 0.02
	done
	prepare
	iptables -w -t nat -N TAISHANG_FAULT_IN
	for port in $ports; do
		iptables -w -t nat -A TAISHANG_FAULT_IN -p tcp --dport "$port" -j REDIRECT --to-ports "$delay_port"
		iptables -w -A TAISHANG_FAULT_IN -p tcp ! -i lo --dport "$port" -j REJECT --reject-with tcp-reset
	done
	iptables -w -t nat -I PREROUTING -j TAISHANG_FAULT_IN
	echo ready
	wait
	;;
# fill <folder...>: to the last byte. free <folder...>: takes that back. empty <folder...>: removes all there is.
fill)
	for folder; do
		[ "$(df -B1 --output=size "$folder" | tail -1)" -le "$fill_bytes_max" ] || continue
		dd if=/dev/zero of="$folder/$ballast" bs=64k 2>/dev/null || true
		dd if=/dev/zero of="$folder/$ballast" bs=512 oflag=append conv=notrunc 2>/dev/null || true
		filled=yes
	done
	[ -n "${filled-}" ] || exit 3
	;;
free) for folder; do rm -f "$folder/$ballast"; done ;;
empty) for folder; do find "$folder" -mindepth 1 -delete; done ;;
# counters <chain>: how many packets the last rule of it has met.
counters) iptables -w -nvxL "$1" 2>/dev/null | awk 'NR > 2 { packets = $1 } END { print packets + 0 }' ;;
heal) heal ;;
*)
	echo "there is no fault $kind" >&2
	exit 2
	;;
esac
