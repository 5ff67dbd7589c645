"""What pyright must refuse to applications. Checked, never run.

Each refusal stands under an ignore, and pyright reports an ignore that is not needed. `refused_by_mypy` is
the same for mypy; a test compares the two.
"""
# mypy: ignore-errors
# pyright: basic, reportUnnecessaryTypeIgnoreComment=true

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
    with spec.provide_session(config):  # pyright: ignore[reportGeneralTypeIssues]
        pass
    with spec.provide_session(AsyncDriver):  # pyright: ignore[reportGeneralTypeIssues]
        pass
    with spec.provide_connection(config):  # pyright: ignore[reportGeneralTypeIssues]
        pass
    with spec.provide_connection(AsyncDriver):  # pyright: ignore[reportGeneralTypeIssues]
        pass
    with config.provide_session():  # pyright: ignore[reportGeneralTypeIssues]
        pass
    with config.provide_connection():  # pyright: ignore[reportGeneralTypeIssues]
        pass


def options_that_no_config_has(config: SQLiteConfig) -> None:
    """Misspelled, by position, of a wrong type, or set afterwards."""
    SQLiteConfig(databse="app.db")  # pyright: ignore[reportCallIssue]
    SQLiteConfig("app.db")  # pyright: ignore[reportCallIssue]
    SQLiteConfig(pool_size="many")  # pyright: ignore[reportArgumentType]
    SQLiteConfig(journal_mode="waal")  # pyright: ignore[reportArgumentType]
    config.pool_size = 3  # pyright: ignore[reportAttributeAccessIssue]
    config.merge(7)  # pyright: ignore[reportArgumentType]
    config.merge(AsyncDriver())  # pyright: ignore[reportArgumentType]


def keys_that_are_none(spec: SQLSpec, config: SQLiteConfig) -> None:
    """Neither a name nor a config nor its class; and options by position, or misspelled."""
    spec.provide_session(7)  # pyright: ignore[reportCallIssue, reportArgumentType]
    spec.provide_session("main", auto_commit=True)  # pyright: ignore[reportCallIssue]
    spec.provide_session("main", True)  # pyright: ignore[reportCallIssue]
    spec.register_config(SQLiteConfig)  # pyright: ignore[reportCallIssue, reportArgumentType]
    spec.register_config(config, "main", True)  # pyright: ignore[reportCallIssue]
    spec.get_config_by_type("main")  # pyright: ignore[reportArgumentType]


async def statements(sync: Session, session: AsyncSession) -> None:
    """A forgotten `await`, one too many, and a schema that is no type."""
    session.execute("SELECT 1").one().keys()  # pyright: ignore[reportAttributeAccessIssue]
    await sync.execute("SELECT 1")  # pyright: ignore[reportGeneralTypeIssues]
    sync.execute("SELECT 1", schema_type=7)  # pyright: ignore[reportCallIssue, reportArgumentType]
    sync.execute("SELECT 1", None, int)  # pyright: ignore[reportCallIssue]
    sync.execute("SELECT 1", 7)  # pyright: ignore[reportArgumentType]


def texts_where_parameters_belong(session: Session) -> None:
    """Each letter would be a parameter."""
    session.execute("SELECT ?", "a")  # pyright: ignore[reportArgumentType]
    session.execute("SELECT ?", b"a")  # pyright: ignore[reportArgumentType]
    session.execute_many("SELECT ?", "a")  # pyright: ignore[reportArgumentType]
    session.execute_many("SELECT ?", ["a"])  # pyright: ignore[reportArgumentType]
    session.stream("SELECT ?", "a")  # pyright: ignore[reportArgumentType]


def levels_that_are_none(spec: SQLSpec, config: SQLiteConfig) -> None:
    """Of isolation."""
    spec.provide_session("main", isolation="foo")  # pyright: ignore[reportCallIssue, reportArgumentType]
    spec.provide_session(config, isolation="foo")  # pyright: ignore[reportCallIssue, reportArgumentType]
    config.provide_session(isolation="foo")  # pyright: ignore[reportArgumentType]


async def executions_that_never_run(session: AsyncSession) -> None:
    """Which also warn at run time. Of the first pyright tells with `reportUnusedCallResult` alone."""
    session.execute("SELECT 1")
    session.execute("SELECT 1").one()  # pyright: ignore[reportUnusedCoroutine]
    session.execute_many("SELECT ?", [(1,)])  # pyright: ignore[reportUnusedCoroutine]
    session.commit()  # pyright: ignore[reportUnusedCoroutine]


def changes_of_options_that_no_config_has(config: SQLiteConfig) -> None:
    """Of the first two mypy does not tell; they are errors at run time."""
    config.replace(pool_sise=3)  # pyright: ignore[reportCallIssue]
    config.replace(pool_size="3")  # pyright: ignore[reportArgumentType]
    config.replace(pool_size=3).databse()  # pyright: ignore[reportAttributeAccessIssue]


async def names_of_other_libraries(sync: Session, session: AsyncSession) -> tuple[object, ...]:
    """They say at run time what to write, and are no names of ours for that."""
    return (
        sync.cursor,  # pyright: ignore[reportAttributeAccessIssue]
        session.fetch,  # pyright: ignore[reportAttributeAccessIssue]
        sync.execute("SELECT 1").fetchall,  # pyright: ignore[reportAttributeAccessIssue]
        session.execute("SELECT 1").rowcount,  # pyright: ignore[reportAttributeAccessIssue]
        (await session.execute("SELECT 1")).scalar_one,  # pyright: ignore[reportAttributeAccessIssue]
        sync.stream("SELECT 1").fetchone,  # pyright: ignore[reportAttributeAccessIssue]
    )


async def the_other_sides_keyword(spec: SQLSpec, sync: Session, session: AsyncSession) -> None:
    """And a result that is taken for a row."""
    await spec.provide_session("main")  # pyright: ignore[reportGeneralTypeIssues]
    with session.begin():  # pyright: ignore[reportGeneralTypeIssues]
        pass
    async with sync.begin():  # pyright: ignore[reportGeneralTypeIssues]
        pass
    sync.execute("SELECT 1")["id"]  # pyright: ignore[reportArgumentType, reportCallIssue]
    for _ in session.execute("SELECT 1"):  # pyright: ignore[reportGeneralTypeIssues]
        pass


def names_that_no_door_has() -> tuple[object, ...]:
    """The doors resolve names lazily, which must not make checkers accept any name."""
    return (
        sqlspec.Sesion,  # pyright: ignore[reportAttributeAccessIssue]
        sqlite.SqliteConfig,  # pyright: ignore[reportAttributeAccessIssue]
    )
