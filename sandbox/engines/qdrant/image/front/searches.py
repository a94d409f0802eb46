"""Requests that find points."""

from typing import Any

import qdrant_edge as edge
from starlette.requests import Request

from .answers import NotServed, RequestError, json_body, require_known
from .collections import collection_of
from .filters import filter_of
from .points import id_json, point_id, record_json, vector_of, with_payload_of, with_vector_of
from .store import Collection

# Default of the REST interface.
DEFAULT_LIMIT = 10

SELECTORS = {"with_payload", "with_vector", "with_vectors"}
SEARCH_FIELDS = {"filter", "params", "limit", "offset", "score_threshold", *SELECTORS}


async def query(request: Request) -> dict[str, Any]:
    return {"points": find(collection_of(request), await json_body(request))}


async def query_batch(request: Request) -> list[dict[str, Any]]:
    collection = collection_of(request)
    return [{"points": find(collection, body)} for body in searches_of(await json_body(request))]


async def search(request: Request) -> list[dict[str, Any]]:
    return find(collection_of(request), as_query(await json_body(request)))


async def search_batch(request: Request) -> list[list[dict[str, Any]]]:
    collection = collection_of(request)
    return [find(collection, as_query(body)) for body in searches_of(await json_body(request))]


def searches_of(body: dict[str, Any]) -> list[Any]:
    return require_known(body, {"searches"}, "a batch").get("searches") or []


def as_query(body: dict[str, Any]) -> dict[str, Any]:
    """A search is a query whose vector has another name."""
    body = require_known(body, {"vector", *SEARCH_FIELDS}, "a search")
    if "vector" not in body:
        raise RequestError(400, "Format error in JSON body: missing field `vector`")
    return {**{name: value for name, value in body.items() if name != "vector"}, "query": body["vector"]}


def find(collection: Collection, body: dict[str, Any]) -> list[dict[str, Any]]:
    body = require_known(body, {"query", *SEARCH_FIELDS}, "a query")
    wanted = scoring_of(collection, body.get("query"))
    params = require_known(body.get("params", {}), {"hnsw_ef", "exact", "indexed_only"}, "search parameters")
    arguments = {
        "limit": body.get("limit", DEFAULT_LIMIT),
        "offset": body.get("offset") or 0,
        "query": wanted,
        "filter": filter_of(body.get("filter")),
        "score_threshold": body.get("score_threshold"),
        "params": edge.SearchParams(**params),
        "with_payload": with_payload_of(body, False),
        "with_vector": with_vector_of(body),
    }
    with collection.lock:
        found = collection.shard.query(edge.QueryRequest(**arguments))
    return [scored_json(point) for point in found]


def scoring_of(collection: Collection, wanted: Any) -> Any:
    if wanted is None:
        return None
    if isinstance(wanted, dict):
        if "nearest" in wanted:
            return scoring_of(collection, require_known(wanted, {"nearest"}, "a query for the nearest")["nearest"])
        if "order_by" in wanted:
            return order_of(require_known(wanted, {"order_by"}, "a query for an order")["order_by"])
        raise NotServed(f"queries by {', '.join(wanted)}")
    if isinstance(wanted, list):
        return edge.Query.Nearest(vector_of(collection, wanted))
    raise NotServed(f"queries by the id of a point ({point_id(wanted)})")


def order_of(body: Any) -> edge.OrderBy:
    if isinstance(body, str):
        return edge.OrderBy(body)
    body = require_known(body, {"key", "direction", "start_from"}, "order_by")
    direction = {"asc": edge.Direction.Asc, "desc": edge.Direction.Desc}[body.get("direction", "asc")]
    return edge.OrderBy(body["key"], direction, body.get("start_from"))


def scored_json(point: Any) -> dict[str, Any]:
    body = {"id": id_json(point.id), "version": point.version, "score": point.score}
    if point.payload is not None:
        body["payload"] = point.payload
    if point.vector is not None:
        body["vector"] = point.vector
    return body


async def scroll(request: Request) -> dict[str, Any]:
    collection = collection_of(request)
    body = require_known(await json_body(request), {"offset", "limit", "filter", "order_by", *SELECTORS}, "a scroll")
    offset = body.get("offset")
    order = body.get("order_by")
    with collection.lock:
        records, next_offset = collection.shard.scroll(
            edge.ScrollRequest(
                offset=None if offset is None else point_id(offset),
                limit=body.get("limit", DEFAULT_LIMIT),
                filter=filter_of(body.get("filter")),
                with_payload=with_payload_of(body, True),
                with_vector=with_vector_of(body),
                order_by=None if order is None else order_of(order),
            )
        )
    return {
        "points": [record_json(record) for record in records],
        "next_page_offset": None if next_offset is None else id_json(next_offset),
    }


async def count(request: Request) -> dict[str, int]:
    collection = collection_of(request)
    body = require_known(await json_body(request), {"filter", "exact"}, "a count")
    with collection.lock:
        found = collection.shard.count(edge.CountRequest(body.get("exact", True), filter_of(body.get("filter"))))
    return {"count": found}
