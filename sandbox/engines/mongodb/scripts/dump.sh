#!/bin/sh
# One archive of every database, with users and roles, on standard output. Arguments: further options of mongodump.
# MONGO_HOST is what --host takes: a member, a router, or a set with its members, of which the primary is asked.
# The password is the first line of standard input, and goes into a file: arguments and environments can be read by others.
set -eu
umask 077
config=$(mktemp)
trap 'rm -f "$config"' EXIT
IFS= read -r password
printf "password: '%s'\n" "$(printf %s "$password" | sed "s/'/''/g")" >"$config"
mongodump --config="$config" --host="$MONGO_HOST" --username="$MONGO_USER" --authenticationDatabase=admin --archive "$@"
