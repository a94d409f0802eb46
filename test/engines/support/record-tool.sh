#!/bin/sh
# Stands for mongodump or mongorestore: notes how it was called in $RECORD, and answers with what lies there.
set -eu
record=${RECORD:-/tmp/record}
printf '%s\n' "$@" >"$record/arguments"
env >"$record/environment"
for argument in "$@"; do
	case $argument in
	--config=*)
		file=${argument#--config=}
		{ printf 'mode %s\n' "$(stat --format=%a "$file")" && cat "$file"; } >"$record/config"
		;;
	esac
done
case $0 in
*mongodump) if [ -f "$record/says" ]; then cat "$record/says"; fi ;;
*)
	cat >/dev/null
	if [ -f "$record/fails" ]; then cat "$record/fails" >&2; else
		echo '2 document(s) restored successfully. 0 document(s) failed to restore.' >&2
	fi
	;;
esac
