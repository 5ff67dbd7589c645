"""Scripts that bring their own BEGIN and COMMIT run in autocommit sessions, and leave no transaction open."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from sqlspec.errors import StatementError, TransactionAbortedError, TransactionControlError

if TYPE_CHECKING:
    from sqlspec import SQLSpec

    from .sides import Side

BOTH = "BEGIN; INSERT INTO item VALUES (1); INSERT INTO item VALUES (2); COMMIT;"


async def stored(side: Side, spec: SQLSpec) -> list[Any]:
    """What another session sees."""
    async with side.session(spec) as session:
        return (await session.execute("SELECT id FROM item ORDER BY id")).scalars()  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("script", "kept"),
    [
        (BOTH, [1, 2]),
        (f"INSERT INTO item VALUES (0); {BOTH} INSERT INTO item VALUES (3);", [0, 1, 2, 3]),
        ("BEGIN; INSERT INTO item VALUES (1); ROLLBACK; INSERT INTO item VALUES (2)", [2]),
        (f"{BOTH} {BOTH.replace('1', '3').replace('2', '4')}", [1, 2, 3, 4]),
        ("-- why\nBEGIN;\n/* b */ INSERT INTO item VALUES (1);\nCOMMIT;\n-- done", [1]),
    ],
)
async def test_a_script_ends_what_it_begins(side: Side, spec: SQLSpec, script: str, kept: list[int]) -> None:
    """What it commits is stored, before the session ends; what it rolls back is not."""
    async with side.session(spec, autocommit=True) as session:
        await session.execute_script(script)
        assert await stored(side, spec) == kept
        await session.execute("INSERT INTO item VALUES (9)")
        assert await stored(side, spec) == [*kept, 9]


async def test_a_transaction_that_is_left_open_is_rolled_back(side: Side, spec: SQLSpec) -> None:
    """With an error that says so; the session goes on, and so does its connection."""
    async with side.session(spec, autocommit=True) as session:
        with pytest.raises(TransactionAbortedError, match="did not end it"):
            await session.execute_script("INSERT INTO item VALUES (1); BEGIN; INSERT INTO item VALUES (2)")
        await session.execute("INSERT INTO item VALUES (3)")

    assert await stored(side, spec) == [1, 3]


async def test_an_error_in_the_middle_undoes_the_open_transaction(side: Side, spec: SQLSpec) -> None:
    """And leaves what was committed before; the session goes on."""
    script = f"{BOTH} BEGIN; INSERT INTO item VALUES (3); SELECT no_such_column FROM item; COMMIT"
    async with side.session(spec, autocommit=True) as session:
        with pytest.raises(StatementError):
            await session.execute_script(script)
        await session.execute("INSERT INTO item VALUES (4)")

    assert await stored(side, spec) == [1, 2, 4]


@pytest.mark.parametrize("reset", ["full", "rollback"])
async def test_nothing_is_left_for_the_next_owner(
    side: Side, request: pytest.FixtureRequest, spec: SQLSpec, reset: str
) -> None:
    """Whatever the config says about resets."""
    async with side.session(spec) as session:
        await session.execute("DELETE FROM item")
    with spec.override("db", side.database.config(request, pool_size=1, reset=reset)):
        for _ in range(2):
            with pytest.raises(TransactionAbortedError):
                async with side.session(spec, autocommit=True) as session:
                    await session.execute_script("BEGIN; INSERT INTO item VALUES (2)")
            with pytest.raises(StatementError):
                async with side.session(spec, autocommit=True) as session:
                    await session.execute_script("BEGIN; INSERT INTO item VALUES (2); SELECT no_such_column")

        assert await stored(side, spec) == []


async def test_a_transaction_refuses_a_script_with_its_own(side: Side, spec: SQLSpec) -> None:
    """Before anything runs, and says where it can run."""
    async with side.session(spec) as session:
        with pytest.raises(TransactionControlError, match=r"provide_session\(autocommit=True\)"):
            await session.execute_script(BOTH)
        await session.execute("INSERT INTO item VALUES (5)")
    async with side.session(spec, autocommit=True) as session, session.begin():
        with pytest.raises(TransactionControlError, match=r"provide_session\(autocommit=True\)"):
            await session.execute_script(BOTH)

    assert await stored(side, spec) == [5]
