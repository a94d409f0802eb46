#!/bin/sh
# Copies what is in each folder of /from into the empty one of the same name in /to. Ends with 3 where there is no room.
set -eu
needed=$(du -sk /from | cut -f 1)
for folder in /to/*; do
	free=$(df -k --output=avail "$folder" | tail -n 1)
	# 64 MiB are left for the server that runs meanwhile.
	[ "$free" -gt $((needed + 65536)) ] || { echo "needs $needed KiB, and has $free KiB" >&2; exit 3; }
done
for folder in /from/*; do
	cp -a --reflink=auto "$folder/." "/to/${folder#/from/}/"
done
