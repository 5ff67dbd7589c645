"""What is psycopg's own in a config."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sqlspec.errors import NotSupportedError
from sqlspec_psycopg import PostgreSQLConfig, PsycopgConfig

if TYPE_CHECKING:
    from sqlspec_testkit.servers import PostgreSQL


def test_both_names_are_one_class() -> None:
    """And the class carries psycopg's name."""
    assert PsycopgConfig is PostgreSQLConfig
    assert PostgreSQLConfig.adapter == "psycopg"


def test_behind_pgbouncer_no_cursor_outlives_a_transaction(postgresql_server: PostgreSQL) -> None:
    """A stream of an autocommit session would need one."""
    config = PostgreSQLConfig(url=postgresql_server.url(), pgbouncer=True)

    with pytest.raises(NotSupportedError), config.provide_session(autocommit=True) as session:
        list(session.stream("SELECT 1"))
