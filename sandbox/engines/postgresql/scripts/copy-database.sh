#!/bin/sh
# Copies a database that has sessions into an empty one, as of one moment. $1: its name. $2: that of the empty one.
# pg_restore goes on after a statement that fails, so that the first one ends it here.
set -e
dump=$(mktemp)
trap 'rm -f "$dump"' EXIT
pg_dump --format=custom --compress=0 --file="$dump" "$1"
pg_restore --exit-on-error --single-transaction --dbname="$2" "$dump"
