#!/bin/bash
# Stands for the `tini -g --` of the vendor's image: the first process is root's, starts the server and passes signals on.
shift 2
"$@" &
server=$!
trap 'kill -TERM "$server"' TERM INT
# A signal ends the first wait, not the server.
wait "$server" || true
wait "$server"
