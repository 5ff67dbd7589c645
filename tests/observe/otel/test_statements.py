"""Each kind of statement is one span, with the attributes of the conventions, on every adapter alike."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from opentelemetry.trace import SpanKind, StatusCode

from sqlspec.errors import UniqueViolationError
from tests.integration.contract.sides import SIDES

from .telemetry import TRACED, facts, span_id, traced

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from sqlspec import SQLSpec
    from tests.integration.contract.sides import Side

    from .telemetry import Telemetry

SYSTEMS = {"psycopg": "postgresql", "asyncpg": "postgresql", "asyncmy": "mysql"}
CODES = {
    "sqlite": "SQLITE_CONSTRAINT_PRIMARYKEY",
    "duckdb": "ConstraintException",
    "psycopg": "23505",
    "asyncpg": "23505",
    "asyncmy": "1062",
}
"""Of a unique constraint: SQLSTATE in PostgreSQL, else the database's own."""


@pytest.fixture(params=SIDES, ids=[side.name for side in SIDES])
def side(request: pytest.FixtureRequest) -> Any:
    """Each adapter, in tasks and in threads."""
    return request.param


@pytest.fixture
async def spec(side: Side, request: pytest.FixtureRequest, telemetry: Telemetry) -> AsyncIterator[SQLSpec]:
    """A registry with that database, and in it a table with the rows 1 to 3."""
    with traced(side.database.config(request, instrumentation=TRACED)) as spec:
        async with side.session(spec) as session:
            await session.execute("CREATE TABLE item (id INTEGER PRIMARY KEY, name VARCHAR(20))")
            await session.execute("INSERT INTO item VALUES (1, 'a'), (2, 'b'), (3, 'c')")
        telemetry.forget()
        yield spec
        if side.in_tasks:
            await spec.aclose()


def _expected(side: Side, spec: SQLSpec, **attributes: Any) -> dict[str, Any]:
    """*attributes*, their names without `db.` and with underscores, and those of the database."""
    config: Any = spec.get_config("db")
    found = {f"db.{name.replace('__', '.')}": value for name, value in attributes.items()}
    name = side.database.name
    found |= {"db.system.name": SYSTEMS.get(name, name), "db.namespace": str(config.database)}
    if name in SYSTEMS:
        host, port = config.addresses[0]
        found["server.address"] = host
        if not host.startswith("/"):  # the tests' servers are not on the system's own port
            found["server.port"] = port
    return found


SELECT: dict[str, Any] = {
    "operation__name": "SELECT",
    "collection__name": "item",
    "query__summary": "SELECT item",
}
INSERT: dict[str, Any] = {
    "operation__name": "INSERT",
    "collection__name": "item",
    "query__summary": "INSERT item",
}


async def test_a_query_is_a_span_with_its_text_masked_and_its_rows(
    side: Side, spec: SQLSpec, telemetry: Telemetry
) -> None:
    """Neither parameters nor literals; and nothing that the conventions do not know."""
    async with side.session(spec, autocommit=True) as session:
        await session.execute("SELECT * FROM item WHERE id > ? AND name <> 'x'", (1,))

    (span,) = telemetry.spans
    assert (span.name, span.kind, span.parent) == ("SELECT item", SpanKind.CLIENT, None)
    assert (span.status.status_code, span.status.description) == (StatusCode.UNSET, None)
    assert span.events == ()
    # DuckDB keeps the rows in its own form until they are asked for, and does not say how many there are.
    returned = {} if side.name == "duckdb-threads" else {"response__returned_rows": 2}
    assert facts(span) == _expected(
        side, spec, **SELECT, query__text="SELECT * FROM item WHERE id > ? AND name <> ?", **returned
    )


async def test_a_write_returns_no_rows(side: Side, spec: SQLSpec, telemetry: Telemetry) -> None:
    """Rows that were changed are not rows that were returned."""
    async with side.session(spec, autocommit=True) as session:
        await session.execute("INSERT INTO item VALUES (4, 'd')")

    (span,) = telemetry.spans
    assert facts(span) == _expected(side, spec, **INSERT, query__text="INSERT INTO item VALUES (?, ?)")


async def test_many_rows_of_parameters_are_one_batch(side: Side, spec: SQLSpec, telemetry: Telemetry) -> None:
    """One row is none."""
    async with side.session(spec) as session:
        await session.execute_many("INSERT INTO item VALUES (?, ?)", [(4, "d"), (5, "e")])
        await session.execute_many("INSERT INTO item VALUES (?, ?)", [(6, "f")])

    batch, single, _commit = telemetry.spans
    text = "INSERT INTO item VALUES (?, ?)"
    assert batch.name == single.name == "INSERT item"
    assert facts(single) == _expected(side, spec, **INSERT, query__text=text)
    assert facts(batch) == _expected(
        side,
        spec,
        **INSERT | {"operation__name": "BATCH INSERT"},
        query__text=text,
        operation__batch__size=2,
    )


