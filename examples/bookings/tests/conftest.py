"""One server and one database for each worker; what a test does in it is undone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from examples.bookings import app

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlspec import SQLSpec
    from sqlspec_testkit.fixtures.applications import RollBack
    from sqlspec_testkit.servers import PostgreSQL, Template


@pytest.fixture(scope="session")
def template(postgresql_server: PostgreSQL) -> Iterator[Template]:
    """A database with the tables of the application."""
    with postgresql_server.template(app.migrate) as template:
        yield template


@pytest.fixture(scope="session")
def started(template: Template) -> Iterator[SQLSpec]:
    """The application, with a database of this worker."""
    with template.clone() as url, app.spec as spec:
        spec.register_config(url, "main")
        yield spec


@pytest.fixture(autouse=True)
def undone(started: SQLSpec, rolled_back: RollBack) -> None:
    """What a test does is undone when it ends."""
    rolled_back(started, "main")


@pytest.fixture
def own_database(started: SQLSpec, template: Template) -> Iterator[None]:
    """For a test that needs real commits: a clone of its own."""
    with template.clone() as url, started.override("main", url):
        yield
