# The source of test_observed_sync.py, which tools/print_sync.py prints from it.
"""What observers hear of endings that are not good: the same as the application."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from sqlspec.errors import (
    CommitOutcomeUnknownError,
    ConnectError,
    DisconnectedError,
    IntegrityError,
    StatementError,
    TransactionAbortedError,
)
from sqlspec.plugin import hookimpl
from tests.pool.endings._async import Scene

if TYPE_CHECKING:
    from sqlspec.plugin import ConnectionEvent, StatementEvent
    from sqlspec.plugin.events import LeaseEvent, TransactionEvent


class Witness:
    """Writes down what each thing came to."""

    def __init__(self, scene: Scene) -> None:
        self.heard: list[Any] = []
        scene.spec.plugins.register(self)

    @hookimpl
    def sqlspec_statement_executed(self, event: StatementEvent) -> None:
        """Its error."""
        self.heard.append(("statement", event.error))

    @hookimpl
    def sqlspec_transaction_ended(self, event: TransactionEvent) -> None:
        """Its outcome and error."""
        self.heard.append((event.operation, event.outcome, event.error))

    @hookimpl
    def sqlspec_lease_event(self, event: LeaseEvent) -> None:
        """Only what failed."""
        if event.kind == "failed":
            self.heard.append(("lease", event.error))

    @hookimpl
    def sqlspec_connection_event(self, event: ConnectionEvent) -> None:
        """Only what failed."""
        if event.kind == "failed":
            self.heard.append(("connection", event.reason))


@pytest.mark.parametrize("how", ["lose_reply", "half_done"])
async def test_g44_a_commit_without_an_answer_is_unknown_to_them_too(how: str) -> None:
    """Neither committed nor rolled back."""
    scene = Scene()
    witness = Witness(scene)
    getattr(scene.script.next("commit"), how)()

    with pytest.raises(CommitOutcomeUnknownError):
        await scene.insert()

    assert witness.heard == [("statement", None), ("COMMIT", "unknown", "CommitOutcomeUnknownError")]


async def test_g44_a_commit_that_is_refused_is_rolled_back() -> None:
    """With the error that the application gets."""
    scene = Scene()
    witness = Witness(scene)
    scene.script.next("commit").fail("integrity")

    with pytest.raises(IntegrityError):
        await scene.insert()

    assert witness.heard == [("statement", None), ("COMMIT", "rolled back", "IntegrityError")]


async def test_what_the_connection_takes_along_is_rolled_back() -> None:
    """Nobody sends a ROLLBACK, and the server undoes it."""
    scene = Scene()
    witness = Witness(scene)
    scene.script.next("execute", statement="INSERT 2").not_sent()

    with pytest.raises(DisconnectedError):
        async with scene.spec.provide_session("db") as session:
            await session.execute("INSERT 1")
            await session.execute("INSERT 2")

    assert witness.heard == [
        ("statement", None),
        ("statement", "DisconnectedError"),
        ("ROLLBACK", "rolled back", "TransactionAbortedError"),
    ]


async def test_a_statement_of_an_aborted_transaction_is_heard_of() -> None:
    """And that the clean end committed nothing."""
    scene = Scene()
    witness = Witness(scene)
    scene.script.next("execute", statement="INSERT 1").fail("statement")

    with pytest.raises(TransactionAbortedError):
        async with scene.spec.provide_session("db") as session:
            await session.execute("SELECT")
            with pytest.raises(StatementError):
                await session.execute("INSERT 1")
            with pytest.raises(TransactionAbortedError):
                await session.execute("INSERT 2")

    assert witness.heard[1:3] == [("statement", "StatementError"), ("statement", "TransactionAbortedError")]
    assert witness.heard[3][:2] == ("ROLLBACK", "rolled back")


async def test_a_connection_that_can_not_be_opened_is_heard_of() -> None:
    """By the pool, and by the caller who waited for it."""
    scene = Scene()
    witness = Witness(scene)
    scene.script.next("connect").fail("disconnect")

    with pytest.raises(ConnectError):
        await scene.insert()

    assert witness.heard == [("connection", "DisconnectedError"), ("lease", "DisconnectedError")]
