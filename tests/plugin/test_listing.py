"""`for plugin in spec.plugins`: everything there is, in which state, and why."""

from __future__ import annotations

import contextlib
import sys
from typing import TYPE_CHECKING

from sqlspec.errors import AdapterError
from sqlspec.loading.manager import Plugins
from sqlspec.plugin import AdapterInfo, hookimpl

if TYPE_CHECKING:
    from tests.plugin.fakes import Site


class Own:
    """An adapter of this process."""

    ADAPTER = AdapterInfo(name="own", config_type="nowhere:Config")

    @hookimpl
    def sqlspec_create_connection(self, config: object) -> object:
        """Its one hook."""
        return config


def test_every_plugin_is_listed_with_its_state(site: Site) -> None:
    """Nothing is imported for it; of a conflict every claimant is listed."""
    for name in ("alpha", "beta", "gamma", "delta"):
        site.adapter(name, version="1.5") if name != "beta" else site.adapter(name, "raise SystemExit")
    site.install("other-delta", "9", adapters={"delta": "fake_delta.plugin"})
    site.install("fake-otel", plugins={"otel": "fake_otel"})
    plugins = Plugins(block=["gamma"])
    plugins.register(Own())
    for name in ("alpha", "beta"):
        with contextlib.suppress(AdapterError):
            plugins.adapter(name)

    rows = [row for row in plugins if row.name in {"alpha", "beta", "gamma", "delta", "own", "otel"}]

    assert [(row.kind, row.name, row.distribution, row.version, row.status, row.api) for row in rows] == [
        ("adapter", "alpha", "sqlspec-alpha", "1.5", "loaded", 1),
        ("adapter", "beta", "sqlspec-beta", "1.0", "broken", None),
        ("adapter", "delta", "other-delta", "9", "conflict", None),
        ("adapter", "delta", "sqlspec-delta", "1.5", "conflict", None),
        ("adapter", "gamma", "sqlspec-gamma", "1.5", "blocked", None),
        ("adapter", "own", None, None, "loaded", 1),
        ("plugin", "otel", "fake-otel", "1.0", "available", None),
    ]
    errors = {row.name: row.error or "" for row in rows}
    assert "SystemExit" in errors["beta"]
    assert "other-delta 9 and sqlspec-delta 1.5" in errors["delta"]
    assert "is blocked" in errors["gamma"]
    assert not {"fake_gamma", "fake_delta", "fake_otel"}.intersection(sys.modules)


def test_a_loaded_plugin_is_listed_as_such(site: Site) -> None:
    """With the distribution it came from."""
    site.module("fake_otel", "")
    site.install("fake-otel", "3.1", plugins={"otel": "fake_otel"})

    (row,) = (row for row in Plugins(names=["otel"]) if row.name == "otel")

    assert (row.status, row.distribution, row.version, row.error) == ("loaded", "fake-otel", "3.1", None)


def test_the_config_types_are_listed_without_an_import(site: Site) -> None:
    """Where the metadata says it; of a loaded adapter, always."""
    site.install("fake", adapters={"said": "fake_said.plugin"}, configs={"said": "fake_said:SaidConfig"})
    site.install("other", adapters={"unsaid": "fake_unsaid.plugin"}, configs={"said": "elsewhere:Config"})
    plugins = Plugins()
    plugins.register(Own())

    found = {row.name: row.config_type for row in plugins if row.name in {"said", "unsaid", "own"}}

    assert found == {"said": "fake_said:SaidConfig", "unsaid": None, "own": "nowhere:Config"}
    assert "fake_said" not in sys.modules
