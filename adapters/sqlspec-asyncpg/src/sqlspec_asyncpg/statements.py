# pyright: reportMissingTypeStubs=false
"""Running statements: each is prepared once, and kept by the connection for the next time."""

from __future__ import annotations

import re
import time
from asyncio import _get_running_loop, get_running_loop
from collections import OrderedDict
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import asyncpg

from sqlspec.errors import NotSupportedError, ParameterError, SessionInUseError, StatementError
from sqlspec.plugin import AsyncConnection, AsyncCursor, RawResult

from .driver import Reply
from .errors import having_values, is_from_server
from .streams import REFUSED, PortalCursor, declare
from .values import misfit, plain, plain_rows

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlspec.errors import SQLSpecError
    from sqlspec.plugin import Parameters

    from .config import AsyncpgConfig
    from .driver import WatchedConnection

    Prepared = tuple[Any, tuple[str, ...]]  # asyncpg's statement, and the names of its columns

__all__ = ("STALE", "StatementsConnection", "is_stale", "left")

LONGEST_KEPT = 16_384
"""Characters: longer statements are made for the occasion, and not kept."""
LEAST = 0.001
"""Seconds: asyncpg takes no timeout of 0."""
STALE = (
    asyncpg.InvalidCachedStatementError,  # DDL changed what it returns
    asyncpg.DatatypeMismatchError,  # DDL changed what it takes
    asyncpg.InvalidSQLStatementNameError,  # somebody dropped it
)
"""The server refuses a statement that was prepared, before it runs."""
TEXT_ONLY = frozenset(
    {"aclitem", "gtsvector", "macaddr", "macaddr8", "money", "refcursor", "tsquery", "tsvector"}
    | {
        f"reg{what}"
        for what in ("class", "collation", "config", "dictionary", "namespace", "oper", "operator")
    }
    | {"regproc", "regprocedure", "regrole", "regtype"}
)
"""Types of PostgreSQL's that asyncpg reads and writes as text. COPY mixes no formats."""
BASE_TYPES = "SELECT count(*) FROM pg_catalog.pg_type WHERE oid = ANY($1::oid[]) AND typtype = 'b'"
"""Those of extensions, which asyncpg knows as text; not enums, composites and ranges."""
DEFINES = ("CREATE", "ALTER", "DROP")
COPIES = re.compile(r"(?:\s|--[^\n]*\n|/\*.*?\*/)*+COPY\b.*\b(?:STDIN|STDOUT)\b", re.IGNORECASE | re.DOTALL)


def left(deadline: float | None) -> float | None:
    """The seconds until *deadline*, as asyncpg wants them."""
    return None if deadline is None else max(deadline - time.monotonic(), LEAST)


