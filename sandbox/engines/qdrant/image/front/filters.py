"""Filters of the REST interface as filters of the engine."""

from typing import Any

import qdrant_edge as edge

from .answers import NotServed, RequestError


def filter_of(body: dict[str, Any] | None) -> edge.Filter | None:
    if not body:
        return None
    refuse_unknown(body, {"must", "should", "must_not", "min_should"}, "a filter with")
    minimum = body.get("min_should")
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
    if "has_id" in body:
        return edge.HasIdCondition(set(body["has_id"]))
    if "is_empty" in body:
        return edge.IsEmptyCondition(body["is_empty"]["key"])
    if "is_null" in body:
        return edge.IsNullCondition(body["is_null"]["key"])
    if "nested" in body:
        return edge.NestedCondition(body["nested"]["key"], filter_of(body["nested"]["filter"]))
    if "key" not in body:
        return filter_of(body)
    refuse_unknown(body, {"key", "match", "range", "values_count"}, "a condition with")
    return edge.FieldCondition(
        body["key"],
        match=match_of(body["match"]) if "match" in body else None,
        range=range_of(body["range"]) if "range" in body else None,
        values_count=edge.ValuesCount(**body["values_count"]) if "values_count" in body else None,
    )


def match_of(body: dict[str, Any]) -> Any:
    if "value" in body:
        return edge.MatchValue(body["value"])
    if "any" in body:
        return edge.MatchAny(body["any"])
    if "except" in body:
        return edge.MatchExcept(body["except"])
    if "text" in body:
        return edge.MatchText(body["text"])
    raise NotServed(f"a match by {', '.join(body)}")


def range_of(body: dict[str, Any]) -> Any:
    bounds = {name: value for name, value in body.items() if value is not None}
    refuse_unknown(bounds, {"gt", "gte", "lt", "lte"}, "a range with")
    if any(isinstance(value, str) for value in bounds.values()):
        return edge.RangeDateTime(**bounds)
    return edge.RangeFloat(**{name: float(value) for name, value in bounds.items()})


def refuse_unknown(body: dict[str, Any], known: set[str], what: str) -> None:
    if not isinstance(body, dict):
        raise RequestError(400, f"Format error in JSON body: {what} no fields")
    unknown = [name for name, value in body.items() if name not in known and value is not None]
    if unknown:
        raise NotServed(f"{what} {', '.join(unknown)}")
