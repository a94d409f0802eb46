#!/bin/bash
# Puts an archive of pg_dump from standard input where pg_restore can work on it with several jobs, reads it to its end
# (its table of contents alone does not show that it was cut off), and writes the statements that make its database.
# $1: file to put it into.
set -euo pipefail
archive=$1
mkdir -p "$(dirname "$archive")"
tee "$archive" | pg_restore --file=/dev/null
pg_restore --create --list "$archive" |
	grep -E '^[0-9]+; [0-9]+ [0-9]+ (DATABASE|DATABASE PROPERTIES|(ACL|COMMENT|SECURITY LABEL) - DATABASE) ' >"$archive.list"
pg_restore --create --use-list="$archive.list" --file=- "$archive"
