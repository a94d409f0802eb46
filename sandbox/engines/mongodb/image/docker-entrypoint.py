"""Makes the first user on an empty folder, then becomes the server. The contract is that of MongoDB's official image."""

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

DATA = Path("/data/db")
# Written last: a first start that was cut off begins again.
INITIALISED = DATA / ".initialised"
SERVER = "/opt/secantusdb/bin/secantusd-py"
USER_ID = 999


def fail(message: str) -> None:
    print(f"error: {message}", file=sys.stderr)
    sys.exit(1)


def setting(name: str) -> str:
    """A variable, or what is in the file that <name>_FILE names."""
    value, path = os.environ.pop(name, ""), os.environ.pop(f"{name}_FILE", "")
    if value and path:
        fail(f"both {name} and {name}_FILE are set (but are exclusive)")
    return Path(path).read_text().rstrip("\n") if path else value


# It does not get rid of what no longer fits into its cache, and stands still: seen after 100,000 documents with four indexes
# in 256 MB. So mongod's option counts from here on. Only what is used is taken.
CACHE_MEGABYTES_MIN = 4096
# Once its log of changes is full (100,000 entries or an hour, by default) it is pruned from its beginning at every write
# (SecantusDB 0.7, storage.py, `_prune_oplog_locked`). Nobody here needs that, so it never is.
OPLOG_ENTRIES_MAX = str(100_000_000)
OPLOG_RETENTION_SECONDS = str(365 * 24 * 3600)


def server_arguments(arguments: list[str]) -> list[str]:
    """mongod's options as this server's. What it has no word for is said and left out."""
    taken = {"--port": "27017", "--wiredTigerCacheSizeGB": "0.25"}
    rest = iter(arguments)
    for argument in rest:
        name, _, value = argument.partition("=")
        if name in taken:
            taken[name] = value or next(rest, "")
        elif name in ("--replSet", "--keyFile"):
            value = value or next(rest, "")
            print(f"{name} {value} is left out: this server is a replica set of one, named `secantus`.")
        elif name not in ("--bind_ip_all", "--auth"):
            fail(f"{argument} is not known to this stand-in for mongod")
    megabytes = max(int(float(taken["--wiredTigerCacheSizeGB"]) * 1024), CACHE_MEGABYTES_MIN)
    return [
        *("--port", taken["--port"], "--storage-path", str(DATA), "--cache-size", f"{megabytes}M", "--sync-on-commit"),
        *("--oplog-max-entries", OPLOG_ENTRIES_MAX, "--oplog-retention-seconds", OPLOG_RETENTION_SECONDS),
    ]


def drop_rights() -> None:
    for path in (DATA, *DATA.rglob("*")):
        if path.stat().st_uid != USER_ID:
            os.chown(path, USER_ID, USER_ID)
    os.setgroups([])
    os.setgid(USER_ID)
    os.setuid(USER_ID)
    # The server looks for a configuration at home, and root's is closed to it now.
    os.environ["HOME"] = str(DATA)


def wait_for(port: int, server: subprocess.Popen) -> None:
    """Until the port answers: the driver would look twice a second only."""
    for _ in range(1500):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        if server.poll() is not None:
            fail(f"the server ended with exit code {server.returncode}")
        time.sleep(0.02)
    fail("the server does not answer")


def create_user(name: str, password: str) -> None:
    """On the loopback address of the container, where nobody else is, before the server asks for passwords.

    The server is killed once everything is on disk: it takes two seconds to end, and can wait for itself for ever when
    it is asked to as it begins (SecantusDB 0.7: its signal handler takes a lock that its main thread may hold).
    """
    import pymongo

    port = "27018"
    server = subprocess.Popen(
        [SERVER, "--host", "127.0.0.1", "--port", port, "--storage-path", str(DATA), "--cache-size", "64M", "--sync-on-commit"],
        stdout=subprocess.DEVNULL,
    )
    try:
        wait_for(int(port), server)
        with pymongo.MongoClient("127.0.0.1", int(port), directConnection=True, serverSelectionTimeoutMS=30_000) as client:
            client.admin.command("createUser", name, pwd=password, roles=["root"])
            client.admin.command("fsync")
    finally:
        server.kill()
        server.wait()


def main() -> None:
    command = sys.argv[1:]
    if command and command[0].startswith("-"):
        command = ["mongod", *command]
    if command and command[0] != "mongod":
        os.execvp(command[0], command)
    arguments = server_arguments(command[1:])
    if os.getuid() == 0:
        drop_rights()
    name, password = setting("MONGO_INITDB_ROOT_USERNAME"), setting("MONGO_INITDB_ROOT_PASSWORD")
    if bool(name) != bool(password):
        fail("MONGO_INITDB_ROOT_USERNAME and MONGO_INITDB_ROOT_PASSWORD must be set both or neither")
    if not INITIALISED.exists():
        if name:
            create_user(name, password)
        if any(Path("/docker-entrypoint-initdb.d").glob("*")):
            print("/docker-entrypoint-initdb.d is left alone: there is no shell here that could run its scripts.")
        INITIALISED.write_text("auth" if name else "no auth")
    auth = ["--auth"] if INITIALISED.read_text() == "auth" or "--auth" in command else []
    os.execv(SERVER, [SERVER, "--host", "0.0.0.0", *arguments, *auth])


main()
