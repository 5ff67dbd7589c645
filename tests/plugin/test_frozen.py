"""Frozen applications: the modules of an adapter are there, and the metadata of its distribution is not."""

from __future__ import annotations

import re
import subprocess
import sys
import sysconfig
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import sqlspec
from sqlspec import SQLSpec
from sqlspec.adapters import postgresql
from sqlspec.adapters._known import EXTRAS
from sqlspec.errors import AdapterBrokenError, AdapterConflictError, AdapterNotInstalledError
from sqlspec.loading.manager import Plugins
from tests.plugin.fakes import ADAPTER

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.plugin.fakes import Site

SQLITE = """
from sqlspec import SQLSpec
from sqlspec_sqlite import SQLiteConfig
spec = SQLSpec()
{lines}
spec.register_config({config}, "db")
with spec.provide_session("db") as session:
    print("answer", session.execute("SELECT ? * 6", (7,)).scalar())
spec.close()
"""
KEYS: list[tuple[str, Callable[[SQLSpec], object]]] = [
    ("config", lambda spec: spec.register_config(_imported_config()).provide_session().__enter__()),
    ("name", lambda spec: spec.plugins.adapter("thawed")),
    ("mapping", lambda spec: spec.register_config({"adapter": "thawed"})),
    ("scheme", lambda spec: spec.register_config("thawed://localhost")),
    ("scheme with adapter", lambda spec: spec.register_config("mydb+thawed://localhost")),
]


def _imported_config() -> Any:
    return import_module("fake_thawed.config").Config()


@pytest.fixture
def without_metadata(tmp_path: Path) -> Path:
    """A folder with the packages of this environment, as an archive of an application might hold them."""
    folder = tmp_path / "packages"
    folder.mkdir()
    site = Path(sysconfig.get_path("purelib"))
    found = [path for path in site.iterdir() if path.suffix not in {".dist-info", ".pth"}]
    core = Path(sqlspec.__file__).parent
    ours = [core, *core.parent.glob("adapters/*/src/sqlspec_*")]
    for path in (*found, *ours):
        if not (folder / path.name).exists():
            (folder / path.name).symlink_to(path)
    return folder


def run(code: str, folder: Path) -> str:
    """What a process says that sees that folder alone; the last line, if it fails."""
    first = f"import sys; sys.path.insert(0, {str(folder)!r})\n"
    command = [sys.executable, "-S", "-E", "-c", first + code]
    done = subprocess.run(command, cwd="/", check=False, capture_output=True, text=True)
    return done.stdout.strip() or done.stderr.strip().splitlines()[-1]


@pytest.mark.parametrize("config", ["SQLiteConfig()", "'sqlite://'", "{'adapter': 'sqlite'}"])
def test_the_lines_that_the_error_gives_are_those_that_work(config: str, without_metadata: Path) -> None:
    """They are written as they are; and no pip command, which a frozen application could not run."""
    error = run(SQLITE.format(config=config, lines=""), without_metadata)
    found = re.search(r"or write: (import \S+; \S+)$", error)

    assert error.startswith("sqlspec.errors.AdapterNotInstalledError: ")
    assert "pip" not in error
    assert found is not None
    assert run(SQLITE.format(config=config, lines=found[1]), without_metadata) == "answer 42"


@pytest.mark.parametrize(
    ("adapter", "scheme"),
    [
        ("asyncmy", "mysql"),
        ("asyncmy", "mariadb"),
        ("asyncpg", "asyncpg"),
        ("asyncpg", "postgresql+asyncpg"),
        ("duckdb", "duckdb"),
        ("psycopg", "postgresql"),
        ("psycopg", "postgres"),
        ("redis", "redis"),
        ("redis", "rediss"),
        ("sqlite", "sqlite"),
    ],
)
def test_an_adapter_that_was_registered_by_hand_has_its_schemes(
    adapter: str, scheme: str, without_metadata: Path
) -> None:
    """The word that core knows, too, not only its name; and nothing is imported that is not there."""
    code = (
        f"from sqlspec import SQLSpec; import sqlspec_{adapter}.plugin as plugin\n"
        f"spec = SQLSpec(); spec.plugins.register(plugin)\n"
        f"print(spec.register_config('{scheme}://').adapter)"
    )

    assert run(code, without_metadata) == adapter