class StatementsConnection(AsyncConnection["WatchedConnection"]):
    """The half of a connection that runs statements."""

    load_batch = 20_000  # a COPY costs as much as a thousand rows

    def __init__(self, raw: WatchedConnection, config: AsyncpgConfig) -> None:
        super().__init__(raw)
        self._config, self._ear, self._loop = config, raw.ear, get_running_loop()
        self._prepared: OrderedDict[str, Prepared] = OrderedDict()
        self._copies: dict[tuple[str, tuple[str, ...]], bool] = {}
        self._is_used = self._is_redefined = self._has_prepared = False

    def _check_loop(self) -> None:
        """Called from a foreign loop, asyncpg may crash the process."""
        if _get_running_loop() is not self._loop:
            msg = "this connection belongs to another event loop; open a session in this one"
            raise SessionInUseError(msg)

    async def execute(self, statement: str, parameters: Parameters, deadline: float | None) -> RawResult:
        """Run one statement and fetch all it returns."""
        self._check_loop()
        self._is_used = True
        values = parameters if type(parameters) is tuple else _listed(parameters)
        kept = self._prepared.get(statement)
        prepared, columns = kept or await self._prepare_statement(statement, deadline)
        try:
            # asyncpg's timeout is a timer, which most calls do without.
            rows = await (
                prepared.fetch(*values)
                if deadline is None
                else prepared.fetch(*values, timeout=left(deadline))
            )
        except (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError) as exc:
            failure = exc
        else:
            return RawResult(columns, rows, len(rows) if columns else self._counted(prepared.get_statusmsg()))
        # Outside of the handler: asyncpg's exceptions quote values, and must not become the context of ours.
        if kept is not None and is_stale(failure):
            self._forget(statement, failure)
            if not self.raw.is_in_transaction():
                return await self.execute(statement, values, deadline)
        elif isinstance(failure, asyncpg.OutdatedSchemaCacheError):
            self._prepared.clear()
        elif _is_about_values(failure):
            other = self._other_try(statement, values, is_kept=kept is not None)
            if other is None:
                raise misfit(failure, prepared, [values])
            return await self.execute(statement, other, deadline)
        raise having_values(failure) if values else failure

    def _other_try(self, statement: str, values: Sequence[Any], *, is_kept: bool) -> Sequence[Any] | None:
        """Values that may fit better, or the same for a statement that is prepared anew; None: there is none.

        What was prepared has the types of its first day: a column may have been altered since.
        """
        members = plain(values)
        if members is None and is_kept:
            self._prepared.pop(statement, None)
            return values
        return members

    def _counted(self, tag: str | None) -> int:
        """How many rows the statement has changed; after DDL nothing that is prepared is to be trusted."""
        count = _count(tag)
        if count < 0 and tag is not None and tag.startswith(DEFINES):
            self._is_redefined = True
            self.forget_all()
        elif tag == "PREPARE":
            self._has_prepared = True
        return count

    def forget_all(self) -> None:
        """Trust nothing that is known of the database's objects."""
        self._prepared.clear()
        self._copies.clear()

    def _forget(self, statement: str, failure: Exception) -> None:
        if isinstance(failure, asyncpg.InvalidSQLStatementNameError):
            self._prepared.clear()  # DEALLOCATE ALL: the others are gone too
        self._prepared.pop(statement, None)

    async def _prepare_statement(self, statement: str, deadline: float | None) -> Prepared:
        _refuse_copy(statement)
        prepared = await self.raw.prepare(statement, timeout=left(deadline))
        made = prepared, tuple([attribute.name for attribute in prepared.get_attributes()])
        size = self._config.cached_statements
        if size and len(statement) <= LONGEST_KEPT:
            self._prepared[statement] = made
            if len(self._prepared) > size:
                self._prepared.popitem(last=False)
        return made

    async def execute_many(
        self, statement: str, rows: Sequence[Parameters], deadline: float | None
    ) -> RawResult:
        """Run one statement for each row: all of them, or none."""
        self._check_loop()
        self._is_used = True
        kept = self._prepared.get(statement)
        prepared, _ = kept or await self._prepare_statement(statement, deadline)
        values = [row if type(row) is tuple else _listed(row) for row in rows]
        reply = Reply()
        await self._listen(reply)
        try:
            await prepared.executemany(values, timeout=left(deadline))
        except (asyncpg.PostgresError, asyncpg.InterfaceError) as exc:
            failure = exc
        else:
            return RawResult(rowcount=sum(max(_count(tag), 0) for tag in reply.tags))
        finally:
            self._ear.reply = None
        if isinstance(failure, STALE):
            self._forget(statement, failure)
        if not _is_about_values(failure):
            raise having_values(failure)
        if not reply.tags:
            members = plain_rows(values)
            if members is None and kept is not None:
                self._prepared.pop(statement, None)
                members = values
            if members is not None:
                return await self.execute_many(statement, members, deadline)
        error: SQLSpecError = misfit(failure, prepared, values)
        if reply.tags:  # asyncpg encodes while it sends: rows before that one have gone in
            await self._give_up()
            error = StatementError(f"{error}. Rows before it had been sent: the transaction is given up")
        raise error

    async def _listen(self, reply: Reply) -> None:
        """Note how the server answers the next message. What comes late of a cancelled call is none."""
        if self.raw.is_cancelling:
            with suppress(Exception):  # the next message will meet it too
                await self.raw.execute("SELECT 1")
        self._ear.reply = reply

    async def _give_up(self) -> None:
        """Have the server abort the transaction, as if it had found the error itself."""
        with suppress(asyncpg.PostgresError):
            await self.raw.execute("ROLLBACK TO SAVEPOINT sqlspec_that_is_not_there")

    async def execute_script(self, statements: Sequence[str], deadline: float | None) -> None:
        """Run statements one after another, each a message without preparations."""
        self._is_used = True
        for statement in statements:
            _refuse_copy(statement)
            self._counted(await self.raw.execute(statement, timeout=left(deadline)))

    async def stream(
        self, statement: str, parameters: Parameters, batch_size: int, deadline: float | None
    ) -> AsyncCursor:
        """Open a cursor of the server's. Outside of transactions, one that the server fills at once."""
        values = parameters if type(parameters) is tuple else _listed(parameters)
        self._is_used = True
        if self.raw.is_in_transaction():
            return await self._portal(statement, values, batch_size, deadline)
        try:
            return await declare(self, statement, values, batch_size)
        except REFUSED:
            return await super().stream(statement, parameters, batch_size, deadline)

    async def _portal(
        self, statement: str, values: Sequence[Any], batch_size: int, deadline: float | None
    ) -> AsyncCursor:
        kept = self._prepared.get(statement)
        prepared, columns = kept or await self._prepare_statement(statement, deadline)
        try:
            cursor = await prepared.cursor(*values, timeout=left(deadline))
        except (asyncpg.PostgresError, asyncpg.InterfaceError) as exc:
            failure = exc
        else:
            return PortalCursor(self.raw, cursor, columns, batch_size)
        if isinstance(failure, STALE):
            self._forget(statement, failure)
        if not _is_about_values(failure):
            raise having_values(failure) if values else failure
        other = self._other_try(statement, values, is_kept=kept is not None)
        if other is None:
            raise misfit(failure, prepared, [values])
        return await self._portal(statement, other, batch_size, deadline)

    async def load(
        self, table: str, columns: Sequence[str], rows: Sequence[Any], deadline: float | None
    ) -> int:
        """Binary COPY; row by row where a column's type has no binary form in asyncpg."""
        schema, _, name = table.rpartition(".")
        self._is_used = True
        # asyncpg remembers the types of a table's columns, and nobody tells it of an ALTER TABLE.
        await self.raw.reload_schema_state()
        key = table, tuple(columns)
        if key not in self._copies:
            self._copies[key] = "." not in schema and await self._is_binary(table, columns)
        if not self._copies[key]:
            return await super().load(table, columns, rows, deadline)
        if rows and plain(rows[0]) is not None:
            rows = plain_rows(rows) or rows
        try:
            tag = await self.raw.copy_records_to_table(
                name, schema_name=schema or None, columns=columns, records=rows, timeout=left(deadline)
            )
        except (TypeError, ValueError, OverflowError, AttributeError, asyncpg.DataError) as exc:
            if is_from_server(exc) or self.is_foreign(exc):
                raise
        except asyncpg.InternalClientError:
            del self._copies[key]  # a column has been altered
            raise
        else:
            return _count(tag)
        msg = f"load {table}: a value does not fit its column; the columns are {', '.join(columns)}"
        raise StatementError(msg)

    async def _is_binary(self, table: str, columns: Sequence[str]) -> bool:
        names = ", ".join(map(self.quote, columns))
        query = f"SELECT {names} FROM {self.quote_path(table)} LIMIT 0"  # noqa: S608 - all quoted
        kinds = [attribute.type for attribute in (await self.raw.prepare(query)).get_attributes()]
        if any(kind.name.removesuffix("[]") in TEXT_ONLY for kind in kinds):
            return False
        foreign = [kind.oid for kind in kinds if kind.schema != "pg_catalog"]
        return not foreign or not await self.raw.fetchval(BASE_TYPES, foreign)

    def placeholders(self, count: int) -> list[str]:
        """PostgreSQL's own: $1, $2, and so on."""
        return [f"${number}" for number in range(1, count + 1)]


