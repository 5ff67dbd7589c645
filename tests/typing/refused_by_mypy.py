"""What mypy must refuse to applications. Checked, never run.

Each refusal stands under an ignore, and mypy reports an ignore that is not needed. `refused_by_pyright`
is the same for pyright, which obeys mypy's ignores, too.
"""
# mypy: warn-unused-ignores, enable-error-code=unused-awaitable

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import sqlspec
from sqlspec import AsyncOnlyConfig, AsyncSession, SQLSpec
from sqlspec.adapters import sqlite
from sqlspec.adapters.sqlite import SQLiteConfig

if TYPE_CHECKING:
    from sqlspec import Session


class AsyncDriver(AsyncOnlyConfig[AsyncSession], frozen=True, kw_only=True):
    """A driver without a sync side."""

    adapter: ClassVar[str] = "asyncdriver"


def a_plain_with_on_an_async_only_adapter(spec: SQLSpec, config: AsyncDriver) -> None:
    """At run time `SyncNotSupportedError`."""
    with spec.provide_session(config):  # type: ignore[attr-defined]
        pass
    with spec.provide_session(AsyncDriver):  # type: ignore[attr-defined]
        pass
    with spec.provide_connection(config):  # type: ignore[attr-defined]
        pass
    with spec.provide_connection(AsyncDriver):  # type: ignore[attr-defined]
        pass
    with config.provide_session():  # type: ignore[attr-defined]
        pass
    with config.provide_connection():  # type: ignore[attr-defined]
        pass


def options_that_no_config_has(config: SQLiteConfig) -> None:
    """Misspelled, by position, of a wrong type, or set afterwards."""
    SQLiteConfig(databse="app.db")  # type: ignore[call-arg]
    SQLiteConfig("app.db")  # type: ignore[call-arg]
    SQLiteConfig(pool_size="many")  # type: ignore[arg-type]
    SQLiteConfig(journal_mode="waal")  # type: ignore[arg-type]
    config.pool_size = 3  # type: ignore[misc]
    config.merge(7)  # type: ignore[arg-type]
    config.merge(AsyncDriver())  # type: ignore[arg-type]


def keys_that_are_none(spec: SQLSpec, config: SQLiteConfig) -> None:
    """Neither a name nor a config nor its class; and options by position, or misspelled."""
    spec.provide_session(7)  # type: ignore[call-overload]
    spec.provide_session("main", auto_commit=True)  # type: ignore[call-overload]
    spec.provide_session("main", True)  # type: ignore[call-overload]
    spec.register_config(SQLiteConfig)  # type: ignore[call-overload]
    spec.register_config(config, "main", True)  # type: ignore[call-overload]
    spec.get_config_by_type("main")  # type: ignore[arg-type]


async def statements(sync: Session, session: AsyncSession) -> None:
    """A forgotten `await`, one too many, and a schema that is no type."""
    session.execute("SELECT 1").one().keys()  # type: ignore[attr-defined]
    await sync.execute("SELECT 1")  # type: ignore[misc]
    sync.execute("SELECT 1", schema_type=7)  # type: ignore[call-overload]
    sync.execute("SELECT 1", None, int)  # type: ignore[call-overload]
    sync.execute("SELECT 1", 7)  # type: ignore[call-overload]


def texts_where_parameters_belong(session: Session) -> None:
    """Each letter would be a parameter."""
    session.execute("SELECT ?", "a")  # type: ignore[call-overload]
    session.execute("SELECT ?", b"a")  # type: ignore[call-overload]
    session.execute_many("SELECT ?", "a")  # type: ignore[arg-type]
    session.execute_many("SELECT ?", ["a"])  # type: ignore[list-item]
    session.stream("SELECT ?", "a")  # type: ignore[call-overload]


def levels_that_are_none(spec: SQLSpec, config: SQLiteConfig) -> None:
    """Of isolation."""
    spec.provide_session("main", isolation="foo")  # type: ignore[call-overload]
    spec.provide_session(config, isolation="foo")  # type: ignore[call-overload]
    config.provide_session(isolation="foo")  # type: ignore[arg-type]


async def executions_that_never_run(session: AsyncSession) -> None:
    """Which also warn at run time. Of the first pyright tells with `reportUnusedCallResult` alone."""
    session.execute("SELECT 1")  # type: ignore[unused-awaitable]
    session.execute("SELECT 1").one()  # type: ignore[unused-coroutine]
    session.execute_many("SELECT ?", [(1,)])  # type: ignore[unused-coroutine]
    session.commit()  # type: ignore[unused-coroutine]


def changes_of_options_that_no_config_has(config: SQLiteConfig) -> None:
    """Of the first two mypy does not tell; they are errors at run time."""
    config.replace(pool_sise=3)  # pyright: ignore[reportCallIssue] # mypy has nothing to say here
    config.replace(pool_size="3")  # pyright: ignore[reportArgumentType]
    config.replace(pool_size=3).databse()  # type: ignore[attr-defined]


async def names_of_other_libraries(sync: Session, session: AsyncSession) -> tuple[object, ...]:
    """They say at run time what to write, and are no names of ours for that."""
    return (
        sync.cursor,  # type: ignore[attr-defined]
        session.fetch,  # type: ignore[attr-defined]
        sync.execute("SELECT 1").fetchall,  # type: ignore[attr-defined]
        session.execute("SELECT 1").rowcount,  # type: ignore[attr-defined]
        (await session.execute("SELECT 1")).scalar_one,  # type: ignore[attr-defined]
        sync.stream("SELECT 1").fetchone,  # type: ignore[attr-defined]
    )


async def the_other_sides_keyword(spec: SQLSpec, sync: Session, session: AsyncSession) -> None:
    """And a result that is taken for a row."""
    await spec.provide_session("main")  # type: ignore[misc]
    with session.begin():  # type: ignore[attr-defined]
        pass
    async with sync.begin():  # type: ignore[attr-defined]
        pass
    sync.execute("SELECT 1")["id"]  # type: ignore[call-overload]
    for _ in session.execute("SELECT 1"):  # type: ignore[attr-defined]
        pass


def names_that_no_door_has() -> tuple[object, ...]:
    """The doors resolve names lazily, which must not make checkers accept any name."""
    return (
        sqlspec.Sesion,  # type: ignore[attr-defined]
        sqlite.SqliteConfig,  # type: ignore[attr-defined]
    )
