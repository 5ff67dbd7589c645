"""Sources that others write: a class that reads, registered as an object or by an opt-in plugin's name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from sqlspec.errors import (
    AdapterBrokenError,
    AdapterNotInstalledError,
    ConfigEntryError,
    ConfigSourceError,
    InvalidArgumentError,
)
from sqlspec.loading import index as plugin_index
from sqlspec.plugin import ConfigSource, hookimpl
from tests.config.fake import CANARY, NetConfig, everything_said
from tests.plugin.fakes import Site

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlspec import SQLSpec


class VaultSource(ConfigSource):
    """A source that yields what it was made of."""

    name = "vault"

    def __init__(self, **said: Any) -> None:
        self.said = said

    def read(self) -> ConfigSource.Tables:
        """The tables."""
        return ConfigSource.Tables(**self.said)


class VaultPlugin:
    """A plugin that brings it."""

    @hookimpl
    def sqlspec_config_source(self) -> ConfigSource:
        """One database."""
        return VaultSource(databases={"main": {"adapter": "net"}})


def test_a_source_is_registered_like_a_file(spec: SQLSpec) -> None:
    """With templates, profiles and a default; a text of it is what it is, whatever its signs."""
    source = VaultSource(
        databases={"main": {"extends": "base", "url": "net://h"}, "other": {"adapter": "file"}},
        templates={"base": {"pool_size": 3, "password": f"{CANARY}${{HOME}}$"}},
        profiles={"dev": {"databases": {"main": {"port": 7}}}},
        default="main",
    )

    names = spec.register_from(source, profile="dev")

    config = spec.get_config()
    assert names == ["main", "other"]
    assert isinstance(config, NetConfig)
    assert config.password is not None
    assert (config.port, config.pool_size, config.password.reveal()) == (7, 3, f"{CANARY}${{HOME}}$")


def test_variables_are_filled_in_where_the_source_says_so(
    spec: SQLSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As files do."""
    monkeypatch.setenv("SQLSPEC_TEST_HOST", "h")
    tables = {"main": {"adapter": "net", "host": "${SQLSPEC_TEST_HOST}"}}

    spec.register_from(VaultSource(databases=tables, interpolates=True))

    config = spec.get_config()
    assert isinstance(config, NetConfig)
    assert config.host == "h"


def test_a_text_is_converted_where_the_source_says_so(spec: SQLSpec) -> None:
    """Else a number is a number."""
    tables = {"main": {"adapter": "net", "pool_size": "3", "instrumentation": {"log_queries": "true"}}}

    with pytest.raises(
        ConfigSourceError, match=r"databases\.main\.pool_size: expected a whole number, got str"
    ):
        spec.register_from(VaultSource(databases=tables))
    spec.register_from(VaultSource(databases=tables, all_text=True))

    assert spec.get_config().pool_size == 3
    assert spec.get_config().instrumentation.log_queries


def test_errors_have_the_places_that_the_source_gives(spec: SQLSpec) -> None:
    """The nearest one, else the source's name; those that it found itself are told with the others."""
    source = VaultSource(
        databases={"main": {"adapter": "net", "pool_sise": CANARY, "port": CANARY}, "other": {"url": 5}},
        places={
            ("databases", "main"): "vault secret/main",
            ("databases", "main", "port"): "secret/main#port",
        },
        errors=[ConfigEntryError("is sealed", place="vault secret/third")],
        default="xyz",
    )

    with pytest.raises(ConfigSourceError) as caught:
        spec.register_from(source)

    assert str(caught.value) == (
        "5 errors:\n"
        "  vault secret/third: is sealed\n"
        "  vault secret/main: databases.main.pool_sise: unknown option. Did you mean 'pool_size'?\n"
        "  secret/main#port: databases.main.port: expected a whole number or None, got str\n"
        "  vault: databases.other.url: a url begins with its adapter's name, like sqlite:///file.db\n"
        "  vault: default: no such database here. Known: main, other."
    )
    assert not any(CANARY in text for text in everything_said(caught.value))
    assert spec.names == ()


