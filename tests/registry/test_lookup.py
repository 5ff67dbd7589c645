"""Finding a database by name, config, type, or nothing."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING, Any, ClassVar

import pytest

from sqlspec.errors import AmbiguousConfigError, ConfigNotFoundError, InvalidArgumentError
from sqlspec_sqlite import SQLiteConfig

if TYPE_CHECKING:
    from sqlspec import DatabaseConfig, SQLSpec


class OtherConfig(SQLiteConfig, frozen=True, kw_only=True):
    """A kind of SQLite."""

    adapter: ClassVar[str] = "sqlite"


def database_of(spec: SQLSpec, key: Any = None) -> int:
    """The mark that `marked` left in a database."""
    with spec.provide_session(key) as session:
        mark: int = session.execute("SELECT id FROM mark").scalar()
        return mark


def marked(spec: SQLSpec, config: SQLiteConfig, name: str, mark: int) -> SQLiteConfig:
    """A registered database that can be told from others."""
    spec.register_config(config, name)
    with spec.provide_session(name) as session:
        session.execute("CREATE TABLE mark (id INTEGER)")
        session.execute("INSERT INTO mark VALUES (?)", (mark,))
    return config


def test_by_name_config_type_and_default(spec: SQLSpec) -> None:
    """Four ways to one database."""
    config = marked(spec, SQLiteConfig(), "one", 1)
    marked(spec, OtherConfig(), "two", 2)
    spec.set_default("two")

    assert database_of(spec, "one") == 1
    assert database_of(spec, config) == 1
    assert database_of(spec, SQLiteConfig) == 1
    assert database_of(spec) == 2


def test_equal_configs_are_told_apart(spec: SQLSpec) -> None:
    """A config is a key by identity, not by what it says."""
    first, second = marked(spec, SQLiteConfig(), "one", 1), marked(spec, SQLiteConfig(), "two", 2)

    assert first == second
    assert database_of(spec, first) == 1
    assert database_of(spec, second) == 2


def test_a_config_registered_alone_is_the_default(spec: SQLSpec) -> None:
    """No set_default needed."""
    marked(spec, SQLiteConfig(), "one", 1)

    assert database_of(spec) == 1


def test_without_a_default_two_databases_are_ambiguous(spec: SQLSpec) -> None:
    """The error names both and the way out."""
    marked(spec, SQLiteConfig(), "one", 1)
    marked(spec, SQLiteConfig(), "two", 2)

    with pytest.raises(AmbiguousConfigError) as caught:
        spec.provide_session()

    assert caught.value.names == ["one", "two"]
    assert str(caught.value) == (
        "no name was given, and there are 2 databases: one, two. "
        "Write one of these names, or choose the default: set_default('one')"
    )


def test_no_database_at_all_says_so(spec: SQLSpec) -> None:
    """And what to call."""
    with pytest.raises(ConfigNotFoundError, match="register_config"):
        spec.provide_session()


def test_an_exact_type_goes_before_its_subclasses(spec: SQLSpec) -> None:
    """A subclass is found by its base when nothing else is there."""
    other = spec.register_config(OtherConfig(), "other")
    assert spec.get_config_by_type(SQLiteConfig) is other

    exact = spec.register_config(SQLiteConfig(), "exact")

    assert spec.get_config_by_type(SQLiteConfig) is exact
    assert spec.get_config_by_type(OtherConfig) is other


def test_of_several_of_one_type_the_default_is_meant(spec: SQLSpec) -> None:
    """Without one it is ambiguous."""
    spec.register_config(SQLiteConfig(), "one")
    two = spec.register_config(SQLiteConfig(), "two")
    with pytest.raises(AmbiguousConfigError, match="SQLiteConfig fits 2 databases: one, two"):
        spec.get_config_by_type(SQLiteConfig)

    spec.set_default("two")

    assert spec.get_config_by_type(SQLiteConfig) is two


def test_a_type_that_is_not_registered_is_not_found(spec: SQLSpec) -> None:
    """The error knows which are."""
    spec.register_config(SQLiteConfig(), "one")

    with pytest.raises(ConfigNotFoundError, match="SQLiteConfig") as caught:
        spec.get_config_by_type(OtherConfig)

    assert caught.value.config_name == "OtherConfig"


def test_a_type_found_once_is_found_anew_after_a_change(spec: SQLSpec) -> None:
    """What was remembered must not outlive it."""
    one = spec.register_config(SQLiteConfig(), "one")
    assert spec.get_config_by_type(SQLiteConfig) is one

    spec.unregister_config("one")

    with pytest.raises(ConfigNotFoundError):
        spec.get_config_by_type(SQLiteConfig)
    two = spec.register_config(SQLiteConfig(), "two")
    assert spec.get_config_by_type(SQLiteConfig) is two


def test_an_unknown_name_has_the_nearest_spelling(spec: SQLSpec) -> None:
    """As the seed document shows, with the name as an attribute."""
    spec.register_config(SQLiteConfig(), "primary")

    with pytest.raises(ConfigNotFoundError, match="Did you mean 'primary'") as caught:
        spec.provide_session("primry")

    assert caught.value.config_name == "primry"
    assert isinstance(caught.value, LookupError)


def test_a_default_must_be_registered(spec: SQLSpec) -> None:
    """Found out when it is set."""
    with pytest.raises(ConfigNotFoundError):
        spec.set_default("main")


@pytest.mark.parametrize("key", [7, b"main", ["main"], int])
def test_what_can_not_be_a_key_is_refused(spec: SQLSpec, key: Any) -> None:
    """Nothing is guessed."""
    spec.register_config(SQLiteConfig(), "main")

    with pytest.raises(InvalidArgumentError, match="str, a config or a config type"):
        spec.provide_session(key)
    with pytest.raises(InvalidArgumentError, match="str, a config or a config type"):
        spec.provide_connection(key)


def test_config_types_are_those_of_the_registered(spec: SQLSpec) -> None:
    """Each once."""
    spec.register_config(SQLiteConfig(), "one")
    spec.register_config(SQLiteConfig(), "two")
    spec.register_config(OtherConfig(), "three")

    assert spec.config_types == {SQLiteConfig, OtherConfig}


def test_unknown_keywords_are_errors(spec: SQLSpec) -> None:
    """Python's own, before anything is lent."""
    spec.register_config(SQLiteConfig(), "main")

    with pytest.raises(TypeError, match="auto_commit"):
        spec.provide_session("main", auto_commit=True)  # type: ignore[call-overload] # pyright: ignore[reportCallIssue]


