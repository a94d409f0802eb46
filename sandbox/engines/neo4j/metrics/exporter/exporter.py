"""Metrics of one Neo4j server, over Bolt: counts and transactions, and its JVM by its own beans.

They have none of the Enterprise edition's names, and the edition as a label. The JVM's have the names of Prometheus's
client for Java.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from neo4j import READ_ACCESS, Driver, GraphDatabase, Query
from prometheus_client.metrics_core import Metric
from serving import TARGET, TIMEOUT_S, USER, metric, read_password, serve

QUERIES = {path.stem: path.read_text() for path in Path(__file__).parent.glob("*.cypher")}

Row = Mapping[str, Any]


def collect(driver: Driver) -> Iterable[Metric]:
    # The server refuses writes in these transactions: Community has no login that could not write.
    with driver.session(default_access_mode=READ_ACCESS) as session:
        rows = {name: session.run(Query(text, timeout=TIMEOUT_S), login=USER).data() for name, text in QUERIES.items()}
    kernel = rows["kernel"][0]
    labels = {"edition": kernel["edition"]}
    yield gauge("neo4j_info", "The server.", [({**labels, "version": kernel["version"]}, 1)])
    yield from about_graph(rows, labels)
    yield from about_jvm({row["name"]: row for row in rows["jvm"]}, labels)


def gauge(name: str, about: str, samples: Iterable[tuple[dict[str, str], float | None]]) -> Metric:
    return metric("gauge", name, about, samples)


def about_graph(rows: Mapping[str, list[Row]], labels: dict[str, str]) -> Iterable[Metric]:
    graphs = [({**labels, "database": row["database"]}, row) for row in rows["counts"]]
    yield gauge("neo4j_nodes", "Nodes, from the count store.", [(own, row["nodes"]) for own, row in graphs])
    relationships = [(own, row["relationships"]) for own, row in graphs]
    yield gauge("neo4j_relationships", "Relationships, from the count store.", relationships)
    databases = [({**labels, "database": row["name"]}, row) for row in rows["databases"]]
    yield gauge("neo4j_online", "Whether the database is online.", [(own, row["status"] == "online") for own, row in databases])
    yield gauge("neo4j_writable", "Whether it takes writes.", [(own, row["access"] == "read-write") for own, row in databases])
    transactions = {row["database"]: row for row in rows["transactions"]}
    running = [(own, transactions.get(own["database"], {})) for own, _ in databases]
    active = [(own, row.get("active", 0)) for own, row in running]
    yield gauge("neo4j_transactions_active", "Transactions, without those of this exporter.", active)
    oldest = [(own, (row.get("oldest_milliseconds") or 0) / 1e3) for own, row in running]
    yield gauge("neo4j_transactions_oldest_seconds", "Age of the oldest of them.", oldest)
    connections = [({**labels, "connector": row["connector"]}, row["connections"]) for row in rows["connections"]]
    yield gauge("neo4j_connections", "Connections, with the one of this exporter.", connections)


def about_jvm(beans: Mapping[str, Row], labels: dict[str, str]) -> Iterable[Metric]:
    memory = beans["java.lang:type=Memory"]
    for field in ("used", "committed", "max"):
        areas = [({**labels, "area": area}, memory[area][field]) for area in ("heap", "nonheap")]
        yield gauge(f"jvm_memory_{field}_bytes", f"Memory: {field}.", areas)
    threading = beans["java.lang:type=Threading"]
    yield gauge("jvm_threads_current", "Threads.", [(labels, threading["threads"])])
    yield gauge("jvm_threads_daemon", "Threads that hold nothing up.", [(labels, threading["daemon_threads"])])
    system = beans["java.lang:type=OperatingSystem"]
    yield metric("counter", "process_cpu_seconds_total", "Time of processors.", [(labels, system["cpu_nanoseconds"] / 1e9)])
    yield gauge("process_open_fds", "Open files.", [(labels, system["open_files"])])
    yield gauge("process_max_fds", "Files that may be open.", [(labels, system["files_max"])])
    buffers = [({**labels, "pool": row["short_name"]}, row["buffer_bytes"]) for row in beans.values()]
    yield gauge("jvm_buffer_pool_used_bytes", "Buffers outside of the heap.", buffers)
    collections = Metric("jvm_gc_collection_seconds", "Collections of garbage.", "summary")
    for row in beans.values():
        if row["collections"] is not None:
            own = {**labels, "gc": row["short_name"]}
            collections.add_sample("jvm_gc_collection_seconds_count", own, row["collections"])
            collections.add_sample("jvm_gc_collection_seconds_sum", own, row["collection_milliseconds"] / 1e3)
    yield collections


def main() -> None:
    driver = GraphDatabase.driver(
        f"bolt://{TARGET}",
        auth=(USER, read_password()),
        connection_timeout=TIMEOUT_S,
        connection_acquisition_timeout=TIMEOUT_S,
        # One for a scrape, and another while that hangs.
        max_connection_pool_size=2,
        telemetry_disabled=True,
        notifications_min_severity="OFF",
        user_agent="taishang-exporter",
    )
    serve("neo4j_up", lambda: collect(driver))


main()
