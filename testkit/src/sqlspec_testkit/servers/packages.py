"""The programs of a server: found on this machine, or installed where that may be done."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import subprocess
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from .errors import ServerError

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping, Sequence

__all__ = ("find_programs", "postgresql_folders")

LOCK = Path("/run/sqlspec-testkit-install.lock")  # not in /tmp: only root may put anything here
POLICY = Path("/usr/sbin/policy-rc.d")
NO_SERVICES = "#!/bin/sh\nexit 101\n"
"""What Debian's invoke-rc.d asks before it starts a service; 101 is: do not."""


def find_programs(name: str, programs: Sequence[str], packages: Sequence[str]) -> Mapping[str, str]:
    """Where each of the programs is.

    What is missing is installed first on Debian and Ubuntu by root, by one process at a time. Elsewhere:
    ServerError, with the command to type.
    """
    if missing := _missing(programs):
        if not _may_install():
            raise ServerError(
                f"{name}: {', '.join(missing)} not found. On Debian or Ubuntu: "
                f"sudo apt-get install --no-install-recommends {' '.join(packages)}"
            )
        with _one_at_a_time():
            if _missing(programs):  # not by somebody else while we waited
                _install(packages)
        if missing := _missing(programs):
            raise ServerError(f"{name}: {', '.join(missing)} not found, although all packages are installed")
    return {program: path for program in programs if (path := _find(program))}


def postgresql_folders() -> list[Path]:
    """Where Debian keeps each version of PostgreSQL's programs, the newest first."""
    folders = Path("/usr/lib/postgresql").glob("*/bin")
    return sorted(folders, key=lambda folder: [int(n) for n in re.findall(r"\d+", str(folder))], reverse=True)


def _missing(programs: Sequence[str]) -> list[str]:
    return [program for program in programs if _find(program) is None]


def _find(program: str) -> str | None:
    """Debian's folder of PostgreSQL first: on the PATH it has only wrappers."""
    folders = [str(folder) for folder in postgresql_folders()]
    usual = (os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin")
    return shutil.which(program, path=os.pathsep.join((*folders, *usual, *_pg_config())))


def _pg_config() -> list[str]:
    """Where PostgreSQL itself says that its programs are."""
    if (program := shutil.which("pg_config")) is None:
        return []
    done = subprocess.run([program, "--bindir"], capture_output=True, text=True, check=True)  # noqa: S603 - our words
    return [done.stdout.strip()]


def _may_install() -> bool:
    return os.geteuid() == 0 and shutil.which("apt-get") is not None and Path("/etc/debian_version").exists()


def _install(packages: Sequence[str]) -> None:
    with _no_services():
        _apt("update")
        _apt("install", "-y", "--no-install-recommends", *packages)


def _apt(*arguments: str) -> None:
    command = ["apt-get", "-q", "-o", "DPkg::Lock::Timeout=120", *arguments]
    done = subprocess.run(  # noqa: S603 - the kit's own words
        command,
        env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise ServerError(f"{' '.join(command)} failed with exit code {done.returncode}:\n{done.stdout}")


@contextmanager
def _no_services() -> Generator[None, None, None]:
    """Debian starts what it installs, on the usual port; not inside of the block."""
    if POLICY.exists():  # somebody has decided already, a container's image for instance
        yield
        return
    POLICY.write_text(NO_SERVICES, "utf-8")
    POLICY.chmod(0o755)
    try:
        yield
    finally:
        POLICY.unlink()


@contextmanager
def _one_at_a_time() -> Generator[None, None, None]:
    """Of all test runs and workers on the machine. The lock goes with the process, however that ends."""
    with LOCK.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
