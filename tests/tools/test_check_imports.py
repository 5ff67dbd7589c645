"""The check of who imports whom, on small trees that break one rule each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tools import check_imports as checker

if TYPE_CHECKING:
    from pathlib import Path


def tree(root: Path, files: dict[str, str]) -> list[str]:
    """The problems of a tree with these files, but for table entries that so small a tree does not use."""
    for name in ("config", "database", "errors", "plugin", "pool", "registry", "session", "sql"):
        files.setdefault(f"sqlspec/{name}.py", "")
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return [line for line in checker.problems(root) if "is allowed but not used" not in line]


def test_downward_imports_are_fine(tmp_path: Path) -> None:
    """The direction of the house, by absolute and relative spelling, and its top door."""
    files = {
        "sqlspec/__init__.py": "from .registry import SQLSpec\nfrom sqlspec import errors\n",
        "sqlspec/registry.py": "import sqlspec.database\nfrom sqlspec.errors import X\n",
        "sqlspec/pool.py": "from . import sql\nfrom .plugin import hooks\n",
    }

    assert tree(tmp_path, files) == []


@pytest.mark.parametrize(
    "line",
    [
        "import sqlspec.registry",
        "from sqlspec.registry import SQLSpec",
        "from .registry import SQLSpec",
        "from . import registry",
        "from sqlspec import registry",
        "from sqlspec import SQLSpec",
        "def f():\n    from .registry import SQLSpec",
        "class A:\n    async def f(self):\n        import sqlspec.registry",
        "try:\n    import sqlspec.registry\nfinally: ...",
    ],
)
def test_an_upward_import_is_found_in_every_spelling(line: str, tmp_path: Path) -> None:
    """Wherever it stands, in a function too."""
    (problem,) = tree(tmp_path, {"sqlspec/__init__.py": "", "sqlspec/pool.py": line})

    assert problem.startswith("sqlspec/pool.py:")
    assert "stands above it" in problem


def test_imports_for_types_go_anywhere_in_core(tmp_path: Path) -> None:
    """They bind nothing at run time; what stands in the else branch does."""
    typed = "if TYPE_CHECKING:\n    from .registry import SQLSpec\n"

    assert tree(tmp_path, {"sqlspec/pool.py": typed}) == []
    assert tree(tmp_path, {"sqlspec/pool.py": typed + "else:\n    import sqlspec.registry\n"})


def test_the_table_lets_only_functions_go_up(tmp_path: Path) -> None:
    """At module level the import it names is refused like any other."""
    lazy = "def f():\n    from sqlspec.database import standalone\n"

    assert tree(tmp_path, {"sqlspec/config.py": lazy}) == []
    assert tree(tmp_path, {"sqlspec/config.py": "from sqlspec.database import standalone\n"})


def test_an_entry_of_the_table_that_nothing_uses_is_told(tmp_path: Path) -> None:
    """So that the table stays as small as the truth."""
    (tmp_path / "sqlspec").mkdir()

    assert checker.problems(tmp_path) == [
        "tools/check_imports.py: config -> database is allowed but not used",
    ]


@pytest.mark.parametrize("line", ["import sqlite3", "def f():\n    from asyncpg import connect"])
def test_core_imports_no_driver(line: str, tmp_path: Path) -> None:
    """Not even in a function."""
    (problem,) = tree(tmp_path, {"sqlspec/pool.py": line})

    assert "core imports the driver" in problem


def test_only_the_fronts_name_an_adapter(tmp_path: Path) -> None:
    """For types neither."""
    line = "if TYPE_CHECKING:\n    from sqlspec_sqlite import SQLiteConfig\n"

    assert tree(tmp_path, {"sqlspec/adapters/sqlite.py": line}) == []
    assert tree(tmp_path, {"sqlspec/pool.py": line}) == [
        "sqlspec/pool.py:2: core names the adapter sqlspec_sqlite"
    ]


def test_a_circle_on_one_level_is_refused(tmp_path: Path) -> None:
    """Neighbours may import each other one way only."""
    files = {"sqlspec/sql.py": "import sqlspec.config\n", "sqlspec/config.py": "import sqlspec.sql\n"}

    (problem,) = tree(tmp_path, files)

    assert "in a circle" in problem


def test_a_unit_without_a_level_is_told(tmp_path: Path) -> None:
    """A new folder gets its place in the table first."""
    assert tree(tmp_path, {"sqlspec/news/x.py": ""}) == [
        "sqlspec/news/x.py: 'news' has no place in tools/check_imports.py"
    ]


@pytest.mark.parametrize("module", ["sqlspec", "sqlspec.plugin", "sqlspec.errors"])
def test_an_adapter_uses_the_doors(module: str, tmp_path: Path) -> None:
    """The three public ones."""
    file = "adapters/sqlspec-x/src/sqlspec_x/plugin.py"

    assert tree(tmp_path, {file: f"from {module} import A\nfrom .config import B\nimport sqlite3\n"}) == []


def test_an_adapter_has_no_private_door(tmp_path: Path) -> None:
    """Whatever lies behind a door is refused, for types too."""
    file = "adapters/sqlspec-x/src/sqlspec_x/plugin.py"

    assert tree(tmp_path, {file: "if TYPE_CHECKING:\n    from sqlspec.pool import Pool\n"}) == [
        f"{file}:2: sqlspec.pool is not public"
    ]
