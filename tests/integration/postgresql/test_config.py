"""One set of options for both adapters: what a URL fills, what is refused, what comes of the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from sqlspec.adapters.postgresql import AsyncpgConfig, PostgreSQLConfig
from sqlspec.errors import InvalidConfigError

from .sides import door_to

if TYPE_CHECKING:
    from .sides import Home, Side

BOTH = pytest.mark.parametrize("config_type", [AsyncpgConfig, PostgreSQLConfig])


@BOTH
@pytest.mark.parametrize(
    ("url", "fields"),
    [
        (
            "postgresql://ann:pw@db:5433/shop",
            {"host": "db", "port": 5433, "username": "ann", "database": "shop", "addresses": (("db", 5433),)},
        ),
        (
            "postgres://one:1,two,[::1]:3/shop?target_session_attrs=read-write",
            {
                "host": None,
                "addresses": (("one", 1), ("two", 5432), ("::1", 3)),
                "target_session_attrs": "read-write",
            },
        ),
        (
            "postgresql://%2Frun%2Fpostgresql/shop?ssl_mode=verify-full&statement_cache_size=7",
            {"host": "/run/postgresql", "ssl_mode": "verify-full", "cached_statements": 7},
        ),
        ("postgresql:///shop?pgbouncer=true", {"pgbouncer": True, "cached_statements": 0}),
        ("postgresql:///shop?pgbouncer=true&statement_cache_size=9", {"cached_statements": 9}),
        ("postgresql://", {"addresses": (("localhost", 5432),), "location": "localhost:5432"}),
        ("postgresql://one,two:7", {"location": "one:5432, two:7"}),
        ("postgresql://h?keepalive=30", {"keepalive": 30.0}),
        ("postgresql://h?keepalive=null", {"keepalive": None}),
        ("postgresql://h?options=-c%20search_path=sales", {"server_settings": {"search_path": "sales"}}),
    ],
)
def test_a_url_fills_the_fields(config_type: type[Any], url: str, fields: dict[str, Any]) -> None:
    """Each part its own."""
    config = config_type(url=url)

    assert {name: getattr(config, name) for name in fields} == fields


@BOTH
@pytest.mark.parametrize(
    ("given", "key", "told"),
    [
        ({"url": "postgresql://h/db?sslmode=prefer"}, "sslmode", "write require or disable"),
        ({"url": "postgresql://h/db?channel_binding=require"}, "channel_binding", "leave it out"),
        ({"url": "postgresql://h/db?sslmode=require&ssl=true"}, "ssl", "says ssl_mode twice"),
        ({"url": "postgresql://h/db?options=-d%203"}, "options", "-c search_path=sales"),
        ({"url": "postgresql://h/db?schema=sales"}, "schema", "write options="),
        ({"url": "postgresql://h/a?dbname=db"}, "database", "says it twice"),
        ({"url": "mysql://h/db"}, "url", "begin with postgresql://"),
        ({"host": "a", "hosts": (("b", None),)}, "hosts", "in one place"),
        ({"port": 5432, "hosts": (("b", None),)}, "hosts", "in one place"),
        ({"url": "postgresql://a,b/db", "port": 1}, "hosts", "in one place"),
        ({"hosts": (("a", 1), ("b", 70_000))}, "hosts", "a port from 1 to 65535"),
        ({"hosts": (("a", 0),)}, "hosts", "a port from 1 to 65535"),
        ({"hosts": (("a,b", None),)}, "hosts", "one name or address"),
        ({"host": "a:5433"}, "host", 'beside the host: host="db.example", port=5433'),
        ({"hosts": (("a:5433", None),)}, "hosts", r'beside the host: hosts=\[\("db.example", 5433\)\]'),
        ({"host": "[::1]"}, "host", "brackets around an IPv6 address belong to URLs"),
        ({"host": "postgresql://a"}, "host", "what begins with a scheme is a url"),
        ({"host": "a/shop"}, "host", "without blanks, commas and slashes"),
        ({"server_settings": {"search path": "x"}}, "server_settings", "letters, digits, _ and ."),
        ({"server_settings": {"a -c b": "x"}}, "server_settings", "letters, digits, _ and ."),
        ({"url": "postgresql://h/db?options=-c+jit%3Doff"}, "options", "options=-c%20search_path%3Dsales"),
        ({"url": "postgresql://h/db?options=-c jit=off"}, "url", "a blank in its query; write %20 for it"),
        ({"url": "postgresql://h/db?keepalive=None"}, "keepalive", r"expected seconds \(5 or 0.5\) or null"),
        ({"url": "postgresql://h/db?keepalive=0"}, "keepalive", "or None for off; in a URL that is null"),
        ({"url": "postgresql://h/db?keepalives=0"}, "keepalives", "write keepalive instead"),
        ({"max_connections": 5}, "max_connections", "Did you mean 'pool_size'"),
        ({"url": "postgresql://h/db?max_connections=5"}, "max_connections", "Did you mean 'pool_size'"),
        ({"dsn": "postgresql://h/db"}, "dsn", "Did you mean 'url'"),
        ({"sslmode": "require"}, "sslmode", "Did you mean 'ssl_mode'"),
        ({"statement_cache_size": -1}, "statement_cache_size", "must be 0 or more"),
        ({"target_session_attrs": "master"}, "target_session_attrs", "expected 'any' or"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_value_that_can_not_be_is_refused(
    config_type: type[Any], given: dict[str, Any], key: str, told: str
) -> None:
    """With the field's name, and with what to write."""
    with pytest.raises(InvalidConfigError, match=told) as caught:
        config_type(**given)

    assert caught.value.key == key


def test_each_adapter_keeps_as_many_statements_as_its_driver() -> None:
    """Unless the config says otherwise."""
    assert (AsyncpgConfig().cached_statements, PostgreSQLConfig().cached_statements) == (256, 100)


@BOTH
def test_a_read_only_config_says_so_at_connect(config_type: type[Any]) -> None:
    """But not to PgBouncer, which refuses settings that it does not know."""
    settings = {"work_mem": "5MB"}
    config = config_type(read_only=True, server_settings=settings)

    assert config.session_settings == {**settings, "default_transaction_read_only": "on"}
    assert config.replace(pgbouncer=True).session_settings == settings
    assert config.replace(read_only=False).session_settings == settings


async def test_a_role_of_the_account_or_of_the_config_comes_back(side: Side, home: Home) -> None:
    """A session begins with it, and so does the next one, whatever the last one set."""
    home.sql(
        "DROP ROLE IF EXISTS clerk, shop, other; CREATE ROLE shop; CREATE ROLE other; "
        "CREATE ROLE clerk LOGIN PASSWORD 'clerk' IN ROLE shop, other; ALTER ROLE clerk SET role = 'shop'"
    )
    url = home.url(user="clerk", password="clerk")
    for expected, settings in (("shop", {}), ("other", {"role": "other"})):
        async with door_to(side, url, server_settings=settings, pool_size=1) as door:
            for dirty in ("SELECT 1", "SET ROLE clerk", "SET ROLE NONE", "SET SESSION AUTHORIZATION clerk"):
                async with door.session(autocommit=True) as session:
                    await session.execute(dirty)

                assert await door.value("SELECT current_user::text") == expected
            assert door.stats.opened == 1
