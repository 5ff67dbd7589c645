"""The same statement again: its result is known by its first bytes, and read the short way."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sqlspec.errors import StatementError

if TYPE_CHECKING:
    from sqlspec import SQLSpec

KINDS = (1, 2, 3, 1, 1, 2, 2)
SEQUENCE = "SELECT seq, repeat('x', seq % 50) AS text FROM seq_1_to_10000 LIMIT ?"


COUNTS = [0, 1, 2, 250, 251, 252, 253, 254, 255, 256, 257, 600, 3000, 10_000]


@pytest.mark.parametrize("count", COUNTS, ids=str)
async def test_every_row_is_read_each_time(spec: SQLSpec, count: int) -> None:
    """However many there are: packets are numbered by one byte, and large answers come in pieces."""
    async with spec.provide_session() as session:
        for _ in range(3):
            result = await session.execute(SEQUENCE, (count,), schema_type=tuple)
            rows = result.all()
            assert result.rowcount == count
            assert rows == [(number, "x" * (number % 50)) for number in range(1, count + 1)]


async def test_a_table_that_changed_is_read_as_it_is(spec: SQLSpec) -> None:
    """Another type, another column, another name, another table of that name."""
    found = []
    async with spec.provide_session(autocommit=True) as session:
        for change in (
            "INSERT INTO item VALUES (1, '5')",
            "ALTER TABLE item MODIFY note INTEGER",
            "ALTER TABLE item ADD more DECIMAL(5,2) DEFAULT 1.5",
            "ALTER TABLE item CHANGE note remark INTEGER",
        ):
            await session.execute(change)
            await session.execute("SELECT * FROM item").one()
            found.append(await session.execute("SELECT * FROM item").one())
        await session.execute("DROP TABLE item")
        with pytest.raises(StatementError):
            await session.execute("SELECT * FROM item")

    assert [list(row) for row in found] == [
        ["id", "note"], ["id", "note"], ["id", "note", "more"], ["id", "remark", "more"]
    ]  # fmt: skip
    assert [row.get("note") for row in found] == ["5", 5, 5, None]


async def test_a_text_that_gives_now_this_and_now_that(spec: SQLSpec) -> None:
    """A procedure with rows of one kind, of another, and with none."""
    async with spec.provide_connection("main") as raw:
        await raw.query(
            "CREATE PROCEDURE p(n INTEGER) BEGIN IF n = 1 THEN SELECT 1 AS a;"
            " ELSEIF n = 2 THEN SELECT 'x' AS b, NULL AS c; END IF; END"
        )

    async with spec.provide_session() as session:
        found = [(await session.execute("CALL p(?)", (number,))).all() for number in KINDS]

    rows = {1: [{"a": 1}], 2: [{"b": "x", "c": None}], 3: []}
    assert found == [rows[number] for number in KINDS]


async def test_more_statements_than_are_kept(spec: SQLSpec) -> None:
    """The first are forgotten, and read as at first."""
    async with spec.provide_session() as session:
        for _ in range(2):
            for number in range(300):
                assert await session.execute(f"SELECT {number} AS c{number}").one() == {f"c{number}": number}


async def test_decoders_that_were_changed_count(spec: SQLSpec) -> None:
    """On the driver's object, inside of a session."""
    async with spec.provide_session() as session:
        await session.execute("SELECT 7").scalar()
        raw = await session.connection()
        raw._decoders[8] = lambda text: f"<{text}>"
        raw._decoders[3] = raw._decoders[8]
        changed = await session.execute("SELECT 7").scalar()

    async with spec.provide_session() as session:
        assert await session.execute("SELECT 7").scalar() == 7
    assert changed == "<7>"
