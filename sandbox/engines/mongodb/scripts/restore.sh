#!/bin/sh
# Restores the archive of standard input. Arguments: further options of mongorestore. Variables: see dump.sh.
set -eu
umask 077
config=$(mktemp)
trap 'rm -f "$config"' EXIT
printf "password: '%s'\n" "$(printf %s "$MONGO_PASSWORD" | sed "s/'/''/g")" >"$config"
unset MONGO_PASSWORD
mongorestore --config="$config" --host="$MONGO_HOST" --username="$MONGO_USER" --authenticationDatabase=admin \
	--drop --stopOnError --archive "$@"
