"""Sessions that overlap in any order, inside of `override(…, rollback=True)`, against a model.

Each of them is right, or nothing runs any more: never is a session's work lost or kept in silence.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sqlspec import SQLSpec
from sqlspec.adapters.sqlite import SQLiteConfig
from sqlspec.errors import TransactionAbortedError

if TYPE_CHECKING:
    from collections.abc import Iterator

STEPS = st.lists(
    st.tuples(
        st.integers(0, 2),
        st.sampled_from(["insert", "insert", "read", "commit", "rollback", "block", "undone"]),
    ),
    max_size=12,
)


@pytest.fixture(scope="module")
def spec() -> Iterator[SQLSpec]:
    """With an empty table."""
    with SQLSpec() as spec:
        spec.register_config(SQLiteConfig(database=":memory:"), "main")
        with spec.provide_session("main") as session:
            session.execute("CREATE TABLE item (id INTEGER)")
        yield spec


class UndoError(Exception):
    """Ends a block."""


def do(session: Any, step: str, number: int, pending: list[int], kept: list[int]) -> None:
    """One step of a session, and of its model: what it has written, and what is kept for good."""
    insert = "INSERT INTO item VALUES (?)"
    if step == "insert":
        session.execute(insert, (number,))
        pending.append(number)
    elif step == "read":
        session.execute("SELECT count(*) FROM item")
    elif step == "commit":
        session.commit()
        kept += pending
        pending.clear()
    elif step == "rollback":
        session.rollback()
        pending.clear()
    elif step == "block":
        with session.begin():
            session.execute(insert, (number,))
        pending.append(number)
    else:
        with pytest.raises(UndoError), session.begin():
            session.execute(insert, (number,))
            raise UndoError
        # The block was the whole transaction, if none was open.


@given(steps=STEPS)
@settings(max_examples=300)
def test_any_order_is_right_or_refused(spec: SQLSpec, steps: list[tuple[int, str]]) -> None:
    """Of three sessions."""
    refused = False
    kept: list[int] = []
    pending: list[list[int]] = [[], [], []]
    has_begun = [False, False, False]
    with ExitStack() as override:
        block = spec.override("main", rollback=True)
        override.enter_context(block)
        blocks = [spec.provide_session("main") for _ in range(3)]
        sessions = [one.__enter__() for one in blocks]
        judge = override.enter_context(spec.provide_session("main", autocommit=True))
        try:
            for number, (who, step) in enumerate(steps):
                was_begun = has_begun[who]
                do(sessions[who], step, number, pending[who], kept)
                has_begun[who] = (was_begun or step in {"insert", "read"}) and step not in {
                    "commit",
                    "rollback",
                }
                if step == "block" and not was_begun:  # a transaction of its own
                    kept += pending[who]
                    pending[who].clear()
                found = judge.execute("SELECT id FROM item ORDER BY id").scalars()
                assert found == sorted([*kept, *pending[0], *pending[1], *pending[2]])
        except TransactionAbortedError:
            refused = True
        for one in blocks:
            try:
                one.__exit__(None, None, None)
            except TransactionAbortedError:
                refused = True
        if refused:
            with pytest.raises(TransactionAbortedError), spec.provide_session("main"):
                pass
            with pytest.raises(TransactionAbortedError):
                override.close()
        else:
            with spec.provide_session("main") as session:
                found = session.execute("SELECT id FROM item ORDER BY id").scalars()
            assert found == sorted([*kept, *pending[0], *pending[1], *pending[2]])
    with spec.provide_session("main") as session:
        assert session.execute("SELECT count(*) FROM item").scalar() == 0


def test_most_orders_are_not_refused(spec: SQLSpec) -> None:
    """The test above would be green if all were."""
    with spec.override("main", rollback=True):
        with spec.provide_session("main") as first, spec.provide_session("main") as second:
            for session in (first, second, first, second):
                session.execute("INSERT INTO item VALUES (1)")
            first.commit()
            second.execute("INSERT INTO item VALUES (1)")
        with spec.provide_session("main") as session:
            assert session.execute("SELECT count(*) FROM item").scalar() == 5
