"""The server: routes, API key, readiness, and an orderly end."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from . import aliases, collections, metrics, points, searches, snapshots
from .answers import Handler, NotServed, endpoint, json_answer
from .keys import OPEN_PATHS, ApiKeys
from .settings import read_settings
from .store import Store

# The server's own interval (storage.optimizers.flush_interval_sec).
FLUSH_INTERVAL_S = 5


# Of their addresses, beside those that every request may have.
PARAMETERS: dict[Handler, set[str]] = {snapshots.upload_snapshot: {"priority", "checksum"}}

# Whose REST interface this is a part of: clients hold their own version against it. The pinned official image's.
SERVER_VERSION = "1.20.0"


async def describe(_: Request) -> Response:
    title = "qdrant-edge-py behind a stand-in for Qdrant's server"
    return json_answer({"title": title, "version": SERVER_VERSION, "engine_version": version("qdrant-edge-py")})


async def ready(request: Request) -> Response:
    return PlainTextResponse("all shards are ready" if request.url.path == "/readyz" else "healthz check passed")


def counted(method: str, path: str) -> Callable[[Request, int, float], None]:
    """Counts the answers of an endpoint, if the server does."""
    name = path.replace("{name}", "{collection_name}")
    if not metrics.is_counted(name):
        return lambda *_: None
    return lambda request, status, seconds: request.app.state.responses.add(method, name, status, seconds)


async def not_served(request: Request) -> Any:
    raise NotServed(f"{request.method} {request.url.path}")


def routes() -> list[Route]:
    one = "/collections/{name}"
    table: list[tuple[str, str, Handler]] = [
        ("GET", "/collections", collections.list_collections),
        ("GET", "/aliases", aliases.list_aliases),
        ("POST", "/collections/aliases", aliases.change_aliases),
        ("GET", f"{one}/aliases", aliases.list_aliases),
        ("GET", f"{one}/exists", collections.collection_exists),
        ("GET", one, collections.collection_info),
        ("PUT", one, collections.create_collection),
        ("PATCH", one, collections.update_collection),
        ("DELETE", one, collections.delete_collection),
        ("PUT", f"{one}/index", collections.create_index),
        ("DELETE", f"{one}/index/{{field}}", collections.delete_index),
        ("PUT", f"{one}/points", points.upsert),
        ("POST", f"{one}/points", points.retrieve),
        ("POST", f"{one}/points/delete", points.delete),
        ("POST", f"{one}/points/payload", points.set_payload),
        ("PUT", f"{one}/points/payload", points.overwrite_payload),
        ("POST", f"{one}/points/payload/delete", points.delete_payload),
        ("POST", f"{one}/points/payload/clear", points.clear_payload),
        ("POST", f"{one}/points/scroll", searches.scroll),
        ("POST", f"{one}/points/count", searches.count),
        ("POST", f"{one}/points/query", searches.query),
        ("POST", f"{one}/points/query/batch", searches.query_batch),
        ("POST", f"{one}/points/search", searches.search),
        ("POST", f"{one}/points/search/batch", searches.search_batch),
        ("GET", f"{one}/points/{{id}}", points.retrieve_one),
        ("GET", f"{one}/snapshots", snapshots.list_snapshots),
        ("POST", f"{one}/snapshots", snapshots.create_snapshot),
        ("POST", f"{one}/snapshots/upload", snapshots.upload_snapshot),
        ("PUT", f"{one}/snapshots/recover", snapshots.recover_snapshot),
        ("DELETE", f"{one}/snapshots/{{snapshot}}", snapshots.delete_snapshot),
    ]
    every_method = ["GET", "POST", "PUT", "PATCH", "DELETE"]
    return [
        Route("/", describe, methods=["GET"]),
        *[Route(path, ready, methods=["GET"]) for path in sorted(OPEN_PATHS)],
        Route("/metrics", metrics.metrics, methods=["GET"]),
        Route(f"{one}/snapshots/{{snapshot}}", snapshots.download_snapshot, methods=["GET"]),
        *[
            Route(path, endpoint(handler, PARAMETERS.get(handler, ()), counted(method, path)), methods=[method])
            for method, path, handler in table
        ],
        Route("/{rest:path}", endpoint(not_served), methods=every_method),
    ]


def create_app(settings: dict[str, Any]) -> ASGIApp:
    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        storage = settings["storage"]
        Path(storage["snapshots_path"]).mkdir(parents=True, exist_ok=True)
        app.state.snapshots = storage["snapshots_path"]
        app.state.version = SERVER_VERSION
        app.state.responses = metrics.Responses()
        app.state.store = Store(Path(storage["storage_path"]))
        maintenance = asyncio.create_task(maintain(app.state.store))
        yield
        maintenance.cancel()
        app.state.store.close()

    app = Starlette(routes=routes(), lifespan=lifespan)
    key, reading = (settings["service"].get(name) for name in ("api_key", "read_only_api_key"))
    return ApiKeys(app, str(key) if key else None, str(reading) if reading else None) if key or reading else app


async def maintain(store: Store) -> None:
    """Flushes, and builds the indexes that the thresholds ask for, beside the requests."""
    while True:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(store.wake.wait(), FLUSH_INTERVAL_S)
        store.wake.clear()
        for collection in list(store.collections.values()):
            await asyncio.to_thread(collection.maintain)


def main() -> None:
    settings = read_settings()
    service = settings["service"]
    uvicorn.run(
        create_app(settings),
        host=service["host"],
        port=int(service["http_port"]),
        access_log=False,
        log_level="info",
        timeout_graceful_shutdown=5,
        # A client that is busy for longer than the default of 5 s would find its connection closed under its next request.
        timeout_keep_alive=75,
    )


if __name__ == "__main__":
    main()
