"""What is built is what a user gets: look into the wheels, install them as a new user would, and use them.

    python tools/check_wheels.py dist

Every wheel holds one package with its `py.typed` and its licence, and none but core's a path under
`sqlspec/`. All of them are installed by path into a fresh environment, where `sqlspec` must not come from an
index (the name belongs to another project there). Then a database answers, without a warning, the command
line comes from an empty folder to an answer, and `tests/typing` passes mypy and pyright against the installed
files. Then the adapter of docs/plugins.md is built and installed beside them, passes the whole test kit, and
mypy and pyright; and so is what the kit's scaffold writes. At last the README's command that installs from
the folder runs in another environment, and must bring our core.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
import venv
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING
from zipfile import ZipFile

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

ROOT = Path(__file__).parents[1]
CHECKERS = ("mypy>=1.15", "pyright[nodejs]>=1.1.400", "ruff>=0.12")
SCAFFOLDS = {"one-db": (), "other-db": ("--async",), "notes": ("--no-sql",), "later": ("--async", "--no-sql")}
"""A new adapter of each kind, and what the scaffold is told."""
FRAMEWORKS = ("fastapi", "flask", "httpx2", "litestar")
"""What `tests/typing` uses besides ours."""
COMMAND_LINE = ("click>=8.2", "rich>=13.7")
"""What the extra `cli` brings."""
PYTEST = """
[pytest]
asyncio_mode = auto
asyncio_default_fixture_loop_scope = function
filterwarnings = error
"""
# Run inside the fresh environment, away from the repository.
SMOKE = """
import json, sys
from importlib.metadata import distribution
from pathlib import Path

import sqlspec
from sqlspec.adapters.sqlite import SQLiteConfig

for name in sys.argv[1:]:
    origin = json.loads(distribution(name).read_text("direct_url.json") or "{}").get("url", "an index")
    assert origin.startswith("file:") and origin.endswith(".whl"), f"{name} comes from {origin}"
assert Path(sqlspec.__file__).is_relative_to(sys.prefix), sqlspec.__file__

spec = sqlspec.SQLSpec()
spec.register_config(SQLiteConfig(url="sqlite:///:memory:"), name="one")
spec.register_config("sqlite:///:memory:", name="two")
for name in ("one", "two"):
    with spec.provide_session(name) as session:
        assert session.execute("SELECT ? + ?", (40, 2)).scalar() == 42
spec.close()
"""
# Run in the folder where `sqlspec init` has written its file.
SERVES = """
from sqlspec import SQLSpec

with SQLSpec.from_file("sqlspec.toml") as spec, spec.provide_session() as session:
    assert session.execute("SELECT 1").scalar() == 1
