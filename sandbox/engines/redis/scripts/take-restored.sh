# What a restore has made ready takes the place of what was there; a start that is killed in between goes on here.
if [ -e /data/restored/complete ]; then
	for name in appendonlydir users.acl; do
		[ -e "/data/restored/$name" ] || continue
		rm -rf "/data/$name"
		mv "/data/restored/$name" "/data/$name"
	done
	rm -f /data/dump.rdb
fi
rm -rf /data/restored
