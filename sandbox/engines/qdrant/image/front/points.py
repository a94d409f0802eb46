"""Requests that write and read points."""

import uuid
from typing import Any

import qdrant_edge as edge
from starlette.requests import Request

from .answers import NotServed, RequestError, json_body
from .collections import collection_of
from .filters import filter_of
from .store import Collection


def point_id(value: Any) -> Any:
    """An unsigned integer or a UUID; anything else is refused, as the server does."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**64:
        return value
    if isinstance(value, str):
        try:
            return str(uuid.UUID(value))
        except ValueError:
            pass
    raise RequestError(
        400,
        f"Format error in JSON body: value {value} is not a valid point ID, valid values are either an unsigned integer or a UUID",
    )


def point_ids(values: Any) -> list[Any]:
    return [point_id(value) for value in values]


def vector_of(collection: Collection, value: Any) -> list[float]:
    if isinstance(value, dict):
        raise NotServed("named vectors")
    if not isinstance(value, list) or not value or isinstance(value[0], list):
        raise RequestError(400, "Format error in JSON body: a vector is a list of numbers")
    if len(value) != collection.dimension:
        raise RequestError(
            400, f"Wrong input: Vector dimension error: expected dim: {collection.dimension}, got {len(value)}"
        )
    return value


async def upsert(request: Request) -> dict[str, Any]:
    collection = collection_of(request)
    body = await json_body(request)
    if "batch" in body:
        batch = body["batch"]
        payloads = batch.get("payloads") or [None] * len(batch["ids"])
        rows = [
            {"id": identifier, "vector": vector, "payload": payload}
            for identifier, vector, payload in zip(batch["ids"], batch["vectors"], payloads, strict=True)
        ]
    else:
        rows = body.get("points")
    if not rows:
        raise RequestError(400, "Wrong input: Empty update request")
    points = [
        edge.Point(point_id(row.get("id")), vector_of(collection, row.get("vector")), row.get("payload") or {})
        for row in rows
    ]
    return collection.update(edge.UpdateOperation.upsert_points(points))


async def delete(request: Request) -> dict[str, Any]:
    collection = collection_of(request)
    body = await json_body(request)
    if "points" in body:
        return collection.update(edge.UpdateOperation.delete_points(point_ids(body["points"])))
    return collection.update(edge.UpdateOperation.delete_points_by_filter(required_filter(body)))


def required_filter(body: dict[str, Any]) -> edge.Filter:
    found = filter_of(body.get("filter"))
    if found is None:
        raise RequestError(400, "Format error in JSON body: either points or a filter is needed")
    return found


async def set_payload(request: Request) -> dict[str, Any]:
    return change_payload(request, await json_body(request), "set_payload")


async def overwrite_payload(request: Request) -> dict[str, Any]:
    return change_payload(request, await json_body(request), "overwrite_payload")


def change_payload(request: Request, body: dict[str, Any], operation: str) -> dict[str, Any]:
    collection = collection_of(request)
    payload, key = body.get("payload") or {}, body.get("key")
    if "points" in body:
        change = getattr(edge.UpdateOperation, operation)(point_ids(body["points"]), payload, key)
    else:
        change = getattr(edge.UpdateOperation, f"{operation}_by_filter")(required_filter(body), payload, key)
    return collection.update(change)


async def delete_payload(request: Request) -> dict[str, Any]:
    collection = collection_of(request)
    body = await json_body(request)
    keys = body.get("keys") or []
    if "points" in body:
        return collection.update(edge.UpdateOperation.delete_payload(point_ids(body["points"]), keys))
    return collection.update(edge.UpdateOperation.delete_payload_by_filter(required_filter(body), keys))


async def clear_payload(request: Request) -> dict[str, Any]:
    collection = collection_of(request)
    body = await json_body(request)
    if "points" in body:
        return collection.update(edge.UpdateOperation.clear_payload(point_ids(body["points"])))
    return collection.update(edge.UpdateOperation.clear_payload_by_filter(required_filter(body)))


async def retrieve(request: Request) -> list[dict[str, Any]]:
    collection = collection_of(request)
    body = await json_body(request)
    with collection.lock:
        records = collection.shard.retrieve(
            point_ids(body.get("ids") or []), with_payload_of(body, True), with_vector_of(body)
        )
    return [record_json(record) for record in records]


async def retrieve_one(request: Request) -> dict[str, Any]:
    collection = collection_of(request)
    text = request.path_params["id"]
    identifier = point_id(int(text) if text.isdigit() else text)
    with collection.lock:
        records = collection.shard.retrieve([identifier], True, True)
    if not records:
        raise RequestError(404, f"Not found: Point with id {text} does not exists!")
    return record_json(records[0])


def with_payload_of(body: dict[str, Any], default: bool) -> Any:
    value = body.get("with_payload")
    if value is None:
        return default
    if isinstance(value, dict):
        if value.get("include") is not None:
            return edge.PayloadSelector.Include(value["include"])
        return edge.PayloadSelector.Exclude(value.get("exclude") or [])
    return value


def with_vector_of(body: dict[str, Any]) -> Any:
    value = body.get("with_vector", body.get("with_vectors"))
    return False if value is None else value


def record_json(record: Any) -> dict[str, Any]:
    body = {"id": id_json(record.id), "payload": record.payload}
    if record.vector is not None:
        body["vector"] = record.vector
    if record.order_value is not None:
        body["order_value"] = record.order_value
    return body


def id_json(identifier: Any) -> Any:
    return identifier if isinstance(identifier, int) else str(identifier)
