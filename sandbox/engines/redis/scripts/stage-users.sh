#!/bin/sh
# Makes users ready for the next start of a node that holds no data of its own. Standard input: users.acl.
set -eu
staging=/data/restored
rm -rf "$staging"
mkdir "$staging"
{ grep -a '^user default ' /data/users.acl && cat; } >"$staging/users.acl"
chown -R 999:999 "$staging"
chmod 600 "$staging/users.acl"
sync "$staging"
touch "$staging/complete"
