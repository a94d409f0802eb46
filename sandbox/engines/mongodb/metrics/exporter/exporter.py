"""Metrics of one server that speaks MongoDB's protocol, with the names and labels of Percona's exporter."""

import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from bson import Timestamp
from prometheus_client.metrics_core import Metric
from pymongo import MongoClient, timeout
from pymongo.errors import OperationFailure
from serving import TARGET, TIMEOUT_S, USER, metric, read_password, serve

# Parts of serverStatus that are about the whole server; the rest would be a thousand series.
STATUS_PARTS = ("asserts", "connections", "globalLock", "mem", "network", "opcounters", "opcountersRepl", "transactions", "uptime")
METRICS_PARTS = ("cursor", "document")

PREFIXES = {"serverStatus.": "ss.", "replSetGetStatus.": "rs."}

# Fields that become a label of one metric (mongodb_exporter 0.53, metrics.go, `nodeToPDMetrics`).
LABELS = {
    "serverStatus.asserts.": "assert_type",
    "serverStatus.connections.": "conn_type",
    "serverStatus.globalLock.currentQueue.": "count_type",
    "serverStatus.metrics.cursor.open.": "csr_type",
    "serverStatus.metrics.document.": "doc_op_type",
    "serverStatus.opcounters.": "legacy_op_type",
    "serverStatus.opcountersRepl.": "legacy_op_type",
}

# Unauthorized and AuthenticationFailed (the server's `error_codes.yml`): alerts about members would be silent for ever.
REFUSALS = (13, 18)

Sample = tuple[str, dict[str, str], float]


def name_of(path: str) -> str:
    for prefix, short in PREFIXES.items():
        if path.startswith(prefix):
            path = short + path.removeprefix(prefix)
    return "mongodb_" + re.sub(r"_+", "_", re.sub(r"[^a-zA-Z0-9_]+", "_", path)).strip("_")


def number_of(value: Any) -> float | None:
    """Times in milliseconds, and clocks of the log in seconds, as Percona's has them."""
    if isinstance(value, datetime):
        return value.timestamp() * 1000
    if isinstance(value, Timestamp):
        return float(value.time)
    return float(value) if isinstance(value, (bool, int, float)) else None


def samples_of(path: str, document: Mapping[str, Any], labels: dict[str, str]) -> Iterator[Sample]:
    for key, value in document.items():
        if isinstance(value, Mapping):
            yield from samples_of(f"{path}{key}.", value, labels)
        elif isinstance(value, list):
            for item in value:
                if isinstance(item, Mapping):
                    yield from samples_of(f"{path}{key}.", item, {**labels, **member_labels(item)})
        elif (number := number_of(value)) is not None:
            label = LABELS.get(path)
            yield (name_of(path), {**labels, label: key}, number) if label else (name_of(path + key), labels, number)


def member_labels(item: Mapping[str, Any]) -> dict[str, str]:
    found = {"member_idx": item.get("name"), "member_state": item.get("stateStr")}
    return {name: value for name, value in found.items() if isinstance(value, str)}


def chosen(status: Mapping[str, Any]) -> dict[str, Any]:
    parts = {name: status[name] for name in STATUS_PARTS if name in status}
    metrics = status.get("metrics", {})
    return {**parts, "metrics": {name: metrics[name] for name in METRICS_PARTS if name in metrics}}


def set_status(client: MongoClient) -> Mapping[str, Any]:
    """Empty of a router, and of a server that is not a member of a set. Who may not ask knows nothing of either."""
    try:
        return client.admin.command("replSetGetStatus")
    except OperationFailure as error:
        if error.code in REFUSALS:
            raise
        print(f"{TARGET} tells no status of a set: {error.code}", file=sys.stderr, flush=True)
        return {}


def cluster_role(client: MongoClient) -> str:
    sharding = client.admin.command("getCmdLineOpts").get("parsed", {}).get("sharding", {})
    return "mongos" if "configDB" in sharding else str(sharding.get("clusterRole", ""))


def collect(client: MongoClient) -> Iterable[Metric]:
    status = client.admin.command("serverStatus")
    members = set_status(client)
    labels = {
        "cl_role": cluster_role(client),
        "rs_nm": str(members.get("set", "")),
        "rs_state": str(members.get("myState", "")),
    }
    samples = [
        *samples_of("serverStatus.", chosen(status), labels),
        *samples_of("replSetGetStatus.", {"members": members.get("members", []), "myState": members.get("myState")}, labels),
    ]
    by_name: dict[str, list[tuple[dict[str, str], float | None]]] = {}
    for name, own, value in samples:
        by_name.setdefault(name, []).append((own, value))
    yield metric("gauge", "mongodb_version_info", "The server.", [({"mongodb": str(status.get("version", ""))}, 1)])
    for name, own_samples in by_name.items():
        yield metric("unknown", name, name, own_samples)


def main() -> None:
    milliseconds = TIMEOUT_S * 1000
    client: MongoClient = MongoClient(
        f"mongodb://{TARGET}",
        username=USER,
        password=read_password(),
        authSource="admin",
        directConnection=True,
        serverSelectionTimeoutMS=milliseconds,
        connectTimeoutMS=milliseconds,
        socketTimeoutMS=milliseconds,
        # One for a scrape, and another while that hangs.
        maxPoolSize=2,
        waitQueueTimeoutMS=milliseconds,
        tz_aware=True,
        appname="taishang-exporter",
    )

    def within_deadline() -> Iterable[Metric]:
        # Of all commands of a scrape together.
        with timeout(TIMEOUT_S):
            return list(collect(client))

    serve("mongodb_up", within_deadline)


main()
