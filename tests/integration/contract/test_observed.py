"""What observers hear of sessions: the same on every adapter, in tasks and in threads."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from sqlspec.errors import StatementError
from sqlspec.plugin import hookimpl

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlspec import SQLSpec
    from sqlspec.plugin.events import LeaseEvent, StatementEvent, TransactionEvent

    from .sides import Side

ROWS = "SELECT 1 AS one UNION ALL SELECT 2"


class Witness:
    """Writes down the hooks in their order, and what they got at the end."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.ended: list[Any] = []
        self.parameters: list[Any] = []
        self.rows: list[Any] = []

    @hookimpl
    def sqlspec_statement_started(self, event: StatementEvent) -> None:
        """Leave a note for the end."""
        event.notes[self] = len(self.heard)
        self.heard.append("started")

    @hookimpl
    def sqlspec_statement_paused(self, event: StatementEvent) -> None:
        """It is the one that was started."""
        assert self in event.notes
        self.heard.append("paused")

    @hookimpl
    def sqlspec_statement_resumed(self, event: StatementEvent) -> None:
        """It is the one that was paused."""
        assert self in event.notes
        self.heard.append("resumed")

    @hookimpl
    def sqlspec_statement_executed(
        self, event: StatementEvent, parameters: object, rows: Sequence[object] | None
    ) -> None:
        """The end, with the application's data."""
        assert self in event.notes
        assert event.seconds > 0
        self.heard.append("executed")
        self.ended.append(event)
        self.parameters.append(parameters)
        self.rows.append(None if rows is None else list(rows))

    @hookimpl
    def sqlspec_transaction_ending(self, event: TransactionEvent) -> None:
        """COMMIT or ROLLBACK."""
        self.heard.append(event.operation)

    @hookimpl
    def sqlspec_transaction_ended(self, event: TransactionEvent) -> None:
        """And what came of it."""
        self.heard.append(event.outcome)

    @hookimpl
    def sqlspec_lease_event(self, event: LeaseEvent) -> None:
        """The connection."""
        assert event.seconds >= 0
        self.heard.append(event.kind)

    def last(self) -> tuple[Any, ...]:
        """The statement that ended last: its call, and its numbers."""
        event = self.ended[-1]
        return event.operation, event.batch_size, event.returned_rows, event.error

    def forget(self) -> None:
        """Begin anew."""
        for heard in (self.heard, self.ended, self.parameters, self.rows):
            heard.clear()


@pytest.fixture
def witness(spec: SQLSpec) -> Witness:
    """Hears of everything that the test does."""
    found = Witness()
    spec.plugins.register(found)
    return found


WHOLE_LIFE = ["acquired", "started", "executed", "COMMIT", "committed", "released"]


async def test_a_session_is_heard_from_its_lease_to_its_commit(
    side: Side, spec: SQLSpec, witness: Witness
) -> None:
    """In order; and a failure ends in a rollback."""
    async with side.session(spec) as session:
        await session.execute("INSERT INTO item VALUES (?)", (1,))
    assert witness.heard == WHOLE_LIFE
    assert witness.last() == ("execute", None, None, None)
    assert witness.ended[0].rowcount == 1
    assert (witness.ended[0].verb, witness.ended[0].statement) == ("INSERT", "INSERT INTO item VALUES (?)")
    witness.forget()

    with pytest.raises(StatementError):
        async with side.session(spec) as session:
            await session.execute("SELECT nothing FROM item")
    assert witness.heard == [*WHOLE_LIFE[:3], "ROLLBACK", "rolled back", "released"]
    assert witness.ended[0].error == "StatementError"
    assert witness.ended[0].sqlstate or witness.ended[0].code or side.database.name == "duckdb"


async def test_parameters_and_rows_are_given_to_who_names_them(
    side: Side, spec: SQLSpec, witness: Witness
) -> None:
    """As they were passed, and as they were returned."""
    async with side.session(spec) as session:
        await session.execute("SELECT id FROM item WHERE id = ?", (7,))
        await session.execute_many("INSERT INTO item VALUES (?)", [(1,), (2,), (3,)])
        await session.execute("SELECT id FROM item ORDER BY id")

    assert witness.parameters == [(7,), [(1,), (2,), (3,)], None]
    assert witness.rows == [[], None, [(1,), (2,), (3,)]]
    assert [event.returned_rows for event in witness.ended] == [0, None, 3]
    assert [event.batch_size for event in witness.ended] == [None, 3, None]
    assert witness.ended[2].columns == ("id",)


async def test_a_stream_is_one_statement_with_pauses(side: Side, spec: SQLSpec, witness: Witness) -> None:
    """Read to its end, or left; its rows are counted, and none is kept."""
    async with side.session(spec) as session:
        assert [row["one"] async for row in session.stream(ROWS, batch_size=1)] == [1, 2]
    statement = witness.heard[1:-3]
    assert statement == ["started", "paused", "resumed", "paused", "resumed", "executed"]
    assert witness.last() == ("stream", None, 2, None)
    assert witness.rows == [None]
    witness.forget()

    async with side.session(spec) as session:
        async for _ in session.stream(ROWS, batch_size=1):
            break
    assert witness.heard.count("executed") == witness.heard.count("started") == 1
    assert witness.last() == ("stream", None, 1, None)
    witness.forget()

    with pytest.raises(StatementError):
        async with side.session(spec) as session:
            [row async for row in session.stream("SELECT nothing FROM item")]
    assert witness.heard.count("executed") == 1
    assert witness.last()[0::3] == ("stream", "StatementError")


