"""Series end with their database, and not before."""

from __future__ import annotations

import gc
import threading

import pytest
from prometheus_client import REGISTRY

from sqlspec import SQLSpec
from sqlspec.adapters.sqlite import SQLiteConfig
from tests.observe.prometheus.scrape import SEEN, everything, names, samples

DURATIONS = "sqlspec_statement_duration_seconds_count"
POOL = "sqlspec_pool_connections"


def _used(name: str) -> SQLSpec:
    """A registry with one database that has run a statement, had an error, and is idle."""
    spec = SQLSpec()
    spec.register_config(SQLiteConfig(instrumentation=SEEN), name=name)
    _use(spec, name)
    return spec


def _use(spec: SQLSpec, name: str) -> None:
    with spec.provide_session(name) as session:
        session.execute("SELECT 1")
        with pytest.raises(Exception, match="nowhere"):
            session.execute("SELECT 1 FROM nowhere")


def test_unregistering_removes_all_series() -> None:
    """Every metric had one, and none has one left."""
    spec = _used("gone")
    assert names("gone") >= {DURATIONS, POOL, "sqlspec_statement_errors_total", "sqlspec_transactions_total"}

    spec.unregister_config("gone")

    assert names("gone") == set()
    assert "gone" not in everything()


def test_replacing_a_database_begins_anew() -> None:
    """The other one has the name, and its own counts."""
    spec = _used("swapped")

    spec.register_config(SQLiteConfig(instrumentation=SEEN), name="swapped", override=True)
    with spec.provide_session("swapped") as session:
        session.execute("SELECT 1")

    assert samples(DURATIONS, "swapped", "operation") == {"SELECT": 1}
    spec.unregister_config("swapped")


def test_switching_off_removes_the_series() -> None:
    """And switching on again makes new ones."""
    spec = _used("switched")

    spec.instrument("switched", enable_prometheus=False)
    assert names("switched") == set()
    _use(spec, "switched")
    assert names("switched") == set()

    spec.instrument("switched", enable_prometheus=True)
    _use(spec, "switched")
    assert samples(DURATIONS, "switched", "operation") == {"SELECT": 2}
    spec.unregister_config("switched")


def test_a_switch_of_something_else_keeps_the_counts() -> None:
    """The new observer has the labels of the old one."""
    spec = _used("kept")

    spec.instrument("kept", slow_query_threshold=60.0)
    _use(spec, "kept")

    assert samples(DURATIONS, "kept", "operation") == {"SELECT": 4}
    spec.unregister_config("kept")


def test_databases_with_the_same_labels_are_added_up() -> None:
    """And what one of them leaves behind stays as long as the other is there."""
    first, second = _used("twin"), _used("twin")
    assert samples(DURATIONS, "twin", "operation") == {"SELECT": 4}
    assert samples(POOL, "twin", "state") == {"idle": 2, "in_use": 0, "opening": 0}

    first.unregister_config("twin")
    assert samples(DURATIONS, "twin", "operation") == {"SELECT": 4}
    assert samples(POOL, "twin", "state") == {"idle": 1, "in_use": 0, "opening": 0}

    second.unregister_config("twin")
    assert names("twin") == set()


def test_what_still_runs_brings_nothing_back() -> None:
    """A session that outlives its database works on and is not counted, nor is a verb that is new."""
    spec = _used("outlived")
    with spec.provide_session("outlived") as session:
        spec.unregister_config("outlived")
        session.execute("SELECT 2")
        session.execute("CREATE TABLE item (id INTEGER)")
        with pytest.raises(Exception, match="nothing"):
            session.execute("INSERT INTO nothing VALUES (1)")

    assert names("outlived") == set()
    assert spec.plugins.observer_errors == 0


def test_a_registry_that_is_dropped_takes_its_series_along() -> None:
    """Without a word: the next scrape does not have them."""
    spec = _used("dropped")
    spec.close()
    del spec
    gc.collect()

    assert names("dropped") == set()


def test_a_registry_that_is_closed_keeps_its_counts() -> None:
    """It may be opened again; its pools are empty."""
    spec = _used("closed")
    spec.close()

    assert samples(DURATIONS, "closed", "operation") == {"SELECT": 2}
    assert samples(POOL, "closed", "state") == {"idle": 0, "in_use": 0, "opening": 0}
    spec.unregister_config("closed")


def test_registries_and_threads_share_the_metrics() -> None:
    """Each metric is in the default registry once, and no count is lost."""
    specs = [SQLSpec() for _ in range(4)]
    start = threading.Barrier(8)

    def work(spec: SQLSpec) -> None:
        start.wait()
        for _ in range(50):
            with spec.provide_session("shared") as session:
                session.execute("SELECT 1")

    for spec in specs:
        spec.register_config(SQLiteConfig(pool_size=2, instrumentation=SEEN), name="shared")
    threads = [threading.Thread(target=work, args=(spec,)) for spec in specs * 2]
    for thread in threads:
        thread.start()
    for _ in range(20):
        everything()
    for thread in threads:
        thread.join()

    assert samples(DURATIONS, "shared", "operation") == {"SELECT": 400}
    assert samples("sqlspec_lease_hold_seconds_count", "shared", "adapter") == {"sqlite": 400}
    found = [metric.name for metric in REGISTRY.collect() if metric.name.startswith("sqlspec_")]
    assert len(found) == len(set(found)) == 10
    for spec in specs:
        spec.unregister_config("shared")
