"""Collections on disk: a folder each, with its configuration beside the engine's shard."""

import asyncio
import json
import logging
import shutil
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import qdrant_edge as edge

from .answers import RequestError
from .descriptions import checked, config_of, description_of
from .names import folder_name, require_new_name

log = logging.getLogger("uvicorn.error")

# What is not whole yet. A server that was killed has left it.
TEMPORARY_PREFIX = "taishang-tmp-"


class Collection:
    """One collection, open. The engine is asked by one thread at a time."""

    def __init__(self, directory: Path, description: dict[str, Any], shard: edge.EdgeShard):
        self.directory = directory
        self.description = description
        self.shard = shard
        self.lock = threading.Lock()
        # The server's numbers go on where a collection is opened again, or a snapshot takes its place. The engine tells none of
        # its own: the clock gives later ones, since no collection is changed more than once a millisecond throughout.
        self.operations = time.time_ns() // 1_000_000
        # Set from when indexing is turned on again until all of it is done: not green until then.
        self.is_behind = False
        self.known_info: Any = None
        # What the engine said when it was last flushed or optimized, if that failed.
        self.failure: str | None = None

    @property
    def dimension(self) -> int:
        return self.description["vectors"]["size"]

    @property
    def engine_threshold(self) -> int:
        return self.description.get("engine_threshold", self.description["optimizers_config"]["indexing_threshold"])

    def info(self) -> Any:
        """What the engine says of the collection; while it builds an index, what it said before."""
        if self.lock.acquire(blocking=not self.is_behind or self.known_info is None):
            try:
                self.known_info = self.shard.info()
            finally:
                self.lock.release()
        return self.known_info

    def last_info(self) -> Any:
        """What the engine says of the collection; while it is at work, what it said before. None: nothing yet."""
        if self.lock.acquire(blocking=False):
            try:
                self.known_info = self.shard.info()
            finally:
                self.lock.release()
        return self.known_info

    def flush(self) -> None:
        with self.lock:
            self.shard.flush()

    def optimize(self) -> None:
        """Builds the indexes that the threshold asks for."""
        with self.lock:
            if self.description["optimizers_config"]["indexing_threshold"] == 0:
                return
            self.shard.optimize()
            self.known_info = self.shard.info()
            self.is_behind = False

    def maintain(self) -> None:
        """Flushes and optimizes. What fails is remembered, and concerns no other collection."""
        failure = None
        for work in (self.flush, self.optimize):
            failure = failure_of(work) or failure
        if failure is not None and failure != self.failure:
            log.error("collection %s cannot be maintained: %s", self.directory.name, failure)
        self.failure = failure

    def update(self, operation: edge.UpdateOperation) -> dict[str, Any]:
        with self.lock:
            self.shard.update(operation)
            self.operations += 1
            return {"operation_id": self.operations, "status": "completed"}

    def write_description(self) -> None:
        file = self.directory / "collection.json"
        temporary = file.with_suffix(".part")
        temporary.write_text(json.dumps(self.description))
        temporary.rename(file)


