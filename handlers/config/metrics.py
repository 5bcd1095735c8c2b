"""Collects Prometheus metrics about this process, the job queue and watched packages."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from bot.model.core_types import RegistryId

REGISTRY = CollectorRegistry()
DELIVERIES = Counter(
    "wharfinger_deliveries", "Deliveries, by event and outcome.", ["event", "outcome"], registry=REGISTRY
)
RESPONSE_TIME = Histogram(
    "wharfinger_response_seconds",
    "Seconds from the headers of a delivery to the response.",
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5, 10),
    registry=REGISTRY,
)
MEMORY = Gauge("wharfinger_redis_memory_ratio", "Redis memory in use, as a fraction of its maximum.", registry=REGISTRY)

Counts = dict[str, int]


def queue_metrics(
    waiting: Counts, failed: Counts, counts: Counts, workers: int, missing: int | None
) -> Iterable[Metric]:
    """Yield what Redis tells; `counts` has names such as done:check_commit, `missing` is None before the first diagnosis."""
    gauge = GaugeMetricFamily("wharfinger_waiting", "Jobs that wait, by queue.", labels=["queue"])
    letters = GaugeMetricFamily("wharfinger_failed_jobs", "Jobs that failed for good, by queue.", labels=["queue"])
    for queue in waiting:
        gauge.add_metric([queue], waiting[queue])
        letters.add_metric([queue], failed[queue])
    attempts = CounterMetricFamily("wharfinger_jobs", "Jobs, by name and ending.", labels=["job", "ending"])
    for name, count in counts.items():
        ending, _, job = name.partition(":")
        attempts.add_metric([job, ending], count)
    yield gauge
    yield letters
    yield attempts
    if missing is not None:
        yield GaugeMetricFamily(
            "wharfinger_missing_requirements", "What `wharfinger doctor` finds missing or wrong.", value=missing
        )
    yield GaugeMetricFamily("wharfinger_workers", "Workers that are alive.", value=workers)


RECORD_FIGURES = {
    "watched_packages": "Packages that are monitored at their registries.",
    "packages_due": "Packages that are due for a look.",
    "alerts_unreported": "Alerts that are not reported to GitHub yet.",
    "notifications_waiting": "Notifications that a channel of the operator has not accepted yet.",
    "unreadable_records": "Records that cannot be read; `wharfinger doctor` lists them.",
}


def record_metrics(figures: Mapping[str, int], outages: Mapping[RegistryId, datetime]) -> Iterable[Metric]:
    """Yield the figures of the records by their names in `RECORD_FIGURES`; `outages`: since when registries do not answer."""
    away = GaugeMetricFamily(
        "wharfinger_registry_unreachable_since_timestamp_seconds",
        "When a registry stopped answering; absent while it answers.",
        labels=["registry"],
    )
    for registry, since in outages.items():
        away.add_metric([registry], since.timestamp())
    for name, meaning in RECORD_FIGURES.items():
        yield GaugeMetricFamily(f"wharfinger_{name}", meaning, value=figures[name])
    yield away


class _StaticCollector:
    """A collector of what was gathered already."""

    def __init__(self, metrics: Iterable[Metric]) -> None:
        self._metrics = tuple(metrics)

    def collect(self) -> Iterable[Metric]:
        return self._metrics


def as_text(metrics: Iterable[Metric]) -> bytes:
    """Return this process's figures and the given ones as Prometheus reads them."""
    given = CollectorRegistry()
    given.register(_StaticCollector(metrics))
    return generate_latest(REGISTRY) + generate_latest(given)
