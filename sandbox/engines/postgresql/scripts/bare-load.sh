#!/bin/sh
# Copies files into tables with psql, database by database side by side. In the folder $1 lie, for each database, the
# file <database>.psql with its \\copy commands and the rows that they name.
# The last line of the output is the time that it took, in nanoseconds.
set -eu
cd "$1"
began=$(date +%s%N)
jobs=
for commands in *.psql; do
	psql -X -q -v ON_ERROR_STOP=1 -d "${commands%.psql}" -f "$commands" &
	jobs="$jobs $!"
done
for job in $jobs; do wait "$job"; done
ended=$(date +%s%N)
echo $((ended - began))
