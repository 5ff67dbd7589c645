"""An integration whose framework is missing, or too old, says what to type."""

from __future__ import annotations

import sys
import tomllib
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

from sqlspec.errors import FrameworkNotInstalledError

FRAMEWORKS = ["celery", "fastapi", "flask", "litestar", "starlette"]
PROJECT = Path(__file__).parents[2] / "pyproject.toml"


@pytest.mark.parametrize("found", [None, ModuleType("old")], ids=["missing", "old"])
@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_a_missing_framework_comes_with_the_command(
    framework: str, found: ModuleType | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the bound of core's extra; whoever tries an import and catches ImportError catches it."""
    extras = tomllib.loads(PROJECT.read_text("utf-8"))["project"]["optional-dependencies"]
    monkeypatch.delitem(sys.modules, f"sqlspec.integrations.{framework}", raising=False)
    for name in [name for name in sys.modules if name.startswith(f"{framework}.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, framework, found)

    with pytest.raises(FrameworkNotInstalledError) as caught:
        import_module(f"sqlspec.integrations.{framework}")

    assert isinstance(caught.value, ImportError)
    assert str(caught.value) == (
        f"sqlspec.integrations.{framework} needs {framework}, which can not be imported. "
        f"Run: pip install '{extras[framework][0]}'"
    )
