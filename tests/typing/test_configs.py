"""Configs keep their type, whatever is done with them: checked by mypy and pyright, and run."""
# pyright: strict

from __future__ import annotations

from typing import Any, Literal, assert_type

from sqlspec import DatabaseConfig, PoolStats, Secret, SourceStatus, SQLSpec
from sqlspec.adapters.mysql import AsyncMyConfig
from sqlspec.adapters.postgresql import AsyncpgConfig, PostgreSQLConfig
from sqlspec.adapters.redis import RedisConfig
from sqlspec.adapters.sqlite import SQLiteConfig


class Tenant(SQLiteConfig, frozen=True, kw_only=True):
    """A config of the application's own."""

    tenant: str = "nobody"


def test_registering_returns_the_configs_own_type() -> None:
    """So that it is a key with a type; a URL or a mapping may be any config."""
    with SQLSpec() as spec:
        assert type(assert_type(spec.register_config(Tenant(), "a"), Tenant)) is Tenant
        assert type(assert_type(spec.register_config(SQLiteConfig(), name="b"), SQLiteConfig)) is SQLiteConfig
        by_url = spec.register_config("sqlite://", "c")
        by_mapping = spec.register_config({"adapter": "sqlite"}, "c", override=True)

        assert type(assert_type(by_url, DatabaseConfig[Any, Any, Any, Any])) is SQLiteConfig
        assert type(assert_type(by_mapping, DatabaseConfig[Any, Any, Any, Any])) is SQLiteConfig


def test_looking_up_by_type_returns_that_type() -> None:
    """And by name any config."""
    with SQLSpec() as spec:
        spec.register_config(Tenant(), "a")

        assert type(assert_type(spec.get_config_by_type(Tenant), Tenant)) is Tenant
        assert type(assert_type(spec.get_config(Tenant), Tenant)) is Tenant
        assert type(assert_type(spec.get_config_by_type(SQLiteConfig), SQLiteConfig)) is Tenant
        assert type(assert_type(spec.get_config("a"), DatabaseConfig[Any, Any, Any, Any])) is Tenant
        assert assert_type(spec.config_types, frozenset[type[DatabaseConfig[Any, Any, Any, Any]]]) == {Tenant}


def test_merging_and_replacing_keep_the_type() -> None:
    """And so do the doors from data."""
    base = Tenant(pool_size=3)

    assert type(assert_type(base.merge(Tenant(tenant="me")), Tenant)) is Tenant
    assert type(assert_type(base.merge({"tenant": "me"}), Tenant)) is Tenant
    assert type(assert_type(base.replace(tenant="me"), Tenant)) is Tenant
    assert type(assert_type(Tenant.from_mapping({"tenant": "me"}), Tenant)) is Tenant
    assert type(assert_type(Tenant.from_url("sqlite://"), Tenant)) is Tenant


def test_fields_have_their_types() -> None:
    """Those of every config and the adapter's own."""
    config = SQLiteConfig()

    assert assert_type(config.pool_size, int) == 10
    assert assert_type(config.url, str | None) is None
    assert assert_type(config.journal_mode, Literal["wal", "delete", "truncate", "persist"]) == "wal"


def test_stats_are_of_one_database_or_of_all() -> None:
    """One by its key, all by name."""
    with SQLSpec() as spec:
        main = spec.register_config(SQLiteConfig(), "main")

        assert assert_type(spec.stats(), dict[str, PoolStats]) == {"main": spec.stats("main")}
        assert type(assert_type(spec.stats(main), PoolStats)) is PoolStats


def test_a_password_may_be_a_text() -> None:
    """It is a Secret afterwards."""
    for config in (
        PostgreSQLConfig(password="x"),
        AsyncpgConfig(password=Secret("x")),
        AsyncMyConfig(password=Secret(lambda: "x")),
        RedisConfig(url="redis://localhost").replace(password="x"),
        RedisConfig().merge(RedisConfig(password="x")),
    ):
        assert isinstance(config.password, Secret)
        assert assert_type(config.reveal_password(), str | None) == "x"
    assert PostgreSQLConfig(password=None).password is None


def test_a_source_says_how_it_is_doing() -> None:
    """In a struct whose fields have types."""
    with SQLSpec() as spec:
        for source in assert_type(spec.sources, tuple[SourceStatus, ...]):
            assert_type(source.state, Literal["unwatched", "current", "stale"])
        assert not spec.sources


async def discover(spec: SQLSpec) -> None:
    """What catalogues take; never run."""
    template = PostgreSQLConfig(username="shop")
    assert_type(
        spec.register_from_consul("db", template=template, token=Secret("t"), tag="primary"), list[str]
    )
    assert_type(spec.register_from_etcd("/shop/", template=template, username="u", password="p"), list[str])
    spec.watch()
    await spec.awatch()
