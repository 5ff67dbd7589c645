"""The adapter of docs/plugins.md as its page says; `tools/check_wheels.py` also builds and installs it."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

import sqlspec.plugin
from tools.guide_package import PAGE, files, write

if TYPE_CHECKING:
    from pathlib import Path

METADATA = {
    "METADATA": "Metadata-Version: 2.1\nName: sqlspec-tiny\nVersion: 1.0.0\n",
    "entry_points.txt": "[sqlspec.adapters]\ntiny = sqlspec_tiny.plugin\n",
}
PYTEST = "[pytest]\nasyncio_mode = auto\nasyncio_default_fixture_loop_scope = function\n"


def run(folder: Path, *command: str) -> str:
    """Run a module of Python in *folder*, and return its output; it must succeed."""
    said = folder / "said"  # a file: what it wrote is there too if it had to be ended
    with said.open("w") as file:
        program = subprocess.Popen(
            [sys.executable, "-W", "error", "-m", *command],
            cwd=folder,
            env={"PYTHONPATH": f"{folder}:{PAGE.parents[1]}"},
            stdout=file,
            stderr=subprocess.STDOUT,
        )
        try:
            code: int | str = program.wait(timeout=240)
        except subprocess.TimeoutExpired:
            program.kill()
            program.wait()
            code = "ended after 240 s"
    assert code == 0, said.read_text()
    return said.read_text()


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A folder with the files of the page, and with what an installer would add."""
    write(PAGE.read_text("utf-8"), tmp_path)
    (tmp_path / "pytest.ini").write_text(PYTEST)
    info = tmp_path / "sqlspec_tiny-1.0.0.dist-info"
    info.mkdir()
    for name, text in METADATA.items():
        (info / name).write_text(text)
    return tmp_path


def test_the_page_shows_a_whole_package() -> None:
    """Config, connection, plugin, their project and their tests."""
    assert set(files(PAGE.read_text("utf-8"))) == {
        "pyproject.toml",
        "sqlspec_tiny/__init__.py",
        "sqlspec_tiny/config.py",
        "sqlspec_tiny/connection.py",
        "sqlspec_tiny/plugin.py",
        "sqlspec_tiny/py.typed",
        "test_tiny.py",
    }


def test_a_whole_adapter_has_less_than_eighty_lines() -> None:
    """Config, connection and plugin together, blank lines apart."""
    shown = files(PAGE.read_text("utf-8"))

    lines = [line for name in shown if name.startswith("sqlspec_tiny/") for line in shown[name].splitlines()]

    assert 50 < sum(1 for line in lines if line.strip()) < 80


def test_the_adapter_of_the_page_passes_the_kit(package: Path) -> None:
    """All of it, for threads and for tasks; no test is skipped for a promise that the adapter makes."""
    said = run(package, "pytest", "-v", "-rs", "-p", "no:cacheprovider", "-o", "faulthandler_timeout=60")

    passed = re.search(r"(\d+) passed", said)
    assert passed is not None
    assert int(passed[1]) > 400
    reasons = set(re.findall(r"^SKIPPED .*?: (.*?)(?:\..Give .*)?$", said, re.MULTILINE))
    told = ("does not declare", "types has nothing for")
    assert "adapter 'tiny' could declare" not in said
    assert {reason for reason in reasons if not any(one in reason for one in told)} == {
        "TestTransactions.deferred is not given",
        "TestAsyncTransactions.deferred is not given",
        "TestTransactions.generated_key is not given",
        "TestAsyncTransactions.generated_key is not given",
        "adapter 'tiny' has savepoints",
        # There is no server to ask, and no password to get wrong.
        *(
            f"Test{side}Connections.{name} is not given"
            for side in ("", "Async")
            for name in ("kill", "connections", "broken_configs", "silent_config", "role", "lock")
        ),
    }


@pytest.mark.parametrize("checker", [("mypy", "--strict"), ("pyright", "--pythonpath", sys.executable)])
def test_checkers_accept_the_adapter_of_the_page(package: Path, checker: tuple[str, ...]) -> None:
    """Its hooks are what core calls."""
    run(package, *checker, ".")


def test_every_name_of_the_door_is_on_the_page() -> None:
    """In the text, which explains, and not only in a block. There are thirty at most."""
    prose = re.sub(r"^```.*?^```$", "", PAGE.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    named = {word for code in re.findall(r"`([^`]+)`", prose) for word in re.findall(r"\w+", code)}

    assert set(sqlspec.plugin.__all__) - named == set()
    assert len(sqlspec.plugin.__all__) <= 30