def test_ten_thousand_databases_are_registered_and_found(spec: SQLSpec) -> None:
    """Nothing is opened by it, and no lookup walks through them."""
    configs = [spec.register_config(SQLiteConfig(), f"db{number}") for number in range(10_000)]

    assert spec.get_config("db9999") is configs[9999]
    assert spec.get_config("db0") is configs[0]
    assert database_of_nothing(spec, configs[5000]) == 1


def database_of_nothing(spec: SQLSpec, key: DatabaseConfig[Any, Any, Any, Any]) -> int:
    """One round trip to a database."""
    with spec.provide_session(key) as session:
        one: int = session.execute("SELECT 1").scalar()
        return one


def test_an_error_does_not_grow_with_the_number_of_databases(spec: SQLSpec) -> None:
    """Of ten thousand it names the one that was meant, or the first twenty, and travels light."""
    for number in range(10_000):
        spec.register_config(SQLiteConfig(), name=f"database_{number}")

    for typed, hint in (
        ("databse_7777", "Did you mean 'database_7777'?"),
        ("DATABASE_42", "Did you mean 'database_42'?"),
        ("elsewhere", "database_9 and 9980 more."),
    ):
        with pytest.raises(ConfigNotFoundError) as caught:
            spec.get_config(typed)
        assert str(caught.value).endswith(hint)
        assert len(pickle.dumps(caught.value)) < 2048
    with pytest.raises(AmbiguousConfigError, match="there are 10000 databases: database_0, ") as several:
        spec.get_config()
    assert len(pickle.dumps(several.value)) < 2048
