"""The listing of plugins: what is there, in which state, without importing any of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from sqlspec.errors import AdapterConflictError

from .index import installed
from .load import only

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sqlspec.errors import AdapterError

    from .index import Entry
    from .load import LoadedAdapter
    from .policy import Policy

__all__ = ("PluginStatus", "list_plugins")


class PluginStatus(msgspec.Struct, frozen=True, kw_only=True):
    """One plugin in the listing."""

    name: str
    kind: str
    """`adapter`, or `plugin` for observers and other additions."""
    status: str
    """`available`, `loaded`, `blocked`, `broken` or `conflict`."""
    distribution: str | None = None
    """None for one that was registered in this process."""
    version: str | None = None
    api: int | None = None
    """The adapter API level, once it is loaded."""
    config_type: str | None = None
    """Where an adapter's config class lives, as `"module:Name"`; None for other plugins, and where the
    metadata of an adapter that is not loaded does not say."""
    error: str | None = None
    """Why it can not be used."""


def list_plugins(
    policy: Policy,
    loaded: Mapping[str, LoadedAdapter],
    others: Mapping[str, tuple[object, Entry | None]],
    failed: Mapping[str, AdapterError],
) -> list[PluginStatus]:
    """All plugins by kind and name; of a name in conflict, every claimant."""
    rows = [_loaded(adapter) for adapter in loaded.values()]
    rows += [_other(name, entry) for name, (_, entry) in others.items()]
    for name, entries in installed().adapters.items():
        if name not in loaded:
            rows += _installed("adapter", entries, *_state(name, entries, policy, failed))
    for name, entries in installed().plugins.items():
        if name not in others:
            rows += _installed("plugin", entries, *_conflict(name, entries))
    return sorted(rows, key=lambda row: (row.kind, row.name, row.distribution or ""))


def _loaded(adapter: LoadedAdapter) -> PluginStatus:
    return PluginStatus(
        name=adapter.name,
        kind="adapter",
        status="loaded",
        distribution=adapter.distribution,
        version=adapter.version,
        api=adapter.info.api,
        config_type=adapter.info.config_type,
    )


def _other(name: str, entry: Entry | None) -> PluginStatus:
    distribution, version = (entry.distribution, entry.version) if entry else (None, None)
    return PluginStatus(name=name, kind="plugin", status="loaded", distribution=distribution, version=version)


def _installed(
    kind: str, entries: Sequence[Entry], status: str, error: AdapterError | None
) -> Iterator[PluginStatus]:
    for entry in entries:
        yield PluginStatus(
            name=entry.name,
            kind=kind,
            status=status,
            distribution=entry.distribution,
            version=entry.version,
            config_type=installed().config_type(entry) if kind == "adapter" else None,
            error=None if error is None else str(error),
        )


def _state(
    name: str, entries: Sequence[Entry], policy: Policy, failed: Mapping[str, AdapterError]
) -> tuple[str, AdapterError | None]:
    if not policy.permits(name):
        return "blocked", policy.refusal(name, str(entries[0]))
    if name in failed:
        return "broken", failed[name]
    return _conflict(name, entries)


def _conflict(name: str, entries: Sequence[Entry]) -> tuple[str, AdapterError | None]:
    try:
        only(name, entries)
    except AdapterConflictError as error:
        return "conflict", error
    return "available", None
