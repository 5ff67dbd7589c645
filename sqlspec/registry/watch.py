"""One source that is watched: what it registered, what has changed, and how it is doing."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import msgspec

from sqlspec.errors import ConfigAlreadyRegisteredError, SQLSpecError

from .registration import described

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlspec.config import DatabaseConfig
    from sqlspec.config.sources import SourceTables, WatchedSource
    from sqlspec.database import Database
    from sqlspec.loading.manager import Plugins

    from .names import NameTable
    from .overrides import Override
    from .registration import NewDatabase, Registration

    AnyConfig = DatabaseConfig[Any, Any, Any, Any]

__all__ = ("Registered", "SourceStatus", "Watch")


class SourceStatus(msgspec.Struct, frozen=True, kw_only=True):
    """How a source that can be watched is doing."""

    name: str
    """What errors call it."""
    databases: tuple[str, ...]
    """The names it has registered."""
    state: Literal["unwatched", "current", "stale"]
    """`current`: what it says is registered. `stale`: it says nothing that can be used, and what it said
    before is kept. `unwatched`: it was read, and nobody waits for changes."""
    since: datetime
    """When this state began, in UTC."""
    last_error: str | None
    """Why it is stale."""


class Registered(NamedTuple):
    """What of a registry its watches see."""

    table: NameTable
    plugins: Plugins
    new_database: NewDatabase
    lowest_override: Callable[[str], Override | None]


class Watch:
    """What becomes of the configs of one source. Used by one thread at a time, but for `status`."""

    def __init__(
        self, source: WatchedSource, first: Registration, registered: Registered, *, profile: str | None
    ) -> None:
        self.source = source
        self._registered, self._profile = registered, profile
        self._default = first.default
        self.status = SourceStatus(
            name=source.name,
            databases=tuple(first.configs),
            state="unwatched",
            since=datetime.now(UTC),
            last_error=None,
        )
        """Only this object sets it; anybody may read it."""

    def update(self, tables: SourceTables) -> None:
        """Put in force what the source says now. What is wrong with it is noted, and nothing is changed."""
        try:
            found = described(self.source, tables, self._registered.plugins, profile=self._profile)
            self._swap(found)
        except Exception as exc:  # noqa: BLE001 - a source, its adapters and observers may be anybody's
            self.note_failure(exc)
            return
        gone = [name for name in self.status.databases if name not in found.configs]
        if gone:
            self._note("stale", f"{self.source.name}: does not describe {', '.join(gone)} any more")
        else:
            self._note("current", None)

    def note_failure(self, exc: Exception) -> None:
        """The source could not be read, or what it says can not be used."""
        own = isinstance(exc, SQLSpecError)  # the text of another may hold anything
        self._note("stale", str(exc) if own else f"{self.source.name}: raised {type(exc).__name__}")

    def note_end(self) -> None:
        """Nobody watches any more."""
        self._note("unwatched", None)

    # --- what has changed -----------------------------------------------------------------------------

    def _swap(self, found: Registration) -> None:
        """Replace the databases whose configs have changed, all or none. Never waits for a lease."""
        table, plugins, new_database, lowest_override = self._registered
        with table.lock:
            held = {name: self._held(name) for name in found.configs}
            changed = {
                name: config
                for name, config in found.configs.items()
                if self._differs(name, config, held[name])
            }
            found._replace(configs=changed).check_added(table.databases, plugins)
            visible: dict[str, Database] = {}
            for name, config in changed.items():
                database = new_database(name, config, self.source)
                override = lowest_override(name)
                if override is None:
                    visible[name] = database
                else:  # it stays in force, and uncovers the new one when it ends
                    override.covered = database
            # A default that the application chose meanwhile stays, unless the source has another one now.
            default = None if found.default == self._default else found.default
            if visible or default:
                table.put_all(visible, default)
            self._default = found.default
        known = dict.fromkeys((*self.status.databases, *changed))
        self.status = msgspec.structs.replace(self.status, databases=tuple(known))
        for name, config in changed.items():
            replaced = held[name]
            if replaced is not None:
                replaced.retire()
            plugins.emit("sqlspec_config_registered", name, config.adapter)
        if changed:
            _log("info", "%s: a new config for %s", self.source.name, ", ".join(changed))

    def _held(self, name: str) -> Database | None:
        """What is registered under the name, whatever overrides it."""
        override = self._registered.lowest_override(name)
        return self._registered.table.databases.get(name) if override is None else override.covered

    def _differs(self, name: str, config: AnyConfig, held: Database | None) -> bool:
        """Whether this config is to be registered."""
        if held is not None and held.source is self.source:
            return held.config != config
        if name in self.status.databases:
            return False  # the application has unregistered it, or put its own in its place
        if held is not None:
            raise ConfigAlreadyRegisteredError(name)
        return True

    # --- how it is doing ------------------------------------------------------------------------------

    def _note(self, state: Literal["unwatched", "current", "stale"], error: str | None) -> None:
        """Set the status, and say once in the log that it is stale, and once that it is not any more."""
        before = self.status
        since = before.since if before.state == state else datetime.now(UTC)
        self.status = msgspec.structs.replace(before, state=state, since=since, last_error=error)
        if before.state == state:
            return
        if state == "stale":
            _log("warning", "%s; the last configs are kept", error)
        elif before.state == "stale" and state == "current":
            _log("info", "%s: is current again", self.source.name)


def _log(level: str, text: str, *facts: object) -> None:
    import logging

    getattr(logging.getLogger("sqlspec.sources"), level)(text, *facts)
