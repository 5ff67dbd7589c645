"""What psycopg itself refuses, and when an error comes: the rest is tested for both PostgreSQL adapters."""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING

import pytest

from sqlspec import SQLSpec
from sqlspec.errors import StatementError
from sqlspec_psycopg import PostgreSQLConfig

if TYPE_CHECKING:
    from collections.abc import Iterator

CANARY = "c4n4ry-7391"


@pytest.fixture
def spec(postgresql_url: str) -> Iterator[SQLSpec]:
    """An empty database."""
    with SQLSpec() as spec:
        spec.register_config(PostgreSQLConfig(url=postgresql_url), "main")
        yield spec


def test_copy_is_not_run_by_execute(spec: SQLSpec) -> None:
    """It would wait for data; `load` does it."""
    with pytest.raises(StatementError, match="load"), spec.provide_session() as session:
        session.execute("COPY pg_class TO STDOUT")


@pytest.mark.parametrize("autocommit", [False, True], ids=["transaction", "autocommit"])
def test_g32_a_stream_quotes_no_value_either(spec: SQLSpec, *, autocommit: bool) -> None:
    """Its query runs while it is fetched: a parameter taken for a name is told in the detail alone."""
    with pytest.raises(StatementError) as caught, spec.provide_session(autocommit=autocommit) as session:
        list(session.stream("SELECT (?::text)::regclass", (CANARY,)))

    assert CANARY not in "".join(traceback.format_exception(caught.value))
    assert CANARY in str(caught.value.detail)
