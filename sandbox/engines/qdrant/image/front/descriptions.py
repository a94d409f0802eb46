"""What a collection is: made from a request, and checked where it comes out of a file."""

from typing import Any

import qdrant_edge as edge

from .answers import NotServed, RequestError, require_known

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

SIZE_MAX = 65536
COUNT_MAX = 2**63 - 1


# What a collection has here in any case, as its description says.
PARAMS = {"shard_number": 1, "replication_factor": 1, "write_consistency_factor": 1, "on_disk_payload": True}
HNSW = {"m": 16, "ef_construct": 100, "full_scan_threshold": 10000}
OPTIMIZERS = {"indexing_threshold": 10000}


def description_of(body: dict[str, Any]) -> dict[str, Any]:
    known = {"vectors", "hnsw_config", "optimizers_config", "metadata"}
    body = require_known(body, known, "a collection", {**PARAMS, "sparse_vectors": {}})
    vectors = body.get("vectors")
    if not isinstance(vectors, dict) or "size" not in vectors:
        raise NotServed("collections of several named vectors, or of none")
    vectors = require_known(vectors, {"size", "distance"}, "the vectors of a collection", {"datatype": "float32"})
    if vectors.get("distance") not in DISTANCES:
        raise RequestError(400, f"Format error in JSON body: unknown distance {vectors.get('distance')}")
    if not is_count(vectors["size"], 1, SIZE_MAX):
        raise RequestError(422, f"Validation error in JSON body: vectors.size must be from 1 to {SIZE_MAX}")
    hnsw = {**HNSW, **require_known(body.get("hnsw_config", {}), HNSW, "hnsw_config")}
    optimizers = {**OPTIMIZERS, **require_known(body.get("optimizers_config", {}), OPTIMIZERS, "optimizers_config")}
    return checked(
        {
            "vectors": {"size": vectors["size"], "distance": vectors["distance"]},
            "hnsw_config": hnsw,
            "optimizers_config": optimizers,
            "engine_threshold": optimizers["indexing_threshold"],
            "payload_schema": {},
            "metadata": body.get("metadata", {}),
        }
    )


def config_of(description: dict[str, Any]) -> edge.EdgeConfig:
    vectors = description["vectors"]
    return edge.EdgeConfig(
        vectors=edge.EdgeVectorParams(size=vectors["size"], distance=DISTANCES[vectors["distance"]]),
        hnsw_config=edge.HnswIndexConfig(**description["hnsw_config"]),
        optimizers=edge.EdgeOptimizersConfig(indexing_threshold=description["optimizers_config"]["indexing_threshold"]),
        wal_enabled=True,
    )


def checked(value: Any) -> dict[str, Any]:
    """The description itself where everything that is read of it later is there and of its kind."""
    require(isinstance(value, dict), "it is no object")
    vectors, hnsw, optimizers = (part(value, name) for name in ("vectors", "hnsw_config", "optimizers_config"))
    require(is_count(vectors.get("size"), 1, SIZE_MAX), "vectors.size")
    require(is_one_of(vectors.get("distance"), DISTANCES), "vectors.distance")
    require(set(hnsw) == {"m", "ef_construct", "full_scan_threshold"}, "hnsw_config")
    require(all(is_count(number) for number in hnsw.values()), "hnsw_config")
    require(is_count(optimizers.get("indexing_threshold")), "optimizers_config.indexing_threshold")
    require(is_count(value.get("engine_threshold", 0)), "engine_threshold")
    require(all(is_one_of(kind, SCHEMA_TYPES) for kind in part(value, "payload_schema").values()), "payload_schema")
    params = value.get("payload_params", {})
    require(isinstance(params, dict), "payload_params")
    require(all(one is None or isinstance(one, dict) for one in params.values()), "payload_params")
    part(value, "metadata")
    require(isinstance(value.get("name", ""), str), "name")
    return value


def part(value: dict[str, Any], name: str) -> dict[str, Any]:
    found = value.get(name)
    require(isinstance(found, dict), name)
    return found


def require(holds: bool, what: str) -> None:
    if not holds:
        raise RequestError(400, f"Wrong input: the description of a collection will not do: {what}")


def is_count(value: Any, least: int = 0, most: int = COUNT_MAX) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def is_one_of(value: Any, known: dict[str, Any]) -> bool:
    return isinstance(value, str) and value in known
