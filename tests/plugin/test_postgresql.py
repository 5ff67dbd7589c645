"""PostgreSQL's rules for every driver: which error a message means, what it may say, what a reset says."""

from __future__ import annotations

import pytest

from sqlspec import errors
from sqlspec.plugin import TransactionOptions
from sqlspec.plugin.postgresql import (
    ConnectFailure,
    ErrorFields,
    begin_statement,
    failure_of_sqlstate,
    reset_statements,
    row_of_copy,
    server_error,
)

CANARY = "c4n4ry"
# SQLSTATE, the server's text, whether that is passed on.
TEXTS = [
    ("23505", 'duplicate key value violates unique constraint "item_key"', True),
    ("42P01", 'relation "nowhere" does not exist', True),
    ("26000", 'prepared statement "p" does not exist', True),
    ("34000", 'cursor "c" does not exist', True),
    ("08P01", "bind message supplies 1 parameters, but prepared statement requires 2", True),
    ("2BP01", "cannot drop table parent because other objects depend on it", True),
    ("55P03", 'could not obtain lock on relation "item"', True),
    ("22P02", f'invalid input syntax for type integer: "{CANARY}"', False),
    ("22P02", f"ungültige Eingabesyntax für Typ integer: »{CANARY}«", False),
    ("22P02", f"syntaxe en entrée invalide pour le type integer : « {CANARY} »", False),
    ("22021", "invalid byte sequence for encoding 0xc4 0x4e", False),
    ("44000", f'new row violates check option for view "{CANARY}"', False),
    ("P0001", f"no {CANARY}", False),
    ("XX000", f"cache lookup failed for {CANARY}", False),
    ("ABCDE", f"an application's own state and {CANARY}", False),
]


@pytest.mark.parametrize(("state", "text", "is_told"), TEXTS, ids=[f"{a} {b[:20]}" for a, b, _ in TEXTS])
def test_g32_a_text_is_passed_on_whole_or_not_at_all(state: str, text: str, *, is_told: bool) -> None:
    """In whatever language. What is not passed on stands in `.detail`, before what the server adds to it."""
    error = server_error(ErrorFields(state, text, detail="the row", hint="a hint"))

    assert isinstance(error, errors.DatabaseError)
    assert (str(error) == text) is is_told
    assert CANARY not in str(error)
    assert error.detail == ("the row\na hint" if is_told else f"{text}\nthe row\na hint")
    assert (error.sqlstate, error.code) == (state, state)
    assert is_told or state in str(error)


@pytest.mark.parametrize("state", ["23505", "42P01", "40001", "P0001"])
def test_g32_what_an_application_raises_is_its_own_text(state: str) -> None:
    """Under whatever SQLSTATE: a function's author puts values into it."""
    error = server_error(ErrorFields(state, f"{CANARY} is taken", routine="exec_stmt_raise"))

    assert isinstance(error, errors.DatabaseError)
    assert type(error) is type(server_error(ErrorFields(state, "")))
    assert CANARY not in str(error)
    assert error.detail == f"{CANARY} is taken"


def test_g32_a_name_may_be_a_parameters_value() -> None:
    """Unless the server says where in the statement it stands."""
    fields = ErrorFields("42P01", f'relation "{CANARY}" does not exist')

    assert CANARY in str(server_error(fields))
    assert CANARY in str(server_error(fields._replace(had_parameters=True, has_position=True)))
    assert CANARY not in str(server_error(fields._replace(had_parameters=True)))


@pytest.mark.parametrize(
    ("state", "text", "kind"),
    [
        ("25P02", "current transaction is aborted", errors.TransactionAbortedError),
        ("57014", "canceling statement due to statement timeout", errors.QueryTimeoutError),
        ("57014", "canceling statement due to user request", errors.QueryCancelledError),
        ("57014", "storniere Anfrage wegen Zeitüberschreitung der Anfrage", errors.QueryCancelledError),
        ("55P03", "canceling statement due to lock timeout", errors.LockTimeoutError),
        ("25006", "cannot execute INSERT in a read-only transaction", errors.ReadOnlyError),
        ("57P01", "terminating connection due to administrator command", errors.DisconnectedError),
        ("ZZ999", "", errors.DatabaseError),
    ],
)
def test_a_sqlstate_has_its_class(state: str, text: str, kind: type[Exception]) -> None:
    """That of core's table, but for two that need more than a SQLSTATE."""
    assert type(server_error(ErrorFields(state, text))) is kind


def test_a_violation_says_where() -> None:
    """Constraint, table and column."""
    error = server_error(ErrorFields("23505", "twice", constraint="key", table="item", column="id"))

    assert isinstance(error, errors.UniqueViolationError)
    assert (error.constraint, error.table, error.column) == ("key", "item", "id")


def test_an_unknown_refusal_is_no_guess() -> None:
    """A SQLSTATE that says nothing of connecting, or none."""
    assert failure_of_sqlstate("28P01") is ConnectFailure.PASSWORD
    assert failure_of_sqlstate("42601") is failure_of_sqlstate(None) is ConnectFailure.UNKNOWN


def test_a_reset_returns_to_the_role_that_a_session_begins_with() -> None:
    """In this order: the user first, for a role is the user's."""
    whole = reset_statements(pgbouncer=False)

    assert whole[:3] == ("SET SESSION AUTHORIZATION DEFAULT", "RESET ROLE", "RESET ALL")
    assert reset_statements(pgbouncer=True) == tuple([one for one in whole if one != "RESET ALL"])


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (TransactionOptions(), "BEGIN"),
        (TransactionOptions(read_only=True), "BEGIN READ ONLY"),
        (TransactionOptions(isolation="serializable"), "BEGIN ISOLATION LEVEL SERIALIZABLE"),
        (
            TransactionOptions(read_only=True, isolation="repeatable read"),
            "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        ),
    ],
)
def test_a_transaction_begins_as_asked_for(options: TransactionOptions, expected: str) -> None:
    """In one statement."""
    assert begin_statement(options) == expected


CONTEXTS: dict[str, tuple[str | None, int | None]] = {
    "English": ('COPY town, line 12, column n: "COPY town, line 3"', 12),
    "German": ("COPY town, Zeile 12, Spalte n: »x«", 12),
    "Japanese": ("COPY town, 行 12, 列 n: x", 12),
    "a trigger's": ("PL/pgSQL function f() line 3 at RAISE\nCOPY town, line 12", 12),
    "of another word order": ("town 복사, 12번째 줄, n 열", None),
    "of another table": ("COPY townhall, line 12", None),
    "of a foreign key": ('SQL statement "SELECT 1 FROM ONLY x"', None),
    "none": (None, None),
}


@pytest.mark.parametrize("case", CONTEXTS)
def test_a_row_of_copy_is_read_from_the_context(case: str) -> None:
    """In the languages that say it in this order; in others it is not known."""
    context, row = CONTEXTS[case]

    assert row_of_copy(context, "town") == row


def test_a_tables_name_is_no_row() -> None:
    """Names may be anything."""
    assert row_of_copy("COPY a, line 7, line 12", "a, line 7") == 12
