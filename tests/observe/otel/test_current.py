"""A statement's span is the current one while the driver runs, and only then; its parent is the caller's."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import TYPE_CHECKING, Any

import pytest
from opentelemetry import baggage, context, trace

from sqlspec import SQLSpec
from sqlspec.adapters.sqlite import SQLiteConfig
from sqlspec_testkit.scripted import AsyncOnlyPlugin, Script, ScriptedConfig

from .telemetry import TRACED, facts, parent_id, span_id, traced

if TYPE_CHECKING:
    from pathlib import Path

    from .telemetry import Telemetry

TASKS = 40


def _seen(found: list[Any]) -> Any:
    """A function for SQLite, which looks at the current span from within the driver's call."""

    def look(_value: object) -> int:
        found.append(trace.get_current_span().get_span_context())
        return 1

    return look


def test_the_span_is_current_during_the_drivers_call(telemetry: Telemetry) -> None:
    """What instruments the driver nests below it; before and after it is the caller's own."""
    seen: list[Any] = []
    with traced(SQLiteConfig(instrumentation=TRACED)) as spec, spec.provide_session() as session:
        session.connection().create_function("look", 1, _seen(seen))

        with telemetry.tracer.start_as_current_span("request") as request:
            before = trace.get_current_span()
            session.execute("SELECT look(1)")
            after = trace.get_current_span()

    span = telemetry.span("SELECT")
    assert [found.span_id for found in seen] == [span_id(span)]
    assert before is after is request
    assert parent_id(span) == request.get_span_context().span_id


async def test_it_is_current_in_the_thread_of_a_sync_driver_under_async(telemetry: Telemetry) -> None:
    """The bridge takes the caller's context along."""
    seen: list[Any] = []
    async with SQLSpec() as spec:
        spec.register_config(SQLiteConfig(instrumentation=TRACED), "db")
        async with spec.provide_session("db") as session:
            raw: Any = await session.connection()
            raw.create_function("thread", 0, threading.get_ident)
            raw.create_function("look", 1, _seen(seen))
            thread = await session.execute("SELECT thread()").scalar()

            with telemetry.tracer.start_as_current_span("request") as request:
                await session.execute("SELECT look(1) AS looked")

    span = telemetry.spans[1]
    assert thread != threading.get_ident()
    assert facts(span)["db.query.text"] == "SELECT look(?) AS looked"
    assert [found.span_id for found in seen] == [span_id(span)]
    assert parent_id(span) == request.get_span_context().span_id


async def test_each_task_of_a_gather_is_its_own_parent(tmp_path: Path, telemetry: Telemetry) -> None:
    """However their statements interleave."""

    async def work(number: int) -> None:
        with telemetry.tracer.start_as_current_span(f"request {number}"):
            async with spec.provide_session("db", autocommit=True) as session:
                for _ in range(3):
                    await session.execute(f"SELECT {number} AS n{number}")

    async with SQLSpec() as spec:
        spec.register_config(
            SQLiteConfig(database=str(tmp_path / "db"), pool_size=4, instrumentation=TRACED), "db"
        )

        await asyncio.gather(*map(work, range(TASKS)))

    _each_has_its_own_three(telemetry)


def test_each_thread_is_its_own_parent(tmp_path: Path, telemetry: Telemetry) -> None:
    """With one registry among them."""

    def work(number: int) -> None:
        with telemetry.tracer.start_as_current_span(f"request {number}"):
            with spec.provide_session("db", autocommit=True) as session:
                for _ in range(3):
                    session.execute(f"SELECT {number} AS n{number}")
            assert trace.get_current_span().is_recording()

    config = SQLiteConfig(database=str(tmp_path / "db"), pool_size=4, instrumentation=TRACED)
    with traced(config) as spec, ThreadPoolExecutor(8) as threads:
        list(threads.map(work, range(TASKS)))

    _each_has_its_own_three(telemetry)


def _each_has_its_own_three(telemetry: Telemetry) -> None:
    requests = {span_id(span): span.name for span in telemetry.spans if span.name.startswith("request")}
    found = [
        (requests[parent_id(span)], str(facts(span)["db.query.text"]))
        for span in telemetry.spans
        if span.parent is not None
    ]
    assert len(requests) == TASKS
    assert sorted(found) == sorted(
        (f"request {number}", f"SELECT ? AS n{number}") for number in range(TASKS) for _ in range(3)
    )


