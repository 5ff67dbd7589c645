"""A URL's scheme leads to an adapter by metadata alone."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from sqlspec.errors import (
    AdapterBlockedError,
    AdapterBrokenError,
    AdapterNotInstalledError,
    AmbiguousSchemeError,
)
from sqlspec.loading.manager import Plugins

if TYPE_CHECKING:
    from tests.plugin.fakes import Site


def test_a_scheme_may_name_its_adapter(site: Site) -> None:
    """The part after the plus decides, whoever claims the part before it."""
    site.adapter("alpha")
    site.adapter("beta", schemes=("mydb",))

    assert Plugins().adapter_for_scheme("mydb+alpha") == "alpha"


def test_an_adapters_name_is_a_scheme(site: Site) -> None:
    """Without further claims, and without importing it."""
    site.adapter("alpha")

    assert Plugins().adapter_for_scheme("alpha") == "alpha"
    assert "fake_alpha.plugin" not in sys.modules


def test_a_bare_scheme_belongs_to_its_only_claimant(site: Site) -> None:
    """A claim is an entry point with the value of the adapter's own."""
    site.adapter("alpha", schemes=("mydb", "mydbs"))

    assert Plugins().adapter_for_scheme("mydbs") == "alpha"


def test_several_claimants_are_named_with_what_to_write(site: Site) -> None:
    """One of them is not chosen by chance."""
    site.adapter("beta", schemes=("mydb",))
    site.adapter("alpha", schemes=("mydb",))

    with pytest.raises(AmbiguousSchemeError, match=r"mydb\+alpha://… or mydb\+beta://…") as caught:
        Plugins().adapter_for_scheme("mydb")

    assert caught.value.claimants == ["alpha", "beta"]


def test_a_bare_scheme_of_core_goes_to_the_preferred(site: Site) -> None:
    """The preferred one if it is there, and may be used; else the next; a stranger's claim does not count."""
    site.adapter("asyncpg", schemes=("postgresql",))
    site.adapter("alpha", schemes=("postgresql",))
    first = Plugins().adapter_for_scheme("postgresql")
    site.adapter("psycopg", schemes=("postgresql",))
    plugins = Plugins()
    plugins.refresh()

    assert first == "asyncpg"
    assert plugins.adapter_for_scheme("postgresql") == "psycopg"
    assert Plugins(block=["psycopg"]).adapter_for_scheme("postgresql") == "asyncpg"


def test_a_blocked_claimant_is_told_as_such(site: Site) -> None:
    """It is installed: a pip command would lead nowhere."""
    site.adapter("alpha", schemes=("mydb",))

    with pytest.raises(AdapterBlockedError, match="sqlspec-alpha"):
        Plugins(block=["alpha"]).adapter_for_scheme("mydb")


@pytest.mark.usefixtures("site")
@pytest.mark.parametrize(
    ("scheme", "extra"),
    [
        ("postgresql", "psycopg"),
        ("postgresql+asyncpg", "asyncpg"),
        ("mariadb", "asyncmy"),
        ("rediss", "redis"),
        ("duckdb", "duckdb"),
    ],
)
def test_a_scheme_nobody_serves_comes_with_the_command(scheme: str, extra: str) -> None:
    """Core knows which extra brings it."""
    with pytest.raises(AdapterNotInstalledError, match=rf"pip install 'sqlspec-{extra}>=1.0'"):
        Plugins(allow=[extra]).adapter_for_scheme(scheme)


@pytest.mark.usefixtures("site")
@pytest.mark.parametrize(
    ("scheme", "told"),
    [
        ("mysql+pymysql", r"Write mysql://…"),
        ("mariadb+mysqldb", r"Write mariadb://…"),
        ("sqlite+aiosqlite", r"Write sqlite://…"),
        ("postgresql+psycopg2", r"Write postgresql\+asyncpg://… or postgresql\+psycopg://…"),
        ("psql", r"Write postgresql://…"),
        ("oracle", r"needs an adapter of its own: docs/plugins\.md says how to write one"),
        ("oracle+cx_oracle", r"needs an adapter of its own: docs/plugins\.md"),
        ("mssql", r"needs an adapter of its own: docs/plugins\.md"),
        ("duckd", r"Did you mean 'duckdb'\?\Z"),
    ],
)
def test_a_scheme_with_somebody_elses_driver_says_what_to_write(scheme: str, told: str) -> None:
    """SQLAlchemy's, and those of frameworks, whether or not the adapter is there already."""
    with pytest.raises(AdapterNotInstalledError, match=told):
        Plugins().adapter_for_scheme(scheme)


def test_what_is_blocked_is_not_told_to_be_written() -> None:
    """It would be the next error."""
    with pytest.raises(AdapterNotInstalledError, match=r"Write postgresql://…$"):
        Plugins(block=["psycopg"]).adapter_for_scheme("postgresql+psycopg2")


def test_an_unknown_scheme_gets_the_nearest_spelling(site: Site) -> None:
    """Of schemes and adapters that are installed."""
    site.adapter("alpha", schemes=("mydatabase",))

    with pytest.raises(AdapterNotInstalledError, match="Did you mean 'mydatabase'"):
        Plugins().adapter_for_scheme("mydatabse")


def test_a_claim_without_an_adapter_is_a_mistake_of_its_distribution(site: Site) -> None:
    """It counts for nothing where somebody else claims the scheme."""
    site.install("sqlspec-lost", schemes={"mydb": "fake_lost.plugin", "lostdb": "fake_lost.plugin"})
    site.adapter("alpha", schemes=("mydb",))

    assert Plugins().adapter_for_scheme("mydb") == "alpha"
    with pytest.raises(AdapterBrokenError, match="sqlspec-lost"):
        Plugins().adapter_for_scheme("lostdb")


ASYNC_ONLY = """
from sqlspec.plugin import AdapterInfo, hookimpl
ADAPTER = AdapterInfo(name="{name}", config_type="{package}.config:Config")
@hookimpl
def sqlspec_create_async_connection(config): ...
"""


def test_sync_alternatives_serve_the_same_scheme_with_a_plain_with(site: Site) -> None:
    """Others do not count: async-only ones, broken ones, blocked ones, those for other databases."""
    site.adapter("alpha", ASYNC_ONLY, schemes=("mydb",))
    site.adapter("beta", ASYNC_ONLY, schemes=("mydb",))
    site.adapter("gamma", schemes=("mydb",))
    site.adapter("delta", "raise SystemExit", schemes=("mydb",))
    site.adapter("epsilon", schemes=("mydb",))
    site.adapter("stranger", schemes=("yourdb",))

    assert Plugins(block=["epsilon"]).sync_alternatives("alpha") == ["gamma"]


def test_another_database_is_not_taken_for_one_of_similar_spelling(site: Site) -> None:
    """`mssql` is no mistake for `mysql`."""
    site.adapter("alpha", schemes=("mysql",))

    with pytest.raises(AdapterNotInstalledError, match=r"Another database needs an adapter") as caught:
        Plugins().adapter_for_scheme("mssql")

    assert "Did you mean" not in str(caught.value)
