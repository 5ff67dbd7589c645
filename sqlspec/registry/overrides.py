"""Overrides: another database under a name, for the time of a block."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from sqlspec.errors import ConfigNotFoundError, InvalidArgumentError

from .config_input import check_added

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from sqlspec.config import DatabaseConfig
    from sqlspec.database import Database

    from .names import NameTable

    AnyConfig = DatabaseConfig[Any, Any, Any, Any]

__all__ = ("Override", "Overrides")

DRAIN_TIMEOUT = 10.0
"""Seconds that an `async with` waits for the sessions of the replacement."""
DRAIN_POLL = 0.01


class Overrides:
    """The overrides of one registry that are in force, by name."""

    def __init__(self, table: NameTable, new_database: Callable[[str, AnyConfig], Database]) -> None:
        self._table, self._new_database = table, new_database
        self._stacks: dict[str, list[Override]] = {}

    def push(self, override: Override) -> None:
        """Put the override's config in the place of what has its name."""
        name = override.name
        with self._table.lock:
            covered = self._table.named(name)
            if override.config is None:
                override.config = covered.config
            config = override.config
            if config is not covered.config:
                check_added({name: config}, self._table.databases, covered.plugins, covered=covered.config)
            replacement = self._replacement(override, config, covered)
            override.covered = covered
            self._stacks.setdefault(name, []).append(override)
            self._table.put(replacement)

    def _replacement(self, override: Override, config: AnyConfig, covered: Database) -> Database:
        if not override.rolls_back:
            return self._new_database(override.name, config)
        from sqlspec.database.rollback.database import RollbackDatabase, check_possible

        name, table = override.name, self._table
        database = RollbackDatabase(
            name, config, covered.plugins, successor=lambda: table.successor(name), covered=covered
        )
        check_possible(database)
        database.is_closed = table.is_closed
        return database

    def pop(self, override: Override) -> Database:
        """End the override, and return the database that it had made, for the caller to retire.

        Blocks may end out of order: an inner one then covers what the outer one had covered.
        """
        name = override.name
        with self._table.lock:
            stack, covered = self._stacks[name], override.covered
            next_above = stack.index(override) + 1
            override.covered = None
            stack.remove(override)
            if covered is None or name not in self._table.databases:
                raise ConfigNotFoundError(name, self._table.databases)
            if next_above <= len(stack):
                # Not the innermost: what covered this one now covers what this one had covered.
                above = stack[next_above - 1]
                mine, above.covered = above.covered, covered
                return mine or covered
            mine = self._table.databases[name]
            self._table.put(covered)
            if mine.config is not covered.config:
                self._table.forget_key(mine.config)  # it meant the replacement, never what is restored
            return mine

    def lowest(self, name: str) -> Override | None:
        """The override that covers what was registered under the name. The caller holds the table's lock."""
        return next(iter(self._stacks.get(name, ())), None)

    def covered(self) -> list[Database]:
        """The databases that overrides in force cover, the newest first."""
        with self._table.lock:
            found = [one.covered for stack in self._stacks.values() for one in reversed(stack)]
        return [database for database in found if database is not None]


class Override:
    """What `SQLSpec.override` returns. A block: entered once, left once."""

    def __init__(
        self, overrides: Overrides, name: str, config: AnyConfig | None, *, rolls_back: bool = False
    ) -> None:
        """*config*: None for that of what is covered. *rolls_back*: all that is done inside is undone."""
        self._overrides, self.name, self.config, self.rolls_back = overrides, name, config, rolls_back
        self.covered: Database | None = None
        """What this override covers, while it is in force."""

    def __enter__(self) -> AnyConfig:
        if self.covered is not None:
            msg = "this override is in force already; call override() again for another"
            raise InvalidArgumentError(msg)
        self._overrides.push(self)
        return self.config  # type: ignore[return-value] # by now there is one

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        replaced = self._overrides.pop(self)
        replaced.retire()
        self._tell_fault(replaced, exc)

    async def __aenter__(self) -> AnyConfig:
        return self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        from asyncio import sleep

        replaced = self._overrides.pop(self)
        replaced.is_retired = True
        until = time.monotonic() + DRAIN_TIMEOUT
        try:
            # By looking again and again: its pools belong to several loops and threads, which share no event.
            while replaced.stats().in_use and time.monotonic() < until:  # noqa: ASYNC110
                await sleep(DRAIN_POLL)
            await replaced.aend()
            await replaced.aclose()
        finally:
            replaced.retire()
        self._tell_fault(replaced, exc)

    @staticmethod
    def _tell_fault(replaced: Database, exc: BaseException | None) -> None:
        """All was undone; but if a part of it could not be undone alone, the block does not end well."""
        if exc is None and (fault := replaced.fault) is not None:
            raise fault
