"""The fronts in `sqlspec.adapters`: an adapter's config, or how to get the adapter."""

from __future__ import annotations

import ast
import sys
import tomllib
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sqlspec.errors import AdapterBrokenError, AdapterNotInstalledError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

ROOT = Path(__file__).parents[2]
SIGNPOSTS = {"postgres": "postgresql", "mariadb": "mysql"}
FRONTS = sorted(
    path
    for path in (ROOT / "sqlspec" / "adapters").glob("*.py")
    if not path.name.startswith("_") and path.stem not in SIGNPOSTS
)


def for_checkers(front: Path) -> dict[str, str]:
    """Config -> adapter, as a type checker reads the front's imports."""
    imports = [
        node for node in ast.walk(ast.parse(front.read_text("utf-8"))) if isinstance(node, ast.ImportFrom)
    ]
    return {
        alias.name: node.module.removeprefix("sqlspec_")
        for node in imports
        if node.module and node.module.startswith("sqlspec_")
        for alias in node.names
    }


def at_run_time(front: Path) -> dict[str, str]:
    """Config -> adapter, as the front's `__getattr__` has it."""
    (table,) = (node for node in ast.walk(ast.parse(front.read_text("utf-8"))) if isinstance(node, ast.Dict))
    pairs: dict[str, str] = ast.literal_eval(table)
    return pairs


def load(front: Path) -> ModuleType:
    """The front as a module."""
    return import_module(f"sqlspec.adapters.{front.stem}")


ALL = {config: (front, adapter) for front in FRONTS for config, adapter in for_checkers(front).items()}


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The file of a package `sqlspec_asyncpg` that is found before any other."""
    package = tmp_path / "sqlspec_asyncpg"
    package.mkdir()
    monkeypatch.delitem(sys.modules, package.name, raising=False)
    monkeypatch.syspath_prepend(tmp_path)
    yield package / "__init__.py"
    sys.modules.pop(package.name, None)


@pytest.mark.parametrize("front", FRONTS, ids=lambda path: path.stem)
def test_checkers_and_run_time_see_the_same(front: Path) -> None:
    """Its two tables and its `__all__` name the same configs."""
    assert for_checkers(front) == at_run_time(front)
    assert load(front).__all__ == tuple(sorted(for_checkers(front)))
    assert dir(load(front)) == sorted(for_checkers(front))


def test_every_adapter_has_an_extra_and_a_front() -> None:
    """The fronts, the extras and the workspace agree."""
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
    adapters = {adapter for _, adapter in ALL.values()}

    assert adapters == {name for name, needs in extras.items() if needs == [f"sqlspec-{name}>=1.0"]} - {
        "testkit"
    }
    assert adapters >= {
        folder.name.removeprefix("sqlspec-") for folder in (ROOT / "adapters").glob("sqlspec-*")
    }


@pytest.mark.parametrize("config", ALL)
def test_a_missing_adapter_says_the_command(config: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error is an ImportError too, and names the distribution."""
    front, adapter = ALL[config]
    monkeypatch.setitem(sys.modules, f"sqlspec_{adapter}", None)

    with pytest.raises(AdapterNotInstalledError) as caught:
        getattr(load(front), config)

    assert str(caught.value).endswith(f"pip install 'sqlspec-{adapter}>=1.0'")
    assert isinstance(caught.value, ImportError)
    assert caught.value.__suppress_context__  # "No module named 'sqlspec_x'" would only distract
    assert (caught.value.adapter, caught.value.distribution) == (adapter, f"sqlspec-{adapter}")


def test_an_installed_adapter_is_imported_when_its_config_is_named(fake: Path) -> None:
    """Not before, and what comes is the adapter's own class."""
    fake.write_text("class AsyncpgConfig: pass\n")

    front = import_module("sqlspec.adapters.postgresql")
    assert "sqlspec_asyncpg" not in sys.modules
    config = front.AsyncpgConfig

    assert config is sys.modules["sqlspec_asyncpg"].AsyncpgConfig


