"""Database URLs, taken apart and put together."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sqlspec import URL, Secret
from sqlspec.errors import InvalidArgumentError, InvalidConfigError
from tests.config.fake import CANARY, everything_said

NAMES = st.from_regex(r"[a-z][a-z0-9_.-]{0,8}", fullmatch=True)
TEXTS = st.text(min_size=1, max_size=12)
PORTS = st.none() | st.integers(1, 65535)
HOSTS = st.tuples(TEXTS, PORTS) | st.tuples(st.just(""), st.integers(1, 65535))
URLS = st.builds(
    URL,
    scheme=NAMES,
    adapter=st.none() | NAMES,
    username=st.none() | TEXTS,
    password=st.none() | TEXTS.map(Secret),
    hosts=st.lists(HOSTS, max_size=3).map(tuple),
    database=st.none() | TEXTS,
    query=st.dictionaries(TEXTS, st.text(max_size=8), max_size=3),
)


@given(URLS)
def test_g38_a_formatted_url_parses_to_the_same_parts(url: URL) -> None:
    """Whatever characters its parts hold."""
    assert URL.parse(url.format()) == url


@given(st.text(max_size=40) | st.text("abc:/@?#[]%,=&+ .\n0123é", max_size=40))
def test_any_text_is_a_url_or_an_invalid_config(text: str) -> None:
    """No other exception comes from the parser, and what it accepts it can say again."""
    try:
        url = URL.parse(text)
    except InvalidConfigError:
        return

    assert URL.parse(url.format()) == url


def test_every_part_is_found() -> None:
    """Decoded, with its type."""
    url = URL.parse("PostgreSQL+Psycopg://me:a%40b@one:1,[::1]:2,three/my%2Fdb?ssl_mode=require&x=a+b%26")

    assert (url.scheme, url.adapter) == ("postgresql", "psycopg")
    assert (url.username, url.password) == ("me", Secret("a@b"))
    assert url.hosts == (("one", 1), ("::1", 2), ("three", None))
    assert url.database == "my/db"
    assert url.query == {"ssl_mode": "require", "x": "a+b&"}


@pytest.mark.parametrize(
    ("text", "database"),
    [
        ("sqlite://", None),
        ("sqlite:///", None),
        ("sqlite:///:memory:", ":memory:"),
        ("sqlite:///relative.db", "relative.db"),
        ("sqlite:////abs/file.db", "/abs/file.db"),
        ("sqlite:///C:/data/file.db", "C:/data/file.db"),
        ("sqlite:///my file.db", "my file.db"),
        ("sqlite:///データ.db", "データ.db"),
        ("postgresql://host", None),
        ("postgresql://host/", None),
        ("postgresql://host/app", "app"),
    ],
)
def test_the_database_is_what_follows_one_slash(text: str, database: str | None) -> None:
    """So a relative path has three slashes and an absolute one four."""
    assert URL.parse(text).database == database


@pytest.mark.parametrize(
    ("text", "hosts"),
    [
        ("x://%2Fvar%2Frun%2Fpg/db", (("/var/run/pg", None),)),
        ("x://[fe80::1%25eth0]:5", (("fe80::1%eth0", 5),)),
        ("x://:5432", (("", 5432),)),
        ("x://münchen.example", (("münchen.example", None),)),
        ("x://h:", None),
        ("x://h:0", None),
        ("x://h:65536", None),
        ("x://h:٣", None),
        ("x://a,,b", None),
        ("x://[]", None),
        ("x://[::1", None),
        ("x://[::1]5", None),
    ],
)
def test_hosts_are_names_addresses_or_sockets(text: str, hosts: Any) -> None:
    """With a port from 1 to 65535; None stands for an error."""
    if hosts is None:
        with pytest.raises(InvalidConfigError):
            URL.parse(text)
    else:
        assert URL.parse(text).hosts == hosts


@pytest.mark.parametrize(
    "raw", ["@", "/", "?", "#", "[", " ", "\n", "\t", "\\", '"', "<", "^", "`", "{", "|", "%zz", "%"]
)
@pytest.mark.parametrize("shape", ["pg://me:{}@host/db", "pg://me:{}@host:5432", "pg://me:{}@host?x=y"])
@pytest.mark.parametrize("password", ["{}canary{}", "1{}canary", "{}canary=1", "canary{}"])
def test_g38_a_raw_special_character_in_a_password_is_an_error_without_echo(
    raw: str, shape: str, password: str
) -> None:
    """Wherever it would have cut the URL; no part of the URL is in the error or its chain."""
    with pytest.raises(InvalidConfigError) as caught:
        URL.parse(shape.format(password.replace("{}", raw)))

    assert "encod" in str(caught.value) or "query" in str(caught.value)
    assert not any("canary" in text for text in everything_said(caught.value))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "file.db",
        "sqlite:file.db",
        "sqlite:/file.db",
        "://h",
        "5x://h",
        "a+://h",
        "x://h?a",
        "x://h?=1",
        "x://h?a=1&a=2",
        "x://h?a=1&&b=2",
        "x://u:%ff@h",
        "x://h/%C3%28",
        "x://h#frag",
        "x://h\x00",
        "x\n://h",
        "x://h?a=\ud800",
    ],
)
def test_what_is_no_url_is_refused(text: str) -> None:
    """With the key `url`, which the registry looks up in a file."""
    with pytest.raises(InvalidConfigError) as caught:
        URL.parse(text)

    assert caught.value.key == "url"


def test_a_url_shows_itself_without_its_password() -> None:
    """In repr, str, format and rich; options that sound secret are masked too."""
    url = URL.parse(f"pg://me:{CANARY}@h/db?pool_size=5&auth_token={CANARY}")

    assert str(url) == "pg://me:***@h/db?pool_size=5&auth_token=***"
    assert not any(CANARY in shown for shown in (repr(url), f"{url}", str(url.__rich_repr__())))


def test_a_password_without_a_user_is_kept() -> None:
    """Redis URLs are written so."""
    url = URL.parse("redis://:pw@h")

    assert (url.username, url.password) == (None, Secret("pw"))
    assert url.format() == "redis://:pw@h"


def test_an_empty_part_is_an_absent_part() -> None:
    """Parsed or built, there is one spelling for nothing."""
    assert URL.parse("x://:@h/?") == URL.parse("x://h") == URL(scheme="x", username="", hosts=(("h", None),))


def test_a_url_with_a_password_is_not_pickled() -> None:
    """One without is, and both are copied."""
    url = URL.parse("x://u:pw@h")

    with pytest.raises(InvalidArgumentError):
        pickle.dumps(url)

    assert copy.deepcopy(url) == url
    plain = URL.parse("x://h/db")
    assert pickle.loads(pickle.dumps(plain)) == plain  # noqa: S301 - our own bytes


def test_half_a_surrogate_pair_is_refused_when_formatting() -> None:
    """UTF-8 has no bytes for it."""
    with pytest.raises(InvalidConfigError, match="surrogate"):
        URL(scheme="x", database="\ud800").format()


def test_parsing_takes_linear_time() -> None:
    """A megabyte of anything ends at once."""
    for filler in ("@", ":", "/", "%41", "[", ",", "&a=1", "é"):
        text = "x://" + filler * 1_000_000

        try:
            URL.parse(text)
        except InvalidConfigError as exc:
            assert len(str(exc)) < 300  # noqa: PT017 - either outcome is fine, a long text is not
