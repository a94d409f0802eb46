#!/bin/sh
# Starts the server in Compose, on either image. Of the password file, which only root may be able to read, it makes the
# password and the key file that the server's own user reads.
set -eu
install -d -m 755 /run/taishang
password=$(cat /run/secrets/password)
for name in root-password key-file; do
	rm -f "/run/taishang/$name"
	(umask 077 && printf '%s\n' "$password" >"/run/taishang/$name")
	chown 999:999 "/run/taishang/$name"
	chmod 400 "/run/taishang/$name"
done
# The stand-in's first process, and the official image's.
[ ! -e /usr/local/bin/docker-entrypoint.py ] ||
	exec /opt/secantusdb/bin/python /usr/local/bin/docker-entrypoint.py "$@"
exec docker-entrypoint.sh "$@"
