"""Environment variables in files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sqlspec.config.sources.interpolate import interpolate
from sqlspec.errors import ConfigFileError
from tests.config.fake import CANARY, NetConfig, everything_said

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlspec.config.sources import LoadedFile


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("${A}", "one"),
        ("x${A}y${A}", "xoneyone"),
        ("${EMPTY}", ""),
        ("${EMPTY:-two}", "two"),
        ("${MISSING:-}", ""),
        ("${MISSING:-a:-b}", "a:-b"),
        ("$$", "$"),
        ("$${A}", "${A}"),
        ("$$$$", "$$"),
        ("${NESTED}", "${A} $$"),
        ("${MISSING:-$$}", "$$"),
        ("no variable", "no variable"),
    ],
)
def test_g37_variables_are_filled_in_once(load: Callable[..., LoadedFile], written: str, value: str) -> None:
    """What they hold is never looked at again."""
    loaded = load(f"databases.main.host = '{written}'", A="one", EMPTY="", NESTED="${A} $$")

    assert loaded.databases["main"]["host"] == value


@pytest.mark.parametrize(
    "written", ["$", "a$b", "$A", "${}", "${1A}", "${A", "${A:-x", "${A-x}", "${A }", "$$$"]
)
def test_g37_a_dollar_sign_that_begins_nothing_is_refused(
    load: Callable[..., LoadedFile], written: str
) -> None:
    """It may be a misspelt variable."""
    with pytest.raises(ConfigFileError, match=r"a lone \$.*\$\$ for a dollar"):
        load(f"databases.main.host = '{written}'", A="one")


def test_g37_a_missing_variable_is_named(load: Callable[..., LoadedFile]) -> None:
    """With its place, and no part of the value around it."""
    with pytest.raises(ConfigFileError) as caught:
        load(f"[databases.main]\nurl = 'net://{CANARY}:${{DB_PASS}}@h'\n")

    assert "environment variable DB_PASS is not set" in str(caught.value)
    assert (caught.value.line, caught.value.column, caught.value.key) == (2, 1, "databases.main.url")
    assert not any(CANARY in text for text in everything_said(caught.value))


def test_variables_of_unused_tables_need_not_be_set(load: Callable[..., LoadedFile]) -> None:
    """Templates that nobody extends, values that are overridden, and other profiles."""
    text = """
        [templates.prod]
        password = "${PROD}"
        [databases.main]
        extends = "prod"
        password = "mine"
        [profiles.other.databases.main]
        host = "${OTHER}"
    """

    assert load(text).databases == {"main": {"password": "mine"}}


@given(st.text(min_size=1))
def test_g37_a_variable_can_not_reach_out_of_its_part_of_a_url(secret: str) -> None:
    """Whatever the password is, the host stays the host."""
    url = interpolate("net://me:${PASSWORD}@h:5/db", {"PASSWORD": secret}, key="databases.main.url")
    config = NetConfig(url=str(url))

    assert (config.host, config.port, config.database) == ("h", 5, "db")
    assert config.password is not None
    assert config.password.reveal() == secret


def test_variables_reach_into_lists_and_nested_tables(load: Callable[..., LoadedFile]) -> None:
    """Keys are left alone."""
    loaded = load("[databases.main]\nhosts = [['${A}', 1], { '${A}' = '${A}' }]\nt.u = '${A}'\n", A="a")

    assert loaded.databases["main"] == {"hosts": [["a", 1], {"${A}": "a"}], "t": {"u": "a"}}
