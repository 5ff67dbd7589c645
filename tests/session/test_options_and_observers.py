"""What one `provide_session` call may ask for, and what observers are told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import pytest

from sqlspec import SQLSpec
from sqlspec.errors import (
    InvalidArgumentError,
    NotSupportedError,
    ReadOnlyError,
    StatementError,
    TransactionControlError,
)
from sqlspec.plugin import hookimpl
from sqlspec_sqlite import SQLiteConfig

if TYPE_CHECKING:
    from sqlspec.plugin import ConnectionEvent, StatementEvent


class Witness:
    """An observer that remembers."""

    def __init__(self) -> None:
        self.seen: list[Any] = []

    @hookimpl
    def sqlspec_config_registered(self, name: str, adapter: str) -> None:
        """A config."""
        self.seen.append(("registered", name, adapter))

    @hookimpl
    def sqlspec_pool_opened(self, name: str, kind: str) -> None:
        """A pool."""
        self.seen.append(("pool opened", name, kind))

    @hookimpl
    def sqlspec_pool_closed(self, name: str, kind: str) -> None:
        """A pool."""
        self.seen.append(("pool closed", name, kind))

    @hookimpl
    def sqlspec_connection_event(self, event: ConnectionEvent) -> None:
        """A connection."""
        self.seen.append((event.kind, event.name))

    @hookimpl
    def sqlspec_statement_executed(self, event: StatementEvent) -> None:
        """A statement."""
        self.seen.append(event)


def test_observers_see_the_whole_life() -> None:
    """In order, and no parameter of any statement."""
    witness, spec = Witness(), SQLSpec()
    spec.plugins.register(witness)

    spec.register_config(SQLiteConfig(), "main")
    with spec.provide_session("main") as session:
        session.execute("SELECT ?", ("hunter2",)).one()
    spec.close()

    registered, opened, connected, executed, closed, ended = witness.seen
    assert registered == ("registered", "main", "sqlite")
    assert opened == ("pool opened", "main", "sync")
    assert connected == ("opened", "main")
    assert (executed.statement, executed.verb, executed.error) == ("SELECT ?", "SELECT", None)
    assert executed.seconds >= 0
    assert closed == ("closed", "main")
    assert ended == ("pool closed", "main", "sync")
    assert "hunter2" not in repr(witness.seen)


async def test_observers_see_tasks_too() -> None:
    """Bulk calls and scripts as well."""
    witness = Witness()
    async with SQLSpec() as spec:
        spec.plugins.register(witness)
        spec.register_config(SQLiteConfig(), "main")

        async with spec.provide_session("main") as session:
            await session.execute_script("CREATE TABLE t (id INTEGER)")
            await session.execute_many("INSERT INTO t VALUES (?)", [(1,)])
            await session.load("t", [(2,)], columns=("id",))

    statements = [event.statement for event in witness.seen if not isinstance(event, tuple)]
    assert "CREATE TABLE t (id INTEGER)" in statements
    assert "INSERT INTO t VALUES (?)" in statements
    assert "t" in statements  # of load


def test_observers_see_errors_by_their_type(spec: SQLSpec) -> None:
    """Without their text."""
    witness = Witness()
    spec.plugins.register(witness)

    with spec.provide_session("main") as session, pytest.raises(StatementError):
        session.execute("SELECT nothing FROM nowhere")

    assert witness.seen[-1].error == "StatementError"


def test_an_observer_that_comes_late_is_told_from_then_on(spec: SQLSpec) -> None:
    """Pools are open already; the next session is seen."""
    with spec.provide_session("main") as session:
        session.execute("SELECT 1")
    witness = Witness()

    spec.plugins.register(witness)
    with spec.provide_session("main") as session:
        session.execute("SELECT 2")

    assert [event.statement for event in witness.seen] == ["SELECT 2"]


def test_an_observer_that_raises_changes_nothing(spec: SQLSpec, caplog: pytest.LogCaptureFixture) -> None:
    """It is logged once, and counted."""

    class Faulty:
        """An observer with a fault."""

        @hookimpl
        def sqlspec_statement_executed(self) -> None:
            """Raise."""
            _ = 1 // 0

    spec.plugins.register(Faulty())

    with spec.provide_session("main") as session:
        session.execute("INSERT INTO t VALUES (1, 'one')")
        assert session.execute("SELECT count(*) FROM t").scalar() == 1

    assert spec.plugins.observer_errors == 2
    assert len(caplog.records) == 1


def test_read_only_refuses_writes(spec: SQLSpec) -> None:
    """In a transaction and in autocommit; the next session may write."""
    for autocommit in (False, True):
        with spec.provide_session("main", read_only=True, autocommit=autocommit) as session:
            assert session.execute("SELECT count(*) FROM t").scalar() == 0
            with pytest.raises(ReadOnlyError):
                session.execute("INSERT INTO t VALUES (1, 'one')")

    with spec.provide_session("main") as session:
        session.execute("INSERT INTO t VALUES (1, 'one')")
    assert spec.stats("main").opened == 1


@pytest.mark.parametrize("autocommit", [False, True])
def test_read_only_does_not_stick_without_a_full_reset(autocommit: bool) -> None:
    """Taking our own guard off is no part of what `reset` chooses."""
    with SQLSpec() as spec:
        spec.register_config(SQLiteConfig(reset="rollback"), "main")
        with spec.provide_session("main", read_only=True, autocommit=autocommit) as session:
            session.execute("SELECT 1")

        with spec.provide_session("main") as session:
            session.execute("CREATE TABLE t (id INTEGER)")


def test_a_read_only_config_can_not_be_asked_to_write() -> None:
    """The config's word counts."""
    with SQLSpec() as spec:
        spec.register_config(SQLiteConfig(read_only=True), "main")

        with (
            pytest.raises(InvalidArgumentError, match="read-only"),
            spec.provide_session("main", read_only=False),
        ):
            pass
        with spec.provide_session("main") as session, pytest.raises(ReadOnlyError):
            session.execute("CREATE TABLE t (id INTEGER)")
        assert spec.stats("main").in_use == 0


