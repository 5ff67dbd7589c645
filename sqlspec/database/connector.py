"""What a database decides without waiting when it connects, pings and warms up."""

from __future__ import annotations

import time
from inspect import isawaitable
from math import isfinite
from typing import TYPE_CHECKING, Any, TypeGuard

from sqlspec.errors import AdapterBrokenError, DeadlineExceeded, InvalidArgumentError, NotSupportedError
from sqlspec.plugin.events import ConnectionEvent
from sqlspec.pool.base import PoolBase

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlspec.loading.manager import Plugins
    from sqlspec.plugin.contract import Resources

    from .observers import DatabaseObservers

__all__ = (
    "ConnectorBase",
    "PingLimit",
    "async_made",
    "expire",
    "is_core",
    "made",
    "not_pingable",
    "note_silence",
)


class ConnectorBase:
    """Where connections come from: a config, and the hook of its adapter."""

    def __init__(
        self,
        name: str,
        config: Any,
        plugins: Plugins,
        resources: Resources,
        observers: DatabaseObservers,
        *,
        hook: str,
    ) -> None:
        self.label = repr(name)
        """What errors call the database."""
        self._name, self._config, self._plugins, self._resources = name, config, plugins, resources
        self._observers, self._hook_name = observers, hook
        self._version = -1
        self._create: Any = None

    def observe(self, kind: str, reason: str | None, seconds: float | None) -> None:
        """Tell the observers what happened to a connection, why, and what it took in seconds."""
        if self._observers.current.connection_event:
            event = ConnectionEvent(
                name=self._name, adapter=self._config.adapter, kind=kind, reason=reason, seconds=seconds
            )
            self._observers.emit("sqlspec_connection_event", event)

    @property
    def is_possible(self) -> bool:
        """Whether the adapter opens connections of this side at all."""
        return self._plugins.implements(self._hook_name, self._config.adapter)

    def _hook(self) -> Callable[..., Any]:
        """What to call: looked up again when plugins came or went, as wrappers do."""
        version = self._plugins.version
        if version != self._version:
            self._create = self._plugins.hook(self._hook_name, self._config.adapter)  # type: ignore[call-overload]
            self._version = version
        if self._create is None:
            msg = f"adapter {self._config.adapter!r} makes no connections"
            raise AdapterBrokenError(msg, adapter=self._config.adapter)
        create: Callable[..., Any] = self._create
        return create

    def check_driver(self) -> None:
        """Raise `AdapterBrokenError` if the driver can not be imported: connecting will not help."""
        error = self._plugins.unusable_driver(self._config.adapter)
        if error is not None:
            raise error

    def broken(self, found: object, wanted: str) -> AdapterBrokenError:
        """The error about a hook that returned something else."""
        adapter = self._config.adapter
        msg = (
            f"adapter {adapter!r} is broken: its {self._hook_name} returned {type(found).__name__}. "
            f"Return a sqlspec.plugin.{wanted}, or on the lower step a PooledConnection"
        )
        return AdapterBrokenError(msg, adapter=adapter)


def made(returned: Any, connector: ConnectorBase) -> Any:  # noqa: ARG001 - as its other half
    """What a sync hook returned."""
    return returned


async def async_made(returned: Any, connector: ConnectorBase) -> Any:
    """What an async hook returned, when it is there."""
    if not isawaitable(returned):
        raise connector.broken(returned, "AsyncConnection from an async def")
    return await returned


def is_core(pool: object) -> TypeGuard[Any]:
    """Whether it is core's pool, and not one of the adapter's own, which has six methods and its own ways."""
    return isinstance(pool, PoolBase)


def expire(pool: object, lease: Any) -> None:
    """No sign of life: its siblings are not lent unseen."""
    if is_core(pool):
        pool.expire(lease)


def note_silence(pool: object, lease: Any) -> None:
    """A call was not answered: its siblings are not lent unseen."""
    if is_core(pool):
        pool.note_silence(lease)


def not_pingable(adapter: str) -> NotSupportedError:
    """The error for a pool that lends what core does not know."""
    return NotSupportedError(
        f"adapter {adapter!r} brings a pool of its own, whose connections can not be pinged"
    )


class PingLimit:
    """How long one ping may take, the wait for a connection included. Begins when it is made."""

    def __init__(self, name: str, seconds: float | None) -> None:
        """*seconds*: None for the pool's and the ping's own. Raises `InvalidArgumentError`."""
        is_number = isinstance(seconds, (int, float)) and not isinstance(seconds, bool)
        if seconds is not None and not (is_number and isfinite(seconds) and seconds > 0):
            raise InvalidArgumentError("timeout is a number of seconds above 0; write timeout=2.0")
        self._name, self.seconds = name, seconds
        self.began = time.monotonic()
        self.deadline = None if seconds is None else self.began + seconds

    def is_over(self) -> bool:
        """Whether the caller's own limit has passed."""
        return self.deadline is not None and time.monotonic() >= self.deadline

    def late(self) -> DeadlineExceeded:
        """The error for that."""
        return DeadlineExceeded(
            f"database {self._name!r} gave no sign of life within timeout={self.seconds:g} s"
        )
