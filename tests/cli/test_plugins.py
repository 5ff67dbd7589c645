"""Commands of opt-in plugins."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

import click
import pytest

from sqlspec import SQLSpec
from sqlspec.loading import index
from sqlspec.plugin import hookimpl

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .conftest import Run

    Offer = Callable[[Callable[[], Any]], None]


@pytest.fixture
def offer(monkeypatch: pytest.MonkeyPatch) -> Iterator[Offer]:
    """Install a plugin `extra` with these commands, and ask for it in the environment."""
    everything = index._entries
    module = ModuleType("extra_plugin")
    monkeypatch.setitem(import_module("sys").modules, "extra_plugin", module)

    def install(make: Callable[[], Any]) -> None:
        def sqlspec_commands() -> Any:
            return make()

        module.sqlspec_commands = hookimpl(sqlspec_commands)  # type: ignore[attr-defined]
        point = import_module("importlib_metadata").EntryPoint("extra", "extra_plugin", "sqlspec.plugins")
        entry = index.Entry("sqlspec.plugins", "extra", "extra_plugin", "extra-dist", "1.0", point)
        monkeypatch.setattr(index, "_entries", lambda: iter([*everything(), entry]))
        monkeypatch.setenv("SQLSPEC_PLUGINS", "extra")
        index.refresh()

    yield install
    monkeypatch.undo()
    index.refresh()


def _commands(name: str) -> list[click.Command]:
    return [click.Command(name, callback=lambda: click.echo("here"), help="Say where it is.")]


def test_a_plugin_brings_commands(sqlspec: Run, offer: Offer, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are in the list and can be called; without the variable there is no such command."""
    offer(lambda: _commands("where"))

    assert sqlspec("where").stdout == "here\n"
    assert "Say where it is." in sqlspec("--help").stdout
    assert [found.name for found in SQLSpec(plugins=["extra"]).plugins.commands()["extra"]] == ["where"]  # type: ignore[attr-defined]
    monkeypatch.delenv("SQLSPEC_PLUGINS")
    assert sqlspec("where").exit_code == 2


def _raising() -> Any:
    raise RuntimeError("hunter2")


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (_raising, "sqlspec_commands raised"),
        (lambda: ["where"], "returns click commands"),
        (lambda: _commands("list"), "'list', which is there already"),
    ],
    ids=["raises", "no command", "taken"],
)
def test_a_broken_plugin_hurts_only_who_asks_for_it(
    sqlspec: Run, offer: Offer, make: Callable[[], Any], said: str
) -> None:
    """Our own commands are there, and the message names the plugin."""
    offer(make)

    asked, ours, listed = sqlspec("where"), sqlspec("completion", "bash"), sqlspec("--help")

    assert asked.exit_code == 1
    assert said in asked.stderr
    assert "'extra'" in asked.stderr
    assert ours.exit_code == listed.exit_code == 0
    assert said in listed.stderr
    assert "hunter2" not in asked.output + listed.output
