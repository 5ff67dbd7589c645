"""The workspace's distributions agree with each other."""

from __future__ import annotations

import tomllib
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
ADAPTERS = sorted(path.parent for path in ROOT.glob("adapters/*/pyproject.toml"))
MEMBERS = [*ADAPTERS, ROOT / "testkit"]


def pyproject(folder: Path) -> dict[str, Any]:
    """A distribution's pyproject.toml."""
    return tomllib.loads((folder / "pyproject.toml").read_text("utf-8"))


def project(folder: Path) -> dict[str, Any]:
    """Its `project` table."""
    table: dict[str, Any] = pyproject(folder)["project"]
    return table


CORE = project(ROOT)


@pytest.mark.parametrize("folder", MEMBERS, ids=lambda path: path.name)
def test_a_member_is_complete(folder: Path) -> None:
    """Named after its folder, with its one package, typed, described and licensed like core."""
    member = project(folder)
    package = folder / "src" / member["name"].replace("-", "_")

    assert folder.name in {member["name"], member["name"].removeprefix("sqlspec-")}
    assert [path for path in (folder / "src").iterdir() if path.suffix != ".pth"] == [package]
    assert (package / "py.typed").is_file()
    assert (folder / member["readme"]).read_text("utf-8").startswith(f"# {member['name']}\n")
    assert (folder / "LICENSE").read_bytes() == (ROOT / "LICENSE").read_bytes()
    for key in ("version", "requires-python", "license", "authors"):
        assert member[key] == CORE[key]


@pytest.mark.parametrize("folder", MEMBERS, ids=lambda path: path.name)
def test_a_member_takes_any_core_of_its_major_version(folder: Path) -> None:
    """No lockstep: an update of one must not hold back the other."""
    assert "sqlspec>=1.0,<2" in project(folder)["dependencies"]


@pytest.mark.parametrize("folder", MEMBERS, ids=lambda path: path.name)
def test_the_modules_of_entry_points_are_there(folder: Path) -> None:
    """Each names a module of the member's own package; a config's class is looked at below."""
    groups = project(folder)["entry-points"]
    modules = [value for group in groups.values() for value in group.values() if ":" not in value]

    assert modules
    for module in modules:
        assert (folder / "src" / Path(*module.split("."))).with_suffix(".py").is_file()


@pytest.mark.parametrize("folder", ADAPTERS, ids=lambda path: path.name)
def test_an_adapter_is_found_by_its_name(folder: Path) -> None:
    """Distribution, package, entry point and extra say the same."""
    name = folder.name.removeprefix("sqlspec-")

    assert project(folder)["entry-points"]["sqlspec.adapters"] == {name: f"sqlspec_{name}.plugin"}
    declared = import_module(f"sqlspec_{name}.plugin").ADAPTER.config_type
    assert project(folder)["entry-points"]["sqlspec.configs"] == {name: declared}
    assert CORE["optional-dependencies"][name] == [f"sqlspec-{name}>=1.0"]


def test_the_extra_all_brings_every_adapter() -> None:
    """Whatever extra is an adapter's is in it."""
    extras = CORE["optional-dependencies"]
    adapters = sorted(
        name for name, needs in extras.items() if needs == [f"sqlspec-{name}>=1.0"] and name != "testkit"
    )

    assert extras["all"] == [f"sqlspec[{','.join(adapters)}]"]


def test_the_environment_takes_no_distribution_of_ours_from_an_index() -> None:
    """There the name `sqlspec` belongs to another project."""
    environments = pyproject(ROOT)["tool"]["hatch"]["envs"]

    assert environments["default"]["workspace"]["members"] == ["adapters/*", "testkit"]
    for environment in environments.values():
        assert "features" not in environment
        for need in [*environment.get("dependencies", ()), *environment.get("extra-dependencies", ())]:
            assert not need.startswith("sqlspec")
