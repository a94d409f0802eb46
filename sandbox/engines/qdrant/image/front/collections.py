"""Requests about collections and their payload indexes."""

from typing import Any

import qdrant_edge as edge
from starlette.requests import Request

from .answers import NotServed, RequestError, json_body
from .store import SCHEMA_TYPES, Collection, Store


def store_of(request: Request) -> Store:
    return request.app.state.store


def collection_of(request: Request) -> Collection:
    return store_of(request).get(request.path_params["name"])


async def list_collections(request: Request) -> dict[str, Any]:
    return {"collections": [{"name": name} for name in store_of(request).collections]}


async def create_collection(request: Request) -> bool:
    store_of(request).create(request.path_params["name"], await json_body(request))
    return True


async def delete_collection(request: Request) -> bool:
    return store_of(request).drop(request.path_params["name"])


async def collection_exists(request: Request) -> dict[str, bool]:
    return {"exists": request.path_params["name"] in store_of(request).collections}


async def list_aliases(_: Request) -> dict[str, Any]:
    return {"aliases": []}


async def collection_info(request: Request) -> dict[str, Any]:
    collection = collection_of(request)
    with collection.lock:
        info = collection.shard.info()
    description = collection.description
    return {
        "status": "green",
        "optimizer_status": "ok",
        "indexed_vectors_count": info.indexed_vectors_count,
        "points_count": info.points_count,
        "segments_count": info.segments_count,
        "config": {
            "params": {
                "vectors": description["vectors"],
                "shard_number": 1,
                "replication_factor": 1,
                "write_consistency_factor": 1,
                "on_disk_payload": True,
            },
            "hnsw_config": description["hnsw_config"],
            "optimizer_config": description["optimizers_config"],
            "wal_config": {"wal_capacity_mb": 32, "wal_segments_ahead": 0},
            "metadata": description["metadata"],
        },
        "payload_schema": {
            field: {"data_type": data_type, "points": indexed_points(info, field)}
            for field, data_type in description["payload_schema"].items()
        },
    }


def indexed_points(info: Any, field: str) -> int:
    index = info.payload_schema.get(field)
    return 0 if index is None else index.points


async def update_collection(request: Request) -> bool:
    collection = collection_of(request)
    body = await json_body(request)
    unknown = [name for name in body if name != "metadata"]
    if unknown:
        raise NotServed(f"changing {', '.join(unknown)} of a collection")
    collection.description["metadata"].update(body.get("metadata") or {})
    collection.write_description()
    return True


async def create_index(request: Request) -> dict[str, Any]:
    collection = collection_of(request)
    body = await json_body(request)
    field, schema = body.get("field_name"), body.get("field_schema")
    data_type = schema.get("type") if isinstance(schema, dict) else schema
    if not isinstance(field, str) or data_type not in SCHEMA_TYPES:
        raise RequestError(400, f"Format error in JSON body: no index of type {data_type} on {field}")
    result = collection.update(edge.UpdateOperation.create_field_index(field, SCHEMA_TYPES[data_type]))
    collection.description["payload_schema"][field] = data_type
    collection.write_description()
    return result


async def delete_index(request: Request) -> dict[str, Any]:
    collection = collection_of(request)
    field = request.path_params["field"]
    result = collection.update(edge.UpdateOperation.delete_field_index(field))
    collection.description["payload_schema"].pop(field, None)
    collection.write_description()
    return result
