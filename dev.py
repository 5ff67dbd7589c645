#!/usr/bin/env python3
"""Run hatch in a clone of this repository, with any Python from 3.11 on and nothing else.

    python3 dev.py run test

Hatch comes at the version of locks/hatch.txt. It lives in `.hatch/` beside this file, with its settings and
all of its environments, so nothing is written outside of the clone but caches. To start afresh: rm -r .hatch
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent
LOCK = ROOT / "locks" / "hatch.txt"
HOME = ROOT / ".hatch"
CONFIG = HOME / "config.toml"
TOOL = HOME / "tool"  # hatch's own environment
PYTHON = TOOL / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
INSTALLED = TOOL / "installed.txt"  # the lock that was installed


def main() -> int:
    """Install hatch if it is not there, and hand it the arguments."""
    try:
        if not _is_installed():
            _install()
    except (OSError, RuntimeError, subprocess.CalledProcessError) as error:
        sys.stderr.write(f"hatch can not be installed in {HOME}: {error}\n")
        return 1
    command = [str(PYTHON), "-m", "hatch", *(sys.argv[1:] or ["--help"])]
    return subprocess.run(command, cwd=ROOT, env=_environment(), check=False).returncode


def _is_installed() -> bool:
    """Whether the locked hatch is there, and the Python that it was installed with still is."""
    if not INSTALLED.is_file() or INSTALLED.read_bytes() != LOCK.read_bytes():
        return False
    return subprocess.run([str(PYTHON), "-c", ""], check=False).returncode == 0


def _install() -> None:
    _check_python()
    # An environment that was made with a Python that is gone can not be mended, nor can those that it made.
    shutil.rmtree(HOME, ignore_errors=True)
    sys.stderr.write(f"Installing hatch in {HOME}\n")
    subprocess.run([sys.executable, "-m", "venv", str(TOOL)], check=True)
    pip = [str(PYTHON), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    subprocess.run([*pip, "--requirement", str(LOCK)], env=_environment(), check=True)
    CONFIG.touch()  # hatch asks for the file, and has a default for each setting in it
    shutil.copyfile(LOCK, INSTALLED)


def _check_python() -> None:
    """Raise RuntimeError with what to do if this Python can not make the environment."""
    if sys.version_info < (3, 11):  # noqa: UP036 - whoever reads the message has an older one
        raise RuntimeError(f"Python 3.11 or newer is needed, this is {sys.version.split()[0]}")
    try:
        import ensurepip  # noqa: F401  # pyright: ignore[reportUnusedImport] - is it there?
    except ImportError:
        hint = "on Debian and Ubuntu run: sudo apt-get install python3-venv"
        raise RuntimeError(f"this Python has no ensurepip, which `venv` needs; {hint}") from None


def _environment() -> dict[str, str]:
    """The variables of this process, with hatch's folders inside of the clone."""
    path = os.pathsep.join([str(PYTHON.parent), os.environ.get("PATH", os.defpath)])
    kept = {name: value for name, value in os.environ.items() if name not in {"VIRTUAL_ENV", "PYTHONHOME"}}
    return kept | {
        "HATCH_CONFIG": str(CONFIG),
        "HATCH_DATA_DIR": str(HOME / "data"),
        "HATCH_PYTHON": "self",  # else hatch takes whichever it finds, that of an active environment included
        "PATH": path,  # scripts of ours call hatch
        "PIP_USER": "0",  # a setting for the system's Python; an environment refuses it
    }


if __name__ == "__main__":
    sys.exit(main())
