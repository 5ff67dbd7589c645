"""The good adapter that all wrong ones are made of: SQLite, with what else a server has.

It asks for a password, its connections can be counted and killed, and it has a statement that takes long
without work for the processor: three functions of SQL. A wrong adapter is a subclass of `Good` that does one
thing otherwise, for threads; `InPlace` makes an async adapter of it, whose calls run where the event loop is.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeAlias
from weakref import WeakSet

import msgspec

from sqlspec.errors import AuthenticationError
from sqlspec.plugin import AsyncConnection, AsyncCursor, Capability, Connection, hookimpl
from sqlspec_sqlite import SQLiteConfig
from sqlspec_sqlite import plugin as sqlite
from sqlspec_sqlite.connection import SQLiteConnection
from sqlspec_sqlite.watched_connection import WatchedConnection

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from sqlspec.plugin import AdapterInfo, Parameters, TransactionStatus

Deadline: TypeAlias = float | None
Table: TypeAlias = tuple[str, ...]
Names: TypeAlias = "Sequence[str]"
Rows: TypeAlias = "Sequence[Any]"

OPENED: WeakSet[sqlite3.Connection] = WeakSet()
"""The driver's connections that were made, and perhaps closed."""
PASSWORD = "right"
EMPTY = bytearray(4096)
"""A file that SQLite takes for an empty database with a WAL, which takes long to make."""
with sqlite3.connect(":memory:") as memory:
    memory.execute("CREATE TABLE anything (id INTEGER)")
    memory.execute("DROP TABLE anything")
    EMPTY[:] = memory.serialize()
    EMPTY[18:20] = b"\2\2"  # https://www.sqlite.org/fileformat2.html: the file format's versions
memory.close()


class JudgedConfig(SQLiteConfig, frozen=True, kw_only=True):
    """A file, and a password."""

    adapter: ClassVar[str] = "judged"
    password: str = PASSWORD

    @classmethod
    def of(cls, folder: Path, password: str = PASSWORD) -> Self:
        """The database of a test."""
        path = folder / "kit.db"
        if not path.exists():
            path.write_bytes(EMPTY)
        return cls(database=str(path), password=password, busy_timeout=0.05)


class AsyncJudgedConfig(JudgedConfig, frozen=True, kw_only=True):
    """The same for the adapter that has an async side of its own."""

    adapter: ClassVar[str] = "judged_async"


def nap(seconds: float) -> int:
    """Takes time, and no work of the processor."""
    time.sleep(seconds)
    return 1


def is_open(raw: sqlite3.Connection) -> bool:
    """Whether the driver's connection is of use."""
    try:
        return raw.total_changes >= 0
    except sqlite3.ProgrammingError:
        return False


class Good(SQLiteConnection):
    """Right in everything. Its `finish` is core's, so that each step is one method."""

    info: ClassVar[dict[str, Any]] = {}
    """What it declares otherwise in its `AdapterInfo`."""
    package: ClassVar[dict[str, tuple[str, str]]] = {}
    """What its distribution has otherwise: by file, a text and another one for it."""

    @classmethod
    def create(cls, config: JudgedConfig) -> Any:
        """One connection: what the hook of the plugin does."""
        if config.password != PASSWORD:
            raise AuthenticationError("the password is wrong")
        raw = cls.connect(config)
        raw.execute("PRAGMA synchronous=off")
        raw.execute("PRAGMA foreign_keys=1")
        raw.create_function("kit_nap", 1, nap)
        raw.create_function("kit_connections", 0, lambda: sum(map(is_open, OPENED)))
        raw.create_function("kit_kill", 0, lambda: cls.kill_all_but(raw))
        OPENED.add(raw)
        return cls(raw, config)

    @classmethod
    def connect(cls, config: JudgedConfig) -> WatchedConnection:
        """The driver's own connection."""
        return sqlite3.connect(
            config.database, 0.05, isolation_level=None, check_same_thread=False, factory=WatchedConnection
        )

    @staticmethod
    def kill_all_but(raw: sqlite3.Connection) -> int:
        """As an administrator does it."""
        others = [each for each in OPENED if each is not raw and is_open(each)]
        for each in others:
            each.close()
        return len(others)

    def is_usable(self) -> bool:
        """It can see that it was killed."""
        return super().is_usable() and is_open(self.raw)

    def insert_into(self, table: Table, columns: Names) -> str:
        """The statement of a load, for those that override it."""
        names, marks = ", ".join(map(self.quote, columns)), ", ".join("?" * len(columns))
        return f"INSERT INTO {self.quote_path(table)} ({names}) VALUES ({marks})"

    finish = Connection.finish


