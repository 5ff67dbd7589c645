"""Every command that a page or a message shows is run: it installs what it says, or changes nothing.

The index also has another project of core's name, as the public one has. Distributions are made up for it:
with the names, versions and requirements of ours, and nothing in them.
"""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
import tomllib
import venv
from importlib.metadata import distributions
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zipfile import ZipFile

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from sqlspec.adapters._known import DISTRIBUTION, EXTRAS, distribution_of, install_command

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

ROOT = Path(__file__).parents[2]
PROJECTS = [
    tomllib.loads(path.read_text("utf-8"))["project"]
    for path in (
        ROOT / "pyproject.toml",
        *sorted(ROOT.glob("adapters/*/pyproject.toml")),
        ROOT / "testkit/pyproject.toml",
    )
]
OURS = {project["name"]: project["version"] for project in PROJECTS}
TEXTS = [
    path
    for pattern in ("*.md", "docs/*.md", "adapters/*/README.md", "testkit/README.md", "sqlspec/**/*.py")
    for path in ROOT.glob(pattern)
]
COMMAND = re.compile(r"pip (install [^`\n\"]*)")
WRITTEN = sorted(
    {
        found.partition("\\n")[0].strip()
        for path in TEXTS
        for found in COMMAND.findall(path.read_text("utf-8"))
        if "{" not in found and "dist/" not in found and "--editable" not in found
    }
)
MADE = [
    install_command(distribution_of("asyncpg"), *options).removeprefix("pip ")
    for options in (("--upgrade",), ("--force-reinstall", "--no-deps"))
]
COMMANDS = sorted({*WRITTEN, *MADE})
OTHERS = ("0.69.0", "1.5.0")


