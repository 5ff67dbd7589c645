"""A driver that does what a test tells it: for the pool's tests, where time and faults must be exact."""

from __future__ import annotations

import time
from typing import Any

from sqlspec.errors import ConnectError, DisconnectedError
from sqlspec.pool._async import AsyncPool
from sqlspec.pool._sync import Pool
from sqlspec_sqlite import SQLiteConfig


class Clock:
    """A clock that moves when told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        """What it shows."""
        return self.now


class FakeConnection:
    """As much of a connection as a pool sees."""

    def __init__(self, driver: Driver) -> None:
        self.driver = driver
        self.state = "open"
        self.is_dead = self.refuses_ping = False
        self.pings = 0

    def is_usable(self) -> bool:
        """A look without a round trip."""
        return not self.is_dead

    def ping(self, deadline: float | None) -> None:
        """A round trip."""
        assert deadline is not None
        self.pings += 1
        if self.refuses_ping:
            msg = "gone"
            raise DisconnectedError(msg)

    def close(self) -> None:
        """Politely."""
        self.state = "closed"

    def abort(self) -> None:
        """At once."""
        self.state = "aborted" if self.state == "open" else self.state


class FakeAsyncConnection(FakeConnection):
    """The same for tasks."""

    async def ping(self, deadline: float | None) -> None:  # type: ignore[override]
        """A round trip."""
        super().ping(deadline)

    async def close(self) -> None:  # type: ignore[override]
        """Politely."""
        super().close()


class Driver:
    """Makes connections and remembers them."""

    def __init__(self) -> None:
        self.made: list[FakeConnection] = []
        self.failures = 0
        """How many of the next connects fail."""

    def connect(self) -> FakeConnection:
        """Connect, or fail as told."""
        return self._make(FakeConnection(self))

    async def aconnect(self) -> FakeAsyncConnection:
        """Connect, or fail as told."""
        connection = FakeAsyncConnection(self)
        self._make(connection)
        return connection

    def _make(self, connection: FakeConnection) -> FakeConnection:
        if self.failures:
            self.failures -= 1
            msg = "the server is down"
            raise ConnectError(msg)
        self.made.append(connection)
        return connection

    def open(self) -> list[FakeConnection]:
        """The connections that nobody closed."""
        return [connection for connection in self.made if connection.state == "open"]


def new_pool(driver: Driver, clock: Clock | None = None, **options: Any) -> Pool:
    """A pool for threads."""
    return Pool(SQLiteConfig(**options), driver.connect, label="'fake'", clock=clock or time.monotonic)


def new_async_pool(driver: Driver, clock: Clock | None = None, **options: Any) -> AsyncPool:
    """A pool for the running loop."""
    config = SQLiteConfig(**options)
    return AsyncPool(config, driver.aconnect, label="'fake'", clock=clock or time.monotonic)
