"""Adapters are found by name, imported when asked for, and each failure has its own error."""

from __future__ import annotations

import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from sqlspec.database.standalone import process_plugins
from sqlspec.errors import (
    AdapterBrokenError,
    AdapterConflictError,
    AdapterError,
    AdapterIncompatibleError,
    AdapterNotInstalledError,
)
from sqlspec.loading.manager import Plugins
from sqlspec.plugin import info
from tests.plugin.fakes import HEAD, HOOK

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.plugin.fakes import Site


def test_an_adapter_is_imported_by_the_first_who_asks(site: Site) -> None:
    """Making the manager, and listing what there is, import nothing."""
    site.adapter("alpha", version="1.2")
    plugins = Plugins()
    before = [plugin.status for plugin in plugins if plugin.name == "alpha"]
    imported_before = "fake_alpha.plugin" in sys.modules

    loaded = plugins.adapter("alpha")

    assert (before, imported_before) == (["available"], False)
    assert loaded.plugin is sys.modules["fake_alpha.plugin"]
    assert (loaded.name, loaded.distribution, loaded.version) == ("alpha", "sqlspec-alpha", "1.2")
    assert loaded.capabilities == loaded.info.capabilities
    assert plugins.adapter("alpha") is loaded


def test_an_entry_point_may_name_an_instance(site: Site) -> None:
    """Behind `module:object` stands any object with hooks."""
    site.module(
        "fake_beta.plugin",
        HEAD.replace("{name}", "beta")
        + """
class Plugin:
    ADAPTER = ADAPTER
    @hookimpl
    def sqlspec_create_connection(self, config):
        return config
plugin = Plugin()
""",
    )
    site.install("sqlspec-beta", adapters={"beta": "fake_beta.plugin:plugin"})
    plugins = Plugins()

    create = plugins.hook("sqlspec_create_connection", "beta")

    assert create is not None
    assert create(config=1, resources=None) == 1  # type: ignore[arg-type, comparison-overlap]


def test_the_config_type_is_the_one_the_adapter_declares(site: Site) -> None:
    """It is imported when it is asked for, not with the plugin."""
    site.adapter("alpha")
    plugins = Plugins()
    plugins.adapter("alpha")
    early = "fake_alpha.config" in sys.modules

    found = plugins.config_type("alpha")

    assert not early
    assert found is sys.modules["fake_alpha.config"].Config


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ("raise RuntimeError", "raised RuntimeError"),
        ("", "has no 'Config'"),
        ("Config = 3", "is no DatabaseConfig"),
        ("class Config: adapter = 'alpha'", "is no DatabaseConfig"),
    ],
)
def test_a_config_type_that_is_none_breaks_its_adapter(site: Site, config: str, said: str) -> None:
    """Whatever stands at the end of `config_type`, the error is the adapter's."""
    site.adapter("alpha")
    site.module("fake_alpha.config", config)

    with pytest.raises(AdapterBrokenError, match=said) as caught:
        Plugins().config_type("alpha")

    assert caught.value.distribution == "sqlspec-alpha"


def test_a_config_type_of_another_adapter_is_refused(site: Site) -> None:
    """A config finds its adapter by name: that name must lead back."""
    site.adapter("beta")
    site.adapter("alpha", HEAD.replace("{package}", "fake_beta") + HOOK)

    with pytest.raises(AdapterBrokenError, match="adapter = 'alpha'"):
        Plugins().config_type("alpha")


# --- not installed ------------------------------------------------------------------------------


@pytest.mark.usefixtures("site")
def test_a_missing_adapter_comes_with_the_command_that_installs_it() -> None:
    """It is an ImportError, too."""
    with pytest.raises(AdapterNotInstalledError, match=r"pip install 'sqlspec-asyncmy>=1\.0'") as caught:
        Plugins().adapter("asyncmy")

    assert isinstance(caught.value, ImportError)


def test_a_misspelled_adapter_gets_the_nearest_name(site: Site) -> None:
    """Installed ones count, and those core could install."""
    site.adapter("alpha")

    with pytest.raises(AdapterNotInstalledError, match="Did you mean 'alpha'"):
        Plugins().adapter("alhpa")


