#!/bin/sh
# Starts the server in Compose, on either image: the password file becomes the configuration that is read last.
set -eu
rm -f /qdrant/config/local.yaml
(umask 077 && printf 'service:\n  api_key: "%s"\n' "$(cat /run/secrets/password)" >/qdrant/config/local.yaml)
# The official image's command, and the stand-in's.
[ ! -x ./entrypoint.sh ] || exec ./entrypoint.sh
exec /qdrant/venv/bin/python -m front.main