class InPlaceCursor(AsyncCursor):
    """A sync cursor, read where the event loop is."""

    def __init__(self, inner: Any) -> None:
        self.inner, self.columns = inner, inner.columns

    async def fetch(self) -> Any:
        """The next batch."""
        await asyncio.sleep(0)
        return self.inner.fetch()

    async def close(self) -> None:
        """Close it."""
        self.inner.close()

    async def discard(self) -> None:
        """Give it up."""
        self.inner.discard()


def in_place(name: str) -> Any:
    """A method that does what *name* does in a sync connection; a cancellation lands before it."""

    async def call(self: InPlace, *given: Any) -> Any:
        await asyncio.sleep(0)
        return getattr(self.inner, name)(*given)

    return call


class InPlace(AsyncConnection[sqlite3.Connection]):
    """A connection with an async side of its own. What it does wrong is what the sync one does."""

    def __init__(self, inner: Good) -> None:
        super().__init__(inner.raw)
        self.inner = inner

    @classmethod
    async def create(cls, config: JudgedConfig, sync: type[Good]) -> Self:
        """What the hook does."""
        return cls(sync.create(config))

    execute, execute_many, execute_script = map(in_place, ("execute", "execute_many", "execute_script"))
    begin, commit, rollback = map(in_place, ("begin", "commit", "rollback"))
    begin_and_execute, load = map(in_place, ("begin_and_execute", "load"))
    savepoint, release_savepoint = map(in_place, ("savepoint", "release_savepoint"))
    rollback_to_savepoint = in_place("rollback_to_savepoint")
    apply_session_options, finish = map(in_place, ("apply_session_options", "finish"))
    ping, close = map(in_place, ("ping", "close"))

    async def stream(
        self, statement: str, parameters: Parameters, batch_size: int, deadline: Deadline
    ) -> AsyncCursor:
        """Open a result."""
        return InPlaceCursor(self.inner.stream(statement, parameters, batch_size, deadline))

    async def reset(self, deadline: float | None) -> bool:
        """Also of what the application had in its hands."""
        clean = self.inner.reset(deadline)
        self.is_raw_lent = self.inner.is_raw_lent
        return clean

    async def lend_raw(self, deadline: float | None) -> sqlite3.Connection:
        """Note it in both."""
        self.is_raw_lent = True
        return self.inner.lend_raw(deadline)

    def interrupt(self, *, for_good: bool) -> None:
        """No call is under way; given up, it frees everything."""
        if for_good:
            self.inner.close()

    def map_error(self, exc: Exception) -> Any:
        """As the sync one."""
        return self.inner.map_error(exc)

    def is_usable(self) -> bool:
        """As the sync one."""
        return super().is_usable() and self.inner.is_usable()

    def is_pristine(self) -> bool:
        """As the sync one."""
        return self.inner.is_pristine()

    def note_set_up(self) -> None:
        """As the sync one."""
        self.inner.note_set_up()

    @property
    def transaction_status(self) -> TransactionStatus:
        """As the sync one."""
        return self.inner.transaction_status

    @property
    def is_spoiled(self) -> bool:
        """As the sync one."""
        return self.inner.is_spoiled

    @is_spoiled.setter
    def is_spoiled(self, value: bool) -> None:  # pyright: ignore[reportIncompatibleVariableOverride]
        self.inner.is_spoiled = value


class Now:
    """Which adapter is tested; another one in each process."""

    sync: ClassVar[type[Good]] = Good
    tasks: ClassVar[type[InPlace]] = InPlace


def info_of(config: type[JudgedConfig], side: Capability, *without: Capability) -> AdapterInfo:
    """What an adapter declares: all that SQLite has, on one side, and what it says otherwise."""
    info = msgspec.structs.replace(
        sqlite.ADAPTER,
        **{"name": config.adapter, "config_type": f"{__name__}:{config.__name__}", **Now.sync.info},
    )
    has = info.capabilities - {Capability.SYNC, *without} | {side}
    return msgspec.structs.replace(info, capabilities=has)


class JudgedPlugin:
    """For threads; core takes it to tasks."""

    def __init__(self) -> None:
        self.ADAPTER = info_of(JudgedConfig, Capability.SYNC)

    @hookimpl
    def sqlspec_create_connection(self, config: JudgedConfig) -> Any:
        """Open one."""
        return Now.sync.create(config)


class AsyncJudgedPlugin:
    """For tasks alone. What is under way where the event loop is can not be interrupted."""

    def __init__(self) -> None:
        self.ADAPTER = info_of(AsyncJudgedConfig, Capability.ASYNC, Capability.INTERRUPT)

    @hookimpl
    async def sqlspec_create_async_connection(self, config: JudgedConfig) -> Any:
        """Open one."""
        return await Now.tasks.create(config, Now.sync)
