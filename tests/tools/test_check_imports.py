"""The check of who imports whom, on small trees that break one rule each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tools import check_imports as checker

if TYPE_CHECKING:
    from pathlib import Path


def tree(root: Path, files: dict[str, str]) -> list[str]:
    """The problems of a tree with these files."""
    for name in ("config", "database", "errors", "plugin", "pool", "registry", "session", "sql"):
        files.setdefault(f"sqlspec/{name}.py", "")
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return checker.problems(root)


def test_downward_imports_are_fine(tmp_path: Path) -> None:
    """The direction of the house, by absolute and relative spelling, and its top door."""
    files = {
        "sqlspec/__init__.py": "from .registry import SQLSpec\nfrom sqlspec import errors\n",
        "sqlspec/registry/__init__.py": "import sqlspec.database\nfrom sqlspec.errors import X\n",
        "sqlspec/pool.py": "from . import sql\nfrom .errors import X\n",
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
    assert "does not stand below it" in problem


def test_an_import_for_types_counts_like_any_other(tmp_path: Path) -> None:
    """To read the one, one must know the other."""
    typed = "if TYPE_CHECKING:\n    from .registry import SQLSpec\n"

    (problem,) = tree(tmp_path, {"sqlspec/pool.py": typed})

    assert problem == "sqlspec/pool.py:2: pool imports sqlspec.registry, which does not stand below it"


def test_what_may_go_up_is_written_down(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An entry of the table that nothing uses is told, so that the table stays as small as the truth."""
    monkeypatch.setattr(checker, "UPWARD", {("config", "database"): "a reason"})
    line = "from sqlspec.database import standalone\n"

    assert tree(tmp_path, {"sqlspec/config.py": line}) == []
    assert tree(tmp_path, {"sqlspec/config.py": ""}) == [
        "tools/check_imports.py: config -> database is allowed but not used"
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


def test_rooms_on_one_floor_do_not_import_each_other(tmp_path: Path) -> None:
    """So that no circle can close."""
    assert tree(tmp_path, {"sqlspec/sql.py": "import sqlspec.config\n"}) == [
        "sqlspec/sql.py:1: sql imports sqlspec.config, which does not stand below it"
    ]


def test_what_is_built_like_an_application_uses_the_doors_of_applications(tmp_path: Path) -> None:
    """And its own modules; whatever stands below it for core is private to it."""
    fine = "from sqlspec import SQLSpec\nfrom sqlspec.errors import X\nfrom .pages import Y\n"
    files = {"sqlspec/integrations/asgi.py": fine, "sqlspec/integrations/pages.py": ""}
    assert tree(tmp_path, files) == []

    (problem,) = tree(tmp_path, {"sqlspec/integrations/pages.py": "from sqlspec.pool import Pool\n"})

    assert problem.endswith(":1: integrations imports sqlspec.pool, which is no door for applications")


def test_a_room_without_a_floor_is_told(tmp_path: Path) -> None:
    """A new folder gets its place in the table first."""
    assert tree(tmp_path, {"sqlspec/news/x.py": ""}) == [
        "sqlspec/news/x.py: 'news' has no place in tools/check_imports.py"
    ]


@pytest.mark.parametrize("module", sorted(checker.PUBLIC))
def test_an_adapter_uses_the_doors(module: str, tmp_path: Path) -> None:
    """The public ones."""
    file = "adapters/sqlspec-x/src/sqlspec_x/plugin.py"

    assert tree(tmp_path, {file: f"from {module} import A\nfrom .config import B\nimport sqlite3\n"}) == []


def test_an_adapter_has_no_private_door(tmp_path: Path) -> None:
    """Whatever lies behind a door is refused, for types too."""
    file = "adapters/sqlspec-x/src/sqlspec_x/plugin.py"

    assert tree(tmp_path, {file: "if TYPE_CHECKING:\n    from sqlspec.pool import Pool\n"}) == [
        f"{file}:2: sqlspec.pool is not public"
    ]


def test_the_modules_of_an_adapter_import_in_one_direction(tmp_path: Path) -> None:
    """A circle is found whoever closes it, for types too."""
    folder = "adapters/sqlspec-x/src/sqlspec_x"
    files = {
        f"{folder}/__init__.py": "from .connection import C\n",
        f"{folder}/connection.py": "from .cursor import A\n",
        f"{folder}/cursor.py": "from .values import V\nif TYPE_CHECKING:\n    from .connection import C\n",
        f"{folder}/values.py": "",
    }

    (problem,) = tree(tmp_path, files)

    assert problem.endswith("imports in a circle: sqlspec_x.connection, sqlspec_x.cursor")
