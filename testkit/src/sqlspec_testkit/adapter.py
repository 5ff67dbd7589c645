"""What a test class tells about its database. Only `make_config` has no default."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import pytest

from sqlspec import SQLSpec

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from sqlspec import DatabaseConfig
    from sqlspec.errors import ConnectError
    from sqlspec.plugin import AdapterInfo, Capability

__all__ = ("AdapterTests",)


class AdapterTests:
    """The common part of the kit's classes; what it says of capabilities comes from the adapter itself.

    The kit works on one table, `sqlspec_kit`, made before each test and dropped after it. Test runs that go
    on at the same time need a database, or a schema, each.
    """

    create: ClassVar[tuple[str, ...]] = (
        "CREATE TABLE sqlspec_kit (id INTEGER NOT NULL PRIMARY KEY, note VARCHAR(40))",
    )
    """Statements that make the table: an integer key `id`, and `note`, a text that may be NULL."""
    drop: ClassVar[tuple[str, ...]] = ("DROP TABLE sqlspec_kit",)
    """Statements that undo `create`."""
    ender: ClassVar[str] = ""
    """A statement that fails when a row with id 1 is there, and takes the transaction along."""
    deferred: ClassVar[tuple[str, ...]] = ()
    """Statements for a transaction whose COMMIT fails: they violate a deferred constraint."""
    slow: ClassVar[str] = ""
    """A statement that runs for ten seconds or more, unless it is interrupted."""
    temporary: ClassVar[str] = "CREATE TEMPORARY TABLE sqlspec_kit_temporary (id INTEGER)"
    """A statement that makes the temporary table `sqlspec_kit_temporary`, with a column `id`."""
    setting: ClassVar[tuple[str, ...]] = ()
    """A statement that changes a setting of the session, and one that selects its value."""
    connections: ClassVar[str] = ""
    """A statement that counts the connections to the database, its own included."""
    kill: ClassVar[str] = ""
    """A statement that ends all connections to the database but its own."""
    generated_key: ClassVar[str] = ""
    """What follows the name of a column in CREATE TABLE to make it a key that the database numbers itself."""

    types: ClassVar[Mapping[str, str | None]] = {
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

    def make_config(self, tmp_path: Path) -> DatabaseConfig[Any, Any, Any, Any]:
        """The config of a database that is there; all calls in one test mean the same database."""
        raise NotImplementedError

    def broken_configs(
        self,
        tmp_path: Path,  # noqa: ARG002 - for those who override it
    ) -> Mapping[type[ConnectError], DatabaseConfig[Any, Any, Any, Any]]:
        """Configs that lead to no connection, by the class of the error; the wrong password is `c4n4ry`."""
        return {}

    def make_registry(self) -> SQLSpec:
        """The registry of a test. An adapter that is not installed is registered with it here."""
        return SQLSpec()

    @staticmethod
    def need(info: AdapterInfo, *capabilities: Capability) -> None:
        """Skip the test, with the reason, where the adapter does not declare what it is about."""
        for capability in capabilities:
            if capability not in info.capabilities:
                pytest.skip(f"adapter {info.name!r} does not declare {capability.name}")

    def type_of(self, kind: str) -> str:
        """The type of a column; the test is skipped where the database has none."""
        found = {**AdapterTests.types, **self.types}.get(kind)
        if found is None:
            pytest.skip(f"{type(self).__name__}.types has nothing for {kind!r}")
        return found

    def quoted(self, name: str) -> str:
        """*name* as it stands in a statement."""
        return self.quote + name.replace(self.quote, self.quote * 2) + self.quote

    def given(self, name: str) -> Any:
        """The class's attribute *name*; the test is skipped where the class leaves it empty."""
        value = getattr(self, name)
        if not value:
            pytest.skip(f"{type(self).__name__}.{name} is not given")
        return value
