"""Serves what an exporter collects of its server, at each scrape, under /metrics."""

import os
import signal
import socket
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

# A scrape may take ten seconds: a server that gives no answer is said to be down before.
TIMEOUT_S = 5

TARGET = os.environ["EXPORTER_TARGET"]
USER = os.environ["EXPORTER_USER"]


def read_password() -> str:
    return Path(os.environ["EXPORTER_PASSWORD_FILE"]).read_text()


def metric(kind: str, name: str, about: str, samples: Iterable[tuple[dict[str, str], float | None]]) -> Metric:
    """One metric whose samples have these labels and values. What has no value is left out."""
    # A counter's own name is without the ending that those of its samples have.
    made = Metric(name.removesuffix("_total") if kind == "counter" else name, about, kind)
    for labels, value in samples:
        if value is not None:
            made.add_sample(name, labels, value)
    return made


class Server(Collector):
    """A server that is up where everything could be collected of it."""

    def __init__(self, up: str, collect: Callable[[], Iterable[Metric]]):
        self.up = up
        self.collect_all = collect

    def collect(self) -> Iterable[Metric]:
        try:
            metrics = list(self.collect_all())
        except Exception as error:
            print(f"{TARGET}: {type(error).__name__}: {error}", file=sys.stderr, flush=True)
            metrics = None
        yield GaugeMetricFamily(self.up, "Whether the server gives an answer.", value=0 if metrics is None else 1)
        yield from metrics or []


def serve(up: str, collect: Callable[[], Iterable[Metric]]) -> None:
    """Until it is told to end. `up` is the name of the metric that says whether the server answers."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Server(up, collect))
    # Of clients that say nothing, each would keep its thread for ever.
    socket.setdefaulttimeout(TIMEOUT_S)
    server, _ = start_http_server(int(os.environ["EXPORTER_PORT"]), registry=registry)
    # By itself it writes the whole stack of calls.
    server.handle_error = lambda *_: print(f"a client is dropped: {sys.exc_info()[1]!r}", file=sys.stderr, flush=True)
    # The first process of a container has to ask for its signals.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    while True:
        signal.pause()
