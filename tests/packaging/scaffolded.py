"""What the scaffold writes, as an installer would put it into a folder; shared by the tests about it."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
SCAFFOLD = "sqlspec_testkit.scaffold"
KINDS = {"sync": "one-db", "async": "other-db", "no-sql": "notes", "async-no-sql": "later"}
"""An adapter of each kind."""
OPTIONS = {
    "sync": (),
    "async": ("--async",),
    "no-sql": ("--no-sql",),
    "async-no-sql": ("--no-sql", "--async"),
}


def run(folder: Path, *command: str, path: str = "") -> subprocess.CompletedProcess[str]:
    """Run a module of Python in *folder*."""
    return subprocess.run(
        [sys.executable, "-W", "error", "-m", *command],
        cwd=folder,
        env={"PYTHONPATH": f"{path}:{ROOT}"},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


def generate(folder: Path, kind: str, name: str) -> Path:
    """The folder of a new distribution in *folder*."""
    done = run(folder, SCAFFOLD, name, *OPTIONS[kind])
    assert done.returncode == 0, done.stderr
    assert f"cd sqlspec-{name}\n" in done.stdout
    return folder / f"sqlspec-{name}"


def install(distribution: Path, site: Path) -> None:
    """Its package, and what an installer makes of its pyproject.toml."""
    project = tomllib.loads((distribution / "pyproject.toml").read_text("utf-8"))["project"]
    package = project["name"].replace("-", "_")
    shutil.copytree(distribution / "src" / package, site / package)
    info = site / f"{package}-{project['version']}.dist-info"
    info.mkdir()
    head = f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n"
    (info / "METADATA").write_text(
        head + "".join(f"Requires-Dist: {need}\n" for need in project["dependencies"])
    )
    lines = [
        line
        for group, points in project["entry-points"].items()
        for line in (f"[{group}]", *(f"{name} = {value}" for name, value in points.items()))
    ]
    (info / "entry_points.txt").write_text("\n".join(lines))
