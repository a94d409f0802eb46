#!/bin/bash
# Asks the watcher in this container (watch.sh) to hand over. $1: the node that is wanted, or `any`. Prints the old
# primary and the new one; ends with 3 and the reason where nothing was changed.
set -euo pipefail
state=/tmp/taishang-watch
rm -f "$state.outcome"
printf '%s\n' "$1" >"$state.request.new"
mv "$state.request.new" "$state.request"
# Bounded by the caller's deadline for the whole command.
until [ -e "$state.outcome" ]; do sleep 0.05; done
read -r ended rest <"$state.outcome"
rm -f "$state.outcome"
if [ "$ended" = 'done' ]; then
	echo "$rest"
else
	echo "$rest" >&2
	exit 3
fi
