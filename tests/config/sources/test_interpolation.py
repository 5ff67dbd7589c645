"""Environment variables in files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sqlspec.config.sources.interpolate import interpolate
from sqlspec.errors import ConfigSourceError
from tests.config.fake import CANARY, NetConfig, everything_said
from tests.config.sources.formats import NAMES, dumped

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sqlspec import SQLSpec

    Load = Callable[..., SQLSpec]


def host_of(spec: SQLSpec) -> str | None:
    """The one database's host."""
    config = spec.get_config()
    assert isinstance(config, NetConfig)
    return config.host


@pytest.mark.parametrize("name", NAMES)
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
def test_g37_variables_are_filled_in_once(load: Load, name: str, written: str, value: str) -> None:
    """What they hold is never looked at again."""
    text = dumped({"databases": {"main": {"adapter": "net", "host": written}}}, name)

    assert host_of(load(text, name, A="one", EMPTY="", NESTED="${A} $$")) == value


@pytest.mark.parametrize(
    "written", ["$", "a$b", "$A", "${}", "${1A}", "${A", "${A:-x", "${A-x}", "${A }", "$$$"]
)
def test_g37_a_dollar_sign_that_begins_nothing_is_refused(load: Load, written: str) -> None:
    """It may be a misspelt variable."""
    with pytest.raises(ConfigSourceError, match=r"host: a lone \$.*\$\$ for a dollar"):
        load(f"databases.main = {{ adapter = 'net', host = '{written}' }}", A="one")


def test_g37_a_missing_variable_is_named(load: Load) -> None:
    """With its place, and no part of the value around it."""
    with pytest.raises(ConfigSourceError) as caught:
        load(f"[databases.main]\nurl = 'net://{CANARY}:${{DB_PASS}}@h'\n")

    (error,) = caught.value.exceptions
    assert str(error).endswith(
        ":2:1: databases.main.url: the environment variable DB_PASS is not set; "
        "set it, or write ${DB_PASS:-default}"
    )
    assert not any(CANARY in text for text in everything_said(caught.value))


def test_variables_of_unused_tables_need_not_be_set(load: Load) -> None:
    """Templates that nobody extends, values that are overridden, and other profiles."""
    text = """
        [templates.prod]
        host = "${PROD}"
        [databases.main]
        adapter = "net"
        extends = "prod"
        host = "mine"
        [profiles.other.databases.main]
        host = "${OTHER}"
    """

    assert host_of(load(text)) == "mine"


@given(st.text(min_size=1))
def test_g37_a_variable_can_not_reach_out_of_its_part_of_a_url(secret: str) -> None:
    """Whatever the password is, the host stays the host."""
    url = interpolate("net://me:${PASSWORD}@h:5/db", {"PASSWORD": secret}, in_url=True)
    config = NetConfig(url=str(url))

    assert (config.host, config.port, config.database) == ("h", 5, "db")
    assert config.password is not None
    assert config.password.reveal() == secret


def test_a_variable_may_be_the_whole_url(load: Load) -> None:
    """Then it is a URL already, and nothing is escaped; its scheme finds the adapter."""
    assert host_of(load("databases.main.url = '${URL}'", URL="net://u:p%40@h/db")) == "h"


@pytest.mark.parametrize("name", NAMES)
def test_a_variable_is_read_as_the_option_wants_it(load: Load, name: str) -> None:
    """As a number, a boolean, a name; in a format that has types as in one that has not."""
    options = {"adapter": "${A}", "pool_size": "${SIZE:-7}", "read_only": "${RO}", "busy_timeout": "${BUSY}"}
    document = {"databases": {"main": options | {"instrumentation": {"log_queries": "${LOG}"}}}}

    config = load(dumped(document, name), name, A="net", RO="true", BUSY="1.5", LOG="false").get_config()

    assert isinstance(config, NetConfig)
    assert (config.pool_size, config.read_only, config.busy_timeout) == (7, True, 1.5)
    assert "instrumentation" in config.given


def test_variables_reach_into_lists_and_tables() -> None:
    """Names are left alone."""
    value: Any = [["${A}", 1], {"${A}": "${A}"}]

    assert interpolate(value, {"A": "a"}) == [["a", 1], {"${A}": "a"}]


def test_any_mapping_is_an_environment(spec: SQLSpec, write: Callable[..., Path]) -> None:
    """Where a variable may be None, it is not set; where it is no text, that is an error."""
    path = write("databases.main = { adapter = 'net', host = '${H:-h}', port = '${P}' }")

    with pytest.raises(ConfigSourceError, match="environment variable P is no text but int"):
        spec.register_from_file(path, environ={"H": None, "P": 5})
    spec.register_from_file(path, environ={"H": None, "P": "5"})

    assert host_of(spec) == "h"


def test_the_environment_is_the_processs_own_by_default(
    spec: SQLSpec, write: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Read when the file is."""
    monkeypatch.setenv("SQLSPEC_TEST_HOST", "h")

    spec.register_from_file(write("databases.main = { adapter = 'net', host = '${SQLSPEC_TEST_HOST}' }"))

    assert host_of(spec) == "h"


def test_g36_a_variable_can_not_fill_the_memory(load: Load) -> None:
    """A large one that is named many times."""
    with pytest.raises(ConfigSourceError, match="longer than 1048576 characters"):
        load(f"databases.main = {{ adapter = 'net', host = '{'${A}' * 50_000}' }}", A="x" * 100_000)
