#!/bin/bash
# Unpacks a base backup from standard input into a folder, checks every file against the manifest that is in it, and
# writes that manifest. The log is not part of it, and is not looked at.
# $1: folder, which is made.
set -euo pipefail
mkdir -p "$1"
chmod 700 "$1"
zstd --decompress --stdout --quiet | tar --extract --directory="$1"
pg_verifybackup --quiet --no-parse-wal "$1" >&2
cat "$1/backup_manifest"
