#!/bin/sh
# Starts the node in Compose: the password file becomes the users file of the first start, which has its hash alone.
set -eu
hash=$(printf %s "$(cat /run/secrets/password)" | sha256sum | cut -c 1-64)
(umask 077 && printf 'user default on #%s ~* &* +@all\n' "$hash" >/run/taishang/users.acl)
exec /bin/sh /run/taishang/start-node.sh
