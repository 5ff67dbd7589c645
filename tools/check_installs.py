"""What users install, one by one: each adapter and each extra of core, from a folder of our wheels.

    python tools/check_installs.py dist

First all that they need is fetched, once; from then on nothing comes from an index, where the name
`sqlspec` belongs to another project. Each installation is a fresh environment, and is used by `python -I`
from an empty folder, with warnings as errors:

* an extra brings what it says, and that of an adapter the same as the adapter's distribution; its front and
  its own package have the same classes, and the fronts of the others say what to install;
* of all adapters together one is uninstalled, and the rest and every file of core stay;
* a core of a later adapter API beside an adapter, and the reverse, say which distribution to upgrade.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
import venv
from importlib.metadata import Distribution, distributions
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
CORE: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
EXTRAS: dict[str, list[str]] = CORE["optional-dependencies"]
ADAPTERS = sorted(path.name.removeprefix("sqlspec-") for path in ROOT.glob("adapters/sqlspec-*"))
# The arguments: the adapters that are installed, then `--` and those that are not.
USE = """
import sys
from importlib import import_module
from pathlib import Path
from sqlspec import SQLSpec
from sqlspec.errors import AdapterNotInstalledError

at = sys.argv.index("--")
here, missing = sys.argv[1:at], sys.argv[at + 1 :]
spec = SQLSpec()
assert [plugin.name for plugin in spec.plugins] == here, list(spec.plugins)
for name in here:
    flat, front = import_module(f"sqlspec_{name}"), import_module(f"sqlspec.adapters.{name}")
    assert Path(flat.__file__).is_relative_to(sys.prefix), flat.__file__
    for config in front.__all__:
        assert getattr(front, config) is getattr(flat, config)
    assert spec.plugins.adapter(name).info.name == name
for name in missing:
    front = import_module(f"sqlspec.adapters.{name}")
    try:
        getattr(front, front.__all__[0])
    except AdapterNotInstalledError as exc:
        assert str(exc).endswith(f"pip install 'sqlspec-{name}>=1.0'"), exc
    else:
        raise AssertionError(name)
if "sqlite" in here:
    spec.register_config("sqlite://", name="main")
    with spec.provide_session("main") as session:
        assert session.execute("SELECT ? + ?", (40, 2)).scalar() == 42
spec.close()
"""
LOAD = """
from sqlspec import SQLSpec
from sqlspec.errors import AdapterIncompatibleError
try:
    SQLSpec().plugins.adapter("sqlite")
except AdapterIncompatibleError as exc:
    print(exc)
"""
LEVELS = {
    "core": ("sqlspec/plugin/info.py", "API_LEVEL = 1\n", "API_LEVEL = 3\n"),
    "the adapter": ("sqlspec_sqlite/plugin.py", 'name="sqlite",\n', 'name="sqlite",\n    api=2,\n'),
}
"""A file of what is newer, a line of it, and what stands there then."""
ADVICE = {
    "core": "the adapter is too old. Run: pip install --upgrade 'sqlspec-sqlite>=1.0'",
    "the adapter": (
        f"sqlspec is too old. Run: pip install 'sqlspec-sqlite<{CORE['version']}', "
        "or install a newer sqlspec from where this one came from"
    ),
}


class Failed(Exception):  # noqa: N818 - one line for the user of this program
    """What was installed is not what a user should get."""


class Environment:
    """A fresh one, without pip of its own."""

    def __init__(self, home: Path, wheels: Path) -> None:
        venv.create(home / "venv", with_pip=False, symlinks=True)
        self.home, self.wheels, self.python = home, wheels, home / "venv" / "bin" / "python"
        (self.packages,) = home.glob("venv/lib/python*/site-packages")

    def pip(self, *words: str) -> str:
        """Run it, with the folder of wheels for its index."""
        pip = (sys.executable, "-m", "pip", "--isolated", "--python", str(self.python))
        return _run(self.home, *pip, *words)

    def install(self, *requirements: str) -> None:
        """From the folder alone."""
        self.pip("install", "--quiet", "--no-index", "--find-links", str(self.wheels), *requirements)

    def plan(self, requirement: str) -> set[str]:
        """What an installation would bring."""
        words = (
            "install",
            "--quiet",
            "--dry-run",
            "--report",
            "-",
            "--no-index",
            "--find-links",
            str(self.wheels),
        )
        report = json.loads(self.pip(*words, requirement))
        return {canonicalize_name(one["metadata"]["name"]) for one in report["install"]}

    def use(self, code: str, *arguments: str) -> str:
        """What a program says; it must succeed."""
        return _run(self.home, str(self.python), "-I", "-W", "error", "-c", code, *arguments)

    def check(self, here: list[str]) -> None:
        """These adapters are there, and no others of ours."""
        self.use(USE, *here, "--", *(name for name in ADAPTERS if name not in here))

    def distributions(self) -> dict[str, Distribution]:
        """What is installed, by name."""
        return {one.name: one for one in distributions(path=[str(self.packages)])}


def _run(folder: Path, *command: str) -> str:
    environment = {
        key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "VIRTUAL_"))
    }
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Failed(f"{' '.join(command[:6])} … failed:\n{done.stdout}{done.stderr}")
    return done.stdout


def fetch(dist: Path, wheels: Path) -> None:
    """All that our wheels and core's extras need, and our wheels themselves, in one folder."""
    (core,) = dist.glob(f"sqlspec-{CORE['version']}-*.whl")
    named = [str(path) for path in dist.glob("*.whl") if path != core]
    pip = (
        sys.executable,
        "-m",
        "pip",
        "download",
        "--quiet",
        "--dest",
        str(wheels),
        "--find-links",
        str(dist),
    )
    _run(wheels, *pip, f"{core}[{','.join(EXTRAS)}]", *named)


