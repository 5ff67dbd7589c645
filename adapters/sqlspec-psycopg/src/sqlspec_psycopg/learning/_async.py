# The source of _sync.py, which tools/print_sync.py prints from it.
"""What a connection learns from its server: the types of lists, those of results, and what it has outlived.

A list says no type, and is an array or a document: so the server is asked what the statement wants, and the
list is sent as just that type. What was learned is this connection's, as a prepared statement would be; when
the tables change, the server compares types, refuses, and is asked anew.
"""

from __future__ import annotations

from abc import ABC
from typing import TYPE_CHECKING, Any

from psycopg.adapt import Transformer

from sqlspec_psycopg.asking import FINE, KINSHIP, ask, check, describe, kin_of, numbered
from sqlspec_psycopg.errors import is_stale, is_telling
from sqlspec_psycopg.talking._async import ACTIVE, IDLE, AsyncTalking
from sqlspec_psycopg.values import JSON_TYPES, as_sent, has_list, types_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import psycopg
    from psycopg.pq.abc import PGresult

    from sqlspec.plugin import Parameters

    Places = dict[int | str, int]

__all__ = ("AsyncLearning",)


class AsyncLearning(AsyncTalking, ABC):
    """The part of a connection that is about types."""

    # --- lists ----------------------------------------------------------------------------------

    async def _fitted(self, statement: str, parameters: Parameters) -> Parameters:
        """The same with each list as what the statement takes there."""
        if parameters is None or not has_list(parameters):
            return parameters
        text, names = numbered(statement)
        types = types_of([parameters[name] for name in names], self.raw)  # type: ignore[index]
        places = self._learned.get(statement, {}).get(types)
        if places is None:
            places = dict(zip(names, await self._expected(text.encode(), types), strict=False))
            self._remember(statement, types, places)
        return as_sent(parameters, places)

    def _remember(self, statement: str, types: tuple[int, ...], places: Places) -> None:
        if len(self._learned) > self._prepared_max:
            self._learned.clear()
        if self._prepared_max:
            self._learned.setdefault(statement, {})[types] = places

    async def _expected(self, statement: bytes, types: Sequence[int]) -> list[int]:
        """The type that the server gives each parameter, or 0 where a list is best sent in psycopg's way."""
        # The server may not know, and a transaction is not to break by our question.
        is_open = self.transaction_status is ACTIVE
        if is_open:
            check(await self._inquire(b"SAVEPOINT sqlspec_types"))
        results: list[PGresult] = []
        await self.raw.wait(describe(self._pgconn, statement, results, types))
        if is_open:
            check(await self._inquire(b"ROLLBACK TO sqlspec_types;RELEASE sqlspec_types"))
        last = results[-1]
        if last.status not in FINE:
            return []
        found = [last.param_type(place) for place in range(last.nparams)]
        await self._meet(oid for oid, given in zip(found, types, strict=False) if not given)
        return [oid if oid in JSON_TYPES or self.raw.is_array(oid) else 0 for oid in found]

    # --- results --------------------------------------------------------------------------------

    async def _rows(self, cursor: Any) -> Sequence[tuple[Any, ...]]:
        """A result with types that psycopg met for the first time: those that are arrays become lists."""
        rows: Sequence[tuple[Any, ...]] = ()
        met = set[int]()
        while strangers := self.raw.strangers - met:  # the elements of an array may be strangers, too
            met |= strangers
            await self._meet(strangers)
            reader = Transformer(self.raw)
            reader.set_pgresult(cursor.pgresult)
            rows = reader.load_rows(0, cursor.pgresult.ntuples, tuple)
        self.raw.strangers.clear()
        self._cursor = None  # it has the old ways
        return rows

    async def _meet(self, oids: Iterable[int]) -> None:
        """Find out what types are that are not PostgreSQL's own."""
        strangers = [str(oid) for oid in oids if self.raw.is_strange(oid)]
        if strangers:
            (kin,) = await self._inquire(KINSHIP % ",".join(strangers).encode())
            check([kin])
            for oid, kind, delimiter in kin_of(kin):
                self.raw.meet(oid, kind, delimiter)

    async def _inquire(self, message: bytes) -> list[PGresult]:
        """The same as `_ask`, within the deadline of the call under way, and interrupted like a statement."""
        results: list[PGresult] = []
        await self.raw.wait(ask(self._pgconn, message, results))
        return results

    # --- errors ---------------------------------------------------------------------------------

    def _is_to_repeat(self, statement: str, exc: psycopg.Error) -> bool:
        """Forget what an error gives the lie to. True: the statement was refused before it ran, as stale."""
        stale = is_stale(exc)
        if stale:
            self.raw.forget_prepared()
        elif is_telling(exc):
            self._learned.pop(statement, None)
            self.raw.forget_prepared(numbered(statement)[0].encode())
        return stale and self.transaction_status is IDLE