@pytest.mark.parametrize("ask", [ask for _, ask in KEYS], ids=[name for name, _ in KEYS])
def test_the_adapter_of_another_author_gets_the_same_advice(site: Site, ask: Any) -> None:
    """Whoever imported its config has its package."""
    info = site.adapter("thawed")
    (info / "entry_points.txt").unlink()
    _imported_config()

    with SQLSpec() as spec, pytest.raises(AdapterNotInstalledError) as caught:
        ask(spec)

    assert str(caught.value).endswith(
        "or write: import fake_thawed.plugin; spec.plugins.register(fake_thawed.plugin)"
    )
    plugin = import_module("fake_thawed.plugin")
    spec.plugins.register(plugin)
    assert spec.plugins.adapter("thawed").plugin is plugin


def test_a_plugin_module_of_another_name_is_not_guessed(site: Site) -> None:
    """Then the advice names the method alone."""
    info = site.adapter("thawed")
    (info / "entry_points.txt").unlink()
    (site.path / "fake_thawed" / "plugin.py").unlink()
    _imported_config()

    with pytest.raises(AdapterNotInstalledError, match=r"or write: spec\.plugins\.register\(…\) with"):
        Plugins().adapter("thawed")


@pytest.mark.usefixtures("site")
@pytest.mark.parametrize("adapter", sorted(EXTRAS - {"sqlite"}))
def test_a_frozen_application_without_the_adapter_is_to_be_built_again(
    adapter: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command is for where that is done; only the bundlers' mark tells."""
    with pytest.raises(AdapterNotInstalledError, match=r"not installed\. Run: pip"):
        Plugins().adapter(adapter)
    monkeypatch.setattr(sys, "frozen", True, raising=False)

    with pytest.raises(AdapterNotInstalledError) as caught:
        Plugins().adapter(adapter)

    assert f"Where the application is built, run: pip install 'sqlspec-{adapter}>=1.0'. And" in str(
        caught.value
    )


@pytest.mark.usefixtures("site")
def test_a_front_without_its_adapter_says_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bundlers do not see what a front imports."""
    monkeypatch.setattr(sys, "frozen", True, raising=False)

    with pytest.raises(AdapterNotInstalledError, match="not in this frozen application") as caught:
        _ = postgresql.PsycopgConfig

    assert "import sqlspec_psycopg.plugin; spec.plugins.register(sqlspec_psycopg.plugin)" in str(caught.value)


def test_a_part_that_was_left_out_is_installed_where_it_is_built(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The metadata was packed, a module that it names was not."""
    site.install("sqlspec-alpha", adapters={"alpha": "fake_alpha.plugin"})
    monkeypatch.setattr(sys, "frozen", True, raising=False)

    with pytest.raises(AdapterBrokenError, match="Where the application is built, run: pip"):
        Plugins().adapter("alpha")


@pytest.mark.parametrize("asked_before", [False, True])
def test_the_same_lines_do_no_harm_where_the_adapter_is_installed(site: Site, *, asked_before: bool) -> None:
    """An application is tried before it is frozen; and its lines may run twice."""
    site.adapter("alpha")
    plugins = Plugins()
    if asked_before:
        plugins.adapter("alpha")
    plugin = import_module("fake_alpha.plugin")

    plugins.register(plugin)
    plugins.register(plugin)

    assert plugins.adapter("alpha").plugin is plugin
    assert plugins.adapter("alpha").distribution == "sqlspec-alpha"


def test_a_second_claimant_is_still_a_conflict(site: Site) -> None:
    """Who registers one of the two has not said what becomes of the other."""
    site.adapter("alpha")
    site.module("other.plugin", ADAPTER.format(name="alpha", package="other"))
    site.install("other-alpha", adapters={"alpha": "other.plugin"})
    plugin = import_module("fake_alpha.plugin")

    with pytest.raises(AdapterConflictError, match="other-alpha"):
        Plugins().register(plugin)
