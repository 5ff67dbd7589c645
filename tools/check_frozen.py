"""Applications that are frozen find their adapters: what docs/frozen.md says is done, with what is built.

    python tools/check_frozen.py dist

The page's file and its commands are read from it, and run in a fresh environment. Then all adapters are
packed by PyInstaller, and each must get as far as its server: SQLite says nothing about compiled drivers.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import venv
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "frozen.md"
ANSWER = ["main 42", "other 42"]
ALL = """
import asyncio

from sqlspec import SQLSpec
from sqlspec.errors import ConnectError

URLS = {
    "asyncmy": "mysql://127.0.0.1:1/none",
    "asyncpg": "postgresql+asyncpg://127.0.0.1:1/none",
    "duckdb": "duckdb://",
    "psycopg": "postgresql://127.0.0.1:1/none",
    "redis": "redis://127.0.0.1:1",
    "sqlite": "sqlite://",
}

async def answer(name):
    try:
        async with spec.provide_session(name) as session:
            if name == "redis":
                return await session.ping()
            return await session.execute("SELECT 42").scalar()
    except ConnectError:
        return "no server"

async def main():
    assert [plugin.name for plugin in spec.plugins] == list(URLS), list(spec.plugins)
    for name, url in URLS.items():
        spec.register_config(url, name=name)
        print(name, await answer(name))
    await spec.aclose()

spec = SQLSpec()
asyncio.run(main())
"""
SERVED = ("asyncmy", "asyncpg", "psycopg", "redis")
ALL_ANSWERS = sorted([*(f"{name} no server" for name in SERVED), "duckdb 42", "sqlite 42"])


class Workshop:
    """A folder with an environment of its own, whose pip finds our wheels first."""

    def __init__(self, home: Path, dist: Path) -> None:
        self.home = home
        venv.create(home / "venv", with_pip=True, symlinks=True)
        path = f"{home / 'venv' / 'bin'}{os.pathsep}{os.environ['PATH']}"
        ours = {"PATH": path, "PIP_FIND_LINKS": dist.as_uri(), "PIP_QUIET": "1"}
        inherited = {
            name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "VIRTUAL_ENV"}
        }
        self.environment = inherited | ours

    def run(self, command: str) -> list[str]:
        """The lines that a command prints; raises CalledProcessError if it fails."""
        words = ["bash", "-euo", "pipefail", "-c", command]
        done = subprocess.run(
            words, cwd=self.home, env=self.environment, check=True, stdout=subprocess.PIPE, text=True
        )
        return done.stdout.splitlines()

    def expect(self, commands: list[str], answer: list[str]) -> None:
        """Run them; the last must print *answer*."""
        *first, last = commands
        for command in first:
            self.run(command)
        found = self.run(last)
        if found != answer:
            raise SystemExit(f"{last}: printed {found}, not {answer}")


def file_of(page: str) -> str:
    """The page's application."""
    (block,) = re.findall(r"^```python\n(# shop\.py\n.*?)^```", page, re.MULTILINE | re.DOTALL)
    return str(block)


def commands_of(page: str, section: str) -> list[str]:
    """What a reader of that section types."""
    (text,) = re.findall(rf"^## {section}\n(.*?)(?:^## |\Z)", page, re.MULTILINE | re.DOTALL)
    return re.findall(r"^\$ (.+)$", text, re.MULTILINE)


def main() -> int:
    """Exit 0 if all of it answers, else 1."""
    dist, page = Path(sys.argv[1]).resolve(), PAGE.read_text("utf-8")
    adapters = " ".join(f"'{wheel}'" for wheel in dist.glob("sqlspec_*.whl") if "testkit" not in wheel.name)
    try:
        with TemporaryDirectory() as name:
            home = Path(name)
            shop = Workshop(home, dist)
            (home / "shop.py").write_text(file_of(page), encoding="utf-8")
            (home / "all.py").write_text(ALL, encoding="utf-8")
            # Before anything of ours is installed: what is packed must be enough.
            (home / "dist").symlink_to(dist)
            shop.expect(commands_of(page, "zipapp"), ANSWER)
            (home / "dist").unlink()  # PyInstaller has a folder of that name
            shop.run("pip install 'sqlspec-sqlite>=1.0'")
            shop.expect(commands_of(page, "PyInstaller"), ANSWER)
            packing = [f"pip install {adapters} 'psycopg[binary]'", "pyinstaller all.py", "./dist/all/all"]
            shop.expect(packing, ALL_ANSWERS)
    except subprocess.CalledProcessError as error:  # the program has said why
        sys.stderr.write(f"failed: {error.cmd[-1]}\n")
        return 1
    sys.stdout.write("frozen applications find their adapters\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
