"""No text of an application becomes a label: neither a secret shows, nor does the number of series grow."""

from __future__ import annotations

from typing import Any

import pytest
from prometheus_client import REGISTRY

from sqlspec import SQLSpec
from sqlspec.adapters.sqlite import SQLiteConfig
from sqlspec.errors import SQLSpecError
from sqlspec.observe import Target
from sqlspec.observe.prometheus import PrometheusObserver
from sqlspec.plugin.events import ConnectionEvent, LeaseEvent, StatementEvent, TransactionEvent
from tests.observe.prometheus.scrape import SEEN, everything, samples

CANARY = "c4n4ry"


@pytest.fixture
def spec() -> SQLSpec:
    """A registry with the database `bounded`."""
    spec = SQLSpec()
    spec.register_config(SQLiteConfig(instrumentation=SEEN), name="bounded")
    return spec


def _count() -> int:
    return sum(len(metric.samples) for metric in REGISTRY.collect() if metric.name.startswith("sqlspec_"))


def test_a_thousand_statements_are_one_series(spec: SQLSpec) -> None:
    """Neither tables, nor literals, nor the sender's comments make more."""
    with spec.provide_session("bounded") as session:
        session.execute("SELECT 0")
        before = _count()
        for number in range(1000):
            session.execute(f"SELECT {number} AS column_{number} /* {number} */")

    assert _count() == before
    assert samples("sqlspec_statement_duration_seconds_count", "bounded", "operation") == {"SELECT": 1001}
    spec.unregister_config("bounded")


def test_verbs_that_do_not_exist_are_one_series(spec: SQLSpec) -> None:
    """Fifty of them, each an error of the database."""
    with spec.provide_session("bounded") as session:
        for number in range(50):
            with pytest.raises(SQLSpecError):
                session.execute(f"{CANARY}{chr(97 + number % 26)}x{number} INTO secrets")

    assert samples("sqlspec_statement_duration_seconds_count", "bounded", "operation") == {"other": 50}
    assert samples("sqlspec_statement_errors_total", "bounded", "operation", "error") == {
        ("other", "StatementError"): 50
    }
    assert CANARY not in everything().lower()
    spec.unregister_config("bounded")


def test_neither_text_nor_data_are_in_a_scrape(spec: SQLSpec) -> None:
    """Literals, parameters, rows, names of tables, and what an error says."""
    with spec.provide_session("bounded") as session:
        session.execute(f"CREATE TABLE t_{CANARY} (id INTEGER PRIMARY KEY, word TEXT)")
        session.execute(f"INSERT INTO t_{CANARY} VALUES (?, ?)", (1, CANARY))
        session.execute(f"SELECT word, '{CANARY}' FROM t_{CANARY} WHERE word = ?", (CANARY,))
        session.execute_script(f"SELECT '{CANARY}'; SELECT 2")
        session.load(f"t_{CANARY}", [(2, CANARY)], ("id", "word"))
        for wrong in (f"INSERT INTO t_{CANARY} VALUES (1, '{CANARY}')", f"SELECT {CANARY}", f"'{CANARY}'"):
            with pytest.raises(SQLSpecError):
                session.execute(wrong)

    assert 'database="bounded"' in everything()
    assert CANARY not in everything()
    spec.unregister_config("bounded")


def test_what_an_adapter_says_of_itself_is_bounded() -> None:
    """Names of errors, reasons and outcomes that are not in the list are `other`."""
    target = Target("odd", "own", "own", "", "", None, "", lambda: None)
    observer = PrometheusObserver(target)
    names: dict[str, Any] = {"name": "odd", "adapter": "own"}
    for number in range(50):
        word = f"{CANARY}{number}"
        observer.sqlspec_statement_executed(
            StatementEvent(**names, statement=word, operation=word, error=word, seconds=0.1)
        )
        observer.sqlspec_transaction_ended(TransactionEvent(**names, operation=word, outcome=word))
        observer.sqlspec_lease_event(LeaseEvent(**names, kind="failed", seconds=0.1, error=word))
        observer.sqlspec_connection_event(ConnectionEvent(**names, kind=word, reason=word))

    assert CANARY not in everything()
    assert samples("sqlspec_statement_errors_total", "odd", "operation", "error") == {("other", "other"): 50}
    assert samples("sqlspec_transactions_total", "odd", "outcome")["other"] == 50
    assert samples("sqlspec_lease_failures_total", "odd", "error") == {"other": 50}
    assert samples("sqlspec_connections_total", "odd", "event", "reason")["other", "other"] == 50
    observer.close()


@pytest.mark.parametrize("error", ["CancelledError", "KeyboardInterrupt", "QueryTimeoutError", "TypeError"])
def test_errors_that_are_known_have_their_name(error: str) -> None:
    """Ours, those of Python, and a task's cancellation."""
    observer = PrometheusObserver(Target("known", "own", "own", "", "", None, "", lambda: None))
    observer.sqlspec_statement_executed(
        StatementEvent(
            name="known", adapter="own", statement="", operation="command", verb="GET", error=error
        )
    )

    assert samples("sqlspec_statement_errors_total", "known", "operation", "error") == {("GET", error): 1}
    observer.close()
