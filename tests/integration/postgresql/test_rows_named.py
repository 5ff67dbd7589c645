"""Which row it was, where a trigger or another row has a say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sqlspec import SQLSpec
from sqlspec.adapters.postgresql import AsyncpgConfig, PostgreSQLConfig
from sqlspec.errors import ForeignKeyViolationError, ParameterError, SQLSpecError, StatementError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

SCHEMA = """
CREATE TABLE parent (id INT PRIMARY KEY);
CREATE TABLE child (id INT, parent INT REFERENCES parent (id));
CREATE TABLE late (id INT, parent INT REFERENCES parent (id) DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE "odd, line 7" (id INT, made TIMESTAMP, data JSONB, tags INT[]);
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF new.id = 500 THEN RAISE 'not this one'; END IF;
    RETURN new;
END $$;
CREATE TABLE watched (id INT, parent INT);
CREATE TRIGGER watching BEFORE INSERT ON watched FOR EACH ROW EXECUTE FUNCTION refuse();
"""
ROWS = [(number, None) for number in range(800)]


@pytest.fixture(params=[AsyncpgConfig, PostgreSQLConfig], ids=["asyncpg", "psycopg"])
async def spec(request: pytest.FixtureRequest, postgresql_url: str) -> AsyncIterator[SQLSpec]:
    """Both adapters, on one server."""
    async with SQLSpec() as spec:
        spec.register_config(request.param(url=postgresql_url), "main")
        async with spec.provide_session() as session:
            await session.execute_script(SCHEMA)
        yield spec


@pytest.mark.parametrize("is_load", [True, False], ids=["load", "many"])
async def test_a_row_that_a_trigger_refuses_is_named(spec: SQLSpec, *, is_load: bool) -> None:
    """It was run for that row."""
    with pytest.raises(StatementError, match=r"^row 501: a function raised an exception"):
        async with spec.provide_session() as session:
            if is_load:
                await session.load("watched", ROWS, ("id", "parent"))
            else:
                await session.execute_many("INSERT INTO watched VALUES (?, ?)", ROWS)


async def test_a_reference_that_copy_checks_at_its_end_names_no_row(spec: SQLSpec) -> None:
    """All rows have been sent."""
    with pytest.raises(ForeignKeyViolationError) as caught:
        async with spec.provide_session() as session:
            await session.load("child", [*ROWS, (9, 9)], ("id", "parent"))

    assert "row " not in str(caught.value)


async def test_a_reference_that_a_statement_checks_names_its_row(spec: SQLSpec) -> None:
    """Each row is a statement."""
    with pytest.raises(ForeignKeyViolationError, match=r"^row 801: "):
        async with spec.provide_session() as session:
            await session.execute_many("INSERT INTO child VALUES (?, ?)", [*ROWS, (9, 9), *ROWS])


async def test_a_reference_that_is_checked_at_commit_names_no_row(spec: SQLSpec) -> None:
    """It is an error of the COMMIT."""
    with pytest.raises(SQLSpecError) as caught:
        async with spec.provide_session() as session:
            await session.execute_many("INSERT INTO late VALUES (?, ?)", [*ROWS, (9, 9)])

    assert "row " not in str(caught.value)


@pytest.mark.parametrize(
    "bad",
    [(2**40, None, None, None), (1, "no date", None, None), (1, None, {"a": float("nan")}, None)],
    ids=["too large", "no date", "no JSON"],
)
@pytest.mark.parametrize("is_load", [True, False], ids=["load", "many"])
async def test_values_that_go_in_several_forms_name_their_row(
    spec: SQLSpec, bad: tuple[object, ...], *, is_load: bool
) -> None:
    """Some as text, some in binary, and each counted from the first of all."""
    rows: list[tuple[object, ...]] = [
        (str(number) if number % 3 else number, None, {"a": number}, [1, number]) for number in range(600)
    ]
    rows[432] = bad
    with pytest.raises((StatementError, ParameterError), match=r"^row 433: "):
        async with spec.provide_session() as session:
            if is_load:
                await session.load(("public", "odd, line 7"), rows, ("id", "made", "data", "tags"))
            else:
                await session.execute_many('INSERT INTO "odd, line 7" VALUES (?, ?, ?, ?)', rows)
