"""An adapter that writes only what it must: what core does for it keeps its promises."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import pytest

from sqlspec import SQLSpec
from sqlspec.errors import DisconnectedError, IntegrityError, TransactionAbortedError

from .plain import PlainConfig, PlainPlugin
from .sides import InThreads

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator
    from contextlib import AbstractAsyncContextManager
    from pathlib import Path

TWINS = [(11,), (12,), (11,)]
"""The third violates the key, when the other two are in."""
INSERT = "INSERT INTO item VALUES (?)"

BULK: dict[str, Callable[[Any], Awaitable[Any]]] = {
    "execute_many": lambda session: session.execute_many(INSERT, TWINS),
    "load": lambda session: session.load("item", TWINS, ("id",)),
}
bulk = pytest.mark.parametrize("how", BULK)


class Scene:
    """The adapter, with savepoints or without, in tasks or in threads."""

    def __init__(self, path: Path, *, in_tasks: bool, has_savepoints: bool) -> None:
        self.in_tasks, self.has_savepoints = in_tasks, has_savepoints
        self.plugin = PlainPlugin(has_savepoints=has_savepoints)
        self.spec = SQLSpec()
        self.spec.plugins.register(self.plugin)
        self.spec.register_config(PlainConfig(path=str(path), pool_size=1), "db")
        with self.spec.provide_session() as session:
            session.execute("CREATE TABLE item (id INTEGER PRIMARY KEY)")

    def session(self, **options: Any) -> AbstractAsyncContextManager[Any]:
        """A session."""
        block = self.spec.provide_session(**options)
        return block if self.in_tasks else InThreads(block)

    @property
    def stored(self) -> list[int]:
        """What is in the table."""
        with self.spec.provide_session() as session:
            return session.execute("SELECT id FROM item ORDER BY id", schema_type=int).all()


@pytest.fixture(params=[True, False], ids=["tasks", "threads"])
def in_tasks(request: pytest.FixtureRequest) -> bool:
    """Under the bridge, or not."""
    return bool(request.param)


@pytest.fixture(params=[True, False], ids=["savepoints", "none"])
def scene(request: pytest.FixtureRequest, in_tasks: bool, tmp_path: Path) -> Iterator[Scene]:
    """The adapter in every way."""
    scene = Scene(tmp_path / "plain.db", in_tasks=in_tasks, has_savepoints=bool(request.param))
    yield scene
    scene.spec.close()


@bulk
async def test_g42_rows_of_a_call_that_failed_are_never_committed_alone(scene: Scene, how: str) -> None:
    """The error is swallowed: the call is undone to its savepoint, or the session says that all is lost."""
    is_kept = how == "load" and scene.has_savepoints  # core sets a savepoint around each load
    with nullcontext() if is_kept else pytest.raises(TransactionAbortedError):
        async with scene.session() as session:
            await session.execute(INSERT, (1,))
            with pytest.raises(IntegrityError):
                await BULK[how](session)
            if not is_kept:
                with pytest.raises(TransactionAbortedError):
                    await session.execute(INSERT, (2,))
                with pytest.raises(TransactionAbortedError):
                    await session.commit()

    assert scene.stored == ([1] if is_kept else [])


@bulk
async def test_g42_a_rollback_ends_what_was_lost(scene: Scene, how: str) -> None:
    """What comes after it is another transaction."""
    async with scene.session() as session:
        await session.execute(INSERT, (1,))
        with pytest.raises(IntegrityError):
            await BULK[how](session)
        await session.rollback()
        await session.execute(INSERT, (2,))

    assert scene.stored == [2]


@bulk
async def test_g42_a_savepoint_around_it_undoes_the_rows(tmp_path: Path, in_tasks: bool, how: str) -> None:
    """The block is left by the error, and what was before it is kept."""
    scene = Scene(tmp_path / "plain.db", in_tasks=in_tasks, has_savepoints=True)
    async with scene.session() as session:
        await session.execute(INSERT, (1,))
        with pytest.raises(IntegrityError):
            async with session.begin():
                await BULK[how](session)
        await session.execute(INSERT, (2,))

    assert scene.stored == [1, 2]
    scene.spec.close()


@bulk
async def test_g42_a_savepoint_that_ends_well_does_not_keep_the_rows(
    tmp_path: Path, in_tasks: bool, how: str
) -> None:
    """The error is swallowed inside: the end of the block says so, or load has undone them itself."""
    scene = Scene(tmp_path / "plain.db", in_tasks=in_tasks, has_savepoints=True)
    async with scene.session() as session:
        await session.execute(INSERT, (1,))
        with pytest.raises(TransactionAbortedError) if how == "execute_many" else nullcontext():
            async with session.begin():
                with pytest.raises(IntegrityError):
                    await BULK[how](session)
        await session.execute(INSERT, (2,))

    assert scene.stored == [1, 2]
    scene.spec.close()


@bulk
async def test_g42_without_a_transaction_it_has_one_of_its_own(scene: Scene, how: str) -> None:
    """With autocommit: all of the rows, or none."""
    async with scene.session(autocommit=True) as session:
        await session.execute(INSERT, (1,))
        with pytest.raises(IntegrityError):
            await BULK[how](session)
        await session.execute(INSERT, (2,))

    assert scene.stored == [1, 2]


async def test_g02_a_dropped_connection_is_dead(scene: Scene) -> None:
    """Every call says so; it is closed once, nothing of it is stored, and the pool makes another."""
    with pytest.raises(DisconnectedError):
        async with scene.session() as session:
            await session.execute(INSERT, (1,))
            connection = session._connection if scene.in_tasks else session._sync._connection
            connection.drop()
            connection.drop()
            for call in (session.execute(INSERT, (2,)), session.commit(), session.connection()):
                with pytest.raises(DisconnectedError):
                    await call
            await session.execute(INSERT, (3,))

    inner = scene.plugin.made[-1]
    assert (inner.is_usable(), inner.closed) == (False, 1)
    async with scene.session() as session:
        assert (await session.execute("SELECT count(*) FROM item")).scalar() == 0
    assert scene.plugin.made[-1] is not inner


def test_g02_a_connection_that_was_disconnected_is_dead(tmp_path: Path) -> None:
    """Closed once, and never again by whoever drops it or closes it after that."""
    scene = Scene(tmp_path / "plain.db", in_tasks=False, has_savepoints=True)
    connection = scene.plugin.made[-1]

    scene.spec.close()
    connection.disconnect()
    connection.drop()

    assert (connection.is_usable(), connection.closed) == (False, 1)
