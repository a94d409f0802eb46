#!/bin/bash
# Changes the files of a stopped server. $1: what to do.
#   in:   those in .restored take their place; the old ones go to .replaced
#   back: the other way round, and what was restored is removed
set -euo pipefail
shopt -s dotglob extglob
cd "$PGDATA"
case "$1" in
in)
	mkdir .replaced
	for file in !(.restored|.replaced); do mv "$file" .replaced/; done
	for file in .restored/*; do mv "$file" .; done
	rmdir .restored
	chown postgres:postgres .replaced
	;;
back)
	[ -d .replaced ] || exit 0
	rm -rf !(.replaced)
	for file in .replaced/*; do mv "$file" .; done
	rmdir .replaced
	;;
*) exit 2 ;;
esac
