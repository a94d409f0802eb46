#!/bin/sh
# Options and configuration files alone mean redis-server; root gives its rights away; /data belongs to redis.
set -e

if [ "${1#-}" != "$1" ] || [ "${1%.conf}" != "$1" ]; then
	set -- redis-server "$@"
fi

if [ "$1" = redis-server ]; then
	shift
	# The official image is compiled without protected mode: a container is reached through published ports only.
	# A configuration file must stay the first argument.
	case "${1-}" in
	*.conf)
		configuration=$1
		shift
		set -- "$configuration" --protected-mode no "$@"
		;;
	*) set -- --protected-mode no "$@" ;;
	esac
	umask 0077
	if [ "$(id -u)" = 0 ]; then
		find . \! -user redis -exec chown redis '{}' +
		exec setpriv --reuid=redis --regid=redis --clear-groups redis-server "$@"
	fi
	exec redis-server "$@"
fi

exec "$@"
