"""`import sqlspec` is cheap, and brings nothing that its user may never need."""

from __future__ import annotations

import json
import subprocess
import sys
from functools import cache

import pytest

BUDGET = 120
HEAVY = (
    "asyncio",
    "click",
    "dataclasses",
    "importlib.metadata",
    "importlib_metadata",
    "logging",
    "opentelemetry",
    "pluggy",
    "prometheus_client",
    "pyarrow",
    "rich",
    "sqlite3",
    "tomllib",
    "yaml",
)


@cache
def loaded(statement: str) -> frozenset[str]:
    """The modules of a fresh interpreter after the statement, which must not warn."""
    code = f"{statement}\nimport json, sys\nprint(json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], check=True, capture_output=True, text=True
    )
    return frozenset(json.loads(done.stdout)) - {
        "_json",
        "json",
        "json.decoder",
        "json.encoder",
        "json.scanner",
        "sitecustomize",  # the machine's own, as on Debian
        "usercustomize",
    }


def brought() -> frozenset[str]:
    """What the import adds to what the interpreter and msgspec have anyway."""
    return loaded("import sqlspec") - loaded("import msgspec")


def test_it_stays_within_its_number_of_modules() -> None:
    """All modules of the interpreter are counted, those of the standard library too."""
    assert len(loaded("import sqlspec")) <= BUDGET


@pytest.mark.parametrize("module", HEAVY)
def test_it_brings_nothing_heavy(module: str) -> None:
    """These are imported where they are needed."""
    assert module not in brought()


def test_it_brings_no_adapter() -> None:
    """An adapter is imported when its name is first used."""
    assert not [module for module in brought() if module.startswith("sqlspec_")]
