"""What a config says, and with which neighbours it can be registered."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from sqlspec import SQLSpec
from sqlspec.errors import ConfigSourceError, InvalidConfigError
from sqlspec_duckdb import DuckDBConfig


@pytest.mark.parametrize(
    ("url", "database"),
    [
        ("duckdb:///relative.db", "relative.db"),
        ("duckdb:////data/absolute.db", "/data/absolute.db"),
        ("duckdb:///with%20blank.db", "with blank.db"),
        ("duckdb://", ":memory:"),
    ],
    ids=["relative", "absolute", "escaped", "memory"],
)
def test_a_url_names_a_file_or_memory(url: str, database: str) -> None:
    """Three slashes for a relative path, four for an absolute one."""
    assert DuckDBConfig(url=url).database == database


def test_options_may_stand_in_the_url() -> None:
    """They are the config's fields."""
    config = DuckDBConfig(url="duckdb:///a.db?read_only=true&threads=2&memory_limit=1GB&safe=true")

    assert (config.read_only, config.threads, config.memory_limit, config.safe) == (True, 2, "1GB", True)


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"database": ""}, "database"),
        ({"database": ":memory:shared"}, "memory is its own"),
        ({"read_only": True}, "read_only"),
        ({"threads": 0}, "threads"),
        ({"settings": {"threads": 2}}, "field of the config"),
        ({"settings": {"access_mode": "read_only"}}, "read_only=True"),
        ({"safe": True, "settings": {"enable_external_access": True}}, "safe=True"),
    ],
    ids=["no path", "named memory", "empty memory", "no thread", "a field", "access mode", "not safe"],
)
def test_what_contradicts_itself_is_refused(fields: dict[str, Any], says: str) -> None:
    """When the config is made."""
    with pytest.raises(InvalidConfigError, match=says):
        DuckDBConfig(**fields)


def pair(path: Path, **options: Any) -> SQLSpec:
    """Two configs on one file, of which the second has *options*."""
    spec = SQLSpec()
    spec.register_config(DuckDBConfig(database=str(path)), "one")
    spec.register_config(DuckDBConfig(database=str(path), **options), "two")
    return spec


@pytest.mark.parametrize(
    "options",
    [{"read_only": True}, {"threads": 1}, {"safe": True}, {"settings": {"default_order": "desc"}}],
    ids=["read_only", "threads", "safe", "settings"],
)
def test_g25_two_configs_on_one_file_with_other_settings_are_refused(
    path: Path, options: dict[str, Any]
) -> None:
    """At registration, with both named, and with the field that differs."""
    with pytest.raises(InvalidConfigError) as caught:
        pair(path, **options)

    text = str(caught.value)
    assert "'one'" in text
    assert "'two'" in text
    assert next(iter(options)) in text


def test_two_configs_on_one_file_with_the_same_settings_share_it(path: Path) -> None:
    """What is the pool's or the session's business may differ."""
    with pair(path, pool_size=2, autocommit=True) as spec:
        with spec.provide_session("one") as session:
            session.execute("CREATE TABLE t AS SELECT 1 AS i")
        with spec.provide_session("two") as session:
            assert session.execute("SELECT i FROM t").scalars() == [1]


@pytest.mark.parametrize("kind", ["relative", "symbolic", "hard"])
def test_g25_a_file_is_known_by_whatever_path(path: Path, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two instances of DuckDB on one file would corrupt it."""
    with DuckDBConfig(database=str(path)).provide_session() as session:
        session.execute("CREATE TABLE t (i INTEGER)")
    other = str(path.with_name("other.db"))
    if kind == "relative":
        monkeypatch.chdir(path.parent)
        other = os.path.join(".", path.name)  # noqa: PTH118 - pathlib would take the dot away
    elif kind == "symbolic":
        Path(other).symlink_to(path)
    else:
        Path(other).hardlink_to(path)

    with SQLSpec() as spec:
        spec.register_config(DuckDBConfig(database=str(path)), "one")
        with pytest.raises(InvalidConfigError, match="same file"):
            spec.register_config(DuckDBConfig(database=other, read_only=True), "two")
        spec.register_config(DuckDBConfig(database=other), "two")
        with spec.provide_session("one") as session:
            session.execute("INSERT INTO t VALUES (1)")
        with spec.provide_session("two") as session:
            assert session.execute("SELECT i FROM t").scalars() == [1]


def test_what_is_replaced_is_no_neighbour(path: Path) -> None:
    """The settings of a registered file are changed by registering it again."""
    with SQLSpec() as spec:
        spec.register_config(DuckDBConfig(database=str(path), threads=1), "one")
        with spec.provide_session() as session:
            session.execute("CREATE TABLE t (i INTEGER)")
        spec.register_config(DuckDBConfig(database=str(path), threads=2), "one", override=True)
        with spec.provide_session() as session:
            assert session.execute("SELECT current_setting('threads')").scalar() == 2


def test_what_an_override_covers_is_a_neighbour(path: Path) -> None:
    """It stays open; the override may be entered again afterwards."""
    with SQLSpec() as spec:
        spec.register_config(DuckDBConfig(database=str(path)), "one")
        override = spec.override("one", DuckDBConfig(database=str(path), threads=1))
        for _ in range(2):
            with pytest.raises(InvalidConfigError, match="'one'"):
                override.__enter__()
        with spec.override("one", DuckDBConfig()), spec.provide_session() as session:
            assert session.execute("SELECT 1").scalar() == 1


def test_a_file_with_two_configs_that_differ_is_refused_as_a_whole(tmp_path: Path) -> None:
    """Nothing of it is registered."""
    source = tmp_path / "databases.toml"
    source.write_text(
        """
        [databases.one]
        adapter = "duckdb"
        database = "same.db"

        [databases.two]
        adapter = "duckdb"
        database = "same.db"
        read_only = true
        """
    )
    spec = SQLSpec()

    with pytest.raises(ConfigSourceError, match=r":9:9: databases\.two\.read_only: of 'two'.*'one'"):
        spec.register_from_file(source)

    assert spec.names == ()