def test_a_missing_driver_is_not_a_missing_adapter(fake: Path) -> None:
    """The adapter is there; the error names what it lacks and chains the cause."""
    fake.write_text("import a_driver_nobody_has\n")

    with pytest.raises(AdapterBrokenError, match="it needs 'a_driver_nobody_has'") as caught:
        getattr(import_module("sqlspec.adapters.postgresql"), "AsyncpgConfig")  # noqa: B009

    assert isinstance(caught.value.__cause__, ModuleNotFoundError)


@pytest.mark.parametrize(
    "line", ["raise RuntimeError('hunter2')", "raise SystemExit(3)", "import sys.nothing"]
)
def test_an_adapter_that_fails_to_import_is_broken(line: str, fake: Path) -> None:
    """Whatever it raises is the cause, never part of the text, and the process goes on."""
    fake.write_text(line)

    with pytest.raises(AdapterBrokenError) as caught:
        getattr(import_module("sqlspec.adapters.postgresql"), "AsyncpgConfig")  # noqa: B009

    assert caught.value.__cause__ is not None
    assert "hunter2" not in str(caught.value)


def test_a_name_that_no_adapter_has_is_an_attribute_error() -> None:
    """With its nearest spelling, so that hasattr and a mistyped import behave as ever."""
    front = import_module("sqlspec.adapters.postgresql")

    assert not hasattr(front, "__wrapped__")
    with pytest.raises(AttributeError, match=r"'AsyncPgConfig'\. Did you mean 'AsyncpgConfig'\?"):
        front.AsyncPgConfig  # noqa: B018


@pytest.mark.parametrize(
    ("line", "told", "works"),
    [
        ("from sqlspec import SqlSpec", "Did you mean 'SQLSpec'?", "from sqlspec import SQLSpec"),
        (
            "from sqlspec import SqliteConfig",
            "SQLiteConfig is in sqlspec.adapters.sqlite.",
            "from sqlspec.adapters.sqlite import SQLiteConfig",
        ),
        (
            "from sqlspec.adapters import AsyncMyConfig",
            "AsyncMyConfig is in sqlspec.adapters.asyncmy.",
            "from sqlspec.adapters.asyncmy import AsyncMyConfig",
        ),
        (
            "from sqlspec.adapters.postgresql import PostgresConfig",
            "Did you mean 'PostgreSQLConfig'?",
            "from sqlspec.adapters.postgresql import PostgreSQLConfig",
        ),
        (
            "from sqlspec.adapters.asyncpg import PostgreSQLConfig",
            "PostgreSQLConfig is in sqlspec.adapters.postgresql.",
            "from sqlspec.adapters.postgresql import PostgreSQLConfig",
        ),
        (
            "from sqlspec.adapters import posgresql",
            "Did you mean 'postgresql'?",
            "from sqlspec.adapters import postgresql",
        ),
        *(
            (f"{begin}{wrong}", f"write sqlspec.adapters.{right}", f"{begin}{right}")
            for wrong, right in SIGNPOSTS.items()
            for begin in ("import sqlspec.adapters.", "from sqlspec.adapters import ")
        ),
    ],
)
def test_an_import_of_what_is_not_there_says_what_is(line: str, told: str, works: str) -> None:
    """An ImportError, because of an AttributeError's text Python would show nothing."""
    with pytest.raises(ImportError) as caught:
        exec(line, {})  # noqa: S102 - our own
    assert str(caught.value).endswith(told)

    exec(works, {})  # noqa: S102


@pytest.mark.parametrize("module", ["sqlspec", "sqlspec.adapters", "sqlspec.adapters.sqlite"])
def test_who_asks_for_a_name_without_an_import_gets_no_import_error(module: str) -> None:
    """`hasattr` and a default, as tools ask of every module."""
    assert not hasattr(import_module(module), "SqlSpec")
    assert getattr(import_module(module), "setup_module", None) is None
    with pytest.raises(AttributeError, match=f"module '{module}' has no attribute 'nothing'. "):
        getattr(import_module(module), "nothing")  # noqa: B009
