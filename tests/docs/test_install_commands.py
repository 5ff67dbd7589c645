"""Every command that installs something of ours gives a lower bound, on each page and in each message.

On the public index the name `sqlspec` belongs to another project. Without a bound pip may replace ours by it.
"""

from __future__ import annotations

import re
import shlex
import tomllib
from pathlib import Path

import pytest

from sqlspec.adapters._known import EXTRAS, install_command

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    path
    for pattern in ("*.md", "docs/*.md", "adapters/*/README.md", "testkit/README.md", "benchmarks/*.md")
    for path in ROOT.glob(pattern)
)
SOURCES = sorted(
    path
    for pattern in (
        "sqlspec/**/*.py",
        "adapters/*/src/**/*.py",
        "testkit/src/**/*.py",
        "testkit/src/**/*.txt",
        "examples/*.py",
    )
    for path in ROOT.glob(pattern)
)
COMMAND = re.compile(r"(?:pip|uv|pipx) (?:install|add)\b([^`\n]*)")


def _unbounded(text: str) -> list[str]:
    """What of ours the text installs without a lower bound."""
    commands = (shlex.split(command.replace('"', " "), comments=True) for command in COMMAND.findall(text))
    words = [word for command in commands for word in command]
    return [word for word in words if word.startswith("sqlspec") and ">=" not in word]


def test_the_check_sees_what_is_wrong() -> None:
    """Names and extras, with and without options; paths and bounded ones are fine."""
    assert _unbounded("`pip install 'sqlspec[duckdb]'`") == ["sqlspec[duckdb]"]
    assert _unbounded("$ python -m pip install --upgrade sqlspec-duckdb") == ["sqlspec-duckdb"]
    assert _unbounded("`pip install 'sqlspec-psycopg[binary]>=1.0' dist/sqlspec-1.0.whl`") == []


@pytest.mark.parametrize("path", [*PAGES, *SOURCES], ids=lambda path: str(path.relative_to(ROOT)))
def test_no_command_lacks_the_bound(path: Path) -> None:
    """Nor does anything name an extra of core's, which could only be installed by that name."""
    text = path.read_text("utf-8")

    assert _unbounded(text) == []
    assert "sqlspec[" not in text


@pytest.mark.parametrize("adapter", sorted(EXTRAS))
def test_a_message_installs_an_adapter_by_its_distribution(adapter: str) -> None:
    """With the bound that core's extra has."""
    core = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    (requirement,) = core["optional-dependencies"][adapter]

    assert install_command(f"sqlspec-{adapter}") == f"pip install '{requirement}'"


def test_a_message_bounds_core_too_and_nobody_elses() -> None:
    """Another author's adapter has versions of its own, whatever its name begins with."""
    assert install_command("sqlspec", "--upgrade") == "pip install --upgrade 'sqlspec>=1.0'"
    assert install_command("sqlspec-oracle", "--upgrade") == "pip install --upgrade sqlspec-oracle"


def test_a_missing_library_is_installed_with_the_bound_of_its_extra() -> None:
    """`sqlspec/result/export.py` has it written out."""
    core = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    (requirement,) = core["optional-dependencies"]["arrow"]

    assert f"pip install '{requirement}'" in (ROOT / "sqlspec/result/export.py").read_text("utf-8")
