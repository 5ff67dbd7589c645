"""Every environment is locked: the lock is made of today's requirements, and what is installed equals it."""

from __future__ import annotations

import os
import re
from importlib.metadata import distributions

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from tools import lock

LOCKS = sorted(path.stem for path in lock.LOCKS.iterdir())
NOT_LOCKED = {"pip", "wheel"}
"""What an environment is made with."""
PIN = re.compile(r"[a-z0-9-]+==[a-z0-9.+!]+( ; [a-z0-9_.'<>=! ()-]+)?", re.IGNORECASE)


def _text(name: str) -> str:
    return (lock.LOCKS / f"{name}.txt").read_text("utf-8")


def _installed() -> dict[str, str]:
    """What is in this environment, without what is ours."""
    ours = {canonicalize_name(pyproject["project"]["name"]) for pyproject in lock.pyprojects()}
    found = {canonicalize_name(each.name): each.version for each in distributions()}
    return {name: version for name, version in found.items() if name not in ours | NOT_LOCKED}


def test_there_is_a_lock_for_each_environment_but_the_newest() -> None:
    """And one for hatch itself; every one is heeded."""
    envs = lock.pyprojects()[0]["tool"]["hatch"]["envs"]

    assert sorted([*lock.environments(), lock.HATCH]) == LOCKS
    assert envs.keys() - lock.environments().keys() == {"latest", "hatch-build"}
    assert envs["hatch-build"]["env-vars"]["PIP_CONSTRAINT"] == "{root:uri}/locks/hatch.txt"
    assert set(envs["latest"]["env-vars"].values()) == {""}  # not left out: an outer environment has them


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_is_fresh(name: str) -> None:
    """It was made of the requirements that the pyproject.toml files have now."""
    assert lock.requirements_of(_text(name)) == lock.requirements(name), "run: hatch run lock"


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_satisfies_its_requirements(name: str) -> None:
    """Each of them has one version there that it allows."""
    pins = lock.pins_of(_text(name))

    for need in map(Requirement, lock.requirements(name)):
        assert need.specifier.contains(pins[canonicalize_name(need.name)]), need


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_holds_versions_and_no_address(name: str) -> None:
    """So that it serves every machine, whatever index it uses."""
    pins = [line for line in _text(name).splitlines() if not line.startswith("#")]

    assert pins
    assert [line for line in pins if not PIN.fullmatch(line)] == []


def test_the_floors_are_the_lower_bounds() -> None:
    """Of each distribution that ours need; each need has a bound."""
    pins = lock.pins_of(_text(lock.FLOORS))

    for need in map(Requirement, lock.our_requirements(extras=True)):
        (floor,) = [Version(each.version) for each in need.specifier if each.operator == ">="]
        pinned = Version(pins[canonicalize_name(need.name)])
        assert pinned.release[: len(floor.release)] == floor.release, need


def test_what_is_installed_equals_the_lock() -> None:
    """In both directions, in the environment that runs the tests."""
    active = os.environ.get("HATCH_ENV_ACTIVE", "none of hatch's")
    if active not in LOCKS:
        pytest.skip(f"the environment is {active}, which has no lock")

    expected, installed = lock.pins_of(_text(active)), _installed()

    assert installed == expected, f"run: hatch env remove {active}"
