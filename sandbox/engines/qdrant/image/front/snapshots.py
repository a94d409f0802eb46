"""Snapshots of collections. The file is a tar of the collection's folder: the form is this stand-in's own."""

import asyncio
import hashlib
import json
import shutil
import tarfile
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import FileResponse, Response

from .answers import NotServed, RequestError, json_answer
from .collections import collection_of, store_of
from .descriptions import checked
from .names import folder_name, require_name, require_new_name
from .store import Store, open_collection, require_harmless

# A collection has some hundred files; every one costs a node of the file system.
MEMBERS_MAX = 100_000
DESCRIPTION_BYTES_MAX = 16 << 20
# Left free on the disk: whatever is unpacked, the collections that are there can go on.
RESERVE_BYTES = 64 << 20
# Longer names have no room for the moment behind them in the name of a file.
NAME_BYTES_MAX = 150


def folder_of(request: Request) -> Path:
    name = require_name(request.path_params["name"])
    name = store_of(request).aliases.get(name, name)
    return Path(request.app.state.snapshots) / folder_name(name)


def snapshot_file(request: Request) -> Path:
    name = request.path_params["snapshot"]
    path = folder_of(request) / name
    if "/" in name or "\0" in name or not name.endswith(".snapshot") or not path.is_file():
        raise RequestError(404, f"Not found: Snapshot {name} not found")
    return path


def description_of(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        checksum = hashlib.file_digest(file, "sha256").hexdigest()
    details = path.stat()
    created = datetime.fromtimestamp(details.st_mtime, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return {"name": path.name, "creation_time": created, "size": details.st_size, "checksum": checksum}


async def create_snapshot(request: Request) -> dict[str, Any]:
    collection = collection_of(request)
    folder = folder_of(request)
    folder.mkdir(parents=True, exist_ok=True)
    name = request.path_params["name"]
    moment = datetime.now(UTC).strftime("%Y-%m-%d-%H-%M-%S-%f")
    path = folder / f"{name if len(name.encode()) <= NAME_BYTES_MAX else folder.name}-{moment}.snapshot"
    temporary = path.with_suffix(".part")
    with collection.lock:
        collection.shard.flush()
        # Most of it is space set aside and still empty.
        with tarfile.open(temporary, "w:gz", compresslevel=1) as archive:
            archive.add(collection.directory, arcname="collection")
    temporary.rename(path)
    return description_of(path)


async def list_snapshots(request: Request) -> list[dict[str, Any]]:
    collection_of(request)
    return [description_of(path) for path in sorted(folder_of(request).glob("*.snapshot"))]


async def download_snapshot(request: Request) -> Response:
    try:
        path = snapshot_file(request)
    except RequestError as error:
        return json_answer({"status": {"error": str(error)}, "time": 0}, error.status)
    return FileResponse(path, media_type="application/octet-stream", filename=path.name)


async def delete_snapshot(request: Request) -> bool:
    snapshot_file(request).unlink()
    return True


async def upload_snapshot(request: Request) -> bool:
    name = require_new_name(request.path_params["name"])
    priority = request.query_params.get("priority")
    if priority not in (None, "snapshot", "no_sync", "replica"):
        raise RequestError(400, f"Wrong input: unknown priority {priority}")
    form = await request.form()
    upload = form.get("snapshot")
    if upload is None or isinstance(upload, str):
        raise RequestError(400, "Wrong input: the form has no file `snapshot`")
    with tempfile.NamedTemporaryFile(dir=request.app.state.snapshots, suffix=".upload") as file:
        digest = hashlib.sha256()
        while chunk := await upload.read(1 << 20):
            digest.update(chunk)
            file.write(chunk)
        file.flush()
        wanted = request.query_params.get("checksum")
        if wanted is not None and digest.hexdigest() != wanted.lower():
            raise RequestError(400, "Wrong input: Snapshot checksum mismatch")
        # Unpacking takes a while: nobody else waits for it.
        await asyncio.to_thread(restore, store_of(request), name, Path(file.name))
    return True


def restore(store: Store, name: str, archive: Path) -> None:
    """Unpacks, checks and opens the snapshot elsewhere before the collection is touched."""
    if name in store.aliases:
        raise RequestError(409, f"Wrong input: Alias `{name}` already exists!")
    with store.temporary_folder() as temporary:
        unpacked = Path(temporary) / "collection"
        try:
            unpack(archive, Path(temporary))
            own_name(unpacked, name)
            open_collection(unpacked).shard.close()
        except BaseException as error:
            require_harmless(error)
            raise RequestError(400, f"Wrong input: Snapshot is damaged: {error}") from error
        store.replace(name, unpacked)


def unpack(archive: Path, target: Path) -> None:
    """Regular files and folders alone, counted as they come against the room that there is."""
    room = max(0, shutil.disk_usage(target).free - RESERVE_BYTES)
    with tarfile.open(archive) as file:
        for number, member in enumerate(file):
            if not (member.isreg() or member.isdir()):
                raise ValueError(f"{member.name!r} is no file")
            if member.name != "collection" and not member.name.startswith("collection/"):
                raise ValueError(f"{member.name!r} is of no collection")
            room -= member.size
            if room < 0 or number >= MEMBERS_MAX:
                raise ValueError("it unpacks to more than there is room for")
            file.extract(member, target, filter="data")


def own_name(unpacked: Path, name: str) -> None:
    """Whatever the collection was called: its folder says what it is called here."""
    file = unpacked / "collection.json"
    if file.stat().st_size > DESCRIPTION_BYTES_MAX:
        raise ValueError("its description is too long")
    file.write_text(json.dumps({**checked(json.loads(file.read_text())), "name": name}))


async def recover_snapshot(_: Request) -> None:
    raise NotServed("recovery from a location; upload the snapshot")
