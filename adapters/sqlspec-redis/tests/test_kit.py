"""The tables of the kit that need no SQL, for threads and for tasks."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from sqlspec.errors import AuthenticationError, ConnectError
from sqlspec_redis import RedisConfig
from sqlspec_testkit import AdapterContract, AdapterTests, AsyncPoolTable, PoolTable

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


class OnServer(AdapterTests):
    """A database of each test's own."""

    url: str

    @pytest.fixture(autouse=True)
    def _database(self, redis_url: str) -> None:
        self.url = redis_url

    def make_config(self, tmp_path: Path) -> RedisConfig:  # noqa: ARG002 - no file
        """That database."""
        return RedisConfig(url=self.url)

    def broken_configs(self, tmp_path: Path) -> Mapping[type[ConnectError], RedisConfig]:  # noqa: ARG002 - no file
        """Nobody listens, or a password is wrong."""
        refused = re.sub(r"//([^@/]*@)?", "//:c4n4ry@", self.url, count=1)
        return {
            ConnectError: RedisConfig(host="127.0.0.1", port=1, password="c4n4ry"),
            AuthenticationError: RedisConfig(url=refused),
        }

    def silent_config(self, tmp_path: Path, port: int) -> RedisConfig:  # noqa: ARG002 - no file
        """Somebody listens, and says nothing."""
        return RedisConfig(host="127.0.0.1", port=port, connect_timeout=1)


class TestContract(OnServer, AdapterContract):
    """The adapter's data."""


class TestPool(OnServer, PoolTable):
    """Connections, for threads."""


class TestAsyncPool(OnServer, AsyncPoolTable):
    """Connections, for tasks."""
