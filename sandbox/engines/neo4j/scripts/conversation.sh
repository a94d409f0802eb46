#!/bin/bash
# Writes all that a client says over Bolt to ask one statement: bolt.sh sends it. The formats are those of Neo4j's
# documentation of Bolt and PackStream. $1: a file with the password; $2: a database; $3: a statement without parameters.
set -euo pipefail
LC_ALL=C

# $1: a byte's number.
byte() { printf "\\x$(printf %02x "$1")"; }
# $1: a number of two bytes.
short() { byte $(($1 / 256)) && byte $(($1 % 256)); }
# $1: a text shorter than 65,536 bytes; 209: its length has two.
text() { byte 209 && short ${#1} && printf %s "$1"; }
# The bytes of standard input, with their length before them and an end after.
message() {
	local hex
	hex=$(od -An -v -tx1 | tr -d ' \n')
	short $((${#hex} / 2))
	# shellcheck disable=SC2059
	printf "$(sed 's/../\\x&/g' <<<"$hex")"
	short 0
}

# Versions 5.3 to 5.8, and none of the three other offers.
printf '\x60\x60\xb0\x17\x00\x05\x08\x05' && printf '\x00%.0s' {1..12}
{ printf '\xb1\x01\xa2' && text user_agent && text taishang-watcher/1 && text bolt_agent && printf '\xa1' && text product && text taishang-watcher/1; } | message
{ printf '\xb1\x6a\xa3' && text scheme && text basic && text principal && text neo4j && text credentials && text "$(cat "$1")"; } | message
{ printf '\xb3\x10' && text "$3" && printf '\xa0\xa1' && text db && text "$2"; } | message
# All of its rows.
{ printf '\xb1\x3f\xa1' && text n && printf '\xff'; } | message
