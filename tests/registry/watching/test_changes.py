"""What a watched source says anew is in force at once, and disturbs nobody."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from sqlspec import ConfigAlreadyRegisteredError, ConfigNotFoundError, SQLSpec
from sqlspec.adapters.sqlite import SQLiteConfig
from sqlspec.plugin import hookimpl

from .source import ScriptedSource

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def sqlite(**options: Any) -> dict[str, Any]:
    """A database of SQLite."""
    return {"adapter": "sqlite", **options}


def test_a_new_config_takes_the_place_of_the_old_one(
    spec: SQLSpec, watch: Callable[[], None], source: ScriptedSource
) -> None:
    """Under the same name, and what was the key before is the key still."""
    assert spec.register_from(source) == ["main"]
    key = spec.get_config("main")
    watch()

    source.say(main=sqlite(pool_size=2))

    assert spec.get_config("main").pool_size == 2
    with spec.provide_session(key) as session:
        assert session.execute("SELECT 1").scalar() == 1
    assert spec.stats("main").size == 1


def test_an_equal_config_is_not_replaced(
    spec: SQLSpec, watch: Callable[[], None], source: ScriptedSource
) -> None:
    """The pool stays, and so do its connections."""
    spec.register_from(source)
    config = spec.get_config("main")
    watch()
    with spec.provide_session("main"):
        pass

    source.say(main=sqlite(pool_size=1))

    assert spec.get_config("main") is config
    assert spec.stats("main").size == 1


def test_a_session_ends_on_the_database_that_it_began_on(
    spec: SQLSpec, watch: Callable[[], None], source: ScriptedSource, tmp_path: Path
) -> None:
    """The next one is on the new database."""
    old, new = tmp_path / "old.db", tmp_path / "new.db"
    source.now = {"main": sqlite(database=str(old))}
    spec.register_from(source)
    watch()

    with spec.provide_session("main") as session:
        session.execute("CREATE TABLE kept (id INTEGER)")
        source.say(main=sqlite(database=str(new)))
        session.execute("INSERT INTO kept VALUES (1)")
    with spec.provide_session("main") as session:
        names = session.execute("SELECT name FROM sqlite_schema").scalars()

    assert names == []
    with SQLiteConfig(database=str(old)).provide_session() as session:
        assert session.execute("SELECT id FROM kept").scalar() == 1


def test_what_is_new_in_the_source_is_registered(
    spec: SQLSpec, watch: Callable[[], None], source: ScriptedSource
) -> None:
    """Beside what is there; the observers hear of what has changed, and of nothing else."""
    heard: list[tuple[str, str]] = []

    class Observer:
        @hookimpl
        def sqlspec_config_registered(self, name: str) -> None:
            heard.append(("registered", name))

        @hookimpl
        def sqlspec_config_unregistered(self, name: str) -> None:
            heard.append(("unregistered", name))

    spec.register_from(source)
    spec.plugins.register(Observer(), "observer")
    watch()

    source.say(main=sqlite(pool_size=1), other=sqlite())
    source.say(main=sqlite(pool_size=3), other=sqlite())

    assert spec.names == ("main", "other")
    assert spec.sources[0].databases == ("main", "other")
    assert heard == [("registered", "other"), ("unregistered", "main"), ("registered", "main")]


def test_all_that_changed_is_in_force_or_nothing(
    spec: SQLSpec, watch: Callable[[], None], source: ScriptedSource
) -> None:
    """One database that is wrong keeps the others as they were."""
    spec.register_from(source)
    watch()

    source.say(main=sqlite(pool_size=2), other=sqlite(pool_sise=3))

    assert spec.names == ("main",)
    assert spec.get_config("main").pool_size == 1
    assert spec.sources[0].last_error is not None
    assert "databases.other.pool_sise: unknown option" in spec.sources[0].last_error


def test_a_database_that_is_gone_is_kept(
    spec: SQLSpec, watch: Callable[[], None], source: ScriptedSource
) -> None:
    """Its last config is in use; the source is stale, although the others have changed."""
    source.now = {"main": sqlite(), "other": sqlite()}
    spec.register_from(source)
    watch()

    source.say(main=sqlite(pool_size=4))

    assert spec.names == ("main", "other")
    assert spec.get_config("main").pool_size == 4
    assert spec.sources[0].state == "stale"
    assert spec.sources[0].last_error == "catalogue: does not describe other any more"


def test_what_the_application_put_there_stays(
    spec: SQLSpec, watch: Callable[[], None], source: ScriptedSource
) -> None:
    """It replaced one database of the source and unregistered another: the source does not win them back."""
    source.now = {"main": sqlite(), "other": sqlite()}
    spec.register_from(source)
    watch()
    spec.register_config(SQLiteConfig(pool_size=7), "main", override=True)
    spec.unregister_config("other")

    source.say(main=sqlite(pool_size=2), other=sqlite(pool_size=2))

    assert spec.names == ("main",)
    assert spec.get_config("main").pool_size == 7
    assert spec.sources[0].state == "current"


def test_a_name_of_the_application_is_not_taken(
    spec: SQLSpec, watch: Callable[[], None], source: ScriptedSource
) -> None:
    """A database that the source has later than the application is an error of the source."""
    spec.register_from(source)
    spec.register_config(SQLiteConfig(pool_size=7), "other")
    watch()

    source.say(main=sqlite(pool_size=1), other=sqlite())

    assert spec.get_config("other").pool_size == 7
    assert spec.sources[0].last_error == str(ConfigAlreadyRegisteredError("other"))


def test_an_override_stays_in_force(spec: SQLSpec, watch: Callable[[], None], source: ScriptedSource) -> None:
    """And uncovers the new config when it ends, however deep it was."""
    spec.register_from(source)
    watch()

    with spec.override("main", SQLiteConfig(pool_size=8)), spec.override("main", SQLiteConfig(pool_size=9)):
        source.say(main=sqlite(pool_size=2))
        source.say(main=sqlite(pool_size=3))
        assert spec.get_config("main").pool_size == 9

    assert spec.get_config("main").pool_size == 3
    with spec.provide_session("main") as session:
        assert session.execute("SELECT 1").scalar() == 1


def test_a_default_of_the_application_stays(spec: SQLSpec, watch: Callable[[], None]) -> None:
    """Until the source has another one."""
    source = ScriptedSource(default="main", main=sqlite(), other=sqlite())
    spec.register_from(source)
    spec.set_default("other")
    watch()

    source.say(main=sqlite(pool_size=2), other=sqlite())
    kept = spec.default_config_name
    source.say(main=sqlite(pool_size=2), other=sqlite(pool_size=2), third=sqlite())
    source.default = "third"
    source.say(main=sqlite(pool_size=2), other=sqlite(pool_size=2), third=sqlite())

    assert kept == "other"
    assert spec.default_config_name == "third"


def test_a_source_that_comes_later_is_watched_too(spec: SQLSpec, watch: Callable[[], None]) -> None:
    """By the same thread or task."""
    first, second = ScriptedSource("first", a=sqlite()), ScriptedSource("second", b=sqlite())
    spec.register_from(first)
    watch()

    spec.register_from(second)
    watch()
    second.say(b=sqlite(pool_size=5))
    first.say(a=sqlite(pool_size=6))

    assert (spec.get_config("a").pool_size, spec.get_config("b").pool_size) == (6, 5)
    assert (first.open, second.open) == (1, 1)


def test_nothing_is_watched_that_could_not_be_registered(spec: SQLSpec, source: ScriptedSource) -> None:
    """The registry knows the source only when it has its databases."""
    spec.register_config(SQLiteConfig(), "main")

    with pytest.raises(ConfigAlreadyRegisteredError):
        spec.register_from(source)
    spec.unregister_config("main")

    assert spec.sources == ()
    with pytest.raises(ConfigNotFoundError):
        spec.get_config("main")