def test_an_unknown_isolation_level_is_refused(spec: SQLSpec) -> None:
    """With those there are; and one that the adapter has not."""
    with (
        pytest.raises(InvalidArgumentError, match="serializable"),
        spec.provide_session("main", isolation=cast("Any", "serialisable")),
    ):
        pass
    with (
        pytest.raises(NotSupportedError, match="isolation"),
        spec.provide_session("main", isolation="SERIALIZABLE"),
    ):
        pass
    assert spec.stats("main").in_use == 0


def test_autocommit_may_be_asked_for_or_declined() -> None:
    """What the call says goes before the config."""
    with SQLSpec() as spec:
        spec.register_config(SQLiteConfig(autocommit=True), "main")
        with spec.provide_session("main") as session:
            session.execute("CREATE TABLE t (id INTEGER)")

        with pytest.raises(ZeroDivisionError), spec.provide_session("main") as session:
            session.execute("INSERT INTO t VALUES (1)")
            _ = 1 // 0
        with pytest.raises(ZeroDivisionError), spec.provide_session("main", autocommit=False) as session:
            session.execute("INSERT INTO t VALUES (2)")
            _ = 1 // 0

        with spec.provide_session("main") as session:
            assert session.execute("SELECT id FROM t").scalars() == [1]


def test_a_block_is_entered_once_at_a_time(spec: SQLSpec) -> None:
    """Again after it has ended."""
    block = spec.provide_session("main")

    with block, pytest.raises(InvalidArgumentError, match=r"provide_session\(\)"), block:
        pass
    with block as session:
        assert session.execute("SELECT 1").scalar() == 1


@pytest.mark.parametrize("sql", [None, 7, b"SELECT 1", ["SELECT 1"], {"a": 1}])
def test_sql_is_a_text(spec: SQLSpec, sql: Any) -> None:
    """And the session goes on."""
    with spec.provide_session("main") as session:
        with pytest.raises(InvalidArgumentError, match="str"):
            session.execute(sql)
        assert session.execute("SELECT 1").scalar() == 1


@pytest.mark.parametrize("option", ["autocommit", "read_only"])
@pytest.mark.parametrize("value", ["no", "false", "", 2, object()])
def test_a_text_for_true_or_false_is_refused(option: str, value: Any) -> None:
    """It would be true, whatever it says."""
    with SQLSpec() as spec:
        spec.register_config(SQLiteConfig(), "main")

        with pytest.raises(InvalidArgumentError, match=rf"^{option}= is True or False, and not a"):
            spec.provide_session("main", **{option: value})


@pytest.mark.parametrize("end", ["commit", "rollback"])
async def test_a_block_that_was_not_entered_has_nothing_to_end(end: str) -> None:
    """Who calls `begin()` without `with` is told, and not left with what autocommit has stored."""
    with SQLSpec() as spec:
        spec.register_config(SQLiteConfig(), "main")
        words = rf"began nothing for {end}\(\) to end; write `with session.begin\(\):`"

        with spec.provide_session("main", autocommit=True) as session:
            session.begin()
            session.execute("CREATE TABLE t (id INTEGER)")
            with pytest.raises(TransactionControlError, match=words):
                getattr(session, end)()
            with session.begin():  # as it is written
                session.execute("INSERT INTO t VALUES (1)")
            getattr(session, end)()
        async with spec.provide_session("main") as waiting:
            waiting.begin()
            with pytest.raises(TransactionControlError, match=words):
                await getattr(waiting, end)()