async def test_a_script_is_one_span_without_an_operation(
    side: Side, spec: SQLSpec, telemetry: Telemetry
) -> None:
    """It has several."""
    async with side.session(spec, autocommit=True) as session:
        await session.execute_script("INSERT INTO item VALUES (4, 'd'); DELETE FROM item WHERE id = 1")

    (span,) = telemetry.spans
    attributes = facts(span)
    assert attributes["db.query.text"] == "INSERT INTO item VALUES (?, ?); DELETE FROM item WHERE id = ?"
    assert span.name == attributes["db.query.summary"]
    assert "db.operation.name" not in attributes


@pytest.mark.parametrize("taken", [1, 3])
async def test_a_stream_is_one_span(side: Side, spec: SQLSpec, telemetry: Telemetry, taken: int) -> None:
    """From its first row to its last, or until it is left; its rows are those that were fetched."""
    async with side.session(spec) as session:
        rows: Any = session.stream("SELECT * FROM item ORDER BY id", batch_size=1)
        for _ in range(taken):
            await anext(rows)
        await rows.close()

    span, commit = telemetry.spans
    attributes = facts(span)
    assert (span.name, commit.name) == ("SELECT item", "COMMIT")
    assert attributes.pop("db.response.returned_rows") in {taken, taken + 1, 3}
    assert attributes == _expected(side, spec, **SELECT, query__text="SELECT * FROM item ORDER BY id")


async def test_a_stream_that_is_left_with_its_session_ends_before_the_transaction(
    side: Side, spec: SQLSpec, telemetry: Telemetry
) -> None:
    """Nobody closed it."""
    async with side.session(spec) as session:
        rows: Any = session.stream("SELECT * FROM item ORDER BY id", batch_size=1)
        await anext(rows)

    assert [span.name for span in telemetry.spans] == ["SELECT item", "COMMIT"]


async def test_a_load_is_a_batch_of_inserts(side: Side, spec: SQLSpec, telemetry: Telemetry) -> None:
    """However the adapter sends it; there is no text of the application's."""
    async with side.session(spec) as session:
        await session.load("item", [(4, "d"), (5, "e")], columns=("id", "name"))

    span = telemetry.span("INSERT item")
    assert facts(span) == _expected(
        side, spec, **INSERT | {"operation__name": "BATCH INSERT"}, operation__batch__size=2
    )


async def test_an_error_has_its_type_and_code_and_no_text(
    side: Side, spec: SQLSpec, telemetry: Telemetry
) -> None:
    """The text of an error may hold values, and so may the frames of a traceback."""
    async with side.session(spec) as session:
        with pytest.raises(UniqueViolationError):
            await session.execute("INSERT INTO item VALUES (?, ?)", (1, "again"))
        await session.rollback()

    span = telemetry.spans[0]
    assert (span.status.status_code, span.status.description) == (StatusCode.ERROR, None)
    assert span.events == ()
    assert facts(span) == _expected(
        side,
        spec,
        **INSERT,
        query__text="INSERT INTO item VALUES (?, ?)",
        response__status_code=CODES[side.database.name],
    ) | {"error.type": "UniqueViolationError"}


@pytest.mark.parametrize("ends_with", ["commit", "rollback"])
async def test_the_end_of_a_transaction_is_a_span_with_its_outcome(
    side: Side, spec: SQLSpec, telemetry: Telemetry, ends_with: str
) -> None:
    """BEGIN is none; the application did not type it, and it often has no message of its own."""
    async with side.session(spec) as session:
        await session.execute("INSERT INTO item VALUES (4, 'd')")
        await getattr(session, ends_with)()

    _insert, span = telemetry.spans
    word = ends_with.upper()
    outcome = {"commit": "committed", "rollback": "rolled back"}[ends_with]
    assert (span.name, span.kind, span.status.status_code) == (word, SpanKind.CLIENT, StatusCode.UNSET)
    assert facts(span) == _expected(side, spec, operation__name=word, query__summary=word) | {
        "sqlspec.transaction.outcome": outcome
    }


async def test_the_duration_is_measured_by_operation(side: Side, spec: SQLSpec, telemetry: Telemetry) -> None:
    """The same as the span's, but without what would make a series of every statement."""
    async with side.session(spec) as session:
        await session.execute("SELECT name FROM item WHERE id = 1")
        await session.execute_many("DELETE FROM item WHERE id = ?", [(2,), (3,)])

    points = telemetry.points("db.client.operation.duration")
    expected = [_expected(side, spec, operation__name=name) for name in ("SELECT", "BATCH DELETE", "COMMIT")]
    for attributes in expected:
        ((_, point),) = [found for found in points if found[0] == attributes]
        assert point.explicit_bounds == (0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10)
        assert point.sum > 0
    ((_, read),) = [found for found in points if found[0] == expected[0]]
    assert read.count == 1
    (exemplar,) = read.exemplars
    span = telemetry.span("SELECT item")
    assert exemplar.span_id == span_id(span)
