#!/bin/sh
# One archive of every database, with users and roles, on standard output. Arguments: further options of mongodump.
# MONGO_HOST is what --host takes: a member, a router, or a set with its members, of which the primary is asked.
# The password comes as MONGO_PASSWORD and goes into a file: an argument would be in the process list.
set -eu
umask 077
config=$(mktemp)
trap 'rm -f "$config"' EXIT
printf "password: '%s'\n" "$(printf %s "$MONGO_PASSWORD" | sed "s/'/''/g")" >"$config"
unset MONGO_PASSWORD
mongodump --config="$config" --host="$MONGO_HOST" --username="$MONGO_USER" --authenticationDatabase=admin --archive "$@"
