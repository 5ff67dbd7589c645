"""A plugin that is not what it should be: whatever is wrong, the error is its own and nobody else's."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from sqlspec.errors import AdapterBrokenError
from sqlspec.loading.manager import Plugins
from tests.plugin.fakes import HEAD, HOOK

if TYPE_CHECKING:
    from tests.plugin.fakes import Site


def broken(site: Site, source: str) -> AdapterBrokenError:
    """The error of an adapter whose plugin module has this text."""
    site.adapter("alpha", source)

    with pytest.raises(AdapterBrokenError) as caught:
        Plugins().adapter("alpha")

    assert caught.value.adapter == "alpha"
    assert caught.value.distribution == "sqlspec-alpha"
    assert "sqlspec-alpha 1.0" in str(caught.value)
    return caught.value


@pytest.mark.parametrize("raised", ["RuntimeError('hunter2')", "SystemExit(3)", "BaseException('hunter2')"])
def test_whatever_a_plugin_raises_at_import_is_its_own_failure(site: Site, raised: str) -> None:
    """`SystemExit` ends nobody's process; the exception is the cause, its text is not repeated."""
    error = broken(site, f"raise {raised}")

    assert type(error.__cause__).__name__ == raised.partition("(")[0]
    assert "hunter2" not in str(error)


def test_a_keyboard_interrupt_at_import_stays_one(site: Site) -> None:
    """The user's word goes before ours, and the import is tried again."""
    site.adapter("alpha", "raise KeyboardInterrupt")
    plugins = Plugins()
    with pytest.raises(KeyboardInterrupt):
        plugins.adapter("alpha")
    site.module("fake_alpha.plugin", HEAD.replace("{name}", "alpha") + HOOK)
    sys.dont_write_bytecode, before = True, sys.dont_write_bytecode
    plugins.refresh()

    assert plugins.adapter("alpha").name == "alpha"

    sys.dont_write_bytecode = before


def test_a_missing_driver_is_named(site: Site) -> None:
    """The adapter is there, what it stands on is not."""
    error = broken(site, "import no_such_driver")

    assert "needs the module 'no_such_driver'" in str(error)
    assert "Run: pip install sqlspec-alpha" in str(error)


def test_a_broken_plugin_hurts_only_who_asks(site: Site) -> None:
    """The others load, before and after."""
    site.adapter("alpha")
    site.adapter("beta", "raise RuntimeError")
    site.adapter("gamma")
    plugins = Plugins()
    plugins.adapter("alpha")
    with pytest.raises(AdapterBrokenError):
        plugins.adapter("beta")

    assert plugins.adapter("gamma").name == "gamma"
    assert plugins.adapter("alpha").name == "alpha"


