"""Observers: whoever wants to know. None of them can change what happens."""

from __future__ import annotations

from contextvars import ContextVar
from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple

from .check import OBSERVER_HOOKS
from .resolve import arguments_of, implementations, plain

if TYPE_CHECKING:
    from collections.abc import Callable

    import pluggy

__all__ = ("NOBODY", "Failures", "Observer", "Observers", "collect")


class Observer(NamedTuple):
    """One function that is told of one event."""

    plugin: str
    hook: str
    tell: Callable[..., object]
    wants: frozenset[str]
    """The arguments that it names."""


class Observers(NamedTuple):
    """Who is told of what. With nobody listening an event costs its caller one `if`."""

    config_registered: tuple[Observer, ...] = ()
    config_unregistered: tuple[Observer, ...] = ()
    pool_opened: tuple[Observer, ...] = ()
    pool_closed: tuple[Observer, ...] = ()
    connection_event: tuple[Observer, ...] = ()
    lease_event: tuple[Observer, ...] = ()
    wants_statements: tuple[Observer, ...] = ()
    statement_started: tuple[Observer, ...] = ()
    statement_paused: tuple[Observer, ...] = ()
    statement_resumed: tuple[Observer, ...] = ()
    statement_executed: tuple[Observer, ...] = ()
    transaction_ending: tuple[Observer, ...] = ()
    transaction_ended: tuple[Observer, ...] = ()

    @property
    def sees_statements(self) -> bool:
        """Whether somebody is told of what sessions do."""
        return any(self[FIRST_OF_STATEMENTS:])

    @property
    def gates(self) -> tuple[Callable[[], object], ...]:
        """What to ask before each statement; empty if somebody wants to hear of all of them."""
        asked = {observer.plugin for observer in self.wants_statements}
        hearing = {observer.plugin for observers in self[FIRST_OF_STATEMENTS:] for observer in observers}
        return tuple(observer.tell for observer in self.wants_statements) if hearing <= asked else ()

    def __add__(self, others: tuple[Any, ...]) -> Observers:
        """These, then the others, of each hook."""
        return Observers(*(mine + theirs for mine, theirs in zip(self, others, strict=True)))


FIRST_OF_STATEMENTS = Observers._fields.index("statement_started")
NOBODY = Observers()


def collect(manager: pluggy.PluginManager) -> Observers:
    """The observers of all plugins, in the order of calling."""
    hooks = [getattr(manager.hook, name) for name in OBSERVER_HOOKS]
    heard = [hook for hook in hooks if hook.get_hookimpls()]
    return NOBODY._replace(**{hook.name.removeprefix("sqlspec_"): _observers(hook) for hook in heard})


def _observers(hook: pluggy.HookCaller) -> tuple[Observer, ...]:
    arguments = arguments_of(hook)
    return tuple(
        Observer(
            found.plugin_name,
            hook.name,
            plain(found, arguments),
            frozenset((*found.argnames, *found.kwargnames)),
        )
        for found in implementations(hook)
    )


class Failures:
    """What observers raised: counted each time, logged the first time each raises."""

    def __init__(self) -> None:
        self.count = 0
        self._lock = Lock()
        self._logged: set[tuple[str, str]] = set()

    def add(self, observer: Observer, error: Exception) -> None:
        """Count it, and log the first of its kind."""
        with self._lock:
            self.count += 1
            known = (observer.plugin, observer.hook) in self._logged
            self._logged.add((observer.plugin, observer.hook))
        if not known:
            try:
                _log(observer, error)
            except Exception as exc:
                if _is_interruption(exc):
                    raise
                # The handler of the log is the faulty one: it is counted, and nobody is left to be told.

    def forget_lock(self) -> None:
        """In a forked child: a thread that is not there may hold it."""
        self._lock = Lock()

    def tell(self, observers: tuple[Observer, ...], facts: tuple[Any, ...]) -> None:
        """Tell every observer; what one raises keeps nobody else from hearing.

        What an observer does itself is not told: a log handler that writes into the database would hear of
        that, and write again.
        """
        if _IS_TELLING.get():
            return
        token = _IS_TELLING.set(True)
        try:
            for observer in observers:
                try:
                    observer.tell(*facts)
                except Exception as error:
                    if _is_interruption(error):
                        raise
                    self.add(observer, error)  # an observer never changes the outcome
        finally:
            _IS_TELLING.reset(token)


_IS_TELLING: ContextVar[bool] = ContextVar("sqlspec_is_telling", default=False)


def _is_interruption(error: Exception) -> bool:
    """Whether a signal's handler raised it: an observer's own limits are its own."""
    from sqlspec.concurrency.interruptions import is_interruption

    return not isinstance(error, (RecursionError, MemoryError)) and is_interruption(error)


def _log(observer: Observer, error: Exception) -> None:
    import logging
    import traceback

    # Where, and not what it says: that may be the application's data.
    logging.getLogger("sqlspec.plugins").warning(
        "observer %s of plugin %r raised %s; it is logged this once, and counted from now on\n%s",
        observer.hook,
        observer.plugin,
        type(error).__name__,
        "".join(traceback.format_tb(error.__traceback__)).rstrip(),
    )
