"""What the judge collects once: the whole kit, on the adapter that is judged, for threads and for tasks.

The name says that pytest does not collect it by itself.
"""

from __future__ import annotations

import os
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar

import pytest

from sqlspec import SQLSpec
from sqlspec.errors import AuthenticationError
from sqlspec_testkit import (
    AdapterContract,
    AdapterTests,
    AsyncConnectionTable,
    AsyncTransactionTable,
    AsyncValueTable,
    ConnectionTable,
    TransactionTable,
    ValueTable,
)
from testkit.tests.judge.base import AsyncJudgedConfig, AsyncJudgedPlugin, JudgedConfig, JudgedPlugin, Now
from testkit.tests.judge.packaged import install

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from sqlspec.errors import ConnectError


class Judged(AdapterTests):
    """All that the kit can be told."""

    plugin: ClassVar[Any] = JudgedPlugin
    config: ClassVar[type[JudgedConfig]] = JudgedConfig

    create: ClassVar[tuple[str, ...]] = (
        *AdapterTests.create,
        "CREATE TABLE kit_child (parent INTEGER REFERENCES sqlspec_kit (id) DEFERRABLE INITIALLY DEFERRED)",
    )
    drop: ClassVar[tuple[str, ...]] = ("DROP TABLE kit_child", *AdapterTests.drop)
    ender: ClassVar[str] = "INSERT OR ROLLBACK INTO sqlspec_kit (id) VALUES (1)"
    deferred: ClassVar[tuple[str, ...]] = ("INSERT INTO kit_child (parent) VALUES (99)",)
    generated_key: ClassVar[str] = "INTEGER PRIMARY KEY"
    setting: ClassVar[tuple[str, ...]] = ("PRAGMA cache_size = 123", "PRAGMA cache_size")
    connections: ClassVar[str] = "SELECT kit_connections()"
    kill: ClassVar[str] = "SELECT kit_kill()"
    slow: ClassVar[str] = """
        WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)
        SELECT sum(kit_nap(0.01)) FROM n
    """

    def make_registry(self) -> SQLSpec:
        """With the adapter that is judged."""
        spec = SQLSpec()
        spec.plugins.register(self.plugin())
        return spec

    def make_config(self, tmp_path: Path) -> JudgedConfig:
        """A file of each test's own."""
        return self.config.of(tmp_path)

    def broken_configs(self, tmp_path: Path) -> Mapping[type[ConnectError], JudgedConfig]:
        """A wrong password."""
        return {AuthenticationError: self.config.of(tmp_path, "c4n4ry")}


class JudgedForTasks(Judged):
    """With an async side of its own."""

    plugin: ClassVar[Any] = AsyncJudgedPlugin
    config: ClassVar[type[JudgedConfig]] = AsyncJudgedConfig


class TestContract(Judged, AdapterContract):
    """What it says of itself. A process of its own knows no adapter of this one's."""

    test_its_plugin_imports_no_driver = None  # type: ignore[assignment]


class TestAsyncContract(JudgedForTasks, AdapterContract):
    """The same of the adapter that has an async side."""

    test_its_plugin_imports_no_driver = None  # type: ignore[assignment]


class TestSync(Judged, TransactionTable, ValueTable, ConnectionTable):
    """For `with`."""


class TestBridge(Judged, AsyncTransactionTable, AsyncValueTable, AsyncConnectionTable):
    """For `async with`, by threads of core's."""


class TestAsync(JudgedForTasks, AsyncTransactionTable, AsyncValueTable, AsyncConnectionTable):
    """For `async with`, by the adapter, which makes its driver's calls in the loop: none can be cancelled."""

    test_a_cancelled_statement_frees_its_caller = None  # type: ignore[assignment]


class TestPackaged(AdapterContract):
    """What its distribution says, and a process that has found it there."""

    @pytest.fixture(autouse=True)
    def _installed(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        install(tmp_path, Now.sync.package)
        monkeypatch.syspath_prepend(tmp_path)
        monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), os.environ["PYTHONPATH"]]))

    def make_config(self, tmp_path: Path) -> Any:
        """Of the class in the folder."""
        config: Any = import_module("kit_packaged").PackagedConfig
        return config(database=str(tmp_path / "kit.db"))