def test_an_adapter_whose_entry_point_is_gone_is_not_installed(site: Site) -> None:
    """Although its modules can still be imported."""
    info = site.adapter("asyncmy")
    (info / "entry_points.txt").unlink()

    with pytest.raises(AdapterNotInstalledError, match=r"pip install 'sqlspec-asyncmy>=1\.0'"):
        Plugins().adapter("asyncmy")


def test_refresh_finds_what_was_installed_meanwhile(site: Site) -> None:
    """Until then the index is read once."""
    plugins = Plugins()
    with pytest.raises(AdapterNotInstalledError):
        plugins.adapter("alpha")
    site.adapter("alpha")
    with pytest.raises(AdapterNotInstalledError):
        plugins.adapter("alpha")
    version = plugins.version

    plugins.refresh()

    assert plugins.adapter("alpha").name == "alpha"
    assert plugins.version != version


def test_a_strangers_broken_metadata_is_nobodys_problem(site: Site) -> None:
    """A distribution without a name, and one with nonsense for entry points."""
    site.adapter("alpha")
    nameless = site.install("sqlspec-nameless", adapters={"nameless": "nowhere"})
    (nameless / "METADATA").unlink()
    nonsense = site.install("sqlspec-nonsense")
    (nonsense / "entry_points.txt").write_bytes(b"[sqlspec.adapters\n\xff\xfe = = \n[sqlspec.adapters]\n====")

    assert Plugins().adapter("alpha").name == "alpha"


# --- conflict and compatibility -----------------------------------------------------------------


def test_two_distributions_with_one_name_are_both_named(site: Site) -> None:
    """Nobody silently wins, and nothing is imported."""
    site.adapter("alpha")
    site.install("other-alpha", "7.1", adapters={"alpha": "fake_alpha.plugin"})

    with pytest.raises(AdapterConflictError, match=r"other-alpha 7\.1 and sqlspec-alpha 1\.0.*pip uninstall"):
        Plugins().adapter("alpha")

    assert "fake_alpha.plugin" not in sys.modules


def test_a_line_written_twice_is_no_conflict(site: Site) -> None:
    """The same distribution says the same thing again."""
    info = site.adapter("alpha")
    (info / "entry_points.txt").write_text("[sqlspec.adapters]\nalpha = fake_alpha.plugin\n" * 2)

    assert Plugins().adapter("alpha").name == "alpha"


def test_an_older_copy_of_a_distribution_is_shadowed(site: Site) -> None:
    """As with its modules, the first on `sys.path` counts."""
    site.adapter("alpha", version="2.0")
    older = type(site)(site.path / "older")
    older.path.mkdir()
    older.install("sqlspec_alpha", "1.0", adapters={"alpha": "fake_alpha.plugin"})
    sys.path.append(str(older.path))

    try:
        assert Plugins().adapter("alpha").version == "2.0"
    finally:
        sys.path.remove(str(older.path))


@pytest.mark.parametrize(
    ("api", "fix"),
    [
        (info.API_LEVEL + 1, "Run: pip install 'sqlspec-alpha<1.0', or install a newer sqlspec"),
        (0, "pip install --upgrade sqlspec-alpha"),
        (-1, "pip install --upgrade sqlspec-alpha"),
    ],
)
def test_another_api_level_is_refused_with_the_upgrade_to_make(site: Site, api: int, fix: str) -> None:
    """Too new: core must follow. Too old: the adapter."""
    site.adapter("alpha", HEAD.replace(", config_type", f", api={api}, config_type") + HOOK)

    with pytest.raises(AdapterIncompatibleError, match=fix) as caught:
        Plugins().adapter("alpha")

    assert caught.value.distribution == "sqlspec-alpha"


def test_an_adapter_that_names_no_level_was_written_for_the_first() -> None:
    """Not for the level of the core that it finds: a later core must see that it is too old."""
    source = Path(info.__file__).read_text("utf-8")
    later = source.replace(f"API_LEVEL = {info.API_LEVEL}\n", "API_LEVEL = 3\n")
    core: dict[str, Any] = {"__name__": info.__name__}
    exec(compile(later, info.__file__, "exec"), core)  # noqa: S102 - our own text

    written = core["AdapterInfo"](name="alpha", config_type="alpha:Config")

    assert core["SUPPORTED_API_LEVELS"] == {2, 3}
    assert written.api == 1