"""


def projects(root: Path) -> dict[str, Path]:
    """Distribution name -> the folder of its pyproject.toml, for all of the workspace."""
    folders = [root, *sorted(root.glob("adapters/*")), root / "testkit"]
    return {
        tomllib.loads((folder / "pyproject.toml").read_text("utf-8"))["project"]["name"]: folder
        for folder in folders
    }


def content_problems(wheel: Path) -> Iterator[str]:
    """What is wrong inside one wheel, a line each."""
    package = wheel.name.split("-")[0]
    names = ZipFile(wheel).namelist()
    tops = {name.split("/")[0] for name in names if not name.split("/")[0].endswith(".dist-info")}
    if tops != {package}:
        yield f"{wheel.name}: holds {', '.join(sorted(tops))}; its one package is {package}"
    if f"{package}/py.typed" not in names:
        yield f"{wheel.name}: no py.typed, so type checkers would not look into it"
    if not any(name.endswith("/licenses/LICENSE") for name in names):
        yield f"{wheel.name}: no licence"


def set_problems(dist: Path, names: Iterable[str]) -> Iterator[str]:
    """Whether there is one wheel and one source archive for each distribution, and no other."""
    for suffix in (".whl", ".tar.gz"):
        built = sorted(path.name.split("-")[0] for path in dist.glob(f"*{suffix}"))
        wanted = sorted(name.replace("-", "_") for name in names)
        if built != wanted:
            yield f"{dist}/*{suffix}: {', '.join(built) or 'nothing'}; the workspace is {', '.join(wanted)}"


class Installation:
    """A fresh environment in a folder of its own."""

    def __init__(self, home: Path) -> None:
        self.home, self.bin = home, home / "venv" / "bin"
        venv.create(home / "venv", with_pip=True, symlinks=True)
        inherited = {
            name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "VIRTUAL_ENV"}
        }
        self.environment = inherited | {"PATH": f"{self.bin}{os.pathsep}{os.environ['PATH']}"}

    def run(self, *command: str, folder: Path | None = None) -> None:
        """Run a program of the environment; raises CalledProcessError if it fails."""
        program = str(self.bin / command[0])
        subprocess.run([program, *command[1:]], cwd=folder or self.home, env=self.environment, check=True)


def try_out(wheels: list[Path], names: list[str], home: Path) -> None:
    """Install and use the wheels; raises CalledProcessError where it fails."""
    installed = Installation(home)
    installed.run(
        "python", "-m", "pip", "install", "--quiet", *map(str, wheels), *CHECKERS, *FRAMEWORKS, *COMMAND_LINE
    )
    installed.run("python", "-m", "pip", "check")
    installed.run("python", "-I", "-W", "error", "-c", SMOKE, *names)
    try_out_the_command_line(installed, home / "empty folder")
    if (ROOT / "tests" / "typing").is_dir():
        shutil.copytree(ROOT / "tests" / "typing", home / "typing")
        installed.run("mypy", "--strict", "typing")
        installed.run("pyright", "typing")
    try_out_the_guide(installed, home / "guide", home / "tests")
    try_out_the_scaffold(installed, home / "scaffold")


def try_out_the_command_line(installed: Installation, folder: Path) -> None:
    """From an empty folder to an answer; and what the command wrote serves Python unchanged."""
    for number, words in enumerate(((), ("--adapter", "sqlite"))):
        place = folder / str(number)
        place.mkdir(parents=True)
        installed.run("sqlspec", "init", *words, folder=place)
        installed.run("sqlspec", "doctor", folder=place)
        installed.run("sqlspec", "query", "main", "SELECT 1", folder=place)
        installed.run("python", "-I", "-W", "error", "-c", SERVES, folder=place)


def try_out_the_guide(installed: Installation, source: Path, tests: Path) -> None:
    """What docs/plugins.md teaches, as a distribution of its own; its tests run away from its source."""
    installed.run("python", str(ROOT / "tools" / "guide_package.py"), str(source))
    pip = ("python", "-m", "pip")
    installed.run(*pip, "wheel", "--quiet", "--no-deps", "--wheel-dir", "wheels", str(source))
    installed.run(*pip, "install", "--quiet", "--no-index", "--find-links", "wheels", "sqlspec-tiny")
    installed.run("mypy", "--strict", ".", folder=source)
    installed.run("pyright", ".", folder=source)
    tests.mkdir()
    (source / "test_tiny.py").rename(tests / "test_tiny.py")
    (tests / "pytest.ini").write_text(PYTEST, encoding="utf-8")
    installed.run("pytest", "-q", "-rs", folder=tests)


def try_out_the_scaffold(installed: Installation, folder: Path) -> None:
    """A new adapter of each kind, as its author has it after a minute: built, checked, tested elsewhere."""
    folder.mkdir()
    pip = ("python", "-m", "pip")
    for name, options in SCAFFOLDS.items():
        installed.run("python", "-I", "-m", "sqlspec_testkit.scaffold", name, *options, folder=folder)
        source, tests = folder / f"sqlspec-{name}", folder / f"tests of {name}"
        installed.run(*pip, "wheel", "--quiet", "--no-deps", "--wheel-dir", "wheels", str(source))
        installed.run(*pip, "install", "--quiet", "--no-index", "--find-links", "wheels", f"sqlspec-{name}")
        for checker in (("mypy",), ("pyright",), ("ruff", "check"), ("ruff", "format", "--check")):
            installed.run(*checker, folder=source)
        tests.mkdir()
        shutil.move(source / "tests", tests / "tests")
        shutil.copy(source / "pyproject.toml", tests)
        installed.run("pytest", "-q", folder=tests)


def command_of_the_readme(readme: str) -> list[str]:
    """The words after `$ pip` of its command that installs from the folder of wheels."""
    (command,) = re.findall(r"^\$ pip (install --find-links dist .+)$", readme, re.MULTILINE)
    return shlex.split(command)


def try_the_readme(dist: Path, home: Path) -> None:
    """Run that command; raises CalledProcessError if it fails, or brings another project's `sqlspec`."""
    installed = Installation(home)
    (home / "dist").symlink_to(dist, target_is_directory=True)
    words = [
        found
        for word in command_of_the_readme((ROOT / "README.md").read_text("utf-8"))
        for found in (sorted(map(str, home.glob(word))) if "*" in word else [word])
    ]
    installed.run("python", "-m", "pip", *words, "--quiet")
    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    code = f"import sqlspec.plugin, importlib.metadata as m; assert m.version('sqlspec') == {version!r}"
    installed.run("python", "-I", "-c", code)


def main() -> int:
    """Exit 0 if the wheels are good, else 1."""
    dist = Path(sys.argv[1]).resolve()
    wheels, names = sorted(dist.glob("*.whl")), sorted(projects(ROOT))
    found = [
        *set_problems(dist, names),
        *(problem for wheel in wheels for problem in content_problems(wheel)),
    ]
    sys.stderr.writelines(f"{problem}\n" for problem in found)
    if found:
        return 1
    try:
        with TemporaryDirectory() as home:
            try_out(wheels, names, Path(home))
        with TemporaryDirectory() as home:
            try_the_readme(dist, Path(home))
    except subprocess.CalledProcessError as error:  # the program has said why
        sys.stderr.write(f"failed: {' '.join(error.cmd[:2])} …\n")
        return 1
    sys.stdout.write(f"{len(wheels)} wheels are good\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
