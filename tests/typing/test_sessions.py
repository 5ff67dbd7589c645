"""What `provide_session` and `provide_connection` give: checked by mypy and pyright, and run."""
# pyright: strict

from __future__ import annotations

import sqlite3
from contextlib import AbstractContextManager  # noqa: TC003 - the seed's Protocol, in today's words
from typing import Any, Protocol, assert_type

import sqlspec_sqlite
from sqlspec import AsyncSession, Session, SQLSpec
from sqlspec.adapters.sqlite import SQLiteConfig


def test_a_name_gives_the_sql_session_of_its_side() -> None:
    """A name says nothing of the config's type, so it stands for SQL."""
    with SQLSpec() as spec:
        spec.register_config(SQLiteConfig(), "main")

        with spec.provide_session("main") as session:
            assert type(assert_type(session, Session)) is Session
        with spec.provide_session(name="main", read_only=True, query_timeout=1.5) as session:
            assert type(assert_type(session, Session)) is Session
        with spec.provide_session() as session:
            assert type(assert_type(session, Session)) is Session


async def test_a_name_gives_the_sql_session_of_the_async_side() -> None:
    """The same call, under `async with`."""
    async with SQLSpec() as spec:
        spec.register_config(SQLiteConfig(), "main")

        async with spec.provide_session("main") as session:
            assert type(assert_type(session, AsyncSession)) is AsyncSession
        async with spec.provide_session() as session:
            assert type(assert_type(session, AsyncSession)) is AsyncSession


def test_a_config_and_its_class_give_its_own_sessions() -> None:
    """Both are keys with a type, and so is what `register_config` returns."""
    with SQLSpec() as spec:
        main = spec.register_config(SQLiteConfig())

        with spec.provide_session(main, autocommit=True, query_timeout=1.5) as session:
            assert type(assert_type(session, Session)) is Session
        with spec.provide_session(SQLiteConfig) as session:
            assert type(assert_type(session, Session)) is Session
        with main.provide_session(query_timeout=1.5) as session:
            assert type(assert_type(session, Session)) is Session


async def test_a_config_and_its_class_give_its_own_async_sessions() -> None:
    """The same keys, under `async with`."""
    async with SQLSpec() as spec:
        main = spec.register_config(SQLiteConfig())

        async with spec.provide_session(main) as session:
            assert type(assert_type(session, AsyncSession)) is AsyncSession
        async with spec.provide_session(SQLiteConfig) as session:
            assert type(assert_type(session, AsyncSession)) is AsyncSession
        async with main.provide_session() as session:
            assert type(assert_type(session, AsyncSession)) is AsyncSession


def test_a_connection_is_the_drivers_own() -> None:
    """By the config exactly; by a name it may be anything."""
    with SQLSpec() as spec:
        main = spec.register_config(SQLiteConfig(), "main")

        with spec.provide_connection(main) as raw:
            assert isinstance(assert_type(raw, sqlite3.Connection), sqlite3.Connection)
        with spec.provide_connection(SQLiteConfig) as raw:
            assert isinstance(assert_type(raw, sqlite3.Connection), sqlite3.Connection)
        with main.provide_connection() as raw:
            assert isinstance(assert_type(raw, sqlite3.Connection), sqlite3.Connection)
        with spec.provide_connection("main") as anything:
            assert isinstance(assert_type(anything, Any), sqlite3.Connection)


async def test_an_async_connection_is_the_drivers_own() -> None:
    """For SQLite it is the same: its driver has one side."""
    async with SQLSpec() as spec:
        main = spec.register_config(SQLiteConfig(), "main")

        async with spec.provide_connection(main) as raw:
            assert isinstance(assert_type(raw, sqlite3.Connection), sqlite3.Connection)
        async with spec.provide_connection("main") as anything:
            assert isinstance(assert_type(anything, Any), sqlite3.Connection)


class DatabaseProvider(Protocol):
    """The seed's, for dependency injection."""

    def provide_session(self, name: str) -> AbstractContextManager[Session]:
        """Lend a session."""
        ...


class UserRepository:
    """The seed's, too."""

    def __init__(self, db_provider: DatabaseProvider) -> None:
        self.db = db_provider

    def count(self) -> int:
        """How many users there are."""
        with self.db.provide_session("main") as session:
            return assert_type(session, Session).execute("SELECT 7", schema_type=int).one()


def test_a_registry_is_a_database_provider() -> None:
    """`SQLSpec` fits the Protocol as it is."""
    with SQLSpec() as spec:
        spec.register_config(SQLiteConfig(), "main")

        assert UserRepository(spec).count() == 7


def test_the_front_has_the_adapters_own_class() -> None:
    """`sqlspec.adapters.sqlite` resolves lazily at run time, and exactly for checkers."""
    assert assert_type(SQLiteConfig, type[sqlspec_sqlite.SQLiteConfig]) is sqlspec_sqlite.SQLiteConfig
    assert type(assert_type(SQLiteConfig(), sqlspec_sqlite.SQLiteConfig)) is sqlspec_sqlite.SQLiteConfig