def test_a_failed_import_is_not_repeated_before_refresh(site: Site) -> None:
    """Who asks again gets the error again, with its cause, at once."""
    site.module("fake_log", "tries = []")
    site.adapter("alpha", "import fake_log\nfake_log.tries.append(1)\nraise RuntimeError")
    plugins = Plugins()
    errors: list[AdapterBrokenError] = []
    for _ in range(3):
        with pytest.raises(AdapterBrokenError) as caught:
            plugins.adapter("alpha")
        errors.append(caught.value)
    tries = len(sys.modules["fake_log"].tries)
    plugins.refresh()
    with pytest.raises(AdapterBrokenError):
        plugins.adapter("alpha")

    assert tries == 1
    assert len(sys.modules["fake_log"].tries) == 2
    assert len({str(error) for error in errors}) == 1
    assert len({id(error) for error in errors}) == 3
    assert all(isinstance(error.__cause__, RuntimeError) for error in errors)


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("", "has no ADAPTER"),
        ("ADAPTER = {'name': 'alpha'}", "has no ADAPTER"),
        (HEAD.replace("{name}", "beta") + HOOK, "is named 'beta'"),
        (HEAD, "neither sqlspec_create_connection nor sqlspec_create_async_connection"),
        (
            HEAD + "@hookimpl\ndef sqlspec_creat_connection(config): ...",
            "Did you mean 'sqlspec_create_connection'",
        ),
        (
            HEAD + HOOK + "@hookimpl\ndef create_pool(config): ...",
            "no hook create_pool.*sqlspec_create_pool",
        ),
        (
            HEAD + "@hookimpl\ndef sqlspec_create_connection(confg): ...",
            "no argument 'confg'.*Did you mean 'config'",
        ),
        (
            HEAD + "@hookimpl\ndef sqlspec_create_connection(config, resource=None): ...",
            "no argument 'resource'.*Did you mean 'resources'",
        ),
        (HEAD + "@hookimpl\ndef sqlspec_create_connection(*, config): ...", "keyword-only"),
        (HEAD + "@hookimpl\ndef sqlspec_create_connection(*config): ...", r"def sqlspec_create_connection\("),
        (HEAD + "@hookimpl\ndef sqlspec_create_connection(**config): ...", "never filled"),
        (
            HEAD + HOOK + "def sqlspec_create_pool(config): ...",
            "Write @hookimpl on the line above: def sqlspec_create_pool",
        ),
        (
            HEAD + HOOK + "from functools import partial\nsqlspec_create_pool = partial(print)",
            "sqlspec_create_pool is not marked",
        ),
        (
            HEAD + HOOK + "@hookimpl(hookwrapper=True)\ndef sqlspec_create_pool(config): yield",
            r"Write: @hookimpl\(wrapper=True\)",
        ),
        (
            HEAD + HOOK + "@hookimpl(wrapper=True)\ndef sqlspec_create_pool(config): return 3",
            "does not yield",
        ),
        (
            HEAD + HOOK + "@hookimpl(wrapper=True)\ndef sqlspec_pool_opened(name): yield",
            "can not be wrapped",
        ),
        (
            HEAD + "@hookimpl(wrapper=True)\ndef sqlspec_create_connection(config): return (yield)",
            "neither sqlspec_create_connection nor",
        ),
        (
            HEAD.replace(", config_type", ", paramstyle='qmrk', config_type") + HOOK,
            "no paramstyle 'qmrk'.*'qmark'",
        ),
        (
            HEAD.replace(", config_type", ", dialect='standart', config_type") + HOOK,
            "no dialect 'standart'.*'standard'",
        ),
    ],
)
def test_a_plugin_that_is_not_what_it_says_is_broken(site: Site, source: str, said: str) -> None:
    """Each mistake that pluggy lets pass, and each that it finds: the hook's name and what to write."""
    error = broken(site, source)

    assert pytest.raises(AdapterBrokenError, match=said).matches(error)


def test_an_override_without_the_marker_is_broken(site: Site) -> None:
    """Pluggy sees no hook in the subclass's method, and would call nobody."""
    source = """
class Base:
    ADAPTER = ADAPTER
    @hookimpl
    def sqlspec_create_connection(self, config): return config
class Mine(Base):
    def sqlspec_create_connection(self, config): return [config]
plugin = Mine()
"""
    site.module("fake_alpha.plugin", HEAD.replace("{name}", "alpha") + source)
    site.install("sqlspec-alpha", adapters={"alpha": "fake_alpha.plugin:plugin"})

    with pytest.raises(AdapterBrokenError, match="Write @hookimpl on the line above: def sqlspec_create_co"):
        Plugins().adapter("alpha")


def test_a_class_is_no_plugin(site: Site) -> None:
    """Its hooks would be called without an instance."""
    source = """
class Plugin:
    ADAPTER = ADAPTER
    @hookimpl
    def sqlspec_create_connection(self, config): return config
"""
    site.module("fake_alpha.plugin", HEAD.replace("{name}", "alpha") + source)
    site.install("sqlspec-alpha", adapters={"alpha": "fake_alpha.plugin:Plugin"})

    with pytest.raises(AdapterBrokenError, match=r"Register an instance: Plugin\(\)"):
        Plugins().adapter("alpha")


def test_private_defaults_and_optional_hooks_are_the_authors_own(site: Site) -> None:
    """A default under a private name keeps something at hand; `optionalhook` one of somebody else."""
    source = """
@hookimpl
def sqlspec_create_connection(config, _made=[]): return (config, _made)
@hookimpl(optionalhook=True)
def sqlspec_of_a_later_version(config): ...
"""
    site.adapter("alpha", HEAD + source)
    create = Plugins().hook("sqlspec_create_connection", "alpha")

    assert create is not None
    assert create(1, None) == (1, [])  # type: ignore[arg-type, comparison-overlap]
