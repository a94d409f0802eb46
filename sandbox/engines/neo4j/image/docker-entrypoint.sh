#!/bin/bash
# Writes the configuration from NEO4J_<setting> variables, sets the first password, and becomes the server.
# Root gives its rights away first. The contract is that of the official image.
set -euo pipefail
home=$NEO4J_HOME

as_neo4j() {
	if [ "$(id -u)" = 0 ]; then
		exec setpriv --reuid=neo4j --regid=neo4j --clear-groups "$@"
	fi
	exec "$@"
}

# A setting that is there twice stops the server.
write_setting() {
	sed -i "/^${1//./\\.}=/d" "$home/conf/neo4j.conf"
	printf '%s=%s\n' "$1" "$2" >>"$home/conf/neo4j.conf"
}

# NEO4J_server_memory_heap_max__size means server.memory.heap.max_size.
write_settings() {
	[ ! -f /conf/neo4j.conf ] || cp /conf/neo4j.conf "$home/conf/neo4j.conf"
	local name setting
	while IFS= read -r name; do
		case "$name" in
		NEO4J_HOME | NEO4J_AUTH | NEO4J_AUTH_FILE | NEO4J_EDITION | NEO4J_ACCEPT_LICENSE_AGREEMENT) continue ;;
		NEO4J_PLUGINS)
			echo 'NEO4J_PLUGINS is ignored: this image downloads nothing; mount plugins into /plugins.' >&2
			continue
			;;
		esac
		setting=${name#NEO4J_}
		setting=${setting//__/:}
		setting=${setting//_/.}
		write_setting "${setting//:/_}" "${!name}"
	done < <(compgen -e | grep '^NEO4J_' || true)
	[ "${NEO4J_AUTH:-}" != none ] || write_setting dbms.security.auth_enabled false
}

# A new store is a copy of the empty one: creating it takes seconds.
prepare_data() {
	if [ ! -e /data/databases ]; then
		cp -a "$home/prepared/." /data/
	fi
	if [ "$(id -u)" = 0 ]; then
		find /data /logs \! -user neo4j -exec chown neo4j:neo4j '{}' +
	fi
	[ ! -d /plugins ] || cp -a /plugins/. "$home/plugins/"
}

set_first_password() {
	if [ -n "${NEO4J_AUTH_FILE:-}" ]; then
		NEO4J_AUTH=$(<"$NEO4J_AUTH_FILE")
	fi
	case "${NEO4J_AUTH:-}" in
	'' | none) return 0 ;;
	neo4j/neo4j)
		echo "Invalid value for password. It cannot be 'neo4j', which is the default." >&2
		exit 1
		;;
	neo4j/?*) ;;
	*)
		echo "Invalid value for NEO4J_AUTH: it has the form neo4j/<password>, or none." >&2
		exit 1
		;;
	esac
	[ ! -e /data/dbms/auth.ini ] || return 0
	bin/neo4j-java.sh org.neo4j.cli.AdminTool dbms set-initial-password "${NEO4J_AUTH#neo4j/}" >/dev/null
	if [ "$(id -u)" = 0 ]; then chown -R neo4j:neo4j /data/dbms; fi
}

case "${1-}" in
neo4j | '')
	cd "$home"
	write_settings
	prepare_data
	set_first_password
	unset NEO4J_AUTH
	as_neo4j bin/neo4j-java.sh org.neo4j.server.Neo4jCommunity \
		"--home-dir=$home" "--config-dir=$home/conf" --console-mode
	;;
neo4j-admin)
	shift
	export NEO4J_CONF="$home/conf"
	as_neo4j "$home/bin/neo4j-java.sh" org.neo4j.cli.AdminTool "$@"
	;;
*) exec "$@" ;;
esac
