# Says which socket the container engine of this machine has: `answers PATH`, or `usable PATH` where nothing here can ask
# it, `denied PATH` or `none`.
# The places are $named alone, where that is one; else those that this machine's own docker client would use, then the
# usual ones.
runtime=${XDG_RUNTIME_DIR:-/run/user/$(id -u)}
PATH=$PATH:/usr/local/bin:/opt/homebrew/bin
context=$(docker context inspect --format '{{.Endpoints.docker.Host}}' 2>/dev/null </dev/null)
answers() {
  if command -v curl >/dev/null; then
    curl --silent --max-time 5 --output /dev/null --unix-socket "$1" http://docker/_ping
  else
    docker --host "unix://$1" version >/dev/null 2>&1 </dev/null
  fi
}
denied=
set -- "${DOCKER_HOST:-}" "$context" unix:///var/run/docker.sock "unix://$runtime/docker.sock" \
  "unix://$HOME/.docker/run/docker.sock" "unix://$HOME/.colima/default/docker.sock" \
  "unix://$HOME/.orbstack/run/docker.sock" "unix://$runtime/podman/podman.sock" unix:///run/podman/podman.sock
if [ -n "${named:-}" ]; then set -- "unix://$named"; fi
for place in "$@"; do
  case $place in unix:///*) path=${place#unix://} ;; *) continue ;; esac
  if [ -S "$path" ] && [ -r "$path" ] && [ -w "$path" ]; then
    if answers "$path"; then echo "answers $path"; else echo "usable $path"; fi
    exit 0
  fi
  if [ -S "$path" ] && [ -z "$denied" ]; then denied=$path; fi
done
if [ -n "$denied" ]; then echo "denied $denied"; else echo none; fi
