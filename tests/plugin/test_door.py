"""The door for adapter authors: cheap to open, complete, and documented."""

from __future__ import annotations

import inspect
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import sqlspec.plugin
from sqlspec.loading.check import COMMAND_HOOKS, CREATION_HOOKS, OBSERVER_HOOKS, SOURCE_HOOKS
from sqlspec.loading.manager import Plugins
from sqlspec.loading.resolve import arguments_of
from sqlspec.plugin import hookspecs

PAGE = Path(__file__).parents[2] / "docs" / "plugins.md"
HOOKS = sorted(name for name in vars(hookspecs) if name.startswith("sqlspec_"))


def test_every_name_of_the_door_is_behind_it() -> None:
    """Those that are loaded on use, too; `dir` lists them all."""
    for name in sqlspec.plugin.__all__:
        assert getattr(sqlspec.plugin, name) is not None
    assert dir(sqlspec.plugin) == sorted(sqlspec.plugin.__all__)
    assert not hasattr(sqlspec.plugin, "hookimp")


def test_the_door_is_no_wider_than_a_reader_can_take_in() -> None:
    """What only some need is a second step behind it."""
    assert len(sqlspec.plugin.__all__) <= 30


@pytest.mark.parametrize("step", ["network", "postgresql"])
def test_a_second_step_is_as_cheap_as_the_door(step: str) -> None:
    """Nothing of it comes with `import sqlspec`, and it brings nothing that is only needed to connect."""
    script = (
        "import sys, sqlspec; before = set(sys.modules); "
        f"import sqlspec.plugin.{step}; print(*set(sys.modules) - before)"
    )

    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        check=True,
        text=True,
        env={"PYTHONPATH": ":".join(sys.path)},
    )
    brought = set(done.stdout.split())

    assert f"sqlspec.plugin.{step}" in brought
    assert brought.isdisjoint({"asyncio", "select", "socket", "ssl"})


def test_the_door_opens_without_pluggy() -> None:
    """`import sqlspec` passes through it."""
    script = (
        "import sys; from sqlspec.loading import manager; manager.Plugins(); print('pluggy' in sys.modules)"
    )

    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        check=True,
        text=True,
        env={"PYTHONPATH": ":".join(sys.path)},
    )

    assert done.stdout.strip() == "False"


def test_the_tables_of_hooks_are_the_hooks() -> None:
    """Each is for creation, an observer's, a source's or for commands; two kinds take the first answer."""
    hooks = Plugins()._pluggy().hook

    assert sorted(CREATION_HOOKS + OBSERVER_HOOKS + SOURCE_HOOKS + COMMAND_HOOKS) == HOOKS
    for name in HOOKS:
        specification = getattr(hooks, name).spec
        assert bool(specification.opts["firstresult"]) is (name in CREATION_HOOKS + SOURCE_HOOKS)


@pytest.mark.parametrize("name", HOOKS)
def test_a_hook_is_documented_with_all_of_its_arguments(name: str) -> None:
    """On the page for authors, spelled as it is."""
    arguments = arguments_of(getattr(Plugins()._pluggy().hook, name))
    specification: Any = getattr(hookspecs, name)

    assert f"`{name}({', '.join(arguments)})`" in PAGE.read_text("utf-8")
    assert inspect.getdoc(specification)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.filterwarnings(
    "ignore:.*multi-threaded:DeprecationWarning"
)  # Python 3.12 on fork beside threads
def test_a_forked_child_does_not_wait_for_a_thread_it_does_not_have() -> None:
    """The parent held the lock, importing, when the child was made."""
    plugins = Plugins()
    with plugins._lock:
        child = os.fork()
        if child == 0:
            import threading

            thread = threading.Thread(target=list, args=(plugins,), daemon=True)
            thread.start()
            thread.join(10)
            os._exit(1 if thread.is_alive() else 0)
        _, status = os.waitpid(child, 0)

    assert status == 0
