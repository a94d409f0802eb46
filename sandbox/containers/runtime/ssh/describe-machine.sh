# Says what a start depends on, of the machine that runs this: a name and a value on each line. What cannot be seen is
# left out. $engine_folder is the folder in which its container engine keeps its data.
disk=$(df -Pk "$engine_folder" 2>/dev/null | awk 'NR == 2 { print $4 }')
[ -n "$disk" ] && echo "disk_kibibytes $disk"
awk '/^MemAvailable:/ { print "memory_kibibytes", $2 }' /proc/meminfo 2>/dev/null
echo "cores $(getconf _NPROCESSORS_ONLN 2>/dev/null)"
if grep -q '^flags' /proc/cpuinfo 2>/dev/null; then
  if grep -qw avx /proc/cpuinfo; then echo 'avx yes'; else echo 'avx no'; fi
fi
# Ports that are listened on (state 0A), in hexadecimal.
cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | awk '$4 == "0A" { sub(/.*:/, "", $2); print "listening", $2 }' | sort -u
exit 0