async def test_scripts_and_loads_are_heard_once(side: Side, spec: SQLSpec, witness: Witness) -> None:
    """Whatever they are made of; parameters are none of theirs."""
    async with side.session(spec) as session:
        await session.execute_script("INSERT INTO item VALUES (1); INSERT INTO item VALUES (2)")
        assert witness.last() == ("execute_script", None, None, None)
        await session.load("item", [(3,), (4,)], columns=("id",))
        assert witness.last() == ("load", 2, None, None)
        assert (witness.ended[-1].statement, witness.ended[-1].rowcount) == ("item", 2)

    assert witness.heard.count("executed") == 2
    assert witness.parameters == [None, None]


async def test_what_fails_in_bulk_is_heard_once(side: Side, spec: SQLSpec, witness: Witness) -> None:
    """With the error that the application gets; also the application's own."""

    def rows() -> Iterator[tuple[int]]:
        yield (1,)
        msg = "the application's"
        raise LookupError(msg)

    for call in ("execute_many", "execute_script", "load"):
        witness.forget()
        with pytest.raises((StatementError, LookupError)) as caught:
            async with side.session(spec) as session:
                if call == "execute_many":
                    await session.execute_many("INSERT INTO nowhere VALUES (?)", [(1,)])
                elif call == "execute_script":
                    await session.execute_script("INSERT INTO nowhere VALUES (1)")
                else:
                    await session.load("nowhere", [(1,)], columns=("id",))
        assert witness.last()[0::3] == (call, type(caught.value).__name__)
        assert witness.heard.count("started") == witness.heard.count("executed") == 1

    with pytest.raises(LookupError):
        async with side.session(spec) as session:
            await session.load("item", rows(), columns=("id",))


async def test_each_transaction_of_a_session_has_an_end(side: Side, spec: SQLSpec, witness: Witness) -> None:
    """By its methods, its blocks and its own end; without one there is none."""
    async with side.session(spec) as session:
        await session.execute("INSERT INTO item VALUES (1)")
        await session.commit()
        await session.execute("INSERT INTO item VALUES (2)")
        await session.rollback()
        await session.commit()
    async with side.session(spec, autocommit=True) as session:
        await session.execute("INSERT INTO item VALUES (3)")
        async with session.begin():
            await session.execute("INSERT INTO item VALUES (4)")

    ends = [word for word in witness.heard if word not in {"started", "executed", "acquired", "released"}]
    assert ends == ["COMMIT", "committed", "ROLLBACK", "rolled back", "COMMIT", "committed"]


async def test_a_connection_without_a_session_is_a_lease(side: Side, spec: SQLSpec, witness: Witness) -> None:
    """What is done with it is between the application and its driver."""
    if side.in_tasks:
        async with spec.provide_connection():
            assert witness.heard == ["acquired"]
    else:
        with spec.provide_connection():
            assert witness.heard == ["acquired"]

    assert witness.heard == ["acquired", "released"]


async def test_an_observer_that_raises_changes_nothing(side: Side, spec: SQLSpec) -> None:
    """Whatever it is told of."""

    class Faulty(Witness):
        def __getattribute__(self, name: str) -> Any:
            if name == "heard":
                msg = "faulty"
                raise RuntimeError(msg)
            return super().__getattribute__(name)

    faulty = object.__new__(Faulty)
    spec.plugins.register(faulty)

    async with side.session(spec) as session:
        await session.execute("INSERT INTO item VALUES (1)")
        await session.execute_many("INSERT INTO item VALUES (?)", [(2,)])
        assert [row async for row in session.stream("SELECT id FROM item WHERE id = 2")] == [{"id": 2}]
        await session.load("item", [(3,)], columns=("id",))
    async with side.session(spec) as session:
        assert (await session.execute("SELECT id FROM item ORDER BY id")).scalars() == [1, 2, 3]
    assert spec.plugins.observer_errors > 10


class Slow:
    """Takes its time in each hook that something waits for."""

    seconds = 0.3

    @hookimpl
    def sqlspec_transaction_ending(self) -> None:
        """Before COMMIT is sent."""
        time.sleep(self.seconds)

    @hookimpl
    def sqlspec_statement_executed(self) -> None:
        """After a statement ran, or failed."""
        time.sleep(self.seconds)


async def test_a_slow_observer_costs_no_commit_its_time(
    side: Side, request: pytest.FixtureRequest, spec: SQLSpec
) -> None:
    """Its time does not count for `commit_timeout`."""
    slow = side.database.config(request, commit_timeout=0.2)
    if side.database.name in {"sqlite", "duckdb"}:
        slow = spec.get_config("db").replace(commit_timeout=0.2)
    spec.plugins.register(Slow())
    with spec.override("db", slow):
        async with side.session(spec) as session:
            await session.execute("CREATE TABLE IF NOT EXISTS slow (id INTEGER)")
            await session.execute("INSERT INTO slow VALUES (1)")
        async with side.session(spec) as session:
            assert (await session.execute("SELECT id FROM slow")).scalars() == [1]


async def test_a_slow_observer_costs_no_failed_statement_its_connection(side: Side, spec: SQLSpec) -> None:
    """Its time does not count for `query_timeout`, whose end would drop the connection."""
    slow = Slow()
    slow.seconds = 1.3
    spec.plugins.register(slow, "slow")

    async with side.session(spec, autocommit=True) as session:
        with pytest.raises(StatementError):
            await session.execute("SELECT nothing FROM item", query_timeout=0.2)
        spec.plugins.unregister("slow")
        await session.execute("INSERT INTO item VALUES (1)")

    assert spec.stats("db").opened == 1
