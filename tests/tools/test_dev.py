"""The script that a stranger starts with, in a copy of its own and with a pip that installs nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[2]
# What stands in for `venv`, `pip` and `hatch`: it notes its arguments and variables.
FAKE_VENV = """
import sys
from pathlib import Path
folder = Path(sys.argv[1], "bin")
folder.mkdir(parents=True)
note = f'echo "$@" "|" "$HATCH_CONFIG" "$HATCH_DATA_DIR" >> "{folder}/calls"'
(folder / "python").write_text(f"#!/bin/sh\\n{note}\\nexit $FAIL")
(folder / "python").chmod(0o755)
"""


class Clone(NamedTuple):
    """A folder with the script and a lock, and a Python whose `venv` makes a stand-in."""

    folder: Path
    modules: Path

    def run(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run the script from another folder, as somebody may."""
        environment = os.environ | {"PYTHONPATH": str(self.modules), "FAIL": "0"} | variables
        command = [sys.executable, str(self.folder / "dev.py"), *arguments]
        return subprocess.run(
            command, cwd=self.modules, env=environment, check=False, capture_output=True, text=True
        )

    def calls(self) -> list[str]:
        """What the stand-in was asked for."""
        lines = (self.folder / ".hatch/tool/bin/calls").read_text("utf-8").splitlines()
        return [line.split(" |")[0] for line in lines]


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    """In a path with a blank."""
    folder, modules = tmp_path / "a clone", tmp_path / "modules"
    (folder / "locks").mkdir(parents=True)
    modules.mkdir()
    (folder / "dev.py").write_bytes((ROOT / "dev.py").read_bytes())
    (folder / "locks/hatch.txt").write_text("hatch==1\n", encoding="utf-8")
    (modules / "venv.py").write_text(FAKE_VENV, encoding="utf-8")
    return Clone(folder, modules)


def test_it_installs_the_locked_hatch_once_and_hands_on_the_arguments(clone: Clone) -> None:
    """A word with a blank stays one, and the second call only asks whether Python still runs."""
    first, second = clone.run("run", "demo"), clone.run("run", "test", "-k", "a b")

    pip, *others = clone.calls()
    lock = clone.folder / "locks" / "hatch.txt"
    assert (first.returncode, second.returncode) == (0, 0)
    assert pip == f"-m pip --disable-pip-version-check install --quiet --requirement {lock}"
    assert [call.strip() for call in others] == ["-m hatch run demo", "-c", "-m hatch run test -k a b"]


def test_another_lock_is_installed_afresh(clone: Clone) -> None:
    """With everything that the old one made."""
    clone.run("run", "demo")
    (clone.folder / ".hatch/old").touch()
    (clone.folder / "locks/hatch.txt").write_text("hatch==2\n", encoding="utf-8")

    clone.run("run", "demo")

    assert clone.calls()[-1] == "-m hatch run demo"
    assert not (clone.folder / ".hatch/old").exists()


def test_hatch_keeps_everything_inside_of_the_clone(clone: Clone) -> None:
    """Its settings and its environments, which it would keep in the user's home."""
    clone.run("run", "demo")

    last = (clone.folder / ".hatch/tool/bin/calls").read_text("utf-8").splitlines()[-1]
    assert last.endswith(f"| {clone.folder}/.hatch/config.toml {clone.folder}/.hatch/data")
    assert (clone.folder / ".hatch/config.toml").is_file()


def test_a_failed_installation_is_said_and_tried_again(clone: Clone) -> None:
    """A half-installed hatch is not taken for one."""
    failed = clone.run("run", "demo", FAIL="3")
    again = clone.run("run", "demo")

    assert failed.returncode == 1
    assert "hatch can not be installed in" in failed.stderr
    assert "Traceback" not in failed.stderr
    assert again.returncode == 0


def test_the_exit_code_is_that_of_hatch(clone: Clone) -> None:
    """So that a failing test fails the command."""
    clone.run("run", "demo")
    (clone.folder / ".hatch/tool/bin/python").write_text(
        '#!/bin/sh\n[ "$1" = -c ] || exit 7\n', encoding="utf-8"
    )

    assert clone.run("run", "test").returncode == 7


def test_a_python_without_ensurepip_says_which_package_to_install(clone: Clone) -> None:
    """As on a Debian without python3-venv."""
    (clone.modules / "ensurepip.py").write_text("raise ImportError", encoding="utf-8")

    done = clone.run("run", "demo")

    assert done.returncode == 1
    assert done.stderr.rstrip().endswith("sudo apt-get install python3-venv")
    assert not (clone.folder / ".hatch").exists()


def test_a_python_that_is_too_old_says_which_is_needed(clone: Clone) -> None:
    """Instead of failing later, with words about something else."""
    old = "import sys\nsys.version_info, sys.version = (3, 9, 2), '3.9.2 (default)'\n"
    (clone.modules / "sitecustomize.py").write_text(old, encoding="utf-8")

    done = clone.run("run", "demo")

    assert done.returncode == 1
    assert done.stderr.endswith("Python 3.11 or newer is needed, this is 3.9.2\n")
