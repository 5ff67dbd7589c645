"""A database for the run, emptied for each test, on a server that the kit starts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sqlspec import SQLSpec
from sqlspec_asyncpg import AsyncpgConfig

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from sqlspec_testkit.servers import PostgreSQL

SCHEMA = """
CREATE TABLE item (id integer PRIMARY KEY, value text);
CREATE TABLE child (
    id integer PRIMARY KEY,
    item integer REFERENCES item (id) DEFERRABLE INITIALLY DEFERRED,
    email text NOT NULL UNIQUE,
    age integer CONSTRAINT grown_up CHECK (age >= 18)
);
"""


@pytest.fixture(scope="session")
def database(postgresql_server: PostgreSQL) -> Iterator[str]:
    """The name of the run's database."""
    with postgresql_server.database() as name:
        yield name


@pytest.fixture
def url(postgresql_server: PostgreSQL, database: str) -> str:
    """Where the empty database is."""
    postgresql_server.sql(
        "SET client_min_messages = error; DROP SCHEMA public CASCADE; CREATE SCHEMA public; "
        "GRANT ALL ON SCHEMA public TO PUBLIC",
        database=database,
    )
    return postgresql_server.url(database=database)


@pytest.fixture
async def spec(url: str) -> AsyncIterator[SQLSpec]:
    """A registry with one database, `main`, which has the tables above."""
    async with SQLSpec() as spec:
        spec.register_config(AsyncpgConfig(url=url), "main")
        async with spec.provide_session() as session:
            await session.execute_script(SCHEMA)
        yield spec
