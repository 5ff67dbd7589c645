"""Errors go from one process to another, as pools of processes send them."""

from __future__ import annotations

import copy
import inspect
import pickle
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import TYPE_CHECKING, Any

import pytest

import sqlspec.errors
from sqlspec import SQLSpec
from sqlspec.errors import ConfigFileError, ConfigNotFoundError, ConfigSourceError, SQLSpecError

if TYPE_CHECKING:
    from collections.abc import Callable

VALUES: dict[str, Any] = {
    "known": ["east", "west"],
    "names": ["east", "west"],
    "claimants": ["one", "two"],
    "line": 7,
    "column": 3,
    "errors": [ConfigFileError("is wrong", path="db.yaml", line=3, key="databases.main")],
}
WAYS: dict[str, Callable[[Any], Any]] = {
    "pickle": lambda error: pickle.loads(pickle.dumps(error)),  # noqa: S301 - our own
    "oldest pickle": lambda error: pickle.loads(pickle.dumps(error, 2)),  # noqa: S301
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
}


def _sample(kind: type[SQLSpecError], text: str = "what went wrong") -> SQLSpecError:
    """One with all arguments that it takes."""
    parameters = list(inspect.signature(kind.__init__).parameters.values())[1:]
    named = [one for one in parameters if one.kind in {one.POSITIONAL_OR_KEYWORD, one.KEYWORD_ONLY}]
    values = {one.name: VALUES.get(one.name, f"{text}: the {one.name}") for one in named}
    if kind is ConfigSourceError:
        return ConfigSourceError(VALUES["errors"])
    first = [values.pop(one.name) for one in named if one.kind is one.POSITIONAL_OR_KEYWORD]
    return kind(*(first if named else [text]), **values)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", sqlspec.errors.__all__)
def test_g54_every_error_arrives_whole(name: str, way: str) -> None:
    """The same class, text, attributes and notes."""
    error = _sample(getattr(sqlspec.errors, name))
    error.add_note("a note")

    arrived = WAYS[way](error)

    assert type(arrived) is type(error)
    assert str(arrived) == str(error)
    assert vars(arrived) == vars(error)
    assert _parts(arrived) == _parts(error)


@pytest.mark.parametrize("name", [one for one in sqlspec.errors.__all__ if one != "ConfigSourceError"])
def test_g54_no_error_is_longer_than_two_kilobytes(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever it is told about: a thousand configs, or a name without an end. Nor is its repr."""
    many = [f"database_{number}" for number in range(1000)]
    for key in ("known", "names", "claimants"):
        monkeypatch.setitem(VALUES, key, many)
    kind = getattr(sqlspec.errors, name)
    for error in (_sample(kind), _sample(kind, "№" * 5000)):
        for text in (str(error), repr(error)):
            assert len(text.encode()) < 2048
        assert str(pickle.loads(pickle.dumps(error))) == str(error)  # noqa: S301 - our own


def test_g54_a_group_of_many_errors_is_no_longer() -> None:
    """It holds them all, and shows the first."""
    each = VALUES["errors"][0]
    error = ConfigSourceError([each] * 1000)

    assert len(error.exceptions) == 1000
    assert max(len(str(error).encode()), len(repr(error).encode())) < 2048


def test_g54_a_thousand_databases_are_not_listed() -> None:
    """The error about one that is not there names some of them."""
    spec = SQLSpec()
    for number in range(1000):
        spec.register_config("sqlite://", f"database_{number}")

    with pytest.raises(ConfigNotFoundError, match="and 980 more") as caught:
        spec.get_config("∅")

    assert len(str(caught.value)) < 1000


def _parts(error: object) -> list[dict[str, Any]]:
    """Of a group: what its errors hold."""
    return [vars(one) for one in getattr(error, "exceptions", ())]


def _fail() -> None:
    SQLSpec().get_config("main")


def test_g54_a_pool_of_processes_hands_it_on() -> None:
    """One that can not be unpickled would leave the pool waiting for ever."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        future = pool.submit(_fail)

        with pytest.raises(SQLSpecError, match="no database named 'main'"):
            future.result(timeout=60)
