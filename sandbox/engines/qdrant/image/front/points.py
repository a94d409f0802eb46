"""Requests that write and read points."""

import uuid
from collections.abc import Iterable
from typing import Any

import qdrant_edge as edge
from starlette.requests import Request

from .answers import NotServed, RequestError, json_body, require_known
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
    if body.get("batch") is not None:
        batch = require_known(body, {"batch"}, "an upsert of a batch")["batch"]
        batch = require_known(batch, {"ids", "vectors", "payloads"}, "a batch")
        payloads = batch.get("payloads") or [None] * len(batch["ids"])
        rows = [
            {"id": identifier, "vector": vector, "payload": payload}
            for identifier, vector, payload in zip(batch["ids"], batch["vectors"], payloads, strict=True)
        ]
    else:
        rows = require_known(body, {"points"}, "an upsert").get("points")
    if not rows:
        raise RequestError(400, "Wrong input: Empty update request")
    points = [point_of(collection, require_known(row, {"id", "vector", "payload"}, "a point")) for row in rows]
    return collection.update(edge.UpdateOperation.upsert_points(points))


def point_of(collection: Collection, row: dict[str, Any]) -> edge.Point:
    return edge.Point(point_id(row.get("id")), vector_of(collection, row.get("vector")), row.get("payload", {}))


def selection_of(body: dict[str, Any], what: str, further: Iterable[str] = ()) -> tuple[list[Any] | None, edge.Filter | None]:
    """Points by their ids, or by a filter: never by both, of which the server would take one."""
    if body.get("points") is not None:
        return point_ids(require_known(body, {"points", *further}, f"{what} by ids")["points"]), None
    found = filter_of(require_known(body, {"filter", *further}, f"{what} by a filter").get("filter"))
    if found is None:
        raise RequestError(400, "Format error in JSON body: either points or a filter is needed")
    return None, found


async def delete(request: Request) -> dict[str, Any]:
    ids, by_filter = selection_of(await json_body(request), "a deletion")
    change = edge.UpdateOperation
    return collection_of(request).update(
        change.delete_points_by_filter(by_filter) if ids is None else change.delete_points(ids)
    )


async def set_payload(request: Request) -> dict[str, Any]:
    return change_payload(request, await json_body(request), "set_payload")


async def overwrite_payload(request: Request) -> dict[str, Any]:
    return change_payload(request, await json_body(request), "overwrite_payload")


def change_payload(request: Request, body: dict[str, Any], operation: str) -> dict[str, Any]:
    ids, by_filter = selection_of(body, "a change of payload", {"payload", "key"})
    if not isinstance(body.get("payload"), dict):
        raise RequestError(400, "Format error in JSON body: missing field `payload`")
    change = getattr(edge.UpdateOperation, operation if by_filter is None else f"{operation}_by_filter")
    return collection_of(request).update(change(ids if by_filter is None else by_filter, body["payload"], body.get("key")))


async def delete_payload(request: Request) -> dict[str, Any]:
    body = await json_body(request)
    ids, by_filter = selection_of(body, "a deletion of payload", {"keys"})
    if not isinstance(body.get("keys"), list):
        raise RequestError(400, "Format error in JSON body: missing field `keys`")
    change = edge.UpdateOperation
    return collection_of(request).update(
        change.delete_payload_by_filter(by_filter, body["keys"]) if ids is None else change.delete_payload(ids, body["keys"])
    )


async def clear_payload(request: Request) -> dict[str, Any]:
    ids, by_filter = selection_of(await json_body(request), "a clearing of payload")
    change = edge.UpdateOperation
    return collection_of(request).update(
        change.clear_payload_by_filter(by_filter) if ids is None else change.clear_payload(ids)
    )


async def retrieve(request: Request) -> list[dict[str, Any]]:
    collection = collection_of(request)
    body = require_known(await json_body(request), {"ids", "with_payload", "with_vector", "with_vectors"}, "a look-up")
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
            return edge.PayloadSelector.Include(require_known(value, {"include"}, "with_payload with include")["include"])
        return edge.PayloadSelector.Exclude(require_known(value, {"exclude"}, "with_payload").get("exclude", []))
    return value


def with_vector_of(body: dict[str, Any]) -> Any:
    value = body.get("with_vector", body.get("with_vectors"))
    if isinstance(value, list):
        raise NotServed("named vectors")
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
