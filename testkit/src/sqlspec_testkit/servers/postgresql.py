"""A PostgreSQL that runs, wherever: what tests ask of it."""

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

__all__ = ("ExistingPostgreSQL", "PostgreSQL")

PSQL = ("--no-psqlrc", "--quiet", "--no-align", "--tuples-only", "--set", "ON_ERROR_STOP=1", "--file", "-")


class PostgreSQL:
    """What the fixture `postgresql_server` gives. Any thread may use it; its statements are run by psql."""

    @property
    def address(self) -> Address:
        """Where it is, and who its superuser is."""
        raise NotImplementedError

    @property
    def socket_folder(self) -> str:
        """The folder of its unix socket."""
        raise ServerError("only a server of the kit's own has a socket to offer")

    def url(
        self,
        *,
        database: str | None = None,
        user: str | None = None,
        password: str | None = None,
        port: int | None = None,
        via: Literal["tcp", "socket"] = "tcp",
        scheme: str = "postgresql",
        options: Mapping[str, str] | None = None,
    ) -> str:
        """Where a client finds it; *port* may be a proxy's, *options* follow the `?`."""
        base = self.address
        address = replace(
            base,
            scheme=scheme,
            host=base.host if via == "tcp" else self.socket_folder,
            port=port or base.port,
            user=base.user if user is None else user,
            password=base.password if password is None else password,
            database=database or base.database,
            options={**base.options, **(options or {})},
        )
        return address.url()

    def sql(self, statements: str, *, database: str | None = None) -> str:
        """Run statements as superuser; returns the rows as lines `a|b`."""
        address = replace(self.address, database=database or self.address.database)
        target = replace(address, scheme="postgresql", password="").url()
        return run_client(
            self._psql, *PSQL, "--dbname", target, text=statements, secrets={"PGPASSWORD": address.password}
        )

    @contextmanager
    def database(self, *, template: str = "template1") -> Generator[str, None, None]:
        """A database inside of the block: its name. Who is still connected at the end is thrown out."""
        name = f"test_{secrets.token_hex(8)}"
        self.sql(f"CREATE DATABASE {name} TEMPLATE {template}")
        try:
            yield name
        finally:
            self.sql(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    @contextmanager
    def template(self, fill: Callable[[str], object]) -> Generator[Template, None, None]:
        """A database to be cloned. *fill* is called once, with its URL, and makes the tables.

            with server.template(migrate) as template, template.clone() as url: ...

        The server copies its files, so a clone is made in milliseconds, whatever *fill* took. Nobody may
        connect to the template itself any more.
        """
        with self.database() as name:
            fill_database(fill, self.url(database=name))
            # PostgreSQL copies no database that somebody is connected to.
            self.sql(f"ALTER DATABASE {name} WITH ALLOW_CONNECTIONS false")
            self.terminate(database=name)
            yield Template(self, partial(self.database, template=name))

    def connections(self, *, database: str | None = None) -> int:
        """How many clients are connected, to that database or at all; not counting the one that asks."""
        return len(self._others(database))

    def terminate(self, *, database: str | None = None) -> int:
        """Throw clients out, by pg_terminate_backend; returns how many there were."""
        others = self._others(database)
        self.sql("; ".join(f"SELECT pg_terminate_backend({pid})" for pid in others))
        return len(others)

    def proxy(self) -> FaultProxy:
        """A proxy in front of it, to be entered; see `FaultProxy`."""
        from sqlspec_testkit.proxy import FaultProxy

        return FaultProxy(self.address.port, host=self.address.host, protocol="postgresql")

    def _others(self, database: str | None) -> list[str]:
        listing = self.sql(
            "SELECT pid, datname FROM pg_stat_activity"
            " WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
        )
        clients = [line.split("|") for line in listing.splitlines()]
        return [pid for pid, name in clients if database in {None, name}]

    @cached_property
    def _psql(self) -> str:
        return find_programs("postgresql", ("psql",), ("postgresql-client",))["psql"]


class ExistingPostgreSQL(PostgreSQL):
    """One that runs already: `SQLSPEC_TEST_POSTGRESQL_URL`. Its user must be allowed to create databases."""

    def __init__(self, url: str) -> None:
        self._address = Address.parse(url, port=5432)

    @property
    def address(self) -> Address:
        """What the URL says."""
        return self._address
