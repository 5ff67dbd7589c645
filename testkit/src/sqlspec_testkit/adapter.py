"""What a test class tells about its database. Only `make_config` has no default."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import pytest

from sqlspec import SQLSpec
from sqlspec_testkit.asked import skip_without

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from sqlspec import DatabaseConfig
    from sqlspec.errors import ConnectError

__all__ = ("AdapterTests",)


class AdapterTests:
    """The common part of the kit's classes; what it says of capabilities comes from the adapter itself.

    The kit works on one table, `sqlspec_kit`, made before each test and dropped after it. Test runs that go
    on at the same time need a database, or a schema, each.
    """

    # Any: checkers would refuse a tuple or a dict in a mix-in that names no type.
    create: ClassVar[Any] = ("CREATE TABLE sqlspec_kit (id INTEGER NOT NULL PRIMARY KEY, note VARCHAR(40))",)
    """Statements that make the table: an integer key `id`, and `note`, a text that may be NULL."""
    drop: ClassVar[Any] = ("DROP TABLE sqlspec_kit",)
    """Statements that undo `create`."""
    ender: ClassVar[str] = ""
    """A statement that fails when a row with id 1 is there, and takes the transaction along."""
    deferred: ClassVar[Any] = ()
    """Statements for a transaction whose COMMIT fails: they violate a deferred constraint."""
    slow: ClassVar[str] = ""
    """A statement that runs for ten seconds or more, and a minute at most, unless it is interrupted."""
    temporary: ClassVar[str] = "CREATE TEMPORARY TABLE sqlspec_kit_temporary (id INTEGER)"
    """A statement that makes the temporary table `sqlspec_kit_temporary`, with a column `id`."""
    setting: ClassVar[Any] = ()
    """A statement that changes a setting of the session, and one that selects its value."""
    role: ClassVar[Any] = ()
    """A statement that changes the user of the session, and one that selects it."""
    lock: ClassVar[Any] = ()
    """A statement that takes a lock of the session, and one that selects whether anybody has it."""
    connections: ClassVar[str] = ""
    """A statement that counts the connections to the database, its own included."""
    kill: ClassVar[str] = ""
    """A statement that ends all connections to the database but its own."""
    generated_key: ClassVar[str] = ""
    """What follows the name of a column in CREATE TABLE to make it a key that the database numbers itself."""

    types: ClassVar[Any] = {
        "text": "TEXT",
        "bytes": "BLOB",
        "bigint": "BIGINT",
        "double": "DOUBLE PRECISION",
        "date": "DATE",
        "timestamp": "TIMESTAMP",
        "decimal": "DECIMAL(18, 4)",
        "boolean": "BOOLEAN",
    }
    """The types of columns: for text and bytes of a megabyte, for 64 bits, for microseconds, and so on.

    One that the database does not have is None: its tests are skipped.
    """
    quote: ClassVar[str] = '"'
    """What names are quoted in."""

    readers_wait: ClassVar[bool] = False
    """Whether a reader waits while another connection writes: then nobody can look at an open transaction."""
    tries: ClassVar[bool] = True
    """Whether capabilities that are not declared are tried, to say that they could be."""
    limit: ClassVar[Any] = 120.0
    """Seconds after which a test is ended and failed. With pytest-timeout, its own settings win."""

    def make_config(self, tmp_path: Path) -> DatabaseConfig[Any, Any, Any, Any]:
        """The config of a database that is there; all calls in one test mean the same database."""
        raise NotImplementedError

    def broken_configs(
        self,
        tmp_path: Path,  # noqa: ARG002 - for those who override it
    ) -> Mapping[type[ConnectError], DatabaseConfig[Any, Any, Any, Any]]:
        """Configs that lead to no connection, by the class of the error; the wrong password is `c4n4ry`."""
        return {}

    def silent_config(
        self,
        tmp_path: Path,  # noqa: ARG002 - for those who override it
        port: int,  # noqa: ARG002 - for those who override it
    ) -> DatabaseConfig[Any, Any, Any, Any] | None:
        """The config of a server on that port of 127.0.0.1, which accepts connections and says nothing.

        Its `connect_timeout` is one second.
        """
        return None

    def make_registry(self) -> SQLSpec:
        """The registry of a test. An adapter that is not installed is registered with it here."""
        return SQLSpec()

    def type_of(self, kind: str) -> str:
        """The type of a column; the test is skipped where the database has none."""
        found: str | None = {**AdapterTests.types, **self.types}.get(kind)
        if found is None:
            pytest.skip(
                f"{type(self).__name__}.types has nothing for {kind!r}. If the database has such a type, "
                f"give it, for example: types = {{{kind!r}: {AdapterTests.types[kind]!r}}}"
            )
        return found

    def quoted(self, name: str) -> str:
        """*name* as it stands in a statement."""
        return self.quote + name.replace(self.quote, self.quote * 2) + self.quote

    def given(self, name: str) -> Any:
        """The class's attribute *name*; the test is skipped where the class leaves it empty."""
        value = getattr(self, name)
        if not value:
            skip_without(self, name)
        return value
