"""What the scaffold of the test kit writes is a good adapter; `tools/check_wheels.py` also builds it."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
import tomllib
from typing import TYPE_CHECKING

import pytest

from tests.packaging.scaffolded import KINDS, ROOT, generate, install, run

if TYPE_CHECKING:
    from pathlib import Path

DOORS = {"sqlspec", "sqlspec.plugin", "sqlspec.errors", "sqlspec.plugin.events"}
LENGTHS = ("k", "a-rather-long-name-of-an-adapter")
# Both sides of the sync adapter take half a minute; check_wheels.py has the other one, too.
PARTS = {"sync": ("-k", "not Async")}
STRICT = '{"typeCheckingMode": "strict"}'


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A distribution of each kind, and under `site` where they are installed."""
    home = tmp_path_factory.mktemp("made")
    folders = {kind: generate(home, kind, name) for kind, name in KINDS.items()}
    site = home / "site"
    for folder in folders.values():
        install(folder, site)
    return {**folders, "site": site}


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_green_on_the_kit_from_another_folder(made: dict[str, Path], tmp_path: Path, kind: str) -> None:
    """As it was written, with its own settings, away from its source; it skips nothing that it declares."""
    for name in ("tests", "pyproject.toml"):
        source = made[kind] / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, tmp_path / name)

    done = run(
        tmp_path, "pytest", "-q", "-p", "no:cacheprovider", *PARTS.get(kind, ()), path=str(made["site"])
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert " passed" in done.stdout


@pytest.mark.parametrize("kind", KINDS)
def test_the_example_of_its_readme_runs(made: dict[str, Path], tmp_path: Path, kind: str) -> None:
    """As a reader types it, in an empty folder."""
    readme = (made[kind] / "README.md").read_text("utf-8")
    (block,) = re.findall(r"^```python\n(.*?)^```$", readme, re.MULTILINE | re.DOTALL)
    for name in re.findall(r"^async def (\w+)", block, re.MULTILINE):
        block += f"\nimport asyncio\nasyncio.run({name}())\nspec.close()\n"
    (tmp_path / "example.py").write_text(block)

    done = run(tmp_path, "example", path=f"{tmp_path}:{made['site']}")

    assert done.returncode == 0, done.stderr
    assert done.stderr == ""


@pytest.mark.parametrize("kind", KINDS)
def test_mypy_accepts_it(made: dict[str, Path], kind: str) -> None:
    """By its own settings, which are strict."""
    done = run(made[kind], "mypy", path=str(made["site"]))

    assert done.returncode == 0, done.stdout


def test_pyright_accepts_all_kinds(made: dict[str, Path]) -> None:
    """With the strictness that their own settings ask for."""
    home = made["site"].parent
    (home / "pyrightconfig.json").write_text(STRICT)
    places = [str(made[kind] / part) for kind in KINDS for part in ("src", "tests")]

    done = run(home, "pyright", "--pythonpath", sys.executable, *places, path=str(made["site"]))

    assert done.returncode == 0, done.stdout
    settings = [tomllib.loads((made[kind] / "pyproject.toml").read_text("utf-8")) for kind in KINDS]
    assert {one["tool"]["pyright"]["typeCheckingMode"] for one in settings} == {"strict"}


@pytest.mark.parametrize("name", LENGTHS)
def test_ruff_accepts_it_whatever_its_name(tmp_path: Path, name: str) -> None:
    """Its lines are as long as its name lets them be."""
    for number, kind in enumerate(KINDS):
        folder = generate(tmp_path, kind, f"{name}{number}")

        for words in (("check", "--no-cache"), ("format", "--check", "--no-cache")):
            done = subprocess.run(
                [sys.executable, "-m", "ruff", *words],
                cwd=folder,
                capture_output=True,
                text=True,
                check=False,
                timeout=60,
            )
            assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("kind", KINDS)
def test_it_imports_the_doors_and_its_driver_only(made: dict[str, Path], kind: str) -> None:
    """As our own adapters; and the standard library, in which the driver is."""
    (package,) = (made[kind] / "src").iterdir()
    found: set[str] = set()
    for path in package.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.level == 0:
                found.add(str(node.module))
            elif isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names}

    others = {module for module in found if module.partition(".")[0] not in sys.stdlib_module_names}
    assert others <= DOORS
    assert "sqlspec.plugin" in others


@pytest.mark.parametrize("kind", KINDS)
def test_it_asks_for_a_core_of_ours(made: dict[str, Path], kind: str) -> None:
    """With the lower bound, since the name belongs to another project on the index; and for nothing else."""
    table = tomllib.loads((made[kind] / "pyproject.toml").read_text("utf-8"))
    ours = tomllib.loads((ROOT / "adapters/sqlspec-sqlite/pyproject.toml").read_text("utf-8"))

    assert table["project"]["dependencies"] == ["sqlspec>=1.0"]
    assert table["build-system"] == ours["build-system"]


def test_every_template_is_used() -> None:
    """No file lies there for nothing, and each is a text."""
    templates = ROOT / "testkit/src/sqlspec_testkit/scaffold/templates"

    assert {path.name for path in templates.iterdir()} == {"all", "sql", "store", *KINDS}
    assert {path.suffix for path in templates.rglob("*") if path.is_file()} == {".txt"}
