#!/bin/sh
# Starts a peer. $1: its own address, $2: the peer that it joins where it knows none yet, $3: `first` for the one that
# the others join. That one has nobody to join at its very first start, and joins like the others once its data is lost.
set -e
started=${TMPDIR:-/tmp}/taishang-started
friend=$2
[ "${3:-}" != first ] || [ -e "$started" ] || friend=
touch "$started"
exec ./entrypoint.sh --uri "$1" ${friend:+--bootstrap "$friend"}
