"""The metrics of the process, and the databases that they are about."""

from __future__ import annotations

import os
from itertools import count
from threading import RLock
from typing import TYPE_CHECKING, Any, NamedTuple
from weakref import WeakSet

from prometheus_client import REGISTRY, Counter, Gauge, Histogram
from prometheus_client.core import GaugeMetricFamily

from sqlspec.concurrency.forks import renew_locks_of

from .labels import DATABASE, STATES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlspec.observe import Target

    Labels = tuple[str, str, str]
    """The values of `DATABASE`."""
    Pools = tuple[int, ...]
    """How many connections there are of each of `STATES`, and how many callers are waiting."""

__all__ = ("METRICS", "Owner")

BUCKETS = (
    *(0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5),
    *(1.0, 2.5, 5.0, 10.0, 30.0, 60.0),
)
"""From what is read from memory to what only a report may take. OpenTelemetry's bounds are among them."""
MULTIPROCESS = {"PROMETHEUS_MULTIPROC_DIR", "prometheus_multiproc_dir"}
"""What makes `prometheus_client` write to files, for several processes behind one scrape."""
CONNECTIONS = "sqlspec_pool_connections", "Connections that exist or are being made, by state."
WAITING = "sqlspec_pool_waiting", "Callers that wait for a connection."

NO_POOLS = (*(0 for _ in STATES), 0)


class Owner:
    """A database that has series. It lives as long as its observer."""

    def __init__(self, target: Target) -> None:
        self.labels: Labels = (target.name, target.adapter, target.service_name)
        self.stats = target.stats
        self.is_closed = False
        self.looks = count(1)
        """Numbers the looks at its pools; for `note_pools`, as are the two below."""
        self.last_look = 0
        self.pools: Pools = NO_POOLS


class Families(NamedTuple):
    """All metrics but those that are read at the scrape."""

    durations: Histogram
    errors: Counter
    rows: Counter
    transactions: Counter
    waits: Histogram
    holds: Histogram
    failures: Counter
    connections: Counter


class Nobody:
    """The series of a database that is gone."""

    def inc(self, amount: float = 1.0) -> None:
        """Count nothing."""

    def observe(self, amount: float) -> None:
        """Count nothing."""


