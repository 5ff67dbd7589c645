"""The URLs that platforms hand out, in the words of the drivers that they were written for."""

from __future__ import annotations

from typing import Any

import pytest

from sqlspec import SQLSpec
from sqlspec.errors import InvalidConfigError

TAKEN: dict[str, dict[str, Any]] = {
    "postgres://ann:pw@db.example:5433/shop?sslmode=disable": {"ssl_mode": "disable", "port": 5433},
    "postgresql://ann:pw@db.example/shop?sslmode=require&connect_timeout=15": {
        "ssl_mode": "require",
        "connect_timeout": 15.0,
    },
    "postgresql+asyncpg://ann:pw@db.example/shop?sslmode=verify-full&sslrootcert=/ca.pem": {
        "ssl_mode": "verify-full",
        "ssl_root_cert": "/ca.pem",
    },
    "postgresql+asyncpg://ann:pw@db.example/shop?ssl=true": {"ssl_mode": "require"},
    "postgresql://db.example/?user=ann&dbname=shop": {"username": "ann", "database": "shop"},
    "postgresql://ann:pw@db.example/shop?options=-c%20search_path%3Dsales%20--lock-timeout%3D5s": {
        "server_settings": {"search_path": "sales", "lock_timeout": "5s"}
    },
    r"postgresql://ann:pw@db.example/shop?options=-csearch_path%3Da%2C%5C%20b": {
        "server_settings": {"search_path": "a, b"}
    },
    "postgresql://ann:pw@a.example,b.example/shop?options=-cjit%3Doff&keepalives_idle=20": {
        "server_settings": {"jit": "off"},
        "keepalive": 20.0,
        "hosts": (("a.example", None), ("b.example", None)),
    },
    "postgresql://ann:pw@db.example/shop?connection_limit=5&pgbouncer=true": {
        "pool_size": 5,
        "pgbouncer": True,
    },
    "mysql://ann:pw@db.example:25060/shop?ssl-mode=REQUIRED": {"ssl_mode": "require", "port": 25060},
    "mysql://ann:pw@db.example/shop?ssl-mode=VERIFY_IDENTITY&ssl-ca=/ca.pem": {
        "ssl_mode": "verify-full",
        "ssl_root_cert": "/ca.pem",
    },
    "mysql://ann:pw@db.example/shop?ssl_mode=VERIFY_CA": {"ssl_mode": "verify-ca"},
    "mysql://ann:pw@db.example/shop?sslaccept=strict": {"ssl_mode": "verify-full"},
    "rediss://:pw@db.example:6380/2?ssl_cert_reqs=none": {"ssl_mode": "require", "database": 2},
    "rediss://:pw@db.example:6380?ssl_cert_reqs=CERT_REQUIRED&db=3": {
        "ssl_mode": "verify-full",
        "database": 3,
    },
    " postgresql://ann:pw@db.example/shop\n": {"database": "shop"},
    "sqlite:///shop.db ": {"database": "shop.db"},
}
ALL_MODES = "write ssl_mode instead, which is disable or require or verify-ca or verify-full"
REFUSED = {
    "postgresql://ann:hunter2@db.example/shop?sslmode=prefer": "write require or disable",
    "postgresql://ann:hunter2@db.example/shop?channel_binding=require": "leave it out",
    "postgresql+asyncpg://ann:hunter2@db.example/shop?options=-d%20hunter2": "see server_settings",
    "postgresql://ann:hunter2@db.example/shop?sslmode=require&ssl=hunter2": "write ssl_mode",
    "postgresql://ann:hunter2@db.example/shop?ssl=no": ALL_MODES,
    "mysql://ann:hunter2@db.example/shop?ssl=no": ALL_MODES,
    "mysql://ann:hunter2@db.example/shop?sslaccept=hunter2": ALL_MODES,
    "postgresql://ann:hunter2@db.example/shop?sslmode=require&ssl=true": "says ssl_mode twice",
    "postgresql://ann:hunter2@db.example/shop?dbname=other": "says it twice",
    "mysql://ann:hunter2@db.example/shop?ssl-mode=PREFERRED": "no server without TLS is taken for one",
    "mysql://ann:hunter2@db.example/shop?unix_socket=/run/db.sock": "a socket is a host, percent-encoded",
    "redis://:hunter2@db.example/0?db=1": "says it twice",
    "rediss://:hunter2@db.example/0?ssl_cert_reqs=optional": ALL_MODES,
    "redis://:hunter2@db.example/0?retry_on_timeout=true": "leave it out",
}


@pytest.mark.parametrize("url", TAKEN)
def test_what_has_a_meaning_here_is_taken(url: str) -> None:
    """As the field that it stands for."""
    config: Any = SQLSpec().register_config(url, "main")

    assert {name: getattr(config, name) for name in TAKEN[url]} == TAKEN[url]


@pytest.mark.parametrize("url", REFUSED)
def test_what_has_none_is_refused_with_what_to_write(url: str) -> None:
    """No value of the URL is quoted."""
    with pytest.raises(InvalidConfigError, match=REFUSED[url]) as caught:
        SQLSpec().register_config(url, "main")

    assert "hunter2" not in str(caught.value)
    assert "unknown option" not in str(caught.value)


def test_a_mapping_and_a_source_take_them_too() -> None:
    """Whatever hands the URL over."""
    url = "postgresql://ann:pw@db.example/shop?sslmode=require"
    spec = SQLSpec()
    configs: list[Any] = [spec.register_config({"url": url}, "a")]
    spec.register_from_env(environ={"DB_B_URL": f"{url}\n"})
    configs.append(spec.get_config("b"))

    assert [config.ssl_mode for config in configs] == ["require", "require"]


@pytest.mark.parametrize(
    "url",
    [
        "redis+sentinel://:hunter2@a.example:26379,b.example:26380/orders/3",
        "rediss+cluster://ann:hunter2@a.example:7000,b.example:7001",
        "redis-sentinel://:hunter2@a.example:26379/orders",
        "rediss-cluster://:hunter2@a.example:7000",
    ],
)
def test_a_topology_that_is_not_served_is_named(url: str) -> None:
    """And not looked for as an adapter that somebody might install."""
    word = "Sentinel" if "sentinel" in url else "Cluster"

    for config in (url, {"url": url}):
        with pytest.raises(InvalidConfigError, match=f"Redis {word} is not supported") as caught:
            SQLSpec().register_config(config, "cache")
        assert "hunter2" not in str(caught.value)
