"""Observers are told, and can not change what happens."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest

from sqlspec.errors import AdapterBrokenError, AdapterConflictError, AdapterNotInstalledError
from sqlspec.loading.manager import Plugins
from sqlspec.loading.observers import NOBODY
from sqlspec.plugin import hookimpl
from sqlspec.plugin.events import ConnectionEvent, StatementEvent

if TYPE_CHECKING:
    from tests.plugin.fakes import Site

STATEMENT = StatementEvent(name="main", adapter="own", statement="SELECT ?", operation="execute", seconds=0.1)
OBSERVER = """
from sqlspec.plugin import hookimpl
told = []
@hookimpl
def sqlspec_statement_executed(event):
    told.append(event)
"""


class Listener:
    """Notes what it is told."""

    def __init__(self) -> None:
        self.told: list[object] = []

    @hookimpl
    def sqlspec_config_registered(self, adapter: str, name: str) -> None:
        """In another order."""
        self.told.append(("registered", name, adapter))

    @hookimpl
    def sqlspec_pool_opened(self, kind: str) -> None:
        """One fact of three."""
        self.told.append(("opened", kind))

    @hookimpl
    def sqlspec_pool_closed(self, name: str, adapter: str, kind: str) -> None:
        """All of them."""
        self.told.append(("closed", name, adapter, kind))

    @hookimpl
    def sqlspec_connection_event(self, event: ConnectionEvent) -> None:
        """A connection's fate."""
        self.told.append(event)

    @hookimpl
    def sqlspec_statement_executed(self, event: StatementEvent) -> None:
        """A statement's."""
        self.told.append(event)


class Loud:
    """Raises at everything."""

    @hookimpl(tryfirst=True)
    def sqlspec_statement_executed(self) -> None:
        """Nothing good."""
        msg = "loud: hunter2"
        raise ValueError(msg)


def test_with_nobody_listening_there_is_nothing_to_do() -> None:
    """The tuples are empty, and telling nobody is allowed."""
    plugins = Plugins()

    plugins.emit("sqlspec_statement_executed", STATEMENT, None, None)

    assert plugins.observers == NOBODY
    assert not any(plugins.observers)


def test_each_observer_gets_the_facts_it_names() -> None:
    """In its own order."""
    plugins, listener = Plugins(), Listener()
    plugins.register(listener)
    event = ConnectionEvent(name="main", adapter="own", kind="opened")

    plugins.emit("sqlspec_config_registered", "main", "own")
    plugins.emit("sqlspec_pool_opened", "main", "own", "sync")
    plugins.emit("sqlspec_connection_event", event)
    plugins.emit("sqlspec_statement_executed", STATEMENT, None, None)
    plugins.emit("sqlspec_pool_closed", "main", "own", "async")

    assert listener.told == [
        ("registered", "main", "own"),
        ("opened", "sync"),
        event,
        STATEMENT,
        ("closed", "main", "own", "async"),
    ]


def test_one_that_raises_is_counted_logged_once_and_keeps_nobody_from_hearing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Whoever called core notices nothing."""
    plugins, listener = Plugins(), Listener()
    plugins.register(Loud())
    plugins.register(listener)

    with caplog.at_level(logging.WARNING, "sqlspec.plugins"):
        for _ in range(3):
            plugins.emit("sqlspec_statement_executed", STATEMENT, None, None)

    assert plugins.observer_errors == 3
    assert listener.told == [STATEMENT] * 3
    assert len(caplog.records) == 1
    assert "sqlspec_statement_executed" in caplog.text
    assert "ValueError" in caplog.text
    assert "test_observers.py" in caplog.text  # where
    assert "loud: hunter2" not in caplog.text  # what an error says may be the application's data


def test_observers_come_and_go() -> None:
    """The tuple and the version change with them."""
    plugins, listener = Plugins(), Listener()
    plugins.register(listener, "listener")
    version = plugins.version
    plugins.unregister("listener")

    plugins.emit("sqlspec_statement_executed", STATEMENT, None, None)

    assert listener.told == []
    assert plugins.version != version
    assert not any(plugins.observers)


def test_one_plugin_is_registered_once() -> None:
    """Neither its name nor itself a second time."""
    plugins, listener = Plugins(), Listener()
    plugins.register(listener)

    with pytest.raises(AdapterConflictError):
        plugins.register(Listener())
    with pytest.raises(AdapterConflictError):
        plugins.register(listener, "another")
    plugins.register(Listener(), "another")


def test_a_misspelled_observer_is_refused() -> None:
    """It would never hear anything."""

    class Deaf:
        @hookimpl
        def sqlspec_statement_excuted(self, event: StatementEvent) -> None: ...

    with pytest.raises(AdapterBrokenError, match="Did you mean 'sqlspec_statement_executed'"):
        Plugins().register(Deaf())


# --- opt-in plugins -----------------------------------------------------------------------------


def test_an_installed_plugin_is_loaded_only_by_name(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """By argument, by environment or later; once."""
    site.module("fake_otel", OBSERVER)
    site.install("fake-otel", plugins={"otel": "fake_otel", "other": "fake_missing"})
    none = Plugins()
    named = Plugins(names=["otel", "otel"])
    monkeypatch.setenv("SQLSPEC_PLUGINS", "otel")
    from_env = Plugins()
    none.enable("otel")
    none.enable("otel")

    for plugins in (none, named, from_env):
        assert len(plugins.observers.statement_executed) == 1


def test_a_plugin_that_is_not_there_is_an_error_of_who_names_it(site: Site) -> None:
    """Its name with the nearest spelling."""
    site.install("fake-otel", plugins={"otel": "fake_otel"})

    with pytest.raises(AdapterNotInstalledError, match="Did you mean 'otel'"):
        Plugins(names=["otell"])
    with pytest.raises(AdapterBrokenError, match="needs the module 'fake_otel'"):
        Plugins(names=["otel"])


def test_two_plugins_of_one_name_are_in_conflict(site: Site) -> None:
    """As adapters are."""
    site.install("fake-otel", plugins={"otel": "fake_otel"})
    site.install("fake-otel2", plugins={"otel": "fake_otel"})

    with pytest.raises(AdapterConflictError, match=r"fake-otel 1\.0 and fake-otel2 1\.0"):
        Plugins(names=["otel"])
