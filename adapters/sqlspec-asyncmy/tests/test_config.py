"""What a config says, without a server."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from sqlspec import Secret, SQLSpec
from sqlspec.adapters import mysql
from sqlspec.errors import InvalidConfigError, SyncNotSupportedError
from sqlspec_asyncmy import AsyncMyConfig

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.mark.parametrize("scheme", ["mysql", "mariadb", "asyncmy", "mysql+asyncmy"])
def test_a_url_finds_the_adapter(scheme: str) -> None:
    """By either name of the database, or by the driver's."""
    spec = SQLSpec()

    config = spec.register_config(f"{scheme}://me:p%40ss@db.example.org:3307/shop?time_zone=UTC", "shop")

    assert isinstance(config, AsyncMyConfig)
    assert (config.host, config.port, config.username) == ("db.example.org", 3307, "me")
    assert (config.database, config.password, config.time_zone) == ("shop", Secret("p@ss"), "UTC")
    assert "p@ss" not in repr(config)


def test_the_facade_has_the_same_class() -> None:
    """Applications import it from there."""
    assert mysql.AsyncMyConfig is AsyncMyConfig


def test_a_socket_is_a_host() -> None:
    """Its path, percent-encoded in a URL; nothing is encrypted on it."""
    config = AsyncMyConfig(url="mysql://me@%2Frun%2Fmysqld.sock/shop")

    assert (config.socket, AsyncMyConfig().socket) == ("/run/mysqld.sock", None)
    assert (config.location, config.effective_ssl_mode) == ("/run/mysqld.sock", "disable")


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("collation", "utf8mb4_bin; DROP TABLE users"),
        ("time_zone", "'"),
        ("sql_mode", "'"),
        ("sql_mode", "STRICT_ALL_TABLES,ansi_quotes"),
        ("sql_mode", "NO_BACKSLASH_ESCAPES"),
        ("sql_mode", "ORACLE"),
        ("charset", "gbk"),
    ],
    ids=str,
)
def test_what_can_not_be_meant_is_refused(option: str, value: object) -> None:
    """The error names the option."""
    with pytest.raises(InvalidConfigError, match=option) as caught:
        AsyncMyConfig.from_mapping({option: value})

    assert caught.value.key == option


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda spec: spec.provide_session("main").__enter__(), "`async with`"),
        (lambda spec: spec.provide_connection("main").__enter__(), "`async with`"),
        (lambda spec: spec.ping("main"), "`await spec.aping(…)`"),
        (lambda spec: spec.get_config("main").create_pool(), "`config.create_async_pool()`"),
    ],
)
def test_there_is_no_sync_side(call: Callable[[SQLSpec], object], told: str) -> None:
    """And an error that says so, and what to write instead of this call."""
    spec = SQLSpec()
    spec.register_config(AsyncMyConfig(), "main")

    with pytest.raises(SyncNotSupportedError, match=re.escape(f"is async only: write {told}")):
        call(spec)
