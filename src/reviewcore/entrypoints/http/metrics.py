"""What this process has done, for Prometheus: no id, address or secret in any label."""

from __future__ import annotations

import time
from collections.abc import Callable, Coroutine, Iterator, Mapping
from functools import cache
from typing import Any

import attrs
from litestar.types import Message, Scope
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily
from prometheus_client.registry import Collector

from reviewcore.app import App
from reviewcore.worker import Tally

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
BEGAN = "began"
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


WORKER = {
    "runs": "How often a step of the worker in this process has run.",
    "failures": "How often it has failed.",
    "done": "How much it has done.",
    "seconds": "How many seconds that has taken.",
}


@attrs.frozen(eq=False)
class WorkerSteps(Collector):
    """The tallies of a worker's steps, read when Prometheus asks."""

    tallies: Mapping[str, Tally]

    def collect(self) -> Iterator[CounterMetricFamily]:
        """Tell a family for each number of a tally."""
        for name, told in WORKER.items():
            family = CounterMetricFamily(f"reviewcore_worker_step_{name}", told, labels=("step",))
            for step, tally in self.tallies.items():
                family.add_metric((step,), getattr(tally, name))
            yield family


class Metrics:
    """The counts of one application; several processes on one market have one each.

    *tallies* are those of the worker in this process, empty where it has none.
    """

    def __init__(self, app: App, tallies: Mapping[str, Tally]) -> None:
        self._app = app
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "reviewcore_http_requests",
            "Requests answered, by the template of their route.",
            ("method", "route", "status"),
            registry=self._registry,
        )
        self._seconds = Histogram(
            "reviewcore_http_request_seconds",
            "Seconds from the route found to the answer begun.",
            ("method", "route"),
            buckets=BUCKETS,
            registry=self._registry,
        )
        # To find a series by its labels takes longer than to count in it.
        self._counter = cache(self._requests.labels)
        self._timer = cache(self._seconds.labels)
        self._registry.register(WorkerSteps(tallies))
        self._outbox = self._gauge("outbox_waiting", "Events that are still to be delivered.")
        self._inbox = self._gauge("inbox_waiting", "News of the processor still to be handled.")
        self._busy = self._gauge(
            "busy_retries", "Transactions of this process run again because others were in the way."
        )

    def told(self) -> bytes:
        """Write all in the text format; looks at the backlogs as they are now."""
        with self._app.store.read() as tx:
            self._outbox.set(tx.events.waiting())
            self._inbox.set(tx.inbox.waiting())
        self._busy.set(self._app.busy_retries)
        return generate_latest(self._registry)

    def hook(self) -> Callable[[Message, Scope], Coroutine[Any, Any, None]]:
        """Make the hook that sees every answer leave."""

        async def leave(message: Message, scope: Scope) -> None:
            if message["type"] == "http.response.start":
                self._count(scope, message["status"])

        return leave

    def _count(self, scope: Scope, status: int) -> None:
        # Whoever asks chooses neither label: what is no route is one, so is what is no method.
        route = str(scope.get("path_template") or "-")
        said = str(scope.get("method", "-"))
        method = said if said in METHODS else "-"
        self._counter(method, route, status).inc()
        began = scope.get("state", {}).get(BEGAN)
        if began is not None:
            self._timer(method, route).observe(time.monotonic() - began)

    def _gauge(self, name: str, told: str) -> Gauge:
        return Gauge(f"reviewcore_{name}", told, registry=self._registry)
