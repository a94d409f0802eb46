#!/bin/bash
# Puts archives of pg_dump, a tar of them on standard input, where pg_restore can work on them with several jobs, and
# reads each to its end: its table of contents alone does not show that it was cut off. Writes for each, in order, its
# table of contents and, where $2 is `definitions`, the statements that make its database and its extensions, each after
# a line with its length in bytes. Neither is ever run. $1: folder to put them into; after $2 the name of each and how
# many bytes it may unpack to. pg_restore writes no definition of a database whose name has a line break.
# Ends with 3 where one cannot be read, and with 4 where one is larger; its name is the first line of the error output.
set -euo pipefail
folder=$1
wanted=$2
shift 2
umask 0077
# What a killed restore has left has a name of the same kind.
find /tmp -maxdepth 1 -type d -user "$(id -u)" -name 'taishang_tmp_????????????' ! -path "$folder" -exec rm -rf {} +
mkdir "$folder"
tar -x -f - -C "$folder" --no-same-owner --no-same-permissions

read_one() {
	local archive=$1 limit=$2 unpacked reading
	{
		pg_restore --list "$archive" >"$archive.contents"
		: >"$archive.sql"
		[ "$wanted" = definitions ] || exit 0
		pg_restore --create --list "$archive" >"$archive.toc"
		grep -E '^[0-9]+; ([0-9]+ [0-9]+ (DATABASE|DATABASE PROPERTIES|(ACL|COMMENT|SECURITY LABEL) - DATABASE) |3079 )' \
			"$archive.toc" >"$archive.list" || true
		pg_restore --create --use-list="$archive.list" --file="$archive.sql" "$archive"
	} &
	reading=$!
	# One byte too many ends the count, and the reader with it.
	unpacked=$({ pg_restore --file=- "$archive" || [ "$?" = 141 ]; } | head -c "$((limit + 1))" | wc -c)
	wait "$reading"
	[ "$unpacked" -le "$limit" ] || return 4
}

archives=()
declare -A readings
while [ "$#" -gt 0 ]; do
	archives+=("$1")
	read_one "$folder/$1" "$2" 2>"$folder/$1.error" &
	readings[$1]=$!
	shift 2
done
for name in "${archives[@]}"; do
	code=0
	wait "${readings[$name]}" || code=$?
	if [ "$code" != 0 ]; then
		echo "$name" >&2
		cat "$folder/$name.error" >&2
		[ "$code" = 4 ] && exit 4
		exit 3
	fi
done
for name in "${archives[@]}"; do
	for kind in contents sql; do
		stat --format=%s "$folder/$name.$kind"
		cat "$folder/$name.$kind"
	done
done
