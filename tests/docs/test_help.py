"""`help()` and `inspect.signature()` answer for every public name."""

from __future__ import annotations

import inspect
import pydoc
from typing import Any

import pytest

import sqlspec
import sqlspec.errors
import sqlspec.plugin

NAMES = [
    pytest.param(getattr(door, name), id=f"{door.__name__}.{name}")
    for door in (sqlspec, sqlspec.plugin, sqlspec.errors)
    for name in door.__all__
]
CLASSES = (sqlspec.SQLSpec, sqlspec.Session, sqlspec.AsyncSession, sqlspec.Result, sqlspec.AsyncExecution)
METHODS = [
    pytest.param(owner, name, id=f"{owner.__name__}.{name}")
    for owner in CLASSES
    for name, value in vars(owner).items()
    if not name.startswith("_") and callable(value)
]


@pytest.mark.parametrize("thing", NAMES)
def test_help_shows_every_public_name(thing: Any) -> None:
    """What it is for stands in it."""
    text = pydoc.plain(pydoc.render_doc(thing))

    assert len(text.splitlines()) > 3
    if isinstance(thing, type) or inspect.isfunction(thing):
        first_line = (inspect.getdoc(thing) or "").partition("\n")[0]
        assert first_line
        assert first_line in text


@pytest.mark.parametrize(("owner", "name"), METHODS)
def test_every_public_method_has_a_signature(owner: type, name: str) -> None:
    """With the names that a caller types."""
    signature = inspect.signature(getattr(owner, name))

    assert "args" not in signature.parameters
    assert "kwargs" not in signature.parameters


@pytest.mark.parametrize("kind", [sqlspec.Session, sqlspec.AsyncSession])
def test_a_session_is_a_class_like_any_other(kind: type) -> None:
    """Which can be looked at."""
    assert list(inspect.signature(kind).parameters) == ["plan", "connection"]
    assert list(inspect.signature(kind.execute).parameters) == [  # type: ignore[attr-defined]
        "self",
        "sql",
        "parameters",
        "schema_type",
        "query_timeout",
    ]
