"""Statements in the log: one line each, with what was asked for and nothing else."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import pytest

from sqlspec import InstrumentationConfig, SQLSpec
from sqlspec.errors import PoolTimeoutError, StatementError
from sqlspec.sql import SQLITE, describe
from sqlspec_sqlite import SQLiteConfig

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CANARY = "hunter2"


@pytest.fixture
def observed(caplog: pytest.LogCaptureFixture) -> Iterator[Callable[..., SQLSpec]]:
    """Make a registry whose database `shop` is observed by these flags."""
    made: list[SQLSpec] = []

    def make(**flags: Any) -> SQLSpec:
        spec = SQLSpec()
        made.append(spec)
        wanted = InstrumentationConfig(**flags)
        spec.register_config(SQLiteConfig(instrumentation=wanted, pool_size=1, pool_timeout=0.01), "shop")
        with spec.provide_session("shop") as session:
            session.execute("CREATE TABLE t (id INTEGER, name TEXT)")
        caplog.clear()
        return spec

    caplog.set_level(logging.INFO, "sqlspec.shop")
    yield make
    for spec in made:
        spec.close()


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    """The lines of the database's logger, without their durations."""
    found = [record for record in caplog.records if record.name == "sqlspec.shop"]
    return [record.getMessage().partition(" in ")[0] for record in found]


def test_each_statement_is_a_line_without_data(
    observed: Callable[..., SQLSpec], caplog: pytest.LogCaptureFixture
) -> None:
    """Whichever method it is."""
    spec = observed(log_queries=True)
    with spec.provide_session("shop") as session:
        session.execute("SELECT ? AS heron,\n  'hunter2'", (CANARY,))
        session.execute("INSERT INTO t VALUES (?, ?)", (1, CANARY))
        session.execute_many("INSERT INTO t VALUES (?, ?)", [(2, CANARY), (3, CANARY)])
        session.execute_script("DELETE FROM t WHERE name = 'hunter2'; DELETE FROM t")
        assert session.load("t", [(4, CANARY)], columns=("id", "name")) == 1
        assert len(list(session.stream("SELECT * FROM t"))) == 1
        with pytest.raises(StatementError):
            session.execute("SELECT nothing FROM t WHERE name = 'hunter2'")

    masked = describe("SELECT ? AS heron,\n  'hunter2'", SQLITE).masked
    script = describe("DELETE FROM t WHERE name = 'hunter2'; DELETE FROM t", SQLITE).masked
    failing = describe("SELECT nothing FROM t WHERE name = 1", SQLITE).masked
    assert lines(caplog) == [
        f"execute {masked} -- 1 rows",
        "execute INSERT INTO t VALUES (?, ?) -- 1 rows changed",
        "execute_many INSERT INTO t VALUES (?, ?) -- 2 rows changed",
        f"execute_script {script} -- done",
        "load t -- 1 rows changed",
        "stream SELECT * FROM t -- 1 rows",
        f"execute {failing} -- failed with StatementError",
        "COMMIT -- committed",
    ]
    assert CANARY not in caplog.text
    assert not any(CANARY in repr(vars(record)) for record in caplog.records)


def test_facts_are_in_the_record_too(
    observed: Callable[..., SQLSpec], caplog: pytest.LogCaptureFixture
) -> None:
    """Each under a name of its own, for handlers that write them as JSON."""
    spec = observed(log_queries=True, slow_query_threshold=60)
    with spec.provide_session("shop", autocommit=True) as session:
        session.execute("SELECT ? AS heron", (1,)).one()

    (record,) = caplog.records
    facts = {name: value for name, value in vars(record).items() if name.startswith("sqlspec_")}
    assert facts.pop("sqlspec_seconds") > 0
    assert facts == {
        "sqlspec_database": "shop",
        "sqlspec_adapter": "sqlite",
        "sqlspec_operation": "execute",
        "sqlspec_verb": "SELECT",
        "sqlspec_statement": "SELECT ? AS heron",
        "sqlspec_rowcount": None,
        "sqlspec_returned_rows": 1,
        "sqlspec_batch_size": None,
        "sqlspec_error": None,
        "sqlspec_slow": False,
    }
    assert (record.levelno, record.name) == (logging.INFO, "sqlspec.shop")


