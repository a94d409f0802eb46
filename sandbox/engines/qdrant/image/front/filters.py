"""Filters of the REST interface as filters of the engine."""

from typing import Any

import qdrant_edge as edge

from .answers import NotServed, RequestError, require_known


def filter_of(body: dict[str, Any] | None) -> edge.Filter | None:
    if body is None or body == {}:
        return None
    body = require_known(body, {"must", "should", "must_not", "min_should"}, "a filter")
    minimum = body.get("min_should")
    if minimum is not None:
        minimum = require_known(minimum, {"conditions", "min_count"}, "min_should")
    return edge.Filter(
        must=conditions_of(body.get("must")),
        should=conditions_of(body.get("should")),
        must_not=conditions_of(body.get("must_not")),
        min_should=None
        if minimum is None
        else edge.MinShould(conditions_of(minimum["conditions"]) or [], minimum["min_count"]),
    )


def conditions_of(bodies: Any) -> list[Any] | None:
    if bodies is None:
        return None
    return [condition_of(body) for body in (bodies if isinstance(bodies, list) else [bodies])]


def condition_of(body: dict[str, Any]) -> Any:
    if not isinstance(body, dict):
        raise RequestError(400, "Format error in JSON body: a condition must be an object")
    if "key" in body:
        return field_condition_of(body)
    if "has_id" in body:
        return edge.HasIdCondition(set(require_known(body, {"has_id"}, "a condition")["has_id"]))
    if "is_empty" in body:
        return edge.IsEmptyCondition(key_of(body, "is_empty"))
    if "is_null" in body:
        return edge.IsNullCondition(key_of(body, "is_null"))
    if "nested" in body:
        nested = require_known(require_known(body, {"nested"}, "a condition")["nested"], {"key", "filter"}, "nested")
        return edge.NestedCondition(nested["key"], filter_of(nested["filter"]))
    return filter_of(body)


def key_of(body: dict[str, Any], kind: str) -> str:
    return require_known(require_known(body, {kind}, "a condition")[kind], {"key"}, kind)["key"]


def field_condition_of(body: dict[str, Any]) -> edge.FieldCondition:
    body = require_known(body, {"key", "match", "range", "values_count"}, "a condition")
    if len(body) == 1:
        raise RequestError(422, "Validation error in JSON body: At least one field condition must be specified")
    counts = require_known(body.get("values_count", {}), BOUNDS, "values_count")
    return edge.FieldCondition(
        body["key"],
        match=match_of(body["match"]) if "match" in body else None,
        range=range_of(body["range"]) if "range" in body else None,
        values_count=edge.ValuesCount(**counts) if "values_count" in body else None,
    )


MATCHES = {"value": edge.MatchValue, "any": edge.MatchAny, "except": edge.MatchExcept, "text": edge.MatchText}


def match_of(body: Any) -> Any:
    wanted = require_known(body, MATCHES, "a match")
    if len(wanted) != 1:
        raise NotServed(f"a match by {' and '.join(wanted) or 'nothing'}")
    [(kind, value)] = wanted.items()
    return MATCHES[kind](value)


BOUNDS = {"gt", "gte", "lt", "lte"}


def range_of(body: Any) -> Any:
    bounds = require_known(body, BOUNDS, "a range")
    if any(isinstance(value, str) for value in bounds.values()):
        return edge.RangeDateTime(**bounds)
    return edge.RangeFloat(**{name: float(value) for name, value in bounds.items()})
