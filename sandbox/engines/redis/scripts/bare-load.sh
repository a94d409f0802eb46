#!/bin/sh
# Sends the commands in the file $1 to the server of this node. Standard input: the password, on one line.
# The last line of its output is the time that it took, in nanoseconds.
set -eu
IFS= read -r password
began=$(date +%s%N)
output=$({ printf 'AUTH %s\r\n' "$password" && cat "$1"; } | redis-cli --pipe)
ended=$(date +%s%N)
echo "$output"
# It ends with 0 as well where the server refused commands.
case $output in *'errors: 0,'*) ;; *) exit 1 ;; esac
echo $((ended - began))
