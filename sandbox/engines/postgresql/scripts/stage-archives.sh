#!/bin/bash
# Puts archives of pg_dump, a tar of them on standard input, where pg_restore can work on them with several jobs, and
# reads each to its end: its table of contents alone does not show that it was cut off. Writes for each, in order, the
# statements that make its database, after a line with their length in bytes. $1: folder to put them into; then their
# names. Ends with 3 where one cannot be read, whose name is the first line of the error output.
set -euo pipefail
folder=$1
shift
mkdir -p "$folder"
tar -x -f - -C "$folder" --no-same-owner

read_one() {
	local archive=$1 reading
	pg_restore --file=/dev/null "$archive" &
	reading=$!
	pg_restore --create --list "$archive" |
		grep -E '^[0-9]+; [0-9]+ [0-9]+ (DATABASE|DATABASE PROPERTIES|(ACL|COMMENT|SECURITY LABEL) - DATABASE) ' >"$archive.list"
	pg_restore --create --use-list="$archive.list" --file="$archive.sql" "$archive"
	wait "$reading"
}

declare -A readings
for name in "$@"; do
	read_one "$folder/$name" 2>"$folder/$name.error" &
	readings[$name]=$!
done
for name in "$@"; do
	wait "${readings[$name]}" || {
		echo "$name" >&2
		cat "$folder/$name.error" >&2
		exit 3
	}
done
for name in "$@"; do
	stat --format=%s "$folder/$name.sql"
	cat "$folder/$name.sql"
done
