#!/bin/bash
# Asks a server one statement over Bolt, without a driver: for a node that only watches. Cypher Shell would start a Java
# for each look. Prints the text between < and > that the statement returns, once it has ended well; ends with 1 otherwise,
# and where the caller's time is up. $1: the address; $2: what to say, as conversation.sh has made it.
LC_ALL=C
exec {server}<>"/dev/tcp/$1/7687" || exit 1
cat "$2" >&"$server" || exit 1
heard=
# Whatever has zeros in between comes in pieces. A record is B1 71, a success B1 70, a failure B1 7F (Neo4j's
# documentation of Bolt, "Message structure").
while IFS= read -r -d '' -u "$server" piece; do
	heard+=$piece
	case $heard in
	*$'\xb1\x7f'*) exit 1 ;;
	*$'\xb1\x71'*'<'*'>'*$'\xb1\x70'*)
		heard=${heard#*$'\xb1\x71'*<}
		printf '%s\n' "${heard%%>*}"
		# GOODBYE: the server logs an error for connections that only end.
		printf '\x00\x02\xb0\x02\x00\x00' >&"$server"
		exit 0
		;;
	esac
done
exit 1
