#!/bin/bash
# Restores what a list on standard input names of an archive, as a role that is no superuser.
# The first line of standard input is a line of a password file. $1: folder for both files; $2: connection string
# without the password; the rest: options of pg_restore and the archive.
set -euo pipefail
folder=$1
connection=$2
shift 2
umask 0077
mkdir "$folder"
trap 'rm -rf "$folder"' EXIT
read -r line
printf '%s\n' "$line" >"$folder/passfile"
cat >"$folder/list"
# The table of contents of an archive without anything in it.
[ -s "$folder/list" ] || exit 0
pg_restore --no-password --exit-on-error --no-owner --no-acl --use-list="$folder/list" \
	--dbname="$connection passfile='$folder/passfile'" "$@"
