"""What makes no sense is refused where the application is made, and the error says what to type."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from sqlspec import SQLSpec
from sqlspec.adapters.sqlite import SQLiteConfig
from sqlspec.errors import InvalidArgumentError
from sqlspec.integrations import asgi, wsgi

if TYPE_CHECKING:
    from .sites import SideName


@pytest.fixture
def health_app(side: SideName) -> Any:
    """That of the side."""
    return {"asgi": asgi, "wsgi": wsgi}[side].health_app


@pytest.mark.parametrize("spec", [None, "main", SQLSpec, SQLiteConfig()], ids=str)
def test_a_registry_is_wanted(health_app: Any, spec: object) -> None:
    """And not its class, or a config."""
    with pytest.raises(InvalidArgumentError, match=r"write health_app\(SQLSpec\(\)\)"):
        health_app(spec)


@pytest.mark.parametrize("timeout", [0, -1, float("nan"), float("inf"), 3601, None, True, "2"], ids=str)
def test_a_timeout_is_a_number_of_seconds(health_app: Any, timeout: object) -> None:
    """Above nothing, and no longer than an hour."""
    with pytest.raises(InvalidArgumentError, match=r"write timeout=2\.0"):
        health_app(SQLSpec(), timeout=timeout)


@pytest.mark.parametrize("databases", ["main", (), [None], [SQLiteConfig()], 7, SQLiteConfig], ids=str)
def test_databases_are_several_names(health_app: Any, databases: object) -> None:
    """One name alone would be taken for its letters; no name at all would be ready whatever happens."""
    with pytest.raises(InvalidArgumentError, match=r'write databases=\("main",\)'):
        health_app(SQLSpec(), databases=databases)


def test_it_is_not_imported_with_the_library() -> None:
    """Only where it is mounted."""
    code = "import sqlspec, sys; print([name for name in sys.modules if 'integrations' in name])"

    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)

    assert done.stdout == "[]\n"


@pytest.mark.parametrize("name", ["asgi", "wsgi"])
def test_it_imports_prometheus_when_metrics_are_asked_for(name: str) -> None:
    """Who has none need not install it."""
    code = f"import sqlspec.integrations.{name}, sys; print('prometheus_client' in sys.modules)"

    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)

    assert done.stdout == "False\n"
