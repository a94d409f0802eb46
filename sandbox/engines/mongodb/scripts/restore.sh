#!/bin/sh
# Restores the archive that follows the password on standard input. Arguments: further options of mongorestore. Variables:
# see dump.sh.
set -eu
umask 077
config=$(mktemp)
trap 'rm -f "$config"' EXIT
IFS= read -r password
printf "password: '%s'\n" "$(printf %s "$password" | sed "s/'/''/g")" >"$config"
mongorestore --config="$config" --host="$MONGO_HOST" --username="$MONGO_USER" --authenticationDatabase=admin \
	--drop --stopOnError --archive "$@"
