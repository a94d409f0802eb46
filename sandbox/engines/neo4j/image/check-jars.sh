#!/bin/sh
# Refuses a jar below the present folder that jars.sha256 does not list with its name and its bytes: Maven itself
# compares with a checksum that comes from where the jar does.
set -eu
sha256sum lib/* shell/* >found.sha256
if grep -vxFf jars.sha256 found.sha256 >&2; then
  echo 'These jars are not those of jars.sha256. See CONTRIBUTING.md on how it is made.' >&2
  exit 1
fi
rm found.sha256