async def test_between_two_batches_of_a_stream_the_application_has_its_own_span(
    telemetry: Telemetry,
) -> None:
    """What it does meanwhile is no part of the statement; the driver's next call is."""
    seen: list[Any] = []
    async with SQLSpec() as spec:
        spec.register_config(SQLiteConfig(instrumentation=TRACED), "db")
        async with spec.provide_session("db") as session:
            raw: Any = await session.connection()
            raw.create_function("look", 1, _seen(seen))
            rows = session.stream("SELECT look(column1) FROM (VALUES (1), (2), (3))", batch_size=1)
            with telemetry.tracer.start_as_current_span("request") as request:
                async for _row in rows:
                    assert trace.get_current_span() is request

    span = telemetry.span("SELECT")
    assert {found.span_id for found in seen} == {span_id(span)}
    assert len(seen) == 3


def test_the_next_batch_is_fetched_in_the_context_of_who_asks_for_it(telemetry: Telemetry) -> None:
    """A stream may be handed on: the baggage is that of the moment, the span still the statement's."""
    seen: list[Any] = []

    def look(_value: object) -> int:
        seen.append((baggage.get_baggage("who"), trace.get_current_span().get_span_context().span_id))
        return 1

    with traced(SQLiteConfig(instrumentation=TRACED)) as spec, spec.provide_session() as session:
        session.connection().create_function("look", 1, look)
        rows = session.stream("SELECT look(column1) FROM (VALUES (1), (2), (3))", batch_size=1)
        for who in ("first", "second"):
            copy_context().run(_next_as, who, rows)
        rows.close()

    span = telemetry.spans[0]
    assert {who for who, _span in seen} >= {"first", "second"}
    assert {found for _who, found in seen} == {span_id(span)}


def _next_as(who: str, rows: Any) -> None:
    context.attach(baggage.set_baggage("who", who))
    next(rows)


async def test_a_coroutine_that_is_closed_elsewhere_leaves_both_contexts_alone(
    telemetry: Telemetry, caplog: pytest.LogCaptureFixture
) -> None:
    """As the garbage collector does it: in another context than the one in which the span became current."""
    script = Script()
    script.gate("execute")
    async with SQLSpec() as spec:
        spec.plugins.register(AsyncOnlyPlugin(script))
        spec.register_config(ScriptedConfig(instrumentation=TRACED), "db")
        block = spec.provide_session("db", autocommit=True)
        session = await block.__aenter__()
        own = copy_context()
        call = session.execute("SELECT 1")
        coroutine: Any = call.__await__()
        own.run(next, coroutine)
        assert own.run(trace.get_current_span).is_recording()

        with telemetry.tracer.start_as_current_span("request") as request:
            with pytest.raises(BaseException):  # noqa: B017, PT011 - whatever the session makes of it
                coroutine.throw(asyncio.CancelledError)
            assert trace.get_current_span() is request
        script.clear()
        await block.__aexit__(None, None, None)

    span = telemetry.span("SELECT")
    assert facts(span)["error.type"] == "CancelledError"
    assert caplog.records == []
    assert spec.plugins.observer_errors == 0


def test_a_statement_within_a_statement_is_its_child(tmp_path: Path, telemetry: Telemetry) -> None:
    """A function that the database calls asks another database."""
    with traced(SQLiteConfig(instrumentation=TRACED)) as spec:
        spec.register_config(SQLiteConfig(database=str(tmp_path / "b"), instrumentation=TRACED), "other")

        def ask(_value: object) -> int:
            with spec.provide_session("other", autocommit=True) as other:
                return int(other.execute("SELECT 7 AS inner_one").scalar())

        with spec.provide_session("db", autocommit=True) as session:
            session.connection().create_function("ask", 1, ask)
            assert session.execute("SELECT ask(1)").scalar() == 7

    inner, outer = telemetry.spans
    assert parent_id(inner) == span_id(outer)
    assert outer.parent is None
    assert trace.get_current_span() is trace.INVALID_SPAN
