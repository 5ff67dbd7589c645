"""A MariaDB or MySQL that runs, wherever: what tests ask of it."""

from __future__ import annotations

import secrets
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, Literal

from .clients import Address, run_client
from .errors import ServerError
from .packages import find_programs
from .templates import Template, fill_database

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping

    from sqlspec_testkit.proxy import FaultProxy

__all__ = ("ExistingMariaDB", "MariaDB")

OPTIONS = ("--no-defaults", "--batch", "--skip-column-names", "--default-character-set=utf8mb4")

DUMP = (
    "--default-character-set=utf8mb4",
    *("--routines", "--triggers", "--events", "--skip-comments", "--hex-blob"),
)


class MariaDB:
    """What the fixture `mariadb_server` gives. Any thread may use it; it is asked by the mariadb program."""

    @property
    def address(self) -> Address:
        """Where it is, and a user who may do everything."""
        raise NotImplementedError

    @property
    def socket_path(self) -> str:
        """Its unix socket."""
        raise ServerError("only a server of the kit's own has a socket to offer")

    def url(
        self,
        *,
        database: str | None = None,
        user: str | None = None,
        password: str | None = None,
        port: int | None = None,
        via: Literal["tcp", "socket"] = "tcp",
        scheme: str = "mysql",
        options: Mapping[str, str] | None = None,
    ) -> str:
        """Where a client finds it; *port* may be a proxy's, *options* follow the `?`."""
        base = self.address
        address = replace(
            base,
            scheme=scheme,
            host=base.host if via == "tcp" else self.socket_path,
            port=port or base.port,
            user=base.user if user is None else user,
            password=base.password if password is None else password,
            database=database or base.database,
            options={**base.options, **(options or {})},
        )
        return address.url()

    def sql(self, statements: str, *, database: str | None = None) -> str:
        """Run statements as the superuser; returns the rows as lines, tabs between the columns."""
        address = self.address
        name = database or address.database
        where = ("--database", name) if name else ()
        return run_client(
            self._program, *OPTIONS, *self._way, "--user", address.user, *where,
            text=statements, secrets={"MYSQL_PWD": address.password},
        )  # fmt: skip

    @contextmanager
    def database(self) -> Generator[str, None, None]:
        """A database inside of the block: its name."""
        name = f"test_{secrets.token_hex(8)}"
        self.sql(f"CREATE DATABASE {name} CHARACTER SET utf8mb4")
        try:
            yield name
        finally:
            self.terminate(database=name)  # an open transaction there would hold up the DROP
            self.sql(f"DROP DATABASE IF EXISTS {name}")

    @contextmanager
    def template(self, fill: Callable[[str], object]) -> Generator[Template, None, None]:
        """A database to be cloned. *fill* is called once, with its URL, and makes the tables.

            with server.template(migrate) as template, template.clone() as url: ...

        What it holds then is kept as a dump, and each clone runs that: milliseconds for each table.
        """
        with self.database() as name:
            fill_database(fill, self.url(database=name))
            dump = self._dump(name)
        yield Template(self, partial(self._restored, dump))

    @contextmanager
    def _restored(self, dump: str) -> Generator[str, None, None]:
        with self.database() as name:
            self.sql(dump, database=name)
            yield name

    def _dump(self, name: str) -> str:
        program = find_programs("mariadb", ("mariadb-dump",), ("mariadb-client",))["mariadb-dump"]
        address = self.address
        return run_client(
            program, "--no-defaults", *DUMP, *self._way, "--user", address.user, name,
            secrets={"MYSQL_PWD": address.password},
        )  # fmt: skip

    def connections(self, *, database: str | None = None) -> int:
        """How many clients are connected, to that database or at all; not counting the one that asks."""
        return len(self._others(database))

    def terminate(self, *, database: str | None = None) -> int:
        """Throw clients out, by KILL; returns how many there were."""
        others = self._others(database)
        for connection in others:
            try:
                self.sql(f"KILL {connection}")
            except ServerError as exc:
                if "1094" not in str(exc):  # it has gone by itself
                    raise
        return len(others)

    def proxy(self) -> FaultProxy:
        """A proxy in front of it, to be entered; see `FaultProxy`."""
        from sqlspec_testkit.proxy import FaultProxy

        return FaultProxy(self.address.port, host=self.address.host, protocol="mysql")

    def _others(self, database: str | None) -> list[str]:
        listing = self.sql(
            "SELECT id, db FROM information_schema.processlist WHERE id <> connection_id()"
            " AND command NOT IN ('Daemon', 'Binlog Dump') AND user NOT IN ('system user', 'event_scheduler')"
        )
        clients = [line.split("\t") for line in listing.splitlines()]
        return [connection for connection, name in clients if database in {None, name}]

    @property
    def _way(self) -> tuple[str, ...]:
        """How the client gets there."""
        return "--protocol=tcp", "--host", self.address.host, "--port", str(self.address.port)

    @cached_property
    def _program(self) -> str:
        return find_programs("mariadb", ("mariadb",), ("mariadb-client",))["mariadb"]


class ExistingMariaDB(MariaDB):
    """One that runs already: `SQLSPEC_TEST_MYSQL_URL`. Its user must be allowed to CREATE and to KILL."""

    def __init__(self, url: str) -> None:
        self._address = Address.parse(url, port=3306)

    @property
    def address(self) -> Address:
        """What the URL says."""
        return self._address
