"""Messages of the PostgreSQL protocol below psycopg's cursors, as generators that the connection runs.

A cursor caches, prepares and checks. The statements of a session itself go as plain messages: that is faster,
and every result can be looked at.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from psycopg.pq import DiagnosticField, ExecStatus

from sqlspec.errors import DatabaseError, StatementError
from sqlspec.plugin.postgresql import arrow_types

from .errors import error_of

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping, Sequence

    from psycopg.pq.abc import PGconn, PGresult

    Steps = Generator[int, int, None]

__all__ = (
    "OK_STATUSES",
    "arrow_types_of",
    "check_results",
    "column_names",
    "describe_parameters",
    "described",
    "failed_statement",
    "send_query",
    "takes_no_writes",
)

READ, WRITE = 1, 2  # psycopg's numbers for what a generator waits for
OK_STATUSES = frozenset({ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK, ExecStatus.EMPTY_QUERY})
_COPY_STATUSES = frozenset({ExecStatus.COPY_IN, ExecStatus.COPY_OUT, ExecStatus.COPY_BOTH})


def send_query(pgconn: PGconn, message: bytes, results: list[PGresult]) -> Steps:
    """Send statements in one message; each result is appended to *results* as soon as it arrives."""
    pgconn.send_query(message)
    return _read_results(pgconn, results)


def describe_parameters(
    pgconn: PGconn, statement: bytes, results: list[PGresult], types: Sequence[int] | None = None
) -> Steps:
    """Ask the server for the types of a statement's parameters; the last result has them."""
    pgconn.send_prepare(b"", statement, types)
    yield from _read_results(pgconn, results)
    if results[-1].status in OK_STATUSES:
        pgconn.send_describe_prepared(b"")
        yield from _read_results(pgconn, results)


def _read_results(pgconn: PGconn, results: list[PGresult]) -> Steps:
    while pgconn.flush():
        if (yield READ | WRITE) & READ:
            pgconn.consume_input()
    while True:
        while pgconn.is_busy():
            if (yield READ):
                pgconn.consume_input()
        result = pgconn.get_result()
        if result is None:
            return
        results.append(result)
        if result.status in _COPY_STATUSES:
            return  # libpq would return this result again and again


def check_results(results: list[PGresult]) -> None:
    """Raise the server's error, if there is one."""
    for result in results:
        if result.status in OK_STATUSES:
            continue
        if result.status in _COPY_STATUSES:
            raise StatementError("COPY is not run here: use load(), or the driver's connection")
        raise error_of(result)
    if not results:
        raise DatabaseError("the server did not answer")


def failed_statement(results: Sequence[PGresult], statements: Sequence[str]) -> int:
    """The place of the one of *statements* that failed; they went in one message, two signs between them."""
    position = results[-1].error_field(DiagnosticField.STATEMENT_POSITION) if results else None
    if position is None:  # the server has run those before it
        return max(len(results) - 1, 0)
    end = 0
    for place, statement in enumerate(statements):
        end += len(statement) + 2
        if int(position) <= end:
            return place
    return len(statements) - 1


def takes_no_writes(pgconn: PGconn) -> bool:
    """Whether the server has said that it takes none. It does so by itself from PostgreSQL 14 on."""
    names = (b"in_hot_standby", b"default_transaction_read_only")
    return any(pgconn.parameter_status(name) == b"on" for name in names)


def arrow_types_of(result: PGresult, elements: Mapping[int, int | None]) -> Sequence[Any]:
    """The Arrow types of a result's columns; *elements* as of `arrow_types`."""
    return arrow_types(described(result), elements)


def described(result: PGresult) -> list[tuple[int, int]]:
    """The type of each column, and its modifier."""
    return [(result.ftype(place), result.fmod(place)) for place in range(result.nfields)]


def column_names(result: Any) -> tuple[str, ...]:
    """The names of a result's columns."""
    name = result.fname
    return tuple([name(place).decode() for place in range(result.nfields)])