def test_the_level_before_is_accepted(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Core of level 2 takes adapters of 1 and 2."""
    monkeypatch.setattr("sqlspec.loading.check.SUPPORTED_API_LEVELS", frozenset({1, 2}))
    monkeypatch.setattr("sqlspec.loading.check.API_LEVEL", 2)
    site.adapter("alpha", HEAD.replace(", config_type", ", api=1, config_type") + HOOK)
    site.adapter("beta", HEAD.replace(", config_type", ", api=3, config_type") + HOOK)

    assert Plugins().adapter("alpha").info.api == 1
    with pytest.raises(AdapterIncompatibleError, match="speaks adapter API 3, this sqlspec 1 and 2"):
        Plugins().adapter("beta")


# --- in this process, and from many threads -----------------------------------------------------


def test_an_adapter_of_this_process_is_registered_by_hand(site: Site) -> None:
    """No distribution, the same checks."""
    site.module("fake_own", HEAD.replace("{name}", "own") + HOOK)
    import fake_own  # type: ignore[import-not-found] # pyright: ignore[reportMissingImports]

    plugins = Plugins()
    before = plugins.version
    plugins.register(fake_own)

    assert plugins.adapter("own").plugin is fake_own
    assert plugins.adapter("own").distribution is None
    assert plugins.version != before


def test_a_registered_name_can_not_be_taken_again(site: Site) -> None:
    """Neither one of this process nor one that is installed."""
    site.adapter("alpha")
    site.module("fake_own", HEAD.replace("{name}", "alpha") + HOOK)
    site.module("fake_two", HEAD.replace("{name}", "two") + HOOK)
    site.module("fake_too", HEAD.replace("{name}", "two") + HOOK)
    import fake_own  # pyright: ignore[reportMissingImports]
    import fake_too  # type: ignore[import-not-found] # pyright: ignore[reportMissingImports]
    import fake_two  # type: ignore[import-not-found] # pyright: ignore[reportMissingImports]

    plugins = Plugins()
    plugins.register(fake_two)

    with pytest.raises(AdapterConflictError, match="sqlspec-alpha"):
        plugins.register(fake_own)
    with pytest.raises(AdapterConflictError):
        plugins.register(fake_too)
    assert plugins.adapter("two").plugin is fake_two


def test_an_unregistered_plugin_is_gone(site: Site) -> None:
    """And an unknown one is an error with the nearest name."""
    site.module("fake_own", HEAD.replace("{name}", "own") + HOOK)
    import fake_own  # pyright: ignore[reportMissingImports]

    plugins = Plugins()
    plugins.register(fake_own)
    plugins.unregister("own")

    with pytest.raises(AdapterError):
        plugins.adapter("own")
    plugins.register(fake_own)
    with pytest.raises(TypeError, match="Did you mean 'own'"):
        plugins.unregister("onw")


@pytest.fixture
def _hasty_threads() -> Iterator[None]:
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


@pytest.mark.usefixtures("_hasty_threads")
@pytest.mark.parametrize("attempt", range(20))
def test_eight_threads_that_ask_at_once_load_it_once(site: Site, attempt: int) -> None:
    """One import, one registration, one answer for all."""
    name = f"alpha{attempt}"
    site.module("fake_log", "imports = []")
    site.adapter(name, HEAD + HOOK + "import fake_log\nfake_log.imports.append(1)\n")
    plugins, barrier = Plugins(), threading.Barrier(8)
    found: list[object] = []

    def ask() -> None:
        barrier.wait()
        found.append(plugins.adapter(name))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(found) == 8
    assert len({id(adapter) for adapter in found}) == 1
    assert sys.modules["fake_log"].imports == [1]
    assert len(plugins._pluggy().hook.sqlspec_create_connection.get_hookimpls()) == 1
    assert plugins.version == 1


def test_configs_used_alone_share_one_manager() -> None:
    """Whoever asks."""
    assert process_plugins() is process_plugins()
