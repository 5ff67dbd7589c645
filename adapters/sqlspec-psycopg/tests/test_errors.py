"""What psycopg's execute does not run; errors of the server are tested for both PostgreSQL adapters."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sqlspec.errors import StatementError

if TYPE_CHECKING:
    from sqlspec_psycopg import PostgreSQLConfig


def test_copy_is_not_run_by_execute(config: PostgreSQLConfig) -> None:
    """It would wait for data; `load` does it."""
    with pytest.raises(StatementError, match="load"), config.provide_session() as session:
        session.execute("COPY pg_class TO STDOUT")
