"""Prometheus: what this edge answered, which events happened in it, and the totals of the cluster."""

from collections.abc import Iterator
from functools import cache

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, Metric

from cluster.edge.feed import Feed
from cluster.runtime import telemetry
from cluster.store.counters import Totals

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)


class Metrics:
    """State: a registry of its own, so that two edges in one process do not share numbers."""

    def __init__(self, feed: Feed) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "taskmaster_http_requests", "Requests answered", ["method", "route", "status"], registry=self._registry
        )
        self._seconds = Histogram(
            "taskmaster_http_request_seconds",
            "Seconds from the request's head to the end of the answer, streams left out",
            ["method", "route"],
            buckets=_SECONDS,
            registry=self._registry,
        )
        # Its own look-up takes a lock and makes texts of the labels, which are few and do not change.
        self._requests_of, self._seconds_of = cache(self._requests.labels), cache(self._seconds.labels)
        self._tasks = Gauge("taskmaster_tasks", "Tasks by what became of them", ["state"], registry=self._registry)
        self._throughput = Gauge(
            "taskmaster_tasks_finished_per_second", "Over the last 10 seconds", registry=self._registry
        )
        self._store_up = Gauge("taskmaster_store_up", "Whether PostgreSQL answers", registry=self._registry)
        clients = Gauge("taskmaster_stream_clients", "Clients that follow the events", registry=self._registry)
        clients.set_function(lambda: feed.clients)
        self._befallen = _Befallen()
        self._registry.register(self._befallen)
        self._registry.register(_Events())
        ProcessCollector(registry=self._registry)

    def answered(self, method: str, route: str, status: int) -> None:
        self._requests_of(method, route, status).inc()

    def took(self, method: str, route: str, seconds: float) -> None:
        self._seconds_of(method, route).observe(seconds)

    def page(self, totals: Totals | None) -> bytes:
        """The exposition; without totals when PostgreSQL does not answer."""
        self._store_up.set(totals is not None)
        self._tasks.clear()
        self._befallen.totals = totals
        if totals is not None:
            for state in ("pending", "running", "completed", "failed", "cancelled"):
                self._tasks.labels(state).set(getattr(totals, state))
            self._throughput.set(totals.throughput)
        return generate_latest(self._registry)


class _Befallen:
    """What befell tasks since the beginning, as counters of the whole cluster. State: the totals to tell, if any."""

    def __init__(self) -> None:
        self.totals: Totals | None = None

    def collect(self) -> Iterator[Metric]:
        if self.totals is None:
            return
        for name, count, text in (
            ("taskmaster_tasks_retried", self.totals.retried, "Tasks tried again, by themselves or by hand"),
            ("taskmaster_tasks_rescued", self.totals.rescued, "Tasks brought back from workers that were lost"),
            ("taskmaster_outcomes_stale", self.totals.stale, "Outcomes that came too late and were refused"),
            ("taskmaster_tasks_quarantined", self.totals.quarantined, "Tasks that crashed their workers too often"),
        ):
            yield CounterMetricFamily(name, text, value=count)


class _Events:
    """The counts of telemetry, read when they are asked for."""

    def collect(self) -> Iterator[Metric]:
        family = CounterMetricFamily("taskmaster_events", "Events in this process", labels=["event"])
        for event, count in telemetry.counts().items():
            family.add_metric([event], count)
        yield family
