#!/bin/bash
# Stops the server of a member in an orderly way, for member.sh to go on: everything that it has goes to its standbys
# first. As the server's own user; a watcher calls it through the server itself.
touch /tmp/taishang-stepped-back
kill -INT "$(head -n 1 "$PGDATA/postmaster.pid")"
