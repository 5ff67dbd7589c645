# Printed from test_counts_async.py by tools/print_sync.py; do not edit.
"""What happens to a database is counted, with what it did and what came of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sqlspec import SQLSpec
from sqlspec.adapters.sqlite import SQLiteConfig
from sqlspec.errors import ConnectError, PoolFullError, PoolTimeoutError, StatementError, UniqueViolationError
from tests.observe.prometheus.scrape import SEEN, samples

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DURATIONS = "sqlspec_statement_duration_seconds_count"
ERRORS = "sqlspec_statement_errors_total"
FAILURES = "sqlspec_lease_failures_total"
CONNECTIONS = "sqlspec_connections_total"
POOL = "sqlspec_pool_connections"


@pytest.fixture
def spec() -> Iterator[SQLSpec]:
    """A registry with the database `main`, of two connections at most, and an empty table."""
    spec = SQLSpec()
    config = SQLiteConfig(pool_size=2, pool_timeout=0.01, pool_max_waiting=1, instrumentation=SEEN)
    spec.register_config(config, name="main")
    yield spec
    spec.unregister_config("main")


def test_statements_are_timed_by_their_verb(spec: SQLSpec) -> None:
    """Those of every method; a script and a load have no verb, and the name of the method."""
    with spec.provide_session("main") as session:
        session.execute("CREATE TABLE item (id INTEGER PRIMARY KEY)")
        session.execute("INSERT INTO item VALUES (?)", (1,))
        session.execute_many("insert INTO item VALUES (?)", [(2,), (3,)])
        session.execute_script("SELECT 1; SELECT 2")
        session.load("item", [(4,), (5,)], ("id",))
        session.execute("SELECT id FROM item")
        assert len([row for row in session.stream("SELECT id FROM item")]) == 5

    assert samples(DURATIONS, "main", "operation") == {
        "CREATE": 1,
        "INSERT": 2,
        "SELECT": 2,
        "execute_script": 1,
        "load": 1,
    }
    assert samples("sqlspec_rows_returned_total", "main", "adapter") == {"sqlite": 10}


def test_a_histogram_has_the_seconds(spec: SQLSpec) -> None:
    """In its sum; and each observation is in the bucket of all."""
    with spec.provide_session("main") as session:
        session.execute("SELECT 1")

    (seconds,) = samples("sqlspec_statement_duration_seconds_sum", "main", "operation").values()
    assert 0 < seconds < 60


def test_failed_statements_are_counted_by_their_error(spec: SQLSpec) -> None:
    """And timed like the others."""
    with spec.provide_session("main") as session:
        session.execute("CREATE TABLE item (id INTEGER PRIMARY KEY)")
        session.execute("INSERT INTO item VALUES (1)")
        with pytest.raises(UniqueViolationError):
            session.execute("INSERT INTO item VALUES (1)")
        with pytest.raises(StatementError):
            session.execute("SELECT nothing FROM nowhere")

    assert samples(ERRORS, "main", "operation", "error") == {
        ("INSERT", "UniqueViolationError"): 1,
        ("SELECT", "StatementError"): 1,
    }
    assert samples(DURATIONS, "main", "operation") == {"CREATE": 1, "INSERT": 2, "SELECT": 1}


def test_transactions_are_counted_by_their_outcome(spec: SQLSpec) -> None:
    """From the beginning: an outcome that did not happen is there with 0."""
    with spec.provide_session("main") as session:
        session.execute("SELECT 1")
    with pytest.raises(ZeroDivisionError):
        with spec.provide_session("main") as session:
            session.execute("SELECT 1")
            raise ZeroDivisionError

    assert samples("sqlspec_transactions_total", "main", "outcome") == {
        "committed": 1,
        "rolled_back": 1,
        "unknown": 0,
    }


def test_leases_are_timed(spec: SQLSpec) -> None:
    """How long blocks waited, and how long they had their connection."""
    with spec.provide_session("main"), spec.provide_session("main"):
        pass

    for metric in ("wait", "hold"):
        assert samples(f"sqlspec_lease_{metric}_seconds_count", "main", "adapter") == {"sqlite": 2}
        (seconds,) = samples(f"sqlspec_lease_{metric}_seconds_sum", "main", "adapter").values()
        assert 0 < seconds < 60


def test_blocks_without_a_connection_are_counted_by_their_error(spec: SQLSpec) -> None:
    """One that waited in vain has its time among the others'."""
    with spec.provide_session("main"), spec.provide_session("main"):
        with pytest.raises(PoolTimeoutError):
            with spec.provide_session("main"):
                pass

    assert samples(FAILURES, "main", "error") == {"PoolTimeoutError": 1}
    assert samples("sqlspec_lease_wait_seconds_count", "main", "adapter") == {"sqlite": 3}
    assert samples("sqlspec_lease_hold_seconds_count", "main", "adapter") == {"sqlite": 2}


