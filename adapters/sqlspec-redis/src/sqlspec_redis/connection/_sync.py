# Printed from _async.py by tools/print_sync.py; do not edit.
"""One connection to Redis, and the clients that speak on it: made once, lent to one user after another."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from sqlspec.errors import NotSupportedError
from sqlspec.plugin import PooledConnection, Outcome
from sqlspec_redis.client_pool._sync import ClientPool
from sqlspec_redis.drivers import ConnectionPool, Redis, connection_class, pause
from sqlspec_redis.errors import connect_error, is_worth_another_try, mapped
from sqlspec_redis.options import connection_options, kept_terms, pool_options
from sqlspec_redis.reporting._sync import ReportingClient

if TYPE_CHECKING:
    from sqlspec import SQLSpecError
    from sqlspec.plugin import Resources
    from sqlspec.plugin.events import Reporter
    from sqlspec_redis.config import RedisConfig
    from sqlspec_redis.options import Terms

__all__ = ("RedisConnection", "connect")

PAUSES = (0.05, 0.25)
"""Seconds between attempts to connect; a server that restarts is back by then, or away for long."""
PING_TIMEOUT = 2.0
CLEAN, UNCLEAN = (Outcome(committed=False, reset_ok=is_clean) for is_clean in (True, False))


def connect(config: RedisConfig, resources: Resources) -> RedisConnection:
    """Connect, more than once if that may help; all of it within `connect_timeout`."""
    connection = RedisConnection(config, kept_terms(config, resources))
    try:
        _open(connection, config)
    except BaseException:
        connection.drop()
        raise
    return connection


def _open(connection: RedisConnection, config: RedisConfig) -> None:
    until = time.monotonic() + config.connect_timeout
    pauses = list(PAUSES)
    while (error := _attempt(connection, until - time.monotonic())) is not None:
        is_over = not pauses or time.monotonic() + pauses[0] >= until
        if is_over or not is_worth_another_try(error):
            raise connect_error(error, config)
        pause(pauses.pop(0))


def _attempt(connection: RedisConnection, seconds: float) -> Exception | None:
    try:
        connection.open(seconds)
    except Exception as exc:
        if connection.is_foreign(exc):
            raise
        return exc
    return None


class RedisConnection(PooledConnection[Redis]):
    """A connection of redis-py's, with a client for sessions and one for `provide_connection`.

    Sessions do not pass core, so the connection itself remembers what was sent (`traces`), and it knows by
    that whether the next user could notice anything. To end a use, nothing is sent and nothing is awaited.
    """

    def __init__(self, config: RedisConfig, terms: Terms) -> None:
        super().__init__(None)  # type: ignore[arg-type] # made when it is first wanted
        self.timeout = config.pool_timeout
        self._resets = config.reset == "full"
        self._connect_timeout = config.connect_timeout
        self._options = connection_options(config, terms) | pool_options(ConnectionPool)
        self._options["connection_class"] = connection_class(config)
        self._session_pool = self._new_client_pool()
        self._raw_pool: ClientPool | None = None
        self._lent: ClientPool | None = None
        self._borrowed: dict[Any, Any] = {}
        self._client: Redis | None = None
        self._reporting_client: Redis | None = None
        self.connection = self._session_pool.new_connection()
        """redis-py's."""

    def _new_client_pool(self) -> ClientPool:
        return ClientPool(self, **self._options)

    def open(self, seconds: float) -> None:
        """Connect for the first time; raises redis-py's errors, after *seconds* at the latest."""
        self.connection.open(seconds)
        self.connection.traces.is_lost = False  # an attempt that failed is no loss

    def open_again(self, connection: Any) -> None:
        """One that broke within this session. Nothing is sent twice: the next command connects."""
        connection.open(self._connect_timeout)

    # --- a use ----------------------------------------------------------------------------------

    def session(self, reporter: Reporter | None = None) -> Redis:
        """A session begins: its client, which tells *reporter* what it does."""
        pool = self._session_pool
        if reporter is None:
            client = self._client
            if client is None:
                client = self._client = Redis(connection_pool=pool)
        else:
            client = self._reporting_client
            if client is None:
                client = self._reporting_client = ReportingClient(connection_pool=pool)
            pool.reporter = reporter
        self._lend(pool)
        return client

    def lend_raw(self, deadline: float | None) -> Redis:
        """Make `raw`, a client that uses nothing but this connection."""
        if self._raw_pool is None:
            # Another pool than a session's: a client that outlives its use finds its own one closed.
            self._raw_pool = pool = self._new_client_pool()
            pool.queue.open(self.connection)  # the client may fetch it when it is made
            self.raw = Redis(connection_pool=pool, single_connection_client=True)
        self._lend(self._raw_pool, is_held=True)
        self.raw.connection = self.connection
        return super().lend_raw(deadline)

    def _lend(self, pool: ClientPool, *, is_held: bool = False) -> None:
        self._lent = pool
        self.connection.traces.hold = pool.queue.hold
        pool.queue.open(self.connection, is_held=is_held)

    def is_clean(self, *, reset: bool) -> bool:
        """Nobody uses it, and the next user will notice nothing."""
        return self._lent is None and self._leaves_nothing(reset=reset)

    def finish(self, commit: bool, reset: bool, deadline: float | None) -> Outcome:  # noqa: ARG002, FBT001
        """End a use. Clean is a connection that nobody uses any more, and that has nothing to reset."""
        is_free = self._end()
        while self._borrowed:
            self._return(self._borrowed.popitem()[1], is_clean=False)
        return CLEAN if is_free and self._leaves_nothing(reset=reset) else UNCLEAN

    def _end(self) -> bool:
        """No client may use the connection from now on. True: none does."""
        pool, self._lent = self._lent, None
        if pool is None:
            return True
        pool.reporter = None
        is_free = pool.queue.close()
        if pool is self._raw_pool:
            self.is_raw_lent = False
            # It has the connection in its hands, unless the application has closed it.
            is_free = is_free or self.raw.connection is not None
            self.raw.connection = None
        return is_free

    def _leaves_nothing(self, *, reset: bool) -> bool:
        traces = self.connection.traces
        return bool(self.connection.is_open) and not (
            traces.is_lost or traces.is_demoted or traces.leave_anything(but_settings=not reset)
        )

    # --- more connections -----------------------------------------------------------------------

    def borrow(self, client_pool: ClientPool) -> Any:
        """One more connection from the pool, for as long as a client needs it."""
        pool = self.pool()
        if pool is None:
            msg = "the session's connection is in use, and its pool can not be asked for another one"
            raise NotSupportedError(msg)
        lease = pool.acquire()
        connection = lease.connection.connection
        self._borrowed[connection] = lease
        if not client_pool.queue.is_open:  # the session ended while we waited
            self.give_back(connection)
            raise client_pool.ended()
        return connection

    def give_back(self, connection: Any) -> None:
        """A client is done with what was borrowed. Nothing happens if the end of the session was faster."""
        lease = self._borrowed.pop(connection, None)
        if lease is not None:
            self._return(lease, is_clean=lease.connection.is_clean(reset=self._resets))

    def _return(self, lease: Any, *, is_clean: bool) -> None:
        pool = self.pool()
        if pool is not None:
            pool.release(lease, is_clean)

    # --- care -----------------------------------------------------------------------------------

    @property
    def fileno(self) -> int | None:
        """Its socket."""
        number: int | None = self.connection.fileno
        return number

    @property
    def is_broken(self) -> bool:
        """Whether the server went away, did not answer, or takes no writes any more."""
        return bool(self.connection.traces.is_lost or self.connection.traces.is_demoted)

    def is_usable(self) -> bool:
        """Whether it is open, and nothing came while nobody asked."""
        return super().is_usable() and bool(self.connection.is_quiet())

    def ping(self, deadline: float | None) -> None:
        """Ask for a sign of life."""
        self.connection.probe(PING_TIMEOUT if deadline is None else deadline - time.monotonic())

    def map_error(self, exc: Exception) -> SQLSpecError | None:
        """The error of core's that means the same as redis-py's."""
        return mapped(exc)

    # --- the end --------------------------------------------------------------------------------

    def interrupt(self, *, for_good: bool) -> None:
        """Redis stops no command that is running; the connection can be given up."""
        if for_good:
            self._drop()

    def close(self) -> None:
        """Redis wants no close message."""
        self._drop()

    def _drop(self) -> None:
        self._end()
        self._borrowed.clear()  # after a lost lease: the pool finds those, too
        self.connection.drop()

    def abandon(self) -> None:
        """In a forked child: clients, pipelines and subscriptions find neither a socket nor a pool."""
        for pool in (self._session_pool, self._raw_pool):
            if pool is not None:
                pool.queue.abandon()
        if self._raw_pool is not None:
            self.raw.connection = None
        self.connection.forget()
