"""What adapters for PostgreSQL share, whatever their driver: options, reset, errors, COPY, parameters.

A second step of the authors' door: `from sqlspec.plugin.postgresql import PostgreSQLSettings`. It knows
PostgreSQL and no driver: texts are `str`, and an error comes in as the fields of the server's message.
"""

from __future__ import annotations

from sqlspec.plugin.postgresql.arrow_types import ARRAY_ELEMENTS, FIRST_OF_USERS, arrow_types
from sqlspec.plugin.postgresql.commits import is_commit, is_local_commit, local_commit
from sqlspec.plugin.postgresql.config import PostgreSQLSettings
from sqlspec.plugin.postgresql.copying import (
    TAKES_COPY,
    column_of_copy,
    insert_into,
    refuse_copy,
    row_of_copy,
)
from sqlspec.plugin.postgresql.errors import (
    ConnectFailure,
    ErrorFields,
    connect_error,
    failure_of_sqlstate,
    server_error,
    unreadable_value,
)
from sqlspec.plugin.postgresql.parameters import split_at_parameters
from sqlspec.plugin.postgresql.reset import (
    FORGET_PREPARED,
    MAKE_READ_ONLY,
    UNDO_READ_ONLY,
    begin_statement,
    reset_statements,
)
from sqlspec.plugin.postgresql.staleness import SchemaChanges, is_about_types, may_be_stale

__all__ = (
    "ARRAY_ELEMENTS",
    "FIRST_OF_USERS",
    "FORGET_PREPARED",
    "MAKE_READ_ONLY",
    "TAKES_COPY",
    "UNDO_READ_ONLY",
    "ConnectFailure",
    "ErrorFields",
    "PostgreSQLSettings",
    "SchemaChanges",
    "arrow_types",
    "begin_statement",
    "column_of_copy",
    "connect_error",
    "failure_of_sqlstate",
    "insert_into",
    "is_about_types",
    "is_commit",
    "is_local_commit",
    "local_commit",
    "may_be_stale",
    "refuse_copy",
    "reset_statements",
    "row_of_copy",
    "server_error",
    "split_at_parameters",
    "unreadable_value",
)
