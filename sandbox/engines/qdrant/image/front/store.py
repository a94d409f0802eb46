"""Collections on disk: a folder each, with its configuration beside the engine's shard."""

import asyncio
import json
import re
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import qdrant_edge as edge

from .answers import NotServed, RequestError

DISTANCES = {"Cosine": edge.Distance.Cosine, "Dot": edge.Distance.Dot, "Euclid": edge.Distance.Euclid, "Manhattan": edge.Distance.Manhattan}
# As the server names them in its answers and takes them in requests.
SCHEMA_TYPES = {
    "keyword": edge.PayloadSchemaType.Keyword,
    "integer": edge.PayloadSchemaType.Integer,
    "float": edge.PayloadSchemaType.Float,
    "bool": edge.PayloadSchemaType.Bool,
    "datetime": edge.PayloadSchemaType.Datetime,
    "text": edge.PayloadSchemaType.Text,
    "uuid": edge.PayloadSchemaType.Uuid,
    "geo": edge.PayloadSchemaType.Geo,
}
# Of an index that has options.
PARAMETER_TYPES = {
    "keyword": edge.KeywordIndexParams,
    "integer": edge.IntegerIndexParams,
    "float": edge.FloatIndexParams,
    "bool": edge.BoolIndexParams,
    "datetime": edge.DatetimeIndexParams,
    "text": edge.TextIndexParams,
    "uuid": edge.UuidIndexParams,
    "geo": edge.GeoIndexParams,
}


class Collection:
    """One collection, open. The engine is asked by one thread at a time."""

    def __init__(self, directory: Path, description: dict[str, Any], shard: edge.EdgeShard):
        self.directory = directory
        self.description = description
        self.shard = shard
        self.lock = threading.Lock()
        self.operations = 0
        # Set from when indexing is turned on again until all of it is done: not green until then.
        self.is_behind = False
        self.known_info: Any = None

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

    def optimize(self) -> None:
        """Builds the indexes that the threshold asks for."""
        with self.lock:
            if self.description["optimizers_config"]["indexing_threshold"] == 0:
                return
            self.shard.optimize()
            self.known_info = self.shard.info()
            self.is_behind = False

    def update(self, operation: edge.UpdateOperation) -> dict[str, Any]:
        with self.lock:
            self.shard.update(operation)
            self.operations += 1
            return {"operation_id": self.operations, "status": "completed"}

    def write_description(self) -> None:
        (self.directory / "collection.json").write_text(json.dumps(self.description))


class Store:
    """Every collection, by name."""

    def __init__(self, directory: Path):
        self.directory = directory / "collections"
        self.directory.mkdir(parents=True, exist_ok=True)
        # Asks the maintenance to look at once.
        self.wake = asyncio.Event()
        self.aliases_file = directory / "aliases.json"
        self.aliases: dict[str, str] = json.loads(self.aliases_file.read_text()) if self.aliases_file.exists() else {}
        self.collections = {path.name: open_collection(path) for path in sorted(self.directory.iterdir()) if (path / "collection.json").exists()}

    def get(self, name: str) -> Collection:
        collection = self.collections.get(self.aliases.get(name, name))
        if collection is None:
            raise RequestError(404, f"Not found: Collection `{name}` doesn't exist!")
        return collection

    def create(self, name: str, body: dict[str, Any]) -> None:
        if name in self.collections:
            raise RequestError(409, f"Wrong input: Collection `{name}` already exists!")
        if name in self.aliases:
            raise RequestError(409, f"Wrong input: Alias `{name}` already exists!")
        if not re.fullmatch(r"[^<>:\"/\\|?*\0]{1,255}", name):
            raise RequestError(400, f"Wrong input: `{name}` is no name for a collection")
        description = description_of(body)
        directory = self.directory / name
        shutil.rmtree(directory, ignore_errors=True)
        directory.mkdir()
        shard = edge.EdgeShard.create(str(directory / "shard"), config_of(description))
        collection = Collection(directory, description, shard)
        # Last: a folder without it is what was left by a creation that was cut off.
        collection.write_description()
        self.collections[name] = collection

    def drop(self, name: str, forget_aliases: bool = True) -> bool:
        collection = self.collections.pop(name, None)
        if collection is None:
            return False
        with collection.lock:
            collection.shard.close()
        shutil.rmtree(collection.directory)
        if forget_aliases:
            self.write_aliases({alias: target for alias, target in self.aliases.items() if target != name})
        return True

    def write_aliases(self, aliases: dict[str, str]) -> None:
        temporary = self.aliases_file.with_suffix(".part")
        temporary.write_text(json.dumps(aliases))
        temporary.rename(self.aliases_file)
        self.aliases = aliases

    @contextmanager
    def replacing(self, name: str) -> Iterator[Path]:
        """Gives the place for the new folder of a collection; opens what is there afterwards."""
        directory = self.directory / name
        self.drop(name, forget_aliases=False)
        yield directory
        self.collections[name] = open_collection(directory)

    def flush(self) -> None:
        for collection in list(self.collections.values()):
            with collection.lock:
                collection.shard.flush()

    def close(self) -> None:
        for collection in self.collections.values():
            with collection.lock:
                collection.shard.close()


def open_collection(directory: Path) -> Collection:
    description = json.loads((directory / "collection.json").read_text())
    return Collection(directory, description, edge.EdgeShard.load(str(directory / "shard")))


def description_of(body: dict[str, Any]) -> dict[str, Any]:
    vectors = body.get("vectors")
    if not isinstance(vectors, dict) or "size" not in vectors:
        raise NotServed("collections of several named vectors, or of none")
    if vectors.get("distance") not in DISTANCES:
        raise RequestError(400, f"Format error in JSON body: unknown distance {vectors.get('distance')}")
    if not isinstance(vectors["size"], int) or not 1 <= vectors["size"] <= 65536:
        raise RequestError(422, "Validation error in JSON body: vectors.size must be from 1 to 65536")
    if body.get("sparse_vectors"):
        raise NotServed("sparse vectors")
    hnsw = {"m": 16, "ef_construct": 100, "full_scan_threshold": 10000, **(body.get("hnsw_config") or {})}
    optimizers = {"indexing_threshold": 10000, **(body.get("optimizers_config") or {})}
    return {
        "vectors": {"size": vectors["size"], "distance": vectors["distance"]},
        "hnsw_config": {name: hnsw[name] for name in ("m", "ef_construct", "full_scan_threshold")},
        "optimizers_config": {"indexing_threshold": optimizers["indexing_threshold"]},
        "engine_threshold": optimizers["indexing_threshold"],
        "payload_schema": {},
        "metadata": body.get("metadata") or {},
    }


def config_of(description: dict[str, Any]) -> edge.EdgeConfig:
    vectors = description["vectors"]
    return edge.EdgeConfig(
        vectors=edge.EdgeVectorParams(size=vectors["size"], distance=DISTANCES[vectors["distance"]]),
        hnsw_config=edge.HnswIndexConfig(**description["hnsw_config"]),
        optimizers=edge.EdgeOptimizersConfig(indexing_threshold=description["optimizers_config"]["indexing_threshold"]),
        wal_enabled=True,
    )
