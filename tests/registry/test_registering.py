"""What `register_config` takes, and what it answers to what it can not take."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from sqlspec.errors import (
    AdapterNotInstalledError,
    ConfigAlreadyRegisteredError,
    ConfigNotFoundError,
    InvalidArgumentError,
    InvalidConfigError,
    SQLSpecError,
)
from sqlspec_sqlite import SQLiteConfig

if TYPE_CHECKING:
    from sqlspec import SQLSpec


def test_the_config_comes_back_and_is_what_get_config_returns(spec: SQLSpec) -> None:
    """The same object each time: a typed key."""
    config = SQLiteConfig()

    returned = spec.register_config(config, name="main")

    assert returned is config
    assert spec.get_config("main") is config
    assert spec.get_config("main") is spec.get_config("main")


def test_the_name_may_be_given_by_position(spec: SQLSpec) -> None:
    """As the seed document writes it."""
    spec.register_config(SQLiteConfig(), "main")

    assert spec.names == ("main",)
    assert "main" in spec
    assert len(spec) == 1


def test_without_a_name_a_config_is_named_after_its_adapter(spec: SQLSpec) -> None:
    """One database needs no name."""
    spec.register_config(SQLiteConfig())

    assert spec.names == ("sqlite",)


def test_a_second_config_without_a_name_is_told_to_take_one(spec: SQLSpec) -> None:
    """Nothing is replaced by accident."""
    spec.register_config(SQLiteConfig())

    with pytest.raises(ConfigAlreadyRegisteredError, match="name=") as caught:
        spec.register_config(SQLiteConfig())

    assert caught.value.config_name == "sqlite"


def test_a_name_that_is_taken_stays_with_its_config(spec: SQLSpec) -> None:
    """The error names it; the registry is as before."""
    first = spec.register_config(SQLiteConfig(), "main")

    with pytest.raises(ConfigAlreadyRegisteredError, match="override=True") as caught:
        spec.register_config(SQLiteConfig(), "main")

    assert caught.value.config_name == "main"
    assert spec.get_config("main") is first


def test_override_replaces(spec: SQLSpec) -> None:
    """And the new one is used from then on."""
    old = spec.register_config(SQLiteConfig(), "main")
    with spec.provide_session("main") as session:
        session.execute("CREATE TABLE old (id INTEGER)")

    new = spec.register_config(SQLiteConfig(), "main", override=True)

    assert spec.get_config("main") is new
    with spec.provide_session("main") as session:
        assert session.execute("SELECT count(*) FROM sqlite_master").scalar() == 0
    with spec.provide_session(old) as session:
        assert session.execute("SELECT count(*) FROM sqlite_master").scalar() == 0


def test_a_url_finds_its_adapter(spec: SQLSpec, tmp_path: Any) -> None:
    """The type of the config is discovered."""
    config = spec.register_config(f"sqlite:///{tmp_path}/app.db?busy_timeout=2.5", "main")

    assert isinstance(config, SQLiteConfig)
    assert config.database == f"{tmp_path}/app.db"
    assert config.busy_timeout == 2.5


def test_a_mapping_finds_its_adapter_by_name_or_url(spec: SQLSpec) -> None:
    """As data from a file does."""
    by_name = spec.register_config({"adapter": "sqlite", "pool_size": 3}, "one")
    by_url = spec.register_config({"url": "sqlite://", "pool_size": 4}, "two")

    assert isinstance(by_name, SQLiteConfig)
    assert isinstance(by_url, SQLiteConfig)
    assert (by_name.pool_size, by_url.pool_size) == (3, 4)


@pytest.mark.usefixtures("sqlite_alone")
@pytest.mark.parametrize(
    ("config", "error", "says"),
    [
        ("app.db", InvalidConfigError, "sqlite:///file.db"),
        ("sqlit:///app.db", AdapterNotInstalledError, "sqlite"),
        ("postgresql://localhost/app", AdapterNotInstalledError, "pip install 'sqlspec-psycopg>=1.0'"),
        ({"pool_size": 3}, InvalidConfigError, "adapter"),
        ({"adapter": "sqlite", "pool_sise": 3}, InvalidConfigError, "pool_size"),
        ({"adapter": "sqlite", "pool_size": "many"}, InvalidConfigError, "pool_size"),
        ({"adapter": 3}, InvalidConfigError, "adapter"),
        ("sqlite:///app.db?pool_sise=3", InvalidConfigError, "pool_size"),
        (SQLiteConfig, InvalidArgumentError, r"SQLiteConfig\("),
        (None, InvalidArgumentError, "None is no config, URL or mapping: is the variable set"),
        (7, InvalidArgumentError, "takes a config, a URL or a mapping, not int"),
        ("", InvalidConfigError, "the URL is empty: is the variable set"),
    ],
)
def test_what_can_not_be_a_config_says_what_to_write(
    spec: SQLSpec, config: Any, error: type[SQLSpecError], says: str
) -> None:
    """And nothing is registered."""
    with pytest.raises(error, match=says):
        spec.register_config(config, "main")

    assert len(spec) == 0


@pytest.mark.parametrize(
    ("config", "told"),
    [
        ("sqlite:///:memory:", "the URL comes first: write register_config(url, name)"),
        (SQLiteConfig(), "the config comes first: write register_config(config, name)"),
        ({"adapter": "sqlite"}, "the config comes first: write register_config(config, name)"),
    ],
)
def test_a_name_before_its_config_is_told_the_order(spec: SQLSpec, config: Any, told: str) -> None:
    """In which it is taken."""
    with pytest.raises(InvalidArgumentError) as caught:
        spec.register_config("b", config)
    assert str(caught.value) == told

    spec.register_config(config, "b")
    assert spec.names == ("b",)


@pytest.mark.parametrize("name", ["", " main", "main\n", "a\x00b", 7, b"main"])
def test_a_name_is_a_printable_text(spec: SQLSpec, name: Any) -> None:
    """Errors and logs show it."""
    with pytest.raises(InvalidArgumentError, match="name"):
        spec.register_config(SQLiteConfig(), name)


@pytest.mark.parametrize("name", ["größe", "../etc", "a b", "名前", "x" * 1000])
def test_any_printable_text_is_a_name(spec: SQLSpec, name: str) -> None:
    """It is a key and nothing else."""
    spec.register_config(SQLiteConfig(), name)

    with spec.provide_session(name) as session:
        assert session.execute("SELECT 1").scalar() == 1


def test_an_unregistered_config_is_not_found_and_its_name_is_free(spec: SQLSpec) -> None:
    """Forgotten, default and key too."""
    config = spec.register_config(SQLiteConfig(), "main")
    spec.set_default("main")

    spec.unregister_config("main")

    with pytest.raises(ConfigNotFoundError):
        spec.get_config("main")
    with pytest.raises(ConfigNotFoundError, match="register_config"):
        spec.provide_session(config)
    with pytest.raises(ConfigNotFoundError):
        spec.provide_session()
    spec.register_config(SQLiteConfig(), "main")


def test_unregistering_what_is_not_there_says_what_is(spec: SQLSpec) -> None:
    """With the nearest spelling."""
    spec.register_config(SQLiteConfig(), "primary")

    with pytest.raises(ConfigNotFoundError, match="Did you mean 'primary'") as caught:
        spec.unregister_config("primry")

    assert caught.value.config_name == "primry"


def test_one_config_under_two_names_is_two_databases(spec: SQLSpec) -> None:
    """Each registration has its own memory; the config as a key means the first."""
    config = SQLiteConfig()
    spec.register_config(config, "one")
    spec.register_config(config, "two")
    with spec.provide_session("one") as session:
        session.execute("CREATE TABLE t (id INTEGER)")

    with spec.provide_session("two") as session:
        tables = session.execute("SELECT count(*) FROM sqlite_master").scalar()

    assert tables == 0
    with spec.provide_session(config) as session:
        assert session.execute("SELECT count(*) FROM sqlite_master").scalar() == 1
    spec.unregister_config("one")
    with spec.provide_session(config) as session:
        assert session.execute("SELECT count(*) FROM sqlite_master").scalar() == 0