# --- small decisions ----------------------------------------------------------------------------


def _listed(parameters: Sequence[Any] | Mapping[str, Any] | None) -> Sequence[Any]:
    if parameters is None:
        return ()
    if hasattr(parameters, "keys"):
        msg = "a statement with $1 takes its parameters by position, in a tuple"
        raise ParameterError(msg)
    return tuple(parameters)


def _count(tag: Any) -> int:
    """The number at the end of a command's tag, as in `INSERT 0 3`; -1 for one without, as `CREATE TABLE`."""
    last = tag.split()[-1] if tag else ""
    return int(last) if last.isdigit() else -1


def _is_about_values(failure: Exception) -> bool:
    """Whether asyncpg could not encode the parameters, or got too many or too few. Nothing was sent."""
    if isinstance(failure, asyncpg.DataError):
        return not is_from_server(failure)
    return isinstance(failure, asyncpg.InterfaceError) and "argument" in str(failure)


def is_stale(failure: BaseException) -> bool:
    """Refused before it ran; with a context, it was a statement within a function that was refused."""
    return isinstance(failure, STALE) and getattr(failure, "context", None) is None


def _refuse_copy(statement: str) -> None:
    """With asyncpg such a statement would wait for ever."""
    if COPIES.match(statement):
        msg = (
            "COPY needs its own call: session.load(), or copy_to_table() and its kin on session.connection()"
        )
        raise NotSupportedError(msg)
