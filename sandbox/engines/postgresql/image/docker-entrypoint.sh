#!/bin/bash
# Creates a cluster in an empty PGDATA, runs /docker-entrypoint-initdb.d once, and starts the server in the foreground.
# Root gives its rights away first. The contract is that of the official image.
set -Eeuo pipefail
shopt -s nullglob

fail() {
	echo "$*" >&2
	exit 1
}

# Takes a variable from the file that <NAME>_FILE names; both at once are a mistake.
from_file() {
	local name=$1 file_name="$1_FILE"
	if [ -n "${!name:-}" ] && [ -n "${!file_name:-}" ]; then
		fail "error: both $name and $file_name are set (but are exclusive)"
	fi
	if [ -n "${!file_name:-}" ]; then
		# The shell drops the last line break, which editors add and passwords do not have.
		printf -v "$name" '%s' "$(<"${!file_name}")"
		export "${name?}"
	fi
	unset "$file_name"
}

read_settings() {
	from_file POSTGRES_PASSWORD
	from_file POSTGRES_USER
	from_file POSTGRES_DB
	from_file POSTGRES_INITDB_ARGS
	export POSTGRES_USER="${POSTGRES_USER:-postgres}"
	export POSTGRES_DB="${POSTGRES_DB:-$POSTGRES_USER}"
	export POSTGRES_HOST_AUTH_METHOD="${POSTGRES_HOST_AUTH_METHOD:-}"
}

# Asking for help or the version needs no data.
only_asks() {
	local argument
	for argument; do
		case "$argument" in
		-'?' | --help | --describe-config | -V | --version) return 0 ;;
		esac
	done
	return 1
}

prepare_folders() {
	mkdir -p "$PGDATA" /var/run/postgresql
	chmod 00700 "$PGDATA" || true
	chmod 03775 /var/run/postgresql || true
	if [ -n "${POSTGRES_INITDB_WALDIR:-}" ]; then
		mkdir -p "$POSTGRES_INITDB_WALDIR"
		chmod 00700 "$POSTGRES_INITDB_WALDIR"
	fi
	if [ "$(id -u)" = 0 ]; then
		find "$PGDATA" ${POSTGRES_INITDB_WALDIR:+"$POSTGRES_INITDB_WALDIR"} \! -user postgres -exec chown postgres '{}' +
		find /var/run/postgresql \! -user postgres -exec chown postgres '{}' +
	fi
}

require_password() {
	if [ "$POSTGRES_HOST_AUTH_METHOD" = trust ]; then
		echo 'warning: POSTGRES_HOST_AUTH_METHOD is "trust": anyone who reaches the port is let in, without a password.' >&2
	elif [ -z "${POSTGRES_PASSWORD:-}" ]; then
		fail 'Error: Database is uninitialized and superuser password is not specified.
       You must specify POSTGRES_PASSWORD to a non-empty value for the
       superuser. For example, "-e POSTGRES_PASSWORD=password" on "docker run".

       You may also use "POSTGRES_HOST_AUTH_METHOD=trust" to allow all
       connections without a password. This is *not* recommended.'
	fi
}

