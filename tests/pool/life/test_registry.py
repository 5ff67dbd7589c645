"""The registry changes while everybody looks: each change is one step, and no look waits for another's."""

from __future__ import annotations

import sys
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest

from sqlspec import SQLSpec
from sqlspec.errors import AmbiguousConfigError, ConfigAlreadyRegisteredError, ConfigNotFoundError
from sqlspec_testkit.scripted import Script, ScriptedConfig, ScriptedPlugin
from tests.pool.life.scene import new_spec, quick_switches

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

THREADS = 8


class Peeked(dict[str, Any]):
    """The registry's databases; somebody looks just before each of them changes."""

    peek: Callable[[], object] = staticmethod(lambda: None)

    def __setitem__(self, name: str, database: Any) -> None:
        self.peek()
        super().__setitem__(name, database)

    def __delitem__(self, name: str) -> None:
        self.peek()
        super().__delitem__(name)


class Default(SQLSpec):
    """A registry whose default is gone as soon as it was looked at."""

    @property
    def _default(self) -> str | None:
        return self.defaults.pop() if self.defaults else None

    @_default.setter
    def _default(self, name: str | None) -> None:  # pyright: ignore[reportIncompatibleVariableOverride]
        self.defaults = [name] if name else []


def in_threads(*works: Callable[[], object]) -> None:
    """All of them at once; what one raises is raised here."""
    barrier, errors = threading.Barrier(len(works)), list[BaseException]()

    def run(work: Callable[[], object]) -> None:
        try:
            barrier.wait(10)
            work()
        except BaseException as exc:  # noqa: BLE001 - raised below
            errors.append(exc)

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    with quick_switches():
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
    for error in errors:
        raise error


def test_g23_of_many_who_register_one_name_one_succeeds(script: Script) -> None:
    """The others are told that it is taken, and what is registered is the winner's."""
    for _ in range(50):
        spec, won = new_spec(script), list[ScriptedConfig]()

        def register(spec: SQLSpec = spec, won: list[ScriptedConfig] = won) -> None:
            config = ScriptedConfig(pool_size=2)
            with suppress(ConfigAlreadyRegisteredError):
                won.append(spec.register_config(config, "other"))

        in_threads(*[register] * THREADS)

        (config,) = won
        assert spec.get_config("other") is config
        assert spec.names == ("db", "other")
        spec.close()


def test_g23_changes_are_seen_whole_and_in_order(script: Script) -> None:
    """One thread replaces a database again and again; the others never look back, nor into a gap."""
    spec, last = new_spec(script), 300
    spec.register_config(ScriptedConfig(database="0"), "counted")

    def change() -> None:
        for number in range(1, last + 1):
            spec.register_config(ScriptedConfig(database=str(number)), "counted", override=True)

    def look() -> None:
        seen = 0
        while seen < last:
            config = spec.get_config("counted")
            assert isinstance(config, ScriptedConfig)
            assert int(config.database) >= seen
            seen = int(config.database)
            assert spec.names == ("db", "counted")

    in_threads(change, look, look, look)

    spec.close()


def test_g23_names_come_and_go_beside_those_who_look(script: Script) -> None:
    """A look finds a database, or says that it is not there; nothing else ever comes of it."""
    spec, done = new_spec(script), threading.Event()

    def change() -> None:
        for _ in range(200):
            spec.register_config(ScriptedConfig(), "other")
            spec.set_default("other")
            spec.unregister_config("other")
        done.set()

    def look() -> None:
        while not done.is_set():
            with suppress(ConfigNotFoundError, AmbiguousConfigError):
                spec.get_config()
            with suppress(AmbiguousConfigError):
                spec.get_config_by_type(ScriptedConfig)
            with suppress(ConfigNotFoundError):
                spec.get_config("other")
            assert spec.get_config("db") is not None
            assert set(spec.names) <= {"db", "other"}
            assert spec.stats("db").size == 0

    in_threads(change, look, look)

    assert spec.get_config_by_type(ScriptedConfig) is spec.get_config("db")
    assert spec.get_config() is spec.get_config("db")
    spec.close()


def test_g23_a_look_takes_no_lock(script: Script) -> None:
    """Somebody changes the registry, and takes long; who looks, and who borrows, does not wait."""
    spec = new_spec(script)
    config = spec.get_config("db")
    with spec.provide_session("db"):
        pass
    held, done, seen = threading.Event(), threading.Event(), list[object]()

    def hold() -> None:
        with spec._table.lock:
            held.set()
            done.wait(10)

    def look() -> None:
        seen.extend((spec.get_config("db"), spec.get_config(), spec.get_config_by_type(ScriptedConfig)))
        seen.extend((spec.names, "db" in spec, len(spec), spec.config_types, spec.stats("db").size))
        for key in ("db", config, ScriptedConfig, None):
            with spec.provide_session(key) as session:
                seen.append(session.execute("SELECT 1").scalar())

    holder, looker = threading.Thread(target=hold), threading.Thread(target=look)
    holder.start()
    held.wait(10)
    looker.start()
    looker.join(10)
    is_done = not looker.is_alive()
    done.set()
    holder.join(10)

    assert is_done
    assert seen == [config, config, config, ("db",), True, 1, {ScriptedConfig}, 1, 1, 1, 1, 1]
    spec.close()


def test_g23_who_looks_for_a_type_while_one_is_added_remembers_nothing_old(script: Script) -> None:
    """What was true a moment before is not kept."""
    spec = new_spec(script)
    peeked = Peeked(spec._table.databases)
    spec._table.databases = peeked
    peeked.peek = lambda: spec.get_config_by_type(ScriptedConfig)

    spec.register_config(ScriptedConfig(), "other")

    with pytest.raises(AmbiguousConfigError):
        spec.get_config_by_type(ScriptedConfig)


def test_g23_who_looks_for_a_type_while_one_is_removed_remembers_nothing_old(script: Script) -> None:
    """What is left is found."""
    spec = new_spec(script)
    spec.register_config(ScriptedConfig(), "other")
    spec.set_default("other")
    peeked = Peeked(spec._table.databases)
    spec._table.databases = peeked
    peeked.peek = lambda: spec.get_config_by_type(ScriptedConfig)

    spec.unregister_config("other")

    assert spec.get_config_by_type(ScriptedConfig) is spec.get_config("db")


def test_g23_a_default_that_goes_while_it_is_looked_for_is_no_name(script: Script) -> None:
    """It was there, or it was not."""
    spec = Default()
    spec.plugins.register(ScriptedPlugin(script))
    config = spec.register_config(ScriptedConfig(), "db")
    spec.register_config(ScriptedConfig(), "other")

    spec.set_default("db")
    assert spec.get_config() is config
    spec.set_default("db")
    assert spec.get_config_by_type(ScriptedConfig) is config


def test_g23_a_file_is_registered_in_one_step(script: Script, tmp_path: Path) -> None:
    """Who looks meanwhile, at any line, sees all of it or nothing."""
    spec, seen = new_spec(script), set[tuple[str, ...]]()
    path = tmp_path / "databases.toml"
    path.write_text(
        'default = "b"\n' + "".join(f'[databases.{name}]\nadapter = "scripted"\n' for name in "abc")
    )

    def look(_frame: object, _event: str, _: object) -> Any:
        seen.add(spec.names)
        return look

    sys.settrace(look)
    try:
        spec.register_from_file(path)
    finally:
        sys.settrace(None)

    assert seen <= {("db",), ("db", "a", "b", "c")}
    assert spec.names == ("db", "a", "b", "c")
    assert spec.get_config() is spec.get_config("b")
