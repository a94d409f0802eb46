#!/bin/sh
# Makes a node (/data) what $1 says from its next start on: `primary`, `standby`, or `diverged`, which was a primary until
# another one was promoted over it. What such a one alone has is kept when it gets a copy: start-node.sh moves it.
set -e
if [ "$1" != diverged ] && [ "$(cat /data/role 2>/dev/null)" = diverged ]; then
	date --utc +%Y-%m-%dT%H-%M-%SZ >/data/keep
fi
printf '%s\n' "$1" >/data/role.new
sync /data/role.new
mv /data/role.new /data/role
