# pyright: reportMissingTypeStubs=false
"""A BEGIN that travels ahead of the first statement: what becomes of it, and of what follows."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sqlspec.errors import ParameterError, StatementError, TransactionAbortedError
from sqlspec.plugin import TransactionStatus
from sqlspec_asyncpg.begin_ahead import BeginAnswer

if TYPE_CHECKING:
    from sqlspec import SQLSpec

INSERT = "INSERT INTO item (id) VALUES (?)"
CANARY = "fOur-oh-seven"
COUNT = "SELECT count(*) FROM item"


def message(kind: bytes, body: bytes = b"") -> bytes:
    """One message of the server's."""
    return kind + (len(body) + 4).to_bytes(4, "big") + body


PARSED, BOUND, BEGUN = message(b"1"), message(b"2"), message(b"C", b"BEGIN\0")
NOTICE, ERROR = message(b"N", b"SNOTICE\0\0"), message(b"E", b"SERROR\0\0")
between = st.sampled_from([b"", NOTICE, message(b"A", b"channel"), NOTICE + NOTICE])


def left(data: bytes, cuts: list[int]) -> bytes:
    """What is left of an answer that arrives in pieces."""
    places = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    answer = BeginAnswer()
    return b"".join(answer.taken_out_of(data[start:end]) for start, end in pairwise(places))


@given(
    notices=st.tuples(between, between, between, between),
    rest=st.sampled_from([b"", PARSED, BOUND + message(b"D", b"row"), message(b"C", b"BEGIN\0")]),
    cuts=st.lists(st.integers(0, 200), max_size=12),
)
def test_the_answer_to_begin_is_taken_out_and_nothing_else(
    notices: tuple[bytes, bytes, bytes, bytes], rest: bytes, cuts: list[int]
) -> None:
    """However the network cuts it, and whatever the server says in between."""
    first, second, third, fourth = notices
    data = first + PARSED + second + BOUND + third + BEGUN + fourth + rest

    assert left(data, cuts) == b"".join(notices) + rest


@given(
    done=st.sampled_from([b"", PARSED, PARSED + BOUND]),
    rest=st.sampled_from([b"", message(b"Z", b"I"), PARSED + BOUND]),
    cuts=st.lists(st.integers(0, 200), max_size=12),
)
def test_an_error_of_begin_is_the_statements(done: bytes, rest: bytes, cuts: list[int]) -> None:
    """It is passed on, and so is all behind it: no more of BEGIN will come."""
    assert left(done + ERROR + rest, cuts) == ERROR + rest


async def test_a_statement_behind_a_begin_that_fails_does_not_run(spec: SQLSpec) -> None:
    """The server skips it; else it would be kept, outside of any transaction."""
    async with spec.provide_session() as session:
        await session.execute(INSERT, (1,))
    async with spec.provide_session() as session:
        raw = await session.connection()
        await session.rollback()
        await raw.execute("BEGIN")
        with pytest.raises(asyncpg.DivisionByZeroError):
            await raw.execute("SELECT 1/0")  # from here on the server refuses BEGIN
        with pytest.raises(TransactionAbortedError):
            await session.execute(INSERT, (2,))
        await session.rollback()
        await session.execute(INSERT, (3,))

    async with spec.provide_session() as session:
        assert await session.execute("SELECT id FROM item ORDER BY id").scalars() == [1, 3]


async def test_a_statement_that_was_not_sent_leaves_the_transaction_open(spec: SQLSpec) -> None:
    """BEGIN is on its way, and what follows it runs in that transaction."""
    async with spec.provide_session() as session:
        await session.execute(INSERT, (1,))
    with pytest.raises(ZeroDivisionError):
        async with spec.provide_session() as session:
            with pytest.raises(ParameterError, match="parameter 1"):
                await session.execute(INSERT, ({CANARY},))
            await session.execute(INSERT, (3,))
            raise ZeroDivisionError

    async with spec.provide_session() as session:
        assert await session.execute("SELECT id FROM item").scalars() == [1]


async def test_an_empty_block_is_a_transaction(spec: SQLSpec) -> None:
    """COMMIT follows BEGIN, with nothing in between."""
    async with spec.provide_session(autocommit=True) as session:
        async with session.begin():
            pass
        with pytest.raises(ZeroDivisionError):
            async with session.begin():
                raise ZeroDivisionError
        await session.execute(INSERT, (1,))

    async with spec.provide_session() as session:
        assert await session.execute(COUNT).scalar() == 1


async def test_the_drivers_connection_knows_of_the_transaction(spec: SQLSpec) -> None:
    """As soon as it is lent."""
    async with spec.provide_session() as session, session.begin():
        raw = await session.connection()
        assert raw.is_in_transaction()


@pytest.mark.parametrize("first", ["many", "load", "stream", "script", "savepoint"])
async def test_whatever_comes_first_in_a_block_is_in_its_transaction(spec: SQLSpec, first: str) -> None:
    """And undone with it."""
    for _ in range(2):  # what is prepared already takes another way
        with pytest.raises(ZeroDivisionError):
            async with spec.provide_session() as session, session.begin():
                if first == "many":
                    await session.execute_many(INSERT, [(1,), (2,)])
                elif first == "load":
                    await session.load("item", [(1,), (2,)], ["id"])
                elif first == "stream":
                    rows = session.stream("INSERT INTO item (id) VALUES (1), (2) RETURNING id")
                    assert [row["id"] async for row in rows] == [1, 2]
                elif first == "script":
                    insert = "INSERT INTO item (id) VALUES ({})"
                    await session.execute_script(f"{insert.format(1)}; {insert.format(2)}")
                else:
                    async with session.begin():
                        await session.execute_many(INSERT, [(1,), (2,)])
                assert await session.execute(COUNT).scalar() == 2
                raise ZeroDivisionError
        async with spec.provide_session() as session:
            assert await session.execute(COUNT).scalar() == 0


async def test_many_rows_behind_a_begin_are_all_or_none(spec: SQLSpec) -> None:
    """Asyncpg must know of the transaction when a row does not fit, or it rolls back by itself."""
    async with spec.provide_session() as session:
        await session.execute_many(INSERT, [(1,), (2,)])
    async with spec.provide_session() as session:
        rows = [*((number,) for number in range(10, 9000)), ("no number",)]
        with pytest.raises(StatementError):
            await session.execute_many(INSERT, rows)
        await session.rollback()
        assert await session.execute(COUNT).scalar() == 2


async def test_the_status_is_told_before_the_server_tells_it(spec: SQLSpec) -> None:
    """A transaction is open from `begin()` on."""
    async with spec.provide_session() as session:
        seen = [session._connection.transaction_status]
        async with session.begin():
            seen.append(session._connection.transaction_status)
        seen.append(session._connection.transaction_status)

    assert seen == [TransactionStatus.IDLE, TransactionStatus.ACTIVE, TransactionStatus.IDLE]
