#!/bin/sh
# Makes a node (/data) what $1 says from its next start on: `primary` or `standby`.
set -e
printf '%s\n' "$1" >/data/role.new
sync /data/role.new
mv /data/role.new /data/role
