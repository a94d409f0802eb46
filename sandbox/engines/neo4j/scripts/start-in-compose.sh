#!/bin/bash
# Starts the node in Compose: the password file becomes what the server keeps of a first password, a salted hash in 1,024
# rounds. Handed over as NEO4J_AUTH it would be in the environment, and in the arguments of neo4j-admin.
set -euo pipefail

digest() { sha256sum | cut -c 1-64; }

# Each two digits as the byte that they are.
bytes_of() {
	local hex=$1 escaped='' at
	for ((at = 0; at < ${#hex}; at += 2)); do escaped+="\\x${hex:at:2}"; done
	printf '%b' "$escaped"
}

if [ ! -e /data/dbms/auth.ini ]; then
	salt=$(cat /proc/sys/kernel/random/uuid /proc/sys/kernel/random/uuid | digest)
	hash=$({ bytes_of "$salt" && printf %s "$(cat /run/secrets/password)"; } | digest)
	for ((round = 1; round < 1024; round += 1)); do hash=$(bytes_of "$hash" | digest); done
	install --directory --mode=755 /run/taishang
	(umask 077 && printf 'neo4j:SHA-256,%s,%s,1024:\n' "$hash" "$salt" >/run/taishang/auth.ini)
fi
exec /bin/sh /run/taishang/start-node.sh
