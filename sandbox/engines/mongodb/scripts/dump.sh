#!/bin/sh
# One archive of every database, with users and roles, on standard output. The password comes as MONGO_PASSWORD and goes
# into a file: an argument would be in the process list.
set -eu
umask 077
config=$(mktemp)
trap 'rm -f "$config"' EXIT
printf "password: '%s'\n" "$MONGO_PASSWORD" >"$config"
unset MONGO_PASSWORD
mongodump --config="$config" --username="$MONGO_USER" --authenticationDatabase=admin --oplog --gzip --archive
