"""Write the locks: for each environment of hatch the version of every distribution in it.

    python tools/lock.py [options for `uv pip compile`]

Without options a version changes only where a requirement asks for it. `--upgrade` takes the newest of
everything, `--upgrade-package NAME` of one. A lock is a file of constraints for pip, good for every platform
and every Python from the oldest that we serve; it begins with the requirements that it was made of, so that
a test can tell whether it is fresh.

`floors` has the oldest versions that our own distributions allow, in their dependencies and extras.
"""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[1]
LOCKS = ROOT / "locks"
HATCH = "hatch"
"""The lock of hatch itself, and of what builds our distributions."""
FLOORS = "floors"
HATCH_NEEDS = ("hatch>=1.16",)  # the first with workspaces
OLDEST_PYTHON = "3.11"
TITLE = "# Made by `hatch run lock` from these requirements:\n"
MARK = "#   "


def pyprojects(root: Path = ROOT) -> list[dict[str, Any]]:
    """The pyproject.toml of core, which comes first, and of every member."""
    paths = [root / "pyproject.toml", *sorted(root.glob("adapters/*/pyproject.toml"))]
    paths.append(root / "testkit" / "pyproject.toml")
    return [tomllib.loads(path.read_text("utf-8")) for path in paths]


def environments(root: Path = ROOT) -> dict[str, dict[str, Any]]:
    """The environments of hatch that have a lock, each with the options of its template."""
    found: dict[str, dict[str, Any]] = pyprojects(root)[0]["tool"]["hatch"]["envs"]
    return {
        name: found.get(options.get("template", name), {}) | options
        for name, options in found.items()
        if options["env-vars"]["PIP_CONSTRAINT"].endswith(f"/{name}.txt")
    }


def our_requirements(root: Path = ROOT, *, extras: bool) -> set[str]:
    """What our distributions need of others."""
    tables = [pyproject["project"] for pyproject in pyprojects(root)]
    ours = {canonicalize_name(table["name"]) for table in tables}
    needs = {need for table in tables for need in table["dependencies"]}
    if extras:
        optional = [table.get("optional-dependencies", {}) for table in tables]
        needs |= {need for groups in optional for group in groups.values() for need in group}
    return {need for need in needs if canonicalize_name(Requirement(need).name) not in ours}


def requirements(lock: str, root: Path = ROOT) -> list[str]:
    """All that goes into one lock."""
    if lock == HATCH:
        builds = {need for pyproject in pyprojects(root) for need in pyproject["build-system"]["requires"]}
        return sorted({*HATCH_NEEDS, *builds})
    options = environments(root)[lock]
    needs = {*options["dependencies"], *options.get("extra-dependencies", ())}
    return sorted(needs | our_requirements(root, extras=lock == FLOORS))


def requirements_of(text: str) -> list[str]:
    """The requirements that a lock says it was made of."""
    return [line.removeprefix(MARK) for line in text.splitlines() if line.startswith(MARK)]


def pins_of(text: str) -> dict[str, str]:
    """Name -> version, of all that a lock has for this Python on this platform."""
    lines = [Requirement(line) for line in text.splitlines() if line and not line.startswith("#")]
    return {
        canonicalize_name(pin.name): next(iter(pin.specifier)).version
        for pin in lines
        if pin.marker is None or pin.marker.evaluate()
    }


def compiled(needs: list[str], known: str, *options: str) -> str:
    """The pins for *needs*; where several versions would do, those of *known* stay."""
    with TemporaryDirectory() as folder:
        source, pins = Path(folder, "requirements.in"), Path(folder, "pins.txt")
        source.write_text("\n".join(needs), encoding="utf-8")
        pins.write_text(known, encoding="utf-8")
        command = ["uv", "pip", "compile", "--quiet", "--universal", "--python-version", OLDEST_PYTHON]
        command += ["--no-header", "--no-annotate", "--strip-extras", "--output-file", str(pins)]
        subprocess.run([sys.executable, "-m", *command, *options, str(source)], check=True)
        return pins.read_text("utf-8")


def at_floor(need: str) -> str:
    """*need*, held to its lower bound: `>=0.22` becomes `==0.22.*`, so that no other need can raise it."""
    requirement = Requirement(need)
    (floor,) = [each.version for each in requirement.specifier if each.operator == ">="]
    requirement.specifier = SpecifierSet(f"=={floor}" if Version(floor).is_prerelease else f"=={floor}.*")
    return str(requirement)


def floor_pins() -> list[str]:
    """What our distributions need, at the oldest versions that they allow; the rest of it is left open."""
    needs = sorted({at_floor(need) for need in our_requirements(extras=True)})
    names = {canonicalize_name(Requirement(need).name) for need in needs}
    pins = compiled(needs, "", "--resolution", "lowest-direct").splitlines()
    return [pin for pin in pins if canonicalize_name(Requirement(pin).name) in names]


def write(lock: str, known: str, *options: str) -> str:
    """Write one lock; returns its text."""
    needs = requirements(lock)
    pinned = compiled([*needs, *(floor_pins() if lock == FLOORS else ())], known, *options)
    text = TITLE + "".join(f"{MARK}{need}\n" for need in needs) + pinned
    (LOCKS / f"{lock}.txt").write_text(text, encoding="utf-8")
    return text


def main() -> int:
    """Exit 0 if all locks are written; else uv has said what is wrong."""
    LOCKS.mkdir(exist_ok=True)
    before = {path.stem: path.read_text("utf-8") for path in LOCKS.glob("*.txt")}
    try:
        write(HATCH, before.get(HATCH, ""), *sys.argv[1:])
        shared = write("default", before.get("default", ""), *sys.argv[1:])
        for lock in sorted(environments().keys() - {"default"}):
            write(lock, shared)
    except subprocess.CalledProcessError:
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
