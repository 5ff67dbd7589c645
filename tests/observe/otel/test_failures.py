"""Whatever ends a statement or a transaction is the span's error, by its type alone."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from opentelemetry.trace import StatusCode

from sqlspec import SQLSpec
from sqlspec.adapters.mysql import AsyncMyConfig
from sqlspec.adapters.postgresql import AsyncpgConfig, PostgreSQLConfig
from sqlspec.adapters.sqlite import SQLiteConfig
from sqlspec.errors import (
    CommitOutcomeUnknownError,
    ConnectError,
    DisconnectedError,
    ForeignKeyViolationError,
    ParameterError,
    PoolTimeoutError,
    QueryTimeoutError,
    StatementError,
)
from sqlspec_testkit.scripted import AsyncOnlyPlugin, Script, ScriptedConfig, ScriptedPlugin

from .telemetry import TRACED, facts, traced

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan

    from .telemetry import Telemetry

TIMED_OUT: list[tuple[Any, str, str, str]] = [
    (AsyncpgConfig, "postgresql_url", "SET LOCAL statement_timeout = 50; SELECT pg_sleep(5)", "57014"),
    (PostgreSQLConfig, "postgresql_url", "SET LOCAL statement_timeout = 50; SELECT pg_sleep(5)", "57014"),
    (AsyncMyConfig, "mariadb_url", "SET STATEMENT max_statement_time=0.05 FOR SELECT sleep(5)", "1969"),
]


def _failure(span: ReadableSpan) -> tuple[Any, Any, Any]:
    """Its error, the database's code, and what else could tell a value."""
    attributes = facts(span)
    assert span.status.status_code is StatusCode.ERROR
    assert (span.status.description, span.events) == (None, ())
    return attributes.get("error.type"), attributes.get("db.response.status_code"), span.name


@pytest.mark.parametrize("case", TIMED_OUT, ids=[case[0].__name__ for case in TIMED_OUT])
async def test_a_statement_that_the_server_times_out(
    case: tuple[Any, str, str, str], request: pytest.FixtureRequest, telemetry: Telemetry
) -> None:
    """With the code of its database."""
    config_type, url, text, code = case
    config = config_type(url=request.getfixturevalue(url), instrumentation=TRACED)
    *settings, statement = text.split("; ")
    async with SQLSpec() as spec:
        spec.register_config(config, "db")
        async with spec.provide_session("db") as session:
            for setting in settings:
                await session.execute(setting)
            telemetry.forget()
            with pytest.raises(QueryTimeoutError):
                await session.execute(statement)
            await session.rollback()

    assert _failure(telemetry.spans[0])[:2] == ("QueryTimeoutError", code)
    (measured,) = telemetry.values("db.client.operation.duration", **{"error.type": "QueryTimeoutError"})
    assert measured == 1


async def test_a_statement_that_is_cancelled(postgresql_url: str, telemetry: Telemetry) -> None:
    """It is no error of the database, but it is none of the good ones."""
    async with SQLSpec() as spec:
        spec.register_config(AsyncpgConfig(url=postgresql_url, instrumentation=TRACED), "db")

        async def sleep() -> None:
            async with spec.provide_session("db", autocommit=True) as session:
                started.set()
                await session.execute("SELECT pg_sleep(30)")

        started = asyncio.Event()
        task = asyncio.create_task(sleep())
        await started.wait()
        await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    assert _failure(telemetry.span("SELECT")) == ("CancelledError", None, "SELECT")


def test_a_mistake_of_the_caller(telemetry: Telemetry) -> None:
    """The database never saw it."""
    with (
        traced(SQLiteConfig(instrumentation=TRACED)) as spec,
        spec.provide_session() as session,
        pytest.raises(ParameterError),
    ):
        session.execute("SELECT ?", (1, 2))

    assert _failure(telemetry.spans[0]) == ("ParameterError", None, "SELECT")


def test_what_sqlite_refuses(telemetry: Telemetry) -> None:
    """The name of its code."""
    with (
        traced(SQLiteConfig(instrumentation=TRACED)) as spec,
        spec.provide_session() as session,
        pytest.raises(StatementError),
    ):
        session.execute("SELECT nothing FROM nowhere")

    assert _failure(telemetry.spans[0]) == ("StatementError", "SQLITE_ERROR", "SELECT nowhere")


async def test_a_commit_that_is_not_answered_is_an_error(telemetry: Telemetry) -> None:
    """Nobody knows its outcome, and the span says so."""
    script = Script()
    script.next("commit").lose_reply()
    async with SQLSpec() as spec:
        spec.plugins.register(AsyncOnlyPlugin(script))
        spec.register_config(ScriptedConfig(instrumentation=TRACED), "db")
        with pytest.raises(CommitOutcomeUnknownError):
            async with spec.provide_session("db") as session:
                await session.execute("INSERT 1")

    span = telemetry.span("COMMIT")
    assert _failure(span) == ("CommitOutcomeUnknownError", None, "COMMIT")
    assert facts(span)["sqlspec.transaction.outcome"] == "unknown"
    assert telemetry.values(
        "db.client.operation.duration",
        **{"db.operation.name": "COMMIT", "error.type": "CommitOutcomeUnknownError"},
    ) == [1]


def test_a_commit_that_the_database_refuses(telemetry: Telemetry) -> None:
    """It was rolled back, and the application knows it."""
    with (
        traced(SQLiteConfig(instrumentation=TRACED)) as spec,
        pytest.raises(ForeignKeyViolationError),
        spec.provide_session() as session,
    ):
        session.execute_script(
            "CREATE TABLE a (id INTEGER PRIMARY KEY);"
            "CREATE TABLE b (a INTEGER REFERENCES a DEFERRABLE INITIALLY DEFERRED)"
        )
        session.execute("INSERT INTO b VALUES (7)")

    (span,) = [span for span in telemetry.spans if span.name in {"COMMIT", "ROLLBACK"}]
    assert _failure(span)[0] == "ForeignKeyViolationError"
    assert facts(span)["sqlspec.transaction.outcome"] == "rolled back"


def test_a_connection_that_breaks(telemetry: Telemetry) -> None:
    """In the statement that finds out."""
    script = Script()
    with SQLSpec() as spec:
        spec.plugins.register(ScriptedPlugin(script))
        spec.register_config(ScriptedConfig(instrumentation=TRACED), "db")
        with pytest.raises(DisconnectedError), spec.provide_session("db") as session:
            script.next("execute").not_sent()
            session.execute("INSERT 1")

    (span,) = [span for span in telemetry.spans if span.name.startswith("INSERT")]
    assert _failure(span)[0] == "DisconnectedError"


def test_what_fails_before_a_statement_is_no_span(telemetry: Telemetry) -> None:
    """A pool that is exhausted is counted; a server that can not be reached too, by the pool's own counts."""
    script = Script()
    with SQLSpec() as spec:
        spec.plugins.register(ScriptedPlugin(script))
        config = ScriptedConfig(instrumentation=TRACED, pool_size=1, pool_timeout=0.01)
        spec.register_config(config, "db")
        with (
            spec.provide_session("db"),
            pytest.raises(PoolTimeoutError),
            spec.provide_session("db"),
        ):
            pass  # pragma: no cover
        script.every("connect").fail()
        spec.register_config(config.replace(pool_timeout=1.0), "broken")
        with pytest.raises(ConnectError), spec.provide_session("broken"):
            pass  # pragma: no cover

        assert telemetry.values("db.client.connection.timeouts") == [1]

    assert telemetry.spans == []