class Store:
    """Every collection, by name."""

    def __init__(self, directory: Path):
        self.directory = directory / "collections"
        self.directory.mkdir(parents=True, exist_ok=True)
        for left in directory.glob(f"{TEMPORARY_PREFIX}*"):
            shutil.rmtree(left, ignore_errors=True)
        # Asks the maintenance to look at once.
        self.wake = asyncio.Event()
        self.aliases_file = directory / "aliases.json"
        self.aliases: dict[str, str] = json.loads(self.aliases_file.read_text()) if self.aliases_file.exists() else {}
        self.collections: dict[str, Collection] = {}
        # Folders that cannot be opened, with what the engine says: they are kept, and no other collection suffers.
        self.broken: dict[str, tuple[Path, str]] = {}
        for path in sorted(self.directory.iterdir()):
            if (path / "collection.json").exists():
                self.open(path)

    def open(self, path: Path) -> None:
        # Folders of earlier images have the name of their collection.
        name = path.name
        try:
            name = checked(json.loads((path / "collection.json").read_text())).get("name", name)
            self.collections[name] = open_collection(path)
        except BaseException as error:
            require_harmless(error)
            log.error("the collection in %s cannot be opened: %s", path, error)
            self.broken[name] = (path, str(error))

    @property
    def names(self) -> list[str]:
        return sorted([*self.collections, *self.broken])

    def get(self, name: str) -> Collection:
        name = self.aliases.get(name, name)
        collection = self.collections.get(name)
        if collection is not None:
            return collection
        if name in self.broken:
            raise RequestError(500, f"Service internal error: Collection `{name}` cannot be opened: {self.broken[name][1]}")
        raise RequestError(404, f"Not found: Collection `{name}` doesn't exist!")

    def create(self, name: str, body: dict[str, Any]) -> None:
        require_new_name(name)
        if name in self.collections or name in self.broken:
            raise RequestError(409, f"Wrong input: Collection `{name}` already exists!")
        if name in self.aliases:
            raise RequestError(409, f"Wrong input: Alias `{name}` already exists!")
        description = {"name": name, **description_of(body)}
        directory = self.directory / folder_name(name)
        shutil.rmtree(directory, ignore_errors=True)
        directory.mkdir()
        shard = edge.EdgeShard.create(str(directory / "shard"), config_of(description))
        collection = Collection(directory, description, shard)
        # Last: a folder without it is what was left by a creation that was cut off.
        collection.write_description()
        self.collections[name] = collection

    def drop(self, name: str) -> bool:
        directory = self.close_one(name)
        if directory is None:
            return False
        shutil.rmtree(directory)
        self.write_aliases({alias: target for alias, target in self.aliases.items() if target != name})
        return True

    def close_one(self, name: str) -> Path | None:
        """Closes a collection, and forgets it. Returns its folder, if there is one."""
        collection = self.collections.pop(name, None)
        if collection is None:
            return self.broken.pop(name, (None, ""))[0]
        with collection.lock:
            collection.shard.close()
        return collection.directory

    def write_aliases(self, aliases: dict[str, str]) -> None:
        temporary = self.aliases_file.with_suffix(".part")
        temporary.write_text(json.dumps(aliases))
        temporary.rename(self.aliases_file)
        self.aliases = aliases

    def temporary_folder(self) -> tempfile.TemporaryDirectory[str]:
        """On the disk of the collections; removed by the next start where the server was killed."""
        return tempfile.TemporaryDirectory(dir=self.directory.parent, prefix=TEMPORARY_PREFIX, ignore_cleanup_errors=True)

    def replace(self, name: str, unpacked: Path) -> None:
        """Takes a folder that was opened once as the collection of this name; what is there goes once that is open."""
        directory = self.directory / folder_name(name)
        with self.temporary_folder() as given_up:
            before = self.close_one(name)
            if before is not None:
                before.rename(Path(given_up) / "before")
            shutil.rmtree(directory, ignore_errors=True)
            unpacked.rename(directory)
            self.open(directory)

    def close(self) -> None:
        for collection in self.collections.values():
            with collection.lock:
                failure_of(collection.shard.close)


def open_collection(directory: Path) -> Collection:
    description = checked(json.loads((directory / "collection.json").read_text()))
    return Collection(directory, description, edge.EdgeShard.load(str(directory / "shard")))


def failure_of(work: Callable[[], None]) -> str | None:
    """What a piece of work fails with, if it does."""
    try:
        work()
    except BaseException as error:
        require_harmless(error)
        return str(error) or type(error).__name__
    return None


def require_harmless(error: BaseException) -> None:
    """The engine's panics are no `Exception`; what ends the process is none of its errors."""
    if isinstance(error, (KeyboardInterrupt, SystemExit, GeneratorExit, asyncio.CancelledError)):
        raise error
