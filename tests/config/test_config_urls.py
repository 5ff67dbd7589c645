"""What a config's URL fills, and what it may not say."""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003 - msgspec reads the annotations
from typing import Any, ClassVar

import pytest

from sqlspec import URL, Secret
from sqlspec.errors import InvalidConfigError
from tests.config.fake import CANARY, ClusterConfig, FileConfig, NetConfig


def test_a_url_fills_what_was_not_given() -> None:
    """Its parts and its query; only the URL itself counts as said."""
    config = NetConfig.from_url(f"net://me:{CANARY}@h:5/db?busy_timeout=2&pool_size=4")

    assert (config.user, config.password, config.host, config.port, config.database) == (
        "me",
        Secret(CANARY),
        "h",
        5,
        "db",
    )
    assert (config.busy_timeout, config.pool_size) == (2.0, 4)
    assert config.given == {"url"}


def test_a_url_and_fields_combine() -> None:
    """What both say must be the same."""
    config = NetConfig(url="net://h:5", host="h", password=Secret("x"), pool_size=7)

    assert (config.host, config.port, config.password, config.pool_size) == ("h", 5, Secret("x"), 7)


@pytest.mark.parametrize(
    ("url", "options"),
    [
        ("net://h", {"host": "other"}),
        ("net://h", {"host": None}),
        ("net://h:5", {"port": 6}),
        ("net://u:a@h", {"password": Secret("b")}),
        ("net://h?pool_size=5", {"pool_size": 10}),
        ("net://h?busy_timeout=5.5", {"busy_timeout": 5}),
    ],
)
def test_a_url_that_says_something_else_is_refused(url: str, options: dict[str, Any]) -> None:
    """A default, when it was said, counts as much as any other value."""
    with pytest.raises(InvalidConfigError, match="the url says something else") as caught:
        NetConfig(url=url, **options)

    assert caught.value.key == next(iter(options))


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("pg://h", "NetConfig.url: this adapter's URLs begin with netsql://…"),
        ("netsql+other://h", "NetConfig.url: this adapter's URLs begin with netsql://…"),
        ("net://a,b", "NetConfig.url: this adapter takes one host"),
        ("net://h?pool_sise=5", "NetConfig.pool_sise: unknown option. Did you mean 'pool_size'?"),
        ("net://h?pool_size=x", "NetConfig.pool_size: expected a whole number"),
        ("net://h?password=x", "NetConfig.password: can not stand in a URL's query"),
        ("net://h?url=x", "NetConfig.url: can not stand in a URL's query"),
        ("net://h?instrumentation=x", "NetConfig.instrumentation: can not stand in a URL's query"),
        ("net://h?pool_size=0", "NetConfig.pool_size: must be at least 1"),
    ],
)
def test_a_url_is_checked_against_the_fields(url: str, message: str) -> None:
    """Nothing in it is swallowed."""
    with pytest.raises(InvalidConfigError) as caught:
        NetConfig(url=url)

    assert str(caught.value) == message


@pytest.mark.parametrize("url", ["net://h", "netsql://h", "netsql+net://h", "NET://h"])
def test_a_config_takes_its_own_schemes(url: str) -> None:
    """Its adapter's name, further schemes, and both together."""
    assert NetConfig(url=url).host == "h"


def test_a_file_url_with_a_host_is_told_about_slashes() -> None:
    """The most common slip with such URLs."""
    with pytest.raises(InvalidConfigError, match="three slashes"):
        FileConfig(url="file://relative.db")
    assert FileConfig(url="file:///relative.db").database == "relative.db"


def test_an_adapter_may_take_several_hosts() -> None:
    """By naming a field for `hosts`."""
    assert ClusterConfig(url="cluster://a:1,b").hosts == (("a", 1), ("b", None))
    assert ClusterConfig(url="cluster:///").hosts == ()


def test_an_adapter_may_read_urls_its_own_way() -> None:
    """`parse_url` is open to extension."""

    class Redis(NetConfig, frozen=True, kw_only=True):
        url_fields: ClassVar[Mapping[str, str]] = {"host": "host", "database": "number"}
        number: int = 0

        @classmethod
        def parse_url(cls, url: URL) -> dict[str, Any]:
            return {"busy_timeout": 9.0} | super().parse_url(url)

    config = Redis(url="net://h/3")

    assert (config.number, config.busy_timeout) == (3, 9.0)