class Metrics:
    """What all databases of the process share. Made empty: an import registers nothing.

    It is a collector, too: it reads the pools when Prometheus asks. With several processes behind one scrape,
    `prometheus_client` calls no collectors. Then gauges are set whenever something happens to a pool.
    """

    def __init__(self) -> None:
        self._lock = (
            RLock()
        )  # what is done under it may run finalisers, and a pool's events may come back here
        self._families: Families | None = None
        self._gauges: tuple[Gauge, Gauge] | None = None
        self._owners: dict[Labels, WeakSet[Owner]] = {}
        self._made: dict[Labels, set[tuple[str, tuple[str, ...]]]] = {}
        renew_locks_of(self, Metrics._start_afresh)

    def make(self) -> None:
        """Make the metrics now, all or none. Raises `ValueError` for a name that the application has."""
        with self._lock:
            self._needed_families  # noqa: B018 - made when it is looked at

    # --- databases that come and go -----------------------------------------------------------------

    def add(self, owner: Owner) -> None:
        """A database wants to be seen."""
        with self._lock:
            self._owners.setdefault(owner.labels, WeakSet()).add(owner)

    def remove(self, owner: Owner) -> None:
        """A database is gone."""
        with self._lock:
            owner.is_closed = True
            if (owners := self._owners.get(owner.labels)) is not None:
                owners.discard(owner)
            self._write_gauges(owner.labels)
            self._remove_if_unowned(owner.labels)

    def child(self, owner: Owner, family: str, values: tuple[str, ...]) -> Any:
        """The series with the labels of *owner* and these *values*."""
        with self._lock:
            if owner.is_closed:
                return Nobody()
            self._made.setdefault(owner.labels, set()).add((family, values))
            return getattr(self._needed_families, family).labels(*owner.labels, *values)

    def _remove_if_unowned(self, labels: Labels) -> None:
        if self._owners.get(labels):
            return
        self._owners.pop(labels, None)
        for family, values in self._made.pop(labels, ()):
            if (
                self._gauges is None
            ):  # prometheus_client takes nothing back from the files of several processes
                getattr(self._needed_families, family).remove(*labels, *values)

    # --- the pools ------------------------------------------------------------------------------------
    # A database's lock is held while its observers are made and closed, and while some events are sent. So no
    # pool is asked under our own lock.

    def describe(self) -> list[GaugeMetricFamily]:
        """What `collect` returns, without samples: to be registered, nothing has to be read."""
        return [
            GaugeMetricFamily(*CONNECTIONS, labels=(*DATABASE, "state")),
            GaugeMetricFamily(*WAITING, labels=DATABASE),
        ]

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Read the pools of all databases that are left; forget those that ended without a word."""
        with self._lock:
            for labels in list(self._owners):
                self._remove_if_unowned(labels)
            everybody = {labels: list(owners) for labels, owners in self._owners.items()}
        connections, waiting = self.describe()
        for labels, owners in everybody.items():
            pools = [pools for owner in owners if (pools := _pools_of(owner)) is not None]
            if pools:
                *states, queue = map(sum, zip(*pools, strict=True))
                for state, number in zip(STATES, states, strict=True):
                    connections.add_metric((*labels, state), number)
                waiting.add_metric(labels, queue)
        yield connections
        yield waiting

    def note_pools(self, owner: Owner) -> None:
        """Something happened to a pool. Of interest only to gauges that nobody reads for themselves."""
        if self._gauges is None:
            return
        look = next(owner.looks)
        pools = _pools_of(owner) or NO_POOLS
        with self._lock:
            # Another thread may have looked later, and be here first. Who looks last sees the last change.
            if look > owner.last_look:
                owner.last_look, owner.pools = look, pools
                self._write_gauges(owner.labels)

    def _write_gauges(self, labels: Labels) -> None:
        if self._gauges is not None:
            known = [owner.pools for owner in self._owners.get(labels, ())]
            *states, queue = map(sum, zip(NO_POOLS, *known, strict=True))
            connections, waiting = self._gauges
            for state, number in zip(STATES, states, strict=True):
                connections.labels(*labels, state).set(number)
            waiting.labels(*labels).set(queue)

    # --- the metrics ----------------------------------------------------------------------------------

    @property
    def _needed_families(self) -> Families:
        """Under the lock: they are made by whoever needs them first."""
        if self._families is None:
            gauges = _gauges() if os.environ.keys() & MULTIPROCESS else None
            families = _families()
            # This comes before the others: what is gone is removed before they are read.
            _register_all([*(gauges or (self,)), *families])
            self._gauges, self._families = gauges, families
        return self._families

    def _start_afresh(self) -> None:
        """In a forked child: threads that are not there may hold the locks, and counts are the parent's."""
        self._lock = RLock()
        for owners in self._owners.values():
            for owner in owners:
                owner.pools = NO_POOLS
        families, gauges = self._families or (), self._gauges or (self,)
        self._families = self._gauges = None
        self._made.clear()
        if families:
            for collector in (*families, *gauges):
                REGISTRY.unregister(collector)


def _register_all(collectors: list[Any]) -> None:
    done: list[Any] = []
    try:
        for collector in collectors:
            REGISTRY.register(collector)
            done.append(collector)
    except ValueError:
        for collector in done:
            REGISTRY.unregister(collector)
        raise


def _pools_of(owner: Owner) -> Pools | None:
    """None if the database is gone."""
    stats = owner.stats()
    return None if stats is None else (*(getattr(stats, state) for state in STATES), stats.waiting)


def _families() -> Families:
    return Families(
        durations=Histogram(
            "sqlspec_statement_duration_seconds",
            "How long statements took.",
            (*DATABASE, "operation"),
            buckets=BUCKETS,
            registry=None,
        ),
        errors=Counter(
            "sqlspec_statement_errors_total",
            "Statements that failed.",
            (*DATABASE, "operation", "error"),
            registry=None,
        ),
        rows=Counter(
            "sqlspec_rows_returned_total", "Rows that statements returned.", DATABASE, registry=None
        ),
        transactions=Counter(
            "sqlspec_transactions_total", "Transactions that ended.", (*DATABASE, "outcome"), registry=None
        ),
        waits=Histogram(
            "sqlspec_lease_wait_seconds",
            "How long blocks waited for their connection, in vain or not.",
            DATABASE,
            buckets=BUCKETS,
            registry=None,
        ),
        holds=Histogram(
            "sqlspec_lease_hold_seconds",
            "How long blocks had their connection.",
            DATABASE,
            buckets=BUCKETS,
            registry=None,
        ),
        failures=Counter(
            "sqlspec_lease_failures_total",
            "Blocks that got no connection.",
            (*DATABASE, "error"),
            registry=None,
        ),
        connections=Counter(
            "sqlspec_connections_total",
            "What happened to connections.",
            (*DATABASE, "event", "reason"),
            registry=None,
        ),
    )


def _gauges() -> tuple[Gauge, Gauge]:
    return (
        Gauge(*CONNECTIONS, (*DATABASE, "state"), multiprocess_mode="livesum", registry=None),
        Gauge(*WAITING, DATABASE, multiprocess_mode="livesum", registry=None),
    )


METRICS = Metrics()
