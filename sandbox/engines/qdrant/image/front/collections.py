"""Requests about collections and their payload indexes."""

from typing import Any

import qdrant_edge as edge
from starlette.requests import Request

from .answers import NotServed, RequestError, json_body, require_known
from .descriptions import PARAMETER_TYPES, PARAMS, SCHEMA_TYPES, is_count
from .names import require_name
from .store import Collection, Store


def store_of(request: Request) -> Store:
    return request.app.state.store


def collection_of(request: Request) -> Collection:
    return store_of(request).get(require_name(request.path_params["name"]))


async def list_collections(request: Request) -> dict[str, Any]:
    return {"collections": [{"name": name} for name in store_of(request).names]}


async def create_collection(request: Request) -> bool:
    store_of(request).create(request.path_params["name"], await json_body(request))
    return True


async def delete_collection(request: Request) -> bool:
    return store_of(request).drop(require_name(request.path_params["name"]))


async def collection_exists(request: Request) -> dict[str, bool]:
    store = store_of(request)
    name = require_name(request.path_params["name"])
    return {"exists": store.aliases.get(name, name) in store.names}


async def collection_info(request: Request) -> dict[str, Any]:
    collection = collection_of(request)
    info = collection.info()
    description = collection.description
    return {
        "status": "red" if collection.failure else "yellow" if collection.is_behind else "green",
        "optimizer_status": {"error": collection.failure} if collection.failure else "ok",
        "indexed_vectors_count": info.indexed_vectors_count,
        "points_count": info.points_count,
        "segments_count": info.segments_count,
        "config": {
            "params": {"vectors": description["vectors"], **PARAMS},
            "hnsw_config": description["hnsw_config"],
            "optimizer_config": description["optimizers_config"],
            "wal_config": {"wal_capacity_mb": 32, "wal_segments_ahead": 0},
            "metadata": description["metadata"],
        },
        "payload_schema": {
            field: {
                "data_type": data_type,
                **({"params": params} if (params := description.get("payload_params", {}).get(field)) else {}),
                "points": indexed_points(info, field),
            }
            for field, data_type in description["payload_schema"].items()
        },
    }


def indexed_points(info: Any, field: str) -> int:
    index = info.payload_schema.get(field)
    return 0 if index is None else index.points


async def update_collection(request: Request) -> bool:
    collection = collection_of(request)
    body = require_known(await json_body(request), {"metadata", "optimizers_config"}, "a change of a collection")
    optimizers = require_known(body.get("optimizers_config", {}), {"indexing_threshold"}, "a change of optimizers_config")
    collection.description["metadata"].update(body.get("metadata", {}))
    if "indexing_threshold" in optimizers:
        change_threshold(store_of(request), collection, optimizers["indexing_threshold"])
    collection.write_description()
    return True


def change_threshold(store: Store, collection: Collection, threshold: Any) -> None:
    """Zero turns indexing off. The engine takes no other threshold while it is open: only back to the first one."""
    # A folder of an older image does not name it yet.
    collection.description["engine_threshold"] = collection.engine_threshold
    if threshold not in (0, collection.engine_threshold):
        raise NotServed("another indexing_threshold than 0 and the one that the collection was made with")
    collection.description["optimizers_config"]["indexing_threshold"] = threshold
    if threshold != 0:
        collection.is_behind = True
        store.wake.set()


async def create_index(request: Request) -> dict[str, Any]:
    collection = collection_of(request)
    body = require_known(await json_body(request), {"field_name", "field_schema"}, "an index")
    field, schema = body.get("field_name"), body.get("field_schema")
    data_type = schema.get("type") if isinstance(schema, dict) else schema
    if not isinstance(field, str) or data_type not in SCHEMA_TYPES:
        raise RequestError(400, f"Format error in JSON body: no index of type {data_type} on {field}")
    params = schema if isinstance(schema, dict) else None
    engine_schema = SCHEMA_TYPES[data_type] if params is None else index_params(data_type, params)
    result = collection.update(edge.UpdateOperation.create_field_index(field, engine_schema))
    collection.description["payload_schema"][field] = data_type
    collection.description.setdefault("payload_params", {})[field] = params
    collection.write_description()
    return result


def index_params(data_type: str, params: dict[str, Any]) -> Any:
    options = {name: value for name, value in params.items() if name != "type"}
    try:
        return PARAMETER_TYPES[data_type](**options)
    except TypeError as error:
        raise NotServed(f"an index of type {data_type} with {', '.join(options)}: {error}") from error


async def delete_index(request: Request) -> dict[str, Any]:
    collection = collection_of(request)
    field = request.path_params["field"]
    result = collection.update(edge.UpdateOperation.delete_field_index(field))
    collection.description["payload_schema"].pop(field, None)
    collection.description.get("payload_params", {}).pop(field, None)
    collection.write_description()
    return result