def test_parameters_and_rows_are_shown_when_they_are_asked_for(
    observed: Callable[..., SQLSpec], caplog: pytest.LogCaptureFixture
) -> None:
    """On one line, and never all of what is long."""
    spec = observed(log_queries=True, log_parameters=True, log_results=True)
    with spec.provide_session("shop", autocommit=True) as session:
        session.execute("SELECT :a AS a, 'x' AS b", {"a": "one\ntwo"}).one()
        session.execute_many("INSERT INTO t VALUES (?, ?)", [(number, "n") for number in range(12)])
        session.execute("SELECT id FROM t ORDER BY id").all()
        session.execute("SELECT ? AS long", ("x" * 10_000,)).one()

    shown = [record.getMessage() for record in caplog.records if "COMMIT" not in record.getMessage()]
    assert shown[0].startswith("execute SELECT :a AS a, 'x' AS b -- 1 rows in ")
    assert shown[0].endswith(r" ms; parameters: {'a': 'one\ntwo'}; rows: [('one\ntwo', 'x')]")
    assert "parameters: [(0, 'n'), (1, 'n')" in shown[1]
    assert shown[1].endswith("(9, 'n'), … 12 in all]")
    assert shown[2].endswith("rows: [(0), (1), (2), (3), (4), (5), (6), (7), (8), (9), … 12 in all]")
    assert "(10000 in all)" in shown[3]
    assert all(len(line) < 1000 and "\n" not in line for line in shown)
    assert CANARY not in caplog.text


def test_slow_statements_alone_are_warnings(
    observed: Callable[..., SQLSpec], caplog: pytest.LogCaptureFixture
) -> None:
    """With their parameters, if these are asked for; what is quick leaves no line."""
    with observed(slow_query_threshold=60, log_parameters=True).provide_session("shop") as session:
        session.execute("SELECT ?", (CANARY,)).one()
    assert lines(caplog) == []

    with observed(slow_query_threshold=1e-9, log_parameters=True).provide_session("shop") as session:
        session.execute("SELECT ?", (CANARY,)).one()
    assert [record.levelno for record in caplog.records] == [logging.WARNING] * len(caplog.records)
    assert any("slow: execute SELECT ?" in line for line in lines(caplog))
    assert f"parameters: ('{CANARY}')" in caplog.text


def test_connections_and_waits_are_written_at_their_levels(
    observed: Callable[..., SQLSpec], caplog: pytest.LogCaptureFixture
) -> None:
    """What goes well as DEBUG; who waits in vain is warned of."""
    spec = observed(log_queries=True)
    caplog.set_level(logging.DEBUG, "sqlspec.shop")
    with spec.provide_session("shop"), pytest.raises(PoolTimeoutError), spec.provide_session("shop"):
        pass
    spec.close()

    got = [(record.levelno, record.getMessage().partition(" after ")[0]) for record in caplog.records]
    assert got[0] == (logging.DEBUG, "got a connection")
    assert got[1] == (logging.WARNING, "got no connection (PoolTimeoutError)")
    assert any(text.startswith("connection closed (retired)") for _, text in got)


def test_below_the_level_nothing_is_formatted(
    observed: Callable[..., SQLSpec], caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor is any event made."""
    from sqlspec.loading import reporter

    spec = observed(log_queries=True, log_parameters=True)

    def refuse(**_: object) -> None:
        pytest.fail("an event was made for nobody")

    caplog.set_level(logging.ERROR, "sqlspec.shop")
    monkeypatch.setattr(reporter, "StatementEvent", refuse)
    monkeypatch.setattr(reporter, "TransactionEvent", refuse)
    with spec.provide_session("shop") as session:
        session.execute("INSERT INTO t VALUES (?, ?)", (1, CANARY))
        session.execute_many("INSERT INTO t VALUES (?, ?)", [(2, CANARY)])
        assert len(list(session.stream("SELECT * FROM t"))) == 2

    assert lines(caplog) == []