def check_extras(wheels: Path) -> None:
    """Each alone; one of an adapter brings exactly what the adapter's own distribution brings."""
    for extra, needs in EXTRAS.items():
        with TemporaryDirectory() as home:
            environment = Environment(Path(home), wheels)
            planned = environment.plan(f"sqlspec-{extra}>=1.0") if extra in ADAPTERS else None
            environment.install(f"sqlspec[{extra}]>=1.0")
            environment.check(ADAPTERS if extra == "all" else [extra] if extra in ADAPTERS else [])
            wanted = {canonicalize_name(Requirement(need).name) for need in needs}
            found = set(map(canonicalize_name, environment.distributions()))
            if not wanted <= found:
                raise Failed(f"sqlspec[{extra}] brought no {', '.join(sorted(wanted - found))}")
            if planned not in (None, found):
                raise Failed(f"sqlspec-{extra} and sqlspec[{extra}] differ: {planned} and {found}")


def check_uninstalling(wheels: Path) -> None:
    """One after the other goes, and takes nothing of the rest along; nobody but core has files of core."""
    with TemporaryDirectory() as home:
        environment = Environment(Path(home), wheels)
        environment.install("sqlspec[all]>=1.0")
        for name, distribution in environment.distributions().items():
            paths = {str(path) for path in distribution.files or () if path.parts[0] == "sqlspec"}
            if bool(paths) != (name == "sqlspec"):
                raise Failed(f"{name} has {len(paths)} files below sqlspec/")
        for number, gone in enumerate(ADAPTERS, 1):
            environment.pip("uninstall", "--quiet", "--yes", f"sqlspec-{gone}")
            files = environment.distributions()["sqlspec"].files or ()
            lost = [str(path) for path in files if not Path(path.locate()).exists()]
            if lost and not all(path.endswith(".pyc") for path in lost):
                raise Failed(f"uninstalling sqlspec-{gone} took {', '.join(lost)}")
            environment.check(ADAPTERS[number:])


def check_levels(wheels: Path) -> None:
    """Of two that do not fit, the message names the older."""
    for newer, (name, line, instead) in LEVELS.items():
        with TemporaryDirectory() as home:
            environment = Environment(Path(home), wheels)
            environment.install("sqlspec-sqlite>=1.0")
            path = environment.packages / name
            text = path.read_text("utf-8")
            if line not in text:
                raise Failed(f"{name} has no line {line!r} any more: change LEVELS in {__file__}")
            path.write_text(text.replace(line, instead), encoding="utf-8")
            said = environment.use(LOAD)
            if ADVICE[newer] not in said:
                raise Failed(f"{newer} is newer, and the message is: {said or 'none'}")


def main() -> int:
    """Exit 0 if all of it is as users expect, else 1."""
    dist = Path(sys.argv[1]).resolve()
    try:
        with TemporaryDirectory() as folder:
            wheels = Path(folder)
            fetch(dist, wheels)
            check_extras(wheels)
            check_uninstalling(wheels)
            check_levels(wheels)
    except Failed as exc:
        sys.stderr.write(f"{exc}\n")
        return 1
    sys.stdout.write(f"{len(ADAPTERS)} adapters and {len(EXTRAS)} extras install as they should\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
