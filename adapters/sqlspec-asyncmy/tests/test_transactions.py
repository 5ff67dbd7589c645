"""The tables of the kit, on a real server."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar

import pytest

from sqlspec.errors import AuthenticationError, ConnectError
from sqlspec_asyncmy import AsyncMyConfig
from sqlspec_testkit import (
    AdapterContract,
    AdapterTests,
    AsyncConnectionTable,
    AsyncTransactionTable,
    AsyncValueTable,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from sqlspec_testkit.servers import MariaDB

ENDER = """
CREATE PROCEDURE sqlspec_kit_end()
BEGIN
    ROLLBACK;
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'rolled back';
END
"""


class OnMariaDB(AdapterTests):
    """What MariaDB can do."""

    ender: ClassVar[str] = "CALL sqlspec_kit_end()"
    slow: ClassVar[str] = "SELECT sleep(30)"
    generated_key: ClassVar[str] = "BIGINT AUTO_INCREMENT PRIMARY KEY"
    types: ClassVar[Mapping[str, str | None]] = {
        "text": "LONGTEXT",
        "bytes": "LONGBLOB",
        "timestamp": "DATETIME(6)",
    }
    quote: ClassVar[str] = "`"
    setting: ClassVar[tuple[str, ...]] = (
        "SET sort_buffer_size = 131072",
        "SELECT @@sort_buffer_size",
    )
    lock: ClassVar[tuple[str, ...]] = (
        "SELECT get_lock('sqlspec_kit', 0)",
        "SELECT is_used_lock('sqlspec_kit') IS NOT NULL",
    )
    connections: ClassVar[str] = "SELECT count(*) FROM information_schema.processlist WHERE db = database()"
    url: str

    @pytest.fixture(autouse=True)
    def database(self, mariadb_server: MariaDB) -> Iterator[None]:
        """A database of each test's own, with a procedure that loses a transaction and fails."""
        with mariadb_server.database() as name:
            mariadb_server.sql(f"DELIMITER $$\n{ENDER} $$", database=name)
            self.url = mariadb_server.url(database=name)
            yield

    def make_config(self, tmp_path: Path) -> AsyncMyConfig:  # noqa: ARG002 - no file
        """That database."""
        return AsyncMyConfig(url=self.url)

    def silent_config(self, tmp_path: Path, port: int) -> AsyncMyConfig:  # noqa: ARG002 - no file
        """Somebody listens, and says nothing."""
        return AsyncMyConfig(
            host="127.0.0.1", port=port, username="kit", password="kit", database="kit", connect_timeout=1
        )

    def broken_configs(self, tmp_path: Path) -> Mapping[type[ConnectError], AsyncMyConfig]:  # noqa: ARG002 - no file
        """Nobody listens, or a password is wrong."""
        nobody = AsyncMyConfig(host="127.0.0.1", port=1, username="kit", password="c4n4ry", database="kit")
        refused = AsyncMyConfig(url=re.sub(r"//(\w+):[^@]*@", r"//\1:c4n4ry@", self.url))
        return {ConnectError: nobody, AuthenticationError: refused}


class OneByOne(OnMariaDB):
    """Through a proxy that loses the second of two commands."""

    def make_config(self, tmp_path: Path) -> AsyncMyConfig:  # noqa: ARG002 - no file
        """Without pipelining."""
        return AsyncMyConfig(url=self.url, pipelining=False)


class TestContract(OnMariaDB, AdapterContract):
    """The adapter's data."""


class TestTable(OnMariaDB, AsyncTransactionTable):
    """The table."""


class TestTableOneByOne(OneByOne, AsyncTransactionTable):
    """The table, a command at a time."""


class TestValues(OnMariaDB, AsyncValueTable):
    """Values."""


class TestConnections(OnMariaDB, AsyncConnectionTable):
    """Connections."""
