"""A PRAGMA inside a transaction: refused where SQLite would ignore it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sqlspec.errors import StatementError

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlspec import Session, SQLSpec

SETTING = [
    "PRAGMA foreign_keys = OFF",
    "pragma foreign_keys=0;",
    "PRAGMA main.foreign_keys(no)",
    '/* why */ PRAGMA "main" . [foreign_keys] = 1',
    "PRAGMA journal_mode = WAL",
    "PRAGMA main.synchronous(NORMAL)",
    "PRAGMA wal_checkpoint",
    "PRAGMA main.wal_checkpoint(TRUNCATE)",
]


@pytest.mark.parametrize("pragma", SETTING)
def test_a_pragma_that_no_transaction_may_change_is_refused_there(spec: SQLSpec, pragma: str) -> None:
    """By every method, with the word that helps; SQLite would ignore it in silence, or wait for itself."""
    calls: list[Callable[[Session], object]] = [
        lambda session: session.execute(pragma),
        lambda session: session.execute_many(pragma, [()]),
        lambda session: session.execute_script(f"SELECT 1; {pragma}"),
        lambda session: list(session.stream(pragma)),
    ]
    for call in calls:
        with (
            pytest.raises(StatementError, match="autocommit=True"),
            spec.provide_session() as session,
        ):
            call(session)
        with (
            pytest.raises(StatementError, match="autocommit=True"),
            spec.provide_session(autocommit=True) as session,
            session.begin(),
        ):
            call(session)
    with spec.provide_session(autocommit=True) as session:
        session.execute(pragma)


@pytest.mark.parametrize("pragma", ["PRAGMA foreign_keys", "PRAGMA journal_mode", "PRAGMA table_info(item)"])
def test_pragmas_that_read_are_fine_in_a_transaction(spec: SQLSpec, pragma: str) -> None:
    """As are those that set what a transaction may change."""
    with spec.provide_session() as session:
        session.execute(pragma).all()
        session.execute("PRAGMA defer_foreign_keys = ON")
