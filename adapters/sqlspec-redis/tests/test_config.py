"""What a config says, and what it refuses to say."""

from __future__ import annotations

from typing import Any

import pytest

from sqlspec import Secret
from sqlspec.errors import InvalidConfigError
from sqlspec_redis import RedisConfig


@pytest.mark.parametrize(
    ("url", "fields"),
    [
        ("redis://", {"host": "localhost", "port": 6379, "database": 0, "password": None}),
        ("redis://h:1/2", {"host": "h", "port": 1, "database": 2}),
        ("redis://:pw@h", {"username": None, "password": Secret("pw")}),
        ("redis://me:p%40w@h/0", {"username": "me", "password": Secret("p@w"), "database": 0}),
        ("rediss://h", {"effective_ssl_mode": "verify-full"}),
        ("rediss://h?ssl_mode=verify-ca", {"effective_ssl_mode": "verify-ca"}),
        (
            "redis://h?codec=json&decode_responses=true&protocol=2",
            {"codec": "json", "decode_responses": True},
        ),
        ("redis+redis://h/3", {"database": 3}),
        ("unix:///run/redis.sock", {"socket_path": "/run/redis.sock", "database": 0}),
        (
            "unix://me:pw@/run/r.sock?database=4",
            {"socket_path": "/run/r.sock", "database": 4, "username": "me"},
        ),
    ],
)
def test_a_url_fills_the_fields(url: str, fields: dict[str, Any]) -> None:
    """All three schemes."""
    config = RedisConfig(url=url)

    assert {name: getattr(config, name) for name in fields} == fields


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"url": "redis://h/abc"}, r"RedisConfig\.database: expected a whole number"),
        ({"url": "redis://h/-1"}, r"RedisConfig\.database: is a database's number"),
        ({"url": "redis://h/1?database=2"}, "database"),
        ({"url": "unix://"}, "begins after two slashes"),
        ({"url": "unix://h/run.sock"}, "begins after two slashes"),
        ({"url": "http://h"}, "this adapter's URLs begin with redis"),
        ({"url": "rediss://h", "ssl_mode": "disable"}, "rediss:// means TLS"),
        ({"socket_path": "/s", "ssl_mode": "require"}, "nothing is encrypted on a unix socket"),
        ({"database": -1}, "database: is a database's number"),
        ({"socket_timeout": 0.0}, "socket_timeout: must be"),
        ({"socket_timeout": float("inf")}, "socket_timeout: must be"),
        ({"read_only": True}, "no read-only sessions"),
        ({"commit_timeout": 5.0}, "Redis has no COMMIT"),
        ({"query_timeout": 2.0, "socket_timeout": 3.0}, "query_timeout: is Redis' socket_timeout"),
        ({"query_timeout": 2.0, "socket_timeout": None}, "query_timeout: is Redis' socket_timeout"),
        ({"query_timeout": 0}, "query_timeout: must be"),
        ({"codec": "pickle"}, "codec: expected 'json' or None"),
        ({"protocol": 4}, "protocol: expected"),
        ({"socket_timout": 1.0}, "Did you mean 'socket_timeout'"),
    ],
)
def test_what_can_not_be_is_refused(given: dict[str, Any], text: str) -> None:
    """When it is built, with the field's name."""
    with pytest.raises(InvalidConfigError, match=text):
        RedisConfig(**given)


@pytest.mark.parametrize(
    ("given", "mode"),
    [
        ({}, "disable"),
        ({"socket_path": "/run/redis.sock"}, "disable"),
        ({"url": "redis://cache.internal"}, "require"),
        ({"url": "redis://cache.internal?ssl_mode=disable"}, "disable"),
        ({"url": "REDISS://localhost"}, "verify-full"),
    ],
)
def test_g34_plain_text_leaves_the_machine_only_by_request(given: dict[str, Any], mode: str) -> None:
    """As in every adapter."""
    assert RedisConfig(**given).effective_ssl_mode == mode
