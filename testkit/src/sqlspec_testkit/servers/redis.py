"""A Redis that runs, wherever: what tests ask of it."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property
from threading import Lock
from typing import TYPE_CHECKING

from .clients import Address, run_client
from .errors import ServerError
from .packages import find_programs

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping
    from contextlib import AbstractContextManager

    from sqlspec_testkit.proxy import FaultProxy

__all__ = ("ExistingRedis", "Redis")


class Redis:
    """What the fixture `redis_server` gives. Any thread may use it; its commands are run by redis-cli."""

    @property
    def address(self) -> Address:
        """Where it is, and the password."""
        raise NotImplementedError

    def url(
        self,
        *,
        database: int | None = None,
        user: str | None = None,
        password: str | None = None,
        port: int | None = None,
        scheme: str | None = None,
        options: Mapping[str, str] | None = None,
    ) -> str:
        """Where a client finds it; *port* may be a proxy's, *options* follow the `?`."""
        base = self.address
        address = replace(
            base,
            scheme=scheme or base.scheme,
            port=port or base.port,
            user=base.user if user is None else user,
            password=base.password if password is None else password,
            database=base.database if database is None else str(database),
            options={**base.options, **(options or {})},
        )
        return address.url()

    def command(self, *words: str, database: int | None = None) -> str:
        """Run one command; returns the reply as redis-cli prints it, lists as lines."""
        address = self.address
        secrets = {"REDISCLI_AUTH": address.password} if address.password else {}
        who = ("--user", address.user) if address.user else ()
        target = self.url(database=database, user="", password="")
        return run_client(self._program, "-e", *who, "-u", target, *words, secrets=secrets)

    def database(self) -> AbstractContextManager[int]:
        """An empty database inside of the block: its number."""
        raise NotImplementedError

    def connections(self, *, database: int | None = None) -> int:
        """How many clients are connected, to that database or at all; not counting the one that asks."""
        clients = [line.split() for line in self.command("CLIENT", "LIST").splitlines()]
        others = [words for words in clients if "cmd=client|list" not in words and "cmd=client" not in words]
        return sum(1 for words in others if database is None or f"db={database}" in words)

    def terminate(self) -> int:
        """Throw all clients out, by CLIENT KILL; returns how many there were."""
        kinds = ("normal", "pubsub")
        return sum(int(self.command("CLIENT", "KILL", "TYPE", kind, "SKIPME", "yes")) for kind in kinds)

    def proxy(self) -> FaultProxy:
        """A proxy in front of it, to be entered; see `FaultProxy`."""
        from sqlspec_testkit.proxy import FaultProxy

        return FaultProxy(self.address.port, host=self.address.host, protocol="redis")

    @cached_property
    def _program(self) -> str:
        return find_programs("redis", ("redis-cli",), ("redis-tools",))["redis-cli"]


class ExistingRedis(Redis):
    """One that runs already: `SQLSPEC_TEST_REDIS_URL`. Its database must be empty; each test empties it."""

    def __init__(self, url: str) -> None:
        self._address = Address.parse(url, port=6379)

    @property
    def address(self) -> Address:
        """What the URL says."""
        return self._address

    @contextmanager
    def database(self) -> Generator[int, None, None]:
        """The database of the URL; ServerError if there is anything in it."""
        number = int(self._address.database or "0")
        if self.command("DBSIZE", database=number) != "0":
            raise ServerError(f"database {number} of SQLSPEC_TEST_REDIS_URL is not empty; name one that is")
        try:
            yield number
        finally:
            self.command("FLUSHDB", database=number)


class Numbers:
    """The numbers of databases, lent one by one. Any thread may borrow."""

    def __init__(self, count: int) -> None:
        # Not 0: there is what a client does that forgets its database, and nobody is to see that as their
        # own.
        self._free = list(range(count - 1, 0, -1))
        self._lock = Lock()

    def acquire(self) -> int:
        """One that nobody else has."""
        with self._lock:
            if not self._free:
                raise ServerError("all databases of this Redis are in use")
            return self._free.pop()

    def give_back(self, number: int) -> None:
        """To be lent again, after all others."""
        with self._lock:
            self._free.insert(0, number)
