#!/bin/bash
# Unpacks a base backup from standard input into a folder, checks every file against the manifest that is in it, and
# writes that manifest. The log is not part of it, and is not looked at.
# $1: folder, which is made; $2: how many bytes it may unpack to. What is longer is cut off, and cannot be read then.
set -euo pipefail
mkdir -p "$1"
chmod 700 "$1"
zstd --decompress --stdout --quiet | head -c "${2:-9223372036854775807}" | tar --extract --directory="$1"
pg_verifybackup --quiet --no-parse-wal "$1" >&2
cat "$1/backup_manifest"