DEEP: Any = []
DEEP.append(DEEP)


@pytest.mark.parametrize(
    ("said", "says"),
    [
        ({"databases": {5: {}}}, "vault: databases: a key is a text, not int"),
        ({"databases": {"main": {None: 1}}}, "vault: databases.main: a key is a text, not NoneType"),
        ({"databases": 5}, "vault: databases: expected a table, got int"),
        (
            {"databases": {"main": {"hosts": DEEP}}},
            "vault: databases.main.hosts: nested deeper than 16 levels",
        ),
        ({"profiles": {"dev": 5}}, "vault: profiles.dev: expected a table, got int"),
        (
            {"databases": {"main": {"adapter": 5}}},
            "vault: databases.main.adapter: adapter is a name, not int",
        ),
        ({"databases": {"main": object()}}, "vault: databases.main: expected a table, got object"),
    ],
)
def test_tables_that_are_none_are_refused(spec: SQLSpec, said: Any, says: str) -> None:
    """A source may be anybody's, and read anything."""
    with pytest.raises(ConfigSourceError) as caught:
        spec.register_from(VaultSource(**said))

    assert str(caught.value) == says


def test_what_a_source_raises_is_not_changed(spec: SQLSpec) -> None:
    """It knows best what went wrong."""

    class Sealed(VaultSource):
        def read(self) -> ConfigSource.Tables:
            raise ConnectionRefusedError

    with pytest.raises(ConnectionRefusedError):
        spec.register_from(Sealed())


@pytest.mark.parametrize("source", [5, VaultSource, {"databases": {}}])
def test_what_is_no_source_is_refused(spec: SQLSpec, source: Any) -> None:
    """With what it should be."""
    with pytest.raises(InvalidArgumentError, match=r"takes a ConfigSource or the name of a plugin"):
        spec.register_from(source)


# --- by name ----------------------------------------------------------------------------------------


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """An empty directory at the head of `sys.path`."""
    monkeypatch.syspath_prepend(tmp_path)
    found = Site(tmp_path)
    plugin_index.refresh()
    yield found
    found.forget()
    plugin_index.refresh()


def test_a_plugin_of_this_process_brings_a_source(spec: SQLSpec) -> None:
    """Under the name it was registered with."""
    spec.plugins.register(VaultPlugin(), "vault")

    assert spec.register_from("vault") == ["main"]


def test_an_installed_plugin_brings_a_source(spec: SQLSpec, site: Site) -> None:
    """It is imported when its name is asked for, and not before."""
    site.module(
        "fake_vault", "from tests.config.sources.test_own_source import VaultPlugin\nplugin = VaultPlugin()"
    )
    site.install("sqlspec-vault", plugins={"vault": "fake_vault:plugin"})
    plugin_index.refresh()

    assert [status.status for status in spec.plugins if status.name == "vault"] == ["available"]
    assert spec.register_from("vault") == ["main"]


def test_a_plugin_without_a_source_says_so(spec: SQLSpec) -> None:
    """And one that is not installed."""

    class Observer:
        @hookimpl
        def sqlspec_config_registered(self, name: str) -> None:
            """Nothing."""

    spec.plugins.register(Observer(), "observer")

    with pytest.raises(InvalidArgumentError, match="plugin 'observer' has no hook sqlspec_config_source"):
        spec.register_from("observer")
    with pytest.raises(AdapterNotInstalledError, match="no plugin 'valut' is installed"):
        spec.register_from("valut")


def test_the_hook_can_not_be_wrapped(spec: SQLSpec) -> None:
    """Its result holds credentials."""

    class Wrapper:
        @hookimpl(wrapper=True)
        def sqlspec_config_source(self) -> Iterator[None]:
            """Nothing."""
            yield

    with pytest.raises(AdapterBrokenError, match="sqlspec_config_source can not be wrapped"):
        spec.plugins.register(Wrapper(), "wrapper")
