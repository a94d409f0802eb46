#!/bin/sh
# archive_command: keeps a segment of the write-ahead log, once there is a physical backup that it continues.
# The server calls it again for the same segment after a crash: what is there already is right if it is the same.
# $1: path of the segment; $2: its name.
# At most 64 segments, 1 GiB as they are, stay here: the oldest go, so that the disk does not fill up where nobody takes them.
set -eu
archive=/var/lib/postgresql/archive
[ -e "$archive/on" ] || exit 0
if [ -e "$archive/$2" ]; then
	exec cmp -s "$1" "$archive/$2"
fi
cp "$1" "$archive/.$2.partial"
sync "$archive/.$2.partial"
mv "$archive/.$2.partial" "$archive/$2"
sync "$archive"
cd "$archive"
ls -1 | grep -E '^[0-9A-F]{24}$' | head -n -64 | xargs -r rm -f
