# The source of _sync.py, which tools/print_sync.py prints from it.
"""What a connection knows of its server's types: those of parameters that are lists, and those of results.

A list does not tell its type, and is an array or a document: so the server is asked what the statement takes,
and the list is sent as that type. The cache belongs to one connection, like its prepared statements. When a
table is altered, the server compares the types and refuses the statement, and then it is asked again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from psycopg._queries import PostgresQuery
from psycopg.adapt import Transformer
from psycopg.pq import TransactionStatus

from sqlspec.plugin.postgresql import ARRAY_ELEMENTS, is_about_types, may_be_stale
from sqlspec_psycopg.errors import is_stale
from sqlspec_psycopg.messages import OK_STATUSES, check_results, describe_parameters, send_query
from sqlspec_psycopg.prepared import MAX_LENGTH
from sqlspec_psycopg.type_queries import array_elements, number_placeholders
from sqlspec_psycopg.values import JSON_TYPES, adapt_lists, has_list, types_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import psycopg
    from psycopg.pq.abc import PGresult

    from sqlspec.plugin import Parameters
    from sqlspec.plugin.postgresql import SchemaChanges
    from sqlspec_psycopg.raw._async import AsyncBoundedConnection

    Types = dict[int | str, int]

__all__ = ("AsyncTypeCache",)

IDLE, IN_TRANSACTION = TransactionStatus.IDLE, TransactionStatus.INTRANS


class AsyncTypeCache:
    """The types of one connection."""

    def __init__(self, raw: AsyncBoundedConnection, size: int, changes: SchemaChanges) -> None:
        """*size*: for how many statements the parameters' types are kept. *changes*: the pool's."""
        self._raw, self._pgconn, self._size, self._changes = raw, raw.pgconn, size, changes
        self._known_changes = changes.count
        self._asked = ""
        """The statement that was asked about last: what is known of it is new."""
        self._list_types: dict[str, dict[tuple[int, ...], Types]] = {}
        """By a statement's text, and by the types of its parameters that are no lists."""
        self._count = 0

    # --- parameters -----------------------------------------------------------------------------

    async def adapt_lists(self, statement: str, parameters: Parameters) -> Parameters:
        """The same with each list as the type that the statement takes there."""
        if parameters is None or not has_list(parameters):
            return parameters
        text, keys = number_placeholders(statement)
        given = types_of([parameters[key] for key in keys], self._raw)  # type: ignore[index]
        types = self._list_types.get(statement, {}).get(given)
        self._asked = statement if types is None else ""
        if types is None:
            types = dict(zip(keys, await self._list_types_of(text.encode(), given), strict=False))
            self._store(statement, given, types)
        return adapt_lists(parameters, types)

    def _store(self, statement: str, given: tuple[int, ...], types: Types) -> None:
        if self._count >= self._size:
            self._list_types.clear()
            self._count = 0
        if self._size and len(statement) <= MAX_LENGTH:
            self._list_types.setdefault(statement, {})[given] = types
            self._count += 1

    async def _list_types_of(self, statement: bytes, given: Sequence[int]) -> list[int]:
        """The type that the server gives each parameter, or 0 where psycopg's own dumper fits a list best."""
        last = await self._described(statement, given)
        if last.status not in OK_STATUSES:
            return []
        found = [last.param_type(place) for place in range(last.nparams)]
        await self._learn(oid for oid, known in zip(found, given, strict=False) if not known)
        return [oid if oid in JSON_TYPES or self._raw.is_array(oid) else 0 for oid in found]

    async def is_accepted(self, statement: str, parameters: Parameters) -> bool:
        """Whether the server can run a statement, which it parses here with the types that psycopg sends."""
        query: Any = PostgresQuery(Transformer(self._raw))
        query.convert(statement, parameters)
        return (await self._described(query.query, query.types)).status in OK_STATUSES

    async def _described(self, statement: bytes, types: Sequence[int]) -> PGresult:
        """What the server says of a statement that it parses and does not run."""
        # It may refuse, and that must not abort the transaction.
        is_open = self._pgconn.transaction_status == IN_TRANSACTION
        if is_open:
            check_results(await self._query(b"SAVEPOINT sqlspec_types"))
        results: list[PGresult] = []
        await self._raw.wait(describe_parameters(self._pgconn, statement, results, types))
        if is_open:
            check_results(await self._query(b"ROLLBACK TO sqlspec_types;RELEASE sqlspec_types"))
        return results[-1]

    # --- results --------------------------------------------------------------------------------

    async def load_rows(self, results: Sequence[PGresult]) -> Sequence[tuple[Any, ...]]:
        """The rows of results, which may have types that were unknown until now: arrays become lists.

        Cursors that were made before go on without these types.
        """
        rows = self._rows(results)
        registered = set[int]()
        # A loop, because the elements of an array may be of an unknown type too.
        while unknown := self._raw.unknown_types - registered:
            registered |= unknown
            await self._learn(unknown)
            rows = self._rows(results)
        self._raw.unknown_types.clear()
        return rows

    def _rows(self, results: Sequence[PGresult]) -> list[tuple[Any, ...]]:
        transformer, rows = Transformer(self._raw), list[tuple[Any, ...]]()
        for result in results:
            transformer.set_pgresult(result)
            rows += transformer.load_rows(0, result.ntuples, tuple)
        return rows

    async def _learn(self, oids: Iterable[int]) -> None:
        """Look up the types that are not PostgreSQL's own."""
        unknown = [str(oid) for oid in oids if self._raw.is_unknown(oid)]
        if unknown:
            (result,) = await self._query((ARRAY_ELEMENTS % ",".join(unknown)).encode())
            check_results([result])
            for oid, element, delimiter in array_elements(result):
                self._raw.register_type(oid, element, delimiter)

    async def _query(self, message: bytes) -> list[PGresult]:
        """Run statements within the deadline of the call under way; interrupted like the statement itself."""
        results: list[PGresult] = []
        await self._raw.wait(send_query(self._pgconn, message, results))
        return results

    # --- errors ---------------------------------------------------------------------------------

    def forget_refuted(self, statement: str, exc: psycopg.Error) -> bool:
        """Forget what an error shows to be wrong, and let the pool's other connections forget it.

        True: the statement may run again, as the server refused it before it ran.
        """
        stale, query = is_stale(exc), number_placeholders(statement)[0].encode()
        is_kept = self._raw.is_prepared(query) or (statement in self._list_types and statement != self._asked)
        in_function = exc.diag.context is not None
        if stale or is_about_types(exc.sqlstate, is_kept=is_kept, in_function=in_function):
            self._forget(None)
            self._changes.add(None)
        elif is_kept and may_be_stale(exc.sqlstate):
            self._forget(statement)
            self._changes.add(statement)
        return stale and self._pgconn.transaction_status == IDLE

    @property
    def is_current(self) -> bool:
        """Whether the other connections of the pool know nothing that this one does not."""
        return self._known_changes == self._changes.count

    def catch_up(self) -> None:
        """Forget what other connections of the pool found to be stale."""
        count = self._changes.count
        for statement in self._changes.since(self._known_changes):
            self._forget(statement)
        self._known_changes = count

    def _forget(self, statement: str | None) -> None:
        if statement is None:
            self._list_types.clear()
            self._raw.forget_prepared()
        else:
            self._list_types.pop(statement, None)
            self._raw.forget_prepared(number_placeholders(statement)[0].encode())