def wheel(
    folder: Path, name: str, version: str, needs: Iterable[str] = (), extras: Iterable[str] = ()
) -> None:
    """A distribution with nothing in it but its metadata."""
    stem = f"{canonicalize_name(name).replace('-', '_')}-{version}"
    lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
    lines += [f"Requires-Dist: {need}" for need in needs] + [f"Provides-Extra: {extra}" for extra in extras]
    with ZipFile(folder / f"{stem}-py3-none-any.whl", "w") as archive:
        archive.writestr(f"{stem}.dist-info/METADATA", "\n".join(lines) + "\n")
        archive.writestr(f"{stem}.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        archive.writestr(f"{stem}.dist-info/RECORD", "")


def _needs(project: dict[str, Any]) -> list[str]:
    optional = project.get("optional-dependencies", {})
    return [
        *project["dependencies"],
        *(f'{need} ; extra == "{extra}"' for extra in optional for need in optional[extra]),
    ]


def _named(command: str) -> list[Requirement]:
    """What a command names."""
    return [Requirement(word) for word in shlex.split(command)[1:] if not word.startswith("-")]


def _drivers() -> Iterator[Requirement]:
    """What our distributions, and the commands, need of other projects."""
    needs = [Requirement(need) for project in PROJECTS for need in _needs(project)]
    for command in COMMANDS:
        needs += _named(command)
    return (need for need in needs if need.name not in OURS)


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of our wheels, and of those that they need."""
    folder = tmp_path_factory.mktemp("ours")
    for project in PROJECTS:
        wheel(
            folder,
            project["name"],
            project["version"],
            _needs(project),
            project.get("optional-dependencies", ()),
        )
    floors = {need.name: "99.0" for need in _drivers() if not need.specifier}
    for need in _drivers():
        for bound in need.specifier:
            if bound.operator == ">=":
                floors[need.name] = bound.version
    for name, version in floors.items():
        wheel(folder, name, version, ['psycopg-binary ; extra == "binary"'], ["binary"])
    wheel(folder, "psycopg-binary", "3.2.11")
    return folder


@pytest.fixture(scope="module")
def theirs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with another project of core's name; its older version has extras as ours."""
    folder = tmp_path_factory.mktemp("theirs")
    for version in OTHERS:
        wheel(folder, DISTRIBUTION, version, (), sorted(EXTRAS))
    return folder


class Environment:
    """A fresh one, without pip."""

    def __init__(self, home: Path) -> None:
        venv.create(home, with_pip=False, symlinks=True)
        self.home = home

    def copy(self, home: Path) -> Environment:
        """Another one, in which the same is installed."""
        other = Environment(home)
        shutil.copytree(self._packages, other._packages, dirs_exist_ok=True)
        return other

    @property
    def _packages(self) -> Path:
        (found,) = self.home.glob("lib/python*/site-packages")
        return found

    def pip(self, command: str, *folders: Path) -> bool:
        """Whether it succeeds, with these folders for its index."""
        links = [word for folder in folders for word in ("--find-links", str(folder))]
        words = ["--isolated", "--python", str(self.home / "bin" / "python"), *shlex.split(command)]
        pip = [sys.executable, "-m", "pip", *words, "--no-index", "--quiet", "--no-compile", *links]
        return subprocess.run(pip, capture_output=True, check=False, timeout=300).returncode == 0

    def installed(self) -> dict[str, str]:
        """Names and versions."""
        return {one.name: one.version for one in distributions(path=[str(self._packages)])}


@pytest.fixture(scope="module")
def with_core(ours: Path, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """One that has our core, as where messages are read."""
    environment = Environment(tmp_path_factory.mktemp("with-core") / "venv")
    assert environment.pip(f"install {DISTRIBUTION}", ours)
    return environment


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_installs_what_it_says_and_leaves_our_core(
    with_core: Environment, ours: Path, theirs: Path, tmp_path: Path, command: str
) -> None:
    """Though the index has a newer version of the other project."""
    environment = with_core.copy(tmp_path / "venv")

    assert environment.pip(command, ours, theirs)

    installed = environment.installed()
    assert installed[DISTRIBUTION] == OURS[DISTRIBUTION]
    for need in _named(command):
        assert need.specifier.contains(installed[need.name])


@pytest.mark.parametrize(
    "command", [one for one in COMMANDS if any(need.name in OURS for need in _named(one))]
)
def test_a_command_that_fails_changes_nothing(theirs: Path, tmp_path: Path, command: str) -> None:
    """Where nothing is installed, and only the other project is on the index."""
    environment = Environment(tmp_path / "venv")

    assert not environment.pip(command, theirs)

    assert environment.installed() == {}


def test_the_commands_are_there() -> None:
    """Of each adapter's page, and of messages."""
    assert {f"install '{distribution_of(adapter)}>=1.0'" for adapter in EXTRAS} <= {*WRITTEN}
    assert "install 'pyarrow>=15'" in WRITTEN


@pytest.mark.parametrize("extra", ["asyncpg", "all"])
def test_an_extra_of_core_installs_its_adapters_from_a_folder_of_our_wheels(
    ours: Path, tmp_path: Path, extra: str
) -> None:
    """The literal `pip install sqlspec[asyncpg]`."""
    environment = Environment(tmp_path / "venv")

    assert environment.pip(f"install {DISTRIBUTION}[{extra}]", ours)

    wanted = {distribution_of(adapter) for adapter in (EXTRAS if extra == "all" else [extra])}
    assert environment.installed().keys() & OURS.keys() == {DISTRIBUTION, *wanted}


def test_the_readmes_command_takes_our_core_beside_another_project(
    ours: Path, theirs: Path, tmp_path: Path
) -> None:
    """It names the file: in a fresh environment pip would take the newer version."""
    (line,) = re.findall(
        r"^\$ pip (install --find-links dist .+)$", (ROOT / "README.md").read_text(), re.MULTILINE
    )
    (core,) = ours.glob("sqlspec-1.*.whl")
    environment = Environment(tmp_path / "venv")

    assert environment.pip(line.replace("dist/sqlspec-1.*.whl", str(core)), ours, theirs)

    assert environment.installed()[DISTRIBUTION] == OURS[DISTRIBUTION]
    assert "sqlspec-duckdb" in environment.installed()
