"""Questions to the server below psycopg's cursors: in generators, which the connection runs.

Cursors remember, prepare and check; for what a session says itself, a plain message and a look at every
answer are faster, and tell more.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from psycopg.pq import ExecStatus

from sqlspec.errors import DatabaseError, StatementError

from .errors import error_of

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence

    from psycopg.pq.abc import PGconn, PGresult

    Steps = Generator[int, int, None]

__all__ = ("FINE", "KINSHIP", "ask", "check", "describe", "kin_of", "names_of", "numbered")

READ, WRITE = 1, 2  # psycopg's words to whoever waits
FINE = frozenset({ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK, ExecStatus.EMPTY_QUERY})
_COPIES = frozenset({ExecStatus.COPY_IN, ExecStatus.COPY_OUT, ExecStatus.COPY_BOTH})
KINSHIP = b"""
WITH RECURSIVE kin (oid, kind, delimiter) AS (
    SELECT it.oid, element.oid, element.typdelim
    FROM pg_catalog.pg_type it LEFT JOIN pg_catalog.pg_type element ON element.typarray = it.oid
    WHERE it.oid IN (%s)
    UNION ALL
    SELECT kin.oid, domain.typbasetype, kin.delimiter
    FROM kin JOIN pg_catalog.pg_type domain ON domain.oid = kin.kind AND domain.typtype = 'd'
)
SELECT DISTINCT ON (oid) kin.oid, kin.kind, kin.delimiter
FROM kin LEFT JOIN pg_catalog.pg_type final ON final.oid = kin.kind
ORDER BY kin.oid, final.typtype = 'd'
"""
"""What types are arrays of: of a domain's own type, where the element is a domain."""
_PLACEHOLDER = re.compile(r"%(?:%|(?:\((?P<name>[^)]*)\))?[sbt])")


def ask(pgconn: PGconn, message: bytes, results: list[PGresult]) -> Steps:
    """Send statements in one message; each answer is in *results* as soon as it is here."""
    pgconn.send_query(message)
    return _answers(pgconn, results)


def describe(
    pgconn: PGconn, statement: bytes, results: list[PGresult], types: Sequence[int] | None = None
) -> Steps:
    """Ask which types the server gives the parameters of a statement; the last result says it."""
    pgconn.send_prepare(b"", statement, types)
    yield from _answers(pgconn, results)
    if results[-1].status in FINE:
        pgconn.send_describe_prepared(b"")
        yield from _answers(pgconn, results)


def _answers(pgconn: PGconn, results: list[PGresult]) -> Steps:
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
        if result.status in _COPIES:
            return  # it would answer so for ever


def check(results: list[PGresult]) -> None:
    """Raise the server's error, if there is one."""
    for result in results:
        if result.status in FINE:
            continue
        if result.status in _COPIES:
            raise StatementError("COPY is not run here: use load(), or the driver's connection")
        raise error_of(result)
    if not results:
        raise DatabaseError("the server did not answer")


def numbered(statement: str) -> tuple[str, list[int | str]]:
    """A statement with `%s` or `%(name)s` in PostgreSQL's own words, `$1`; and what each stands for."""
    places: list[int | str] = []

    def mark(found: re.Match[str]) -> str:
        if found[0] == "%%":
            return "%"
        key: int | str = len(places) if found["name"] is None else found["name"]
        if key not in places:
            places.append(key)
        return f"${places.index(key) + 1}"

    return _PLACEHOLDER.sub(mark, statement), places


def names_of(result: Any) -> tuple[str, ...]:
    """The columns of an answer."""
    name = result.fname
    return tuple([name(place).decode() for place in range(result.nfields)])


def kin_of(result: PGresult) -> Iterator[tuple[int, int | None, str]]:
    """The answer to `KINSHIP`: each type, with its element's if it is an array, and what stands between."""
    for row in range(result.ntuples):
        oid, kind, delimiter = (result.get_value(row, place) for place in range(3))
        yield int(oid or 0), None if kind is None else int(kind), (delimiter or b"").decode()
