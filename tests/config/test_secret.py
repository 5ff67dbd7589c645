"""Secrets are used and never shown."""

from __future__ import annotations

import copy
import pickle
from typing import Any, cast

import msgspec
import pytest

from sqlspec.config import Secret
from sqlspec.errors import InvalidArgumentError
from tests.config.fake import CANARY


def test_a_secret_reveals_what_it_holds() -> None:
    """A text comes back as it is."""
    assert Secret(CANARY).reveal() == CANARY


def test_a_function_is_asked_every_time() -> None:
    """A rotated password reaches the next connection."""
    answers = iter(["first", "second"])
    secret = Secret(lambda: next(answers))

    assert [secret.reveal(), secret.reveal()] == ["first", "second"]


@pytest.mark.parametrize("shown", [repr, str, format, "{:>40}".format, "{:.1}".format, "%s".__mod__, ascii])
def test_every_way_to_show_a_secret_shows_the_mask(shown: Any) -> None:
    """Neither a width nor a precision tells its length."""
    assert shown(Secret(CANARY)) == "***"


def test_secrets_of_one_text_are_equal() -> None:
    """Configs that hold them compare and hash by content."""
    assert Secret("a") == Secret("a")
    assert hash(Secret("a")) == hash(Secret("a"))
    assert Secret("a") != Secret("b")
    assert Secret("a") != "a"


def test_a_secret_is_not_pickled() -> None:
    """A masked copy would be lost data, an open one a leak."""
    with pytest.raises(InvalidArgumentError, match="from the source") as caught:
        pickle.dumps(Secret(CANARY))

    assert CANARY not in str(caught.value)


def test_a_secret_survives_copying_within_the_process() -> None:
    """Copies may stay open: they go nowhere."""
    secret = Secret(CANARY)

    assert copy.copy(secret) is secret
    assert copy.deepcopy(secret) is secret


def test_a_secret_is_not_encoded() -> None:
    """A JSON dump of something that holds it fails aloud."""
    with pytest.raises(TypeError):
        msgspec.json.encode({"password": Secret(CANARY)})


@pytest.mark.parametrize("wrong", [None, 5, b"bytes"])
def test_a_secret_holds_a_text_or_a_function(wrong: Any) -> None:
    """Bytes would be spelled b'…' in a password."""
    with pytest.raises(InvalidArgumentError, match="a str or a function"):
        Secret(wrong)


def test_a_function_must_return_a_text() -> None:
    """What it returned instead is not quoted."""
    secret = Secret(cast("Any", CANARY.encode))

    with pytest.raises(InvalidArgumentError, match="must return a str") as caught:
        secret.reveal()

    assert CANARY not in str(caught.value)


async def test_an_async_function_is_awaited() -> None:
    """By `areveal`; anew each time, like any other."""
    tokens = iter(["monday", "tuesday"])

    async def fetch() -> str:
        return next(tokens)

    secret = Secret(fetch)

    assert [await secret.areveal(), await secret.areveal()] == ["monday", "tuesday"]


async def test_what_tasks_ask_for_may_be_plain_as_well() -> None:
    """A text, a function, and a function that returns something to await."""

    async def fetch() -> str:
        return "later"

    assert await Secret("now").areveal() == "now"
    assert await Secret(lambda: "now").areveal() == "now"
    assert await Secret(lambda: fetch()).areveal() == "later"  # noqa: PLW0108 - a function that is not async itself


async def test_an_async_function_is_not_for_threads() -> None:
    """The error says so; its coroutine is not left un-awaited, which would warn."""

    async def fetch() -> str:
        raise AssertionError

    with pytest.raises(InvalidArgumentError, match="async with"):
        Secret(fetch).reveal()


async def test_an_async_function_must_return_a_str() -> None:
    """As any other."""

    async def fetch() -> Any:
        return 5

    with pytest.raises(InvalidArgumentError, match="must return a str"):
        await Secret(fetch).areveal()
