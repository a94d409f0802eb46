"""Snapshots of collections. The file is a tar of the collection's folder: the form is this stand-in's own."""

import hashlib
import tarfile
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import FileResponse, Response

from .answers import NotServed, RequestError, json_answer
from .collections import collection_of, store_of
from .store import open_collection


def folder_of(request: Request) -> Path:
    folder = Path(request.app.state.snapshots) / request.path_params["name"]
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def snapshot_file(request: Request) -> Path:
    name = request.path_params["snapshot"]
    path = folder_of(request) / name
    if "/" in name or name.startswith(".") or not path.is_file():
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
    moment = datetime.now(UTC).strftime("%Y-%m-%d-%H-%M-%S-%f")
    path = folder_of(request) / f"{request.path_params['name']}-{moment}.snapshot"
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
        restore(request, Path(file.name))
    return True


def restore(request: Request, archive: Path) -> None:
    """Unpacks and opens the snapshot elsewhere before the collection is touched."""
    store = store_of(request)
    with tempfile.TemporaryDirectory(dir=store.directory.parent) as temporary:
        try:
            with tarfile.open(archive) as file:
                file.extractall(temporary, filter="data")
            unpacked = Path(temporary) / "collection"
            open_collection(unpacked).shard.close()
        except Exception as error:
            raise RequestError(400, f"Wrong input: Snapshot is damaged: {error}") from error
        with store.replacing(request.path_params["name"]) as directory:
            unpacked.rename(directory)


async def recover_snapshot(_: Request) -> None:
    raise NotServed("recovery from a location; upload the snapshot")
