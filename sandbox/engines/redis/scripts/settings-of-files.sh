#!/bin/sh
# Prints every setting that the files of this node give, a name and a value on two lines, as a server says it that is
# started on them beside the node's own for a moment.
set -eu
folder=$(mktemp -d)
server=
end() {
	[ -z "$server" ] || { kill -9 "$server" && wait "$server"; } 2>/dev/null || true
	rm -rf "$folder"
}
trap end EXIT
for file in redis.conf topology.conf member.conf; do
	[ ! -f "/run/taishang/$file" ] || sed '/^cluster-/d; /^aclfile /d' "/run/taishang/$file"
done >"$folder/settings.conf"
printf '%s\n' 'port 0' "unixsocket $folder/socket" "dir $folder" >>"$folder/settings.conf"
chmod 700 "$folder"
chown -R 999:999 "$folder"
cd "$folder"
docker-entrypoint.sh redis-server "$folder/settings.conf" >"$folder/log" 2>&1 &
server=$!
until_s=$(($(date +%s) + 30))
until answer=$(timeout 5 redis-cli -s "$folder/socket" CONFIG GET '*' 2>/dev/null) && [ -n "$answer" ]; do
	[ "$(date +%s)" -lt "$until_s" ] && kill -0 "$server" 2>/dev/null || {
		tail -n 20 "$folder/log" >&2
		exit 1
	}
	sleep 0.02
done
printf '%s\n' "$answer"