create_cluster() {
	# initdb looks its user up; with `docker run --user` it may have no name.
	if ! getent passwd "$(id -u)" >/dev/null; then
		NSS_WRAPPER_PASSWD=$(mktemp)
		NSS_WRAPPER_GROUP=$(mktemp)
		echo "postgres:x:$(id -u):$(id -g):PostgreSQL:$PGDATA:/bin/false" >"$NSS_WRAPPER_PASSWD"
		echo "postgres:x:$(id -g):" >"$NSS_WRAPPER_GROUP"
		LD_PRELOAD=$(echo /usr/lib/*/libnss_wrapper.so)
		export LD_PRELOAD NSS_WRAPPER_PASSWD NSS_WRAPPER_GROUP
	fi
	# The arguments are one variable, and may quote.
	local arguments=()
	eval "arguments=(${POSTGRES_INITDB_ARGS:-})"
	if [ -n "${POSTGRES_INITDB_WALDIR:-}" ]; then
		arguments+=(--waldir="$POSTGRES_INITDB_WALDIR")
	fi
	# Synced once, at the end, instead of file by file: see make_durable.
	initdb --no-sync --username="$POSTGRES_USER" --pwfile=<(printf '%s\n' "${POSTGRES_PASSWORD:-}") "${arguments[@]}"
	if [ -n "${NSS_WRAPPER_PASSWD:-}" ]; then
		rm -f "$NSS_WRAPPER_PASSWD" "$NSS_WRAPPER_GROUP"
		unset LD_PRELOAD NSS_WRAPPER_PASSWD NSS_WRAPPER_GROUP
	fi
}

allow_hosts() {
	local method=$POSTGRES_HOST_AUTH_METHOD
	[ -n "$method" ] || method=$(postgres -C password_encryption -D "$PGDATA" "${@:2}")
	printf '\nhost all all all %s\n' "$method" >>"$PGDATA/pg_hba.conf"
}

start_on_socket() {
	[ "${1-}" != postgres ] || shift
	NOTIFY_SOCKET='' pg_ctl --pgdata="$PGDATA" --wait start \
		--options="$(printf '%q ' "$@" -c listen_addresses='' -p "${PGPORT:-5432}")"
}

run_sql() {
	PGHOST='' PGHOSTADDR='' psql --no-psqlrc --set=ON_ERROR_STOP=1 --username="$POSTGRES_USER" --no-password "$@"
}

create_database() {
	[ "$POSTGRES_DB" != postgres ] || return 0
	local found
	found=$(run_sql --dbname=postgres --set=name="$POSTGRES_DB" --tuples-only --no-align \
		<<<"SELECT 1 FROM pg_database WHERE datname = :'name';")
	if [ -z "$found" ]; then
		run_sql --dbname=postgres --set=name="$POSTGRES_DB" <<<'CREATE DATABASE :"name";'
	fi
}

# In the order of their names: shell scripts are run, or read where they are not executable.
run_initdb_files() {
	local file
	for file in /docker-entrypoint-initdb.d/*; do
		case "$file" in
		*.sh)
			if [ -x "$file" ]; then
				printf '%s: running %s\n' "$0" "$file"
				"$file"
			else
				printf '%s: sourcing %s\n' "$0" "$file"
				# shellcheck disable=SC1090
				. "$file"
			fi
			;;
		*.sql)
			printf '%s: running %s\n' "$0" "$file"
			run_sql --dbname="$POSTGRES_DB" --file="$file"
			;;
		*.sql.gz) printf '%s: running %s\n' "$0" "$file" && gunzip -c "$file" | run_sql --dbname="$POSTGRES_DB" ;;
		*.sql.xz) printf '%s: running %s\n' "$0" "$file" && xzcat "$file" | run_sql --dbname="$POSTGRES_DB" ;;
		*.sql.zst) printf '%s: running %s\n' "$0" "$file" && zstd -dc "$file" | run_sql --dbname="$POSTGRES_DB" ;;
		*) printf '%s: ignoring %s\n' "$0" "$file" ;;
		esac
	done
}

# A server on the socket alone costs a start and a stop: only where there is something for it to do.
has_first_steps() {
	[ "$POSTGRES_DB" != postgres ] || [ -n "$(ls -A /docker-entrypoint-initdb.d 2>/dev/null)" ]
}

# What initdb left unsynced reaches the disk before the first client can trust it.
make_durable() {
	initdb --sync-only --pgdata="$PGDATA" >/dev/null
}

main() {
	if [ "${1-}" = '' ] || [ "${1:0:1}" = '-' ]; then
		set -- postgres "$@"
	fi
	if [ "$1" != postgres ] || only_asks "$@"; then
		exec "$@"
	fi

	read_settings
	prepare_folders
	if [ "$(id -u)" = 0 ]; then
		exec setpriv --reuid=postgres --regid=postgres --init-groups "${BASH_SOURCE[0]}" "$@"
	fi

	if [ -s "$PGDATA/PG_VERSION" ]; then
		printf '\nPostgreSQL Database directory appears to contain a database; Skipping initialization\n\n'
	else
		require_password
		create_cluster
		allow_hosts "$@"
		export PGPASSWORD="${PGPASSWORD-${POSTGRES_PASSWORD:-}}"
		if has_first_steps; then
			start_on_socket "$@"
			create_database
			run_initdb_files
			pg_ctl --pgdata="$PGDATA" --mode=fast --wait stop
		fi
		make_durable
		unset PGPASSWORD
		printf '\nPostgreSQL init process complete; ready for start up.\n\n'
	fi
	# The server keeps its environment for as long as it runs, and has no use for these.
	unset POSTGRES_PASSWORD
	exec "$@"
}

main "$@"