def test_a_full_queue_is_an_error_of_its_own() -> None:
    """Not a timeout: nobody has waited."""
    spec = SQLSpec()
    config = SQLiteConfig(pool_size=1, pool_max_waiting=0, instrumentation=SEEN)
    spec.register_config(config, name="full")
    with spec.provide_session("full"):
        with pytest.raises(PoolFullError):
            with spec.provide_session("full"):
                pass

    assert samples(FAILURES, "full", "error") == {"PoolFullError": 1}
    spec.unregister_config("full")


def test_a_database_that_does_not_open_is_seen_twice(tmp_path: Path) -> None:
    """As a connection that failed, and as a block that got none."""
    spec = SQLSpec()
    spec.register_config(SQLiteConfig(database=str(tmp_path), instrumentation=SEEN), name="folder")
    with pytest.raises(ConnectError):
        with spec.provide_session("folder"):
            pass

    assert samples(FAILURES, "folder", "error") == {"ConnectError": 1}
    assert samples(CONNECTIONS, "folder", "event", "reason") == {
        ("opened", ""): 0,
        ("failed", "ConnectError"): 1,
    }
    spec.unregister_config("folder")


def test_connections_are_counted_with_the_reason_of_their_end(spec: SQLSpec) -> None:
    """One that was older than it may be is replaced by a new one."""
    config = SQLiteConfig(pool_recycle=1e-9, instrumentation=SEEN)
    spec.register_config(config, name="aging")
    for _ in range(2):
        with spec.provide_session("aging"):
            pass

    found = samples(CONNECTIONS, "aging", "event", "reason")
    assert found.pop(("opened", "")) == 2
    assert set(found) <= {("closed", "aged"), ("discarded", "aged")}
    assert sum(found.values()) >= 1
    spec.unregister_config("aging")


def test_the_pool_is_read_when_it_is_asked_for(spec: SQLSpec) -> None:
    """What it has at that moment."""
    with spec.provide_session("main"):
        assert samples(POOL, "main", "state") == {"idle": 0, "in_use": 1, "opening": 0}
    assert samples(POOL, "main", "state") == {"idle": 1, "in_use": 0, "opening": 0}
    assert samples("sqlspec_pool_waiting", "main", "adapter") == {"sqlite": 0}


def test_a_database_without_the_flag_has_no_series(spec: SQLSpec) -> None:
    """Beside one that has it."""
    spec.register_config(SQLiteConfig(), name="silent")
    with spec.provide_session("silent") as session:
        session.execute("SELECT 1")

    assert samples(DURATIONS, "silent", "operation") == {}
    assert samples(POOL, "silent", "state") == {}


def test_the_service_is_a_label() -> None:
    """Empty, which is the same as absent, unless the config names it."""
    spec = SQLSpec()
    named = SEEN.merge(type(SEEN)(service_name="shop"))
    spec.register_config(SQLiteConfig(instrumentation=named), name="served")
    spec.register_config(SQLiteConfig(instrumentation=SEEN), name="plain")
    for name in ("served", "plain"):
        with spec.provide_session(name) as session:
            session.execute("SELECT 1")

    assert samples(DURATIONS, "served", "service") == {"shop": 1}
    assert samples(DURATIONS, "plain", "service") == {"": 1}
    spec.unregister_config("served")
    spec.unregister_config("plain")
