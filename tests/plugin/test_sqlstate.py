"""Which error of ours a server's SQLSTATE means."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sqlspec import errors
from sqlspec.plugin import error_for_sqlstate

KNOWN = [
    ("23505", errors.UniqueViolationError),
    ("23503", errors.ForeignKeyViolationError),
    ("23502", errors.NotNullViolationError),
    ("23514", errors.CheckViolationError),
    ("23P01", errors.IntegrityError),
    ("40001", errors.SerializationError),
    ("40P01", errors.DeadlockError),
    ("25006", errors.ReadOnlyError),
    ("55P03", errors.LockTimeoutError),
    ("57014", errors.QueryCancelledError),
    ("57P01", errors.DisconnectedError),
    ("57P03", errors.ConnectError),
    ("08006", errors.DisconnectedError),
    ("28P01", errors.AuthenticationError),
    ("3D000", errors.StatementError),
    ("53300", errors.ConnectError),
    ("53200", errors.OperationalError),
    ("42P01", errors.StatementError),
    ("22012", errors.StatementError),
    ("ZZ999", errors.DatabaseError),
    (None, errors.DatabaseError),
]


@pytest.mark.parametrize(("sqlstate", "kind"), KNOWN, ids=[str(state) for state, _ in KNOWN])
def test_a_sqlstate_has_its_error(sqlstate: str | None, kind: type[errors.DatabaseError]) -> None:
    """By the state itself, else by its class."""
    assert error_for_sqlstate(sqlstate) is kind


@given(st.text(max_size=6))
def test_any_text_is_some_error(sqlstate: str) -> None:
    """Servers have states of their own."""
    assert issubclass(error_for_sqlstate(sqlstate), errors.DatabaseError)
