"""`GET /metrics`: the part of Qdrant's own metrics that one process without peers has, under the server's names and labels."""

import asyncio
import resource
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from .answers import NotServed, json_answer
from .store import Store

# Upper bounds of the server's histogram, in seconds (Qdrant, operation_time_statistics.rs).
BUCKETS_S = (0.001, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0, 50.0)

Labels = dict[str, str]


@dataclass
class Timings:
    count: int = 0
    sum_s: float = 0.0
    min_s: float = float("inf")
    max_s: float = 0.0
    buckets: list[int] = field(default_factory=lambda: [0] * (len(BUCKETS_S) + 1))

    def add(self, seconds: float) -> None:
        self.count += 1
        self.sum_s += seconds
        self.min_s = min(self.min_s, seconds)
        self.max_s = max(self.max_s, seconds)
        self.buckets[bisect_left(BUCKETS_S, seconds)] += 1


class Responses:
    """Answers since the start, by method, endpoint and status."""

    def __init__(self) -> None:
        self.timings: dict[tuple[str, str, int], Timings] = {}

    def add(self, method: str, endpoint: str, status: int, seconds: float) -> None:
        self.timings.setdefault((method, endpoint, status), Timings()).add(seconds)


def is_counted(endpoint: str) -> bool:
    """The server leaves out what is not about points or their indexes, and what has an id in its path."""
    _, _, rest = endpoint.partition("{collection_name}/")
    return rest == "index" or (rest.split("/")[0] == "points" and "{" not in rest)


def family(name: str, kind: str, about: str, samples: Iterable[tuple[str, Labels, float]]) -> Iterator[str]:
    """One metric, with samples that each have a suffix of its name, labels and a value. Nothing of one without samples."""
    lines = [f"{name}{suffix}{label_text(labels)} {value}" for suffix, labels, value in samples]
    if lines:
        yield f"# HELP {name} {about}"
        yield f"# TYPE {name} {kind}"
        yield from lines


def label_text(labels: Labels) -> str:
    escapes = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})
    inner = ",".join(f'{name}="{value.translate(escapes)}"' for name, value in labels.items())
    return f"{{{inner}}}" if inner else ""


def one(value: float, **labels: str) -> list[tuple[str, Labels, float]]:
    return [("", labels, value)]


def about_collections(store: Store) -> Iterator[str]:
    infos = {name: collection.last_info() for name, collection in sorted(store.collections.items())}
    points = {name: info.points_count for name, info in infos.items() if info is not None}
    yield from family("collections_total", "gauge", "number of collections", one(len(store.names)))
    yield from family("collections_vector_total", "gauge", "total number of vectors in all collections", one(sum(points.values())))
    # The one vector of a point has no name.
    vectors = [("", {"collection": name, "vector": ""}, count) for name, count in points.items()]
    yield from family("collection_vectors", "gauge", "amount of vectors grouped by vector name", vectors)
    yield from family(
        "collection_points", "gauge", "approximate amount of points per collection", [("", {"id": name}, count) for name, count in points.items()]
    )
    replicas = 1 if store.collections else 0
    yield from family("collection_active_replicas_min", "gauge", "minimum number of active replicas across all shards", one(replicas))
    yield from family("collection_active_replicas_max", "gauge", "maximum number of active replicas across all shards", one(replicas))
    yield from family("collection_dead_replicas", "gauge", "total amount of shard replicas in non-active state", one(len(store.broken)))


def about_responses(responses: Responses) -> Iterator[str]:
    seen = [({"method": method, "endpoint": endpoint, "status": str(status)}, timings) for (method, endpoint, status), timings in responses.timings.items()]
    total = [("", labels, timings.count) for labels, timings in seen]
    yield from family("rest_responses_total", "counter", "total number of responses", total)
    # As the server has it: of what failed there are no times.
    well = [(labels, timings) for labels, timings in seen if labels["status"] == "200"]
    values = {
        "avg": ("average response duration", lambda timings: timings.sum_s / timings.count),
        "min": ("minimum response duration", lambda timings: timings.min_s),
        "max": ("maximum response duration", lambda timings: timings.max_s),
    }
    for name, (about, value) in values.items():
        samples = [("", labels, value(timings)) for labels, timings in well]
        yield from family(f"rest_responses_{name}_duration_seconds", "gauge", about, samples)
    histogram = [sample for labels, timings in well for sample in histogram_of(labels, timings)]
    yield from family("rest_responses_duration_seconds", "histogram", "response duration histogram", histogram)


def histogram_of(labels: Labels, timings: Timings) -> Iterator[tuple[str, Labels, float]]:
    below = 0
    for bound, count in zip((*map(str, BUCKETS_S), "+Inf"), timings.buckets, strict=True):
        below += count
        yield "_bucket", {**labels, "le": bound}, below
    yield "_sum", labels, timings.sum_s
    yield "_count", labels, timings.count


def about_process() -> Iterator[str]:
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    usage = resource.getrusage(resource.RUSAGE_SELF)
    resident = int(status["VmRSS"].split()[0]) * 1024
    yield from family("memory_resident_bytes", "gauge", "Maximum number of bytes in physically resident data pages mapped", one(resident))
    yield from family("process_threads", "gauge", "count of active threads", one(int(status["Threads"])))
    open_files = sum(1 for _ in Path("/proc/self/fd").iterdir())
    yield from family("process_open_fds", "gauge", "count of currently open file descriptors", one(open_files))
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    yield from family("process_max_fds", "gauge", "limit for open file descriptors", one(limit))
    yield from family(
        "process_minor_page_faults_total", "counter", "count of minor page faults which didn't cause a disk access", one(usage.ru_minflt)
    )
    yield from family(
        "process_major_page_faults_total", "counter", "count of disk accesses caused by a mmap page fault", one(usage.ru_majflt)
    )


async def metrics(request: Request) -> Response:
    if request.query_params:
        return json_answer({"status": {"error": str(NotServed("parameters of /metrics"))}, "time": 0.0}, 501)
    state = request.app.state
    lines = [
        *family("app_info", "gauge", "information about qdrant server", one(1, name="qdrant", version=state.version)),
        *family("app_status_recovery_mode", "gauge", "features enabled in qdrant server", one(0)),
        *await asyncio.to_thread(lambda: list(about_collections(state.store))),
        *family("cluster_enabled", "gauge", "is cluster support enabled", one(0)),
        *about_responses(state.responses),
        *about_process(),
    ]
    return PlainTextResponse("\n".join(lines) + "\n")
