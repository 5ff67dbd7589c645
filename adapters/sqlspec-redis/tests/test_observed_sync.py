# Printed from test_observed_async.py by tools/print_sync.py; do not edit.
"""Observers hear of what a session sends: of a command its name, of a pipeline the names in it."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest
import redis

from sqlspec import SQLSpec
from sqlspec.errors import SessionClosedError
from sqlspec_redis.drivers import Redis

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlspec_redis import RedisConfig

CANARY = "canary-hunter2"


@pytest.fixture
def spec(config: RedisConfig, recorder: Any) -> Iterator[Any]:
    """One database, `cache`, with two connections at most, and who observes it."""
    with SQLSpec() as spec:
        spec.plugins.register(recorder, "recorder")
        spec.register_config(config.replace(pool_size=2, pool_timeout=2.0), "cache")
        yield spec


def send(spec: Any, *words: Any) -> None:
    """One command; whether the server takes it does not matter."""
    with spec.provide_session("cache") as cache:
        with suppress(redis.RedisError, TypeError):
            cache.execute_command(*words)


COMMANDS = [
    # what is sent, its text, its parameters, and whether the reply may be shown
    (("SET", CANARY, CANARY), "SET ?", (CANARY, CANARY), True),
    ((b"get", CANARY), "GET ?", (CANARY,), True),
    ((bytearray(b"GET"), CANARY), "? ?", None, False),  # redis-py does not take it
    (("PING",), "PING", None, True),
    ((f"SET {CANARY} {CANARY}",), "SET ?", (CANARY, CANARY), True),
    ((f"SET {CANARY}", CANARY), "SET ?", (CANARY, CANARY), True),
    (("MSET", "a", 1, "b", 2, "c", 3), "MSET ?", ("a", 1, "b", 2, "c", 3), True),
    (("CLIENT SETNAME", CANARY), "CLIENT SETNAME ?", (CANARY,), True),
    (("CLIENT", "setname", CANARY), "CLIENT SETNAME ?", (CANARY,), True),
    (("CLIENT ID",), "CLIENT ID", None, True),
    (("CLIENT", f"{CANARY} 1"), "CLIENT ?", (f"{CANARY} 1",), False),
    (
        ("XGROUP CREATE", CANARY, "g", "$", "MKSTREAM"),
        "XGROUP CREATE ?",
        (CANARY, "g", "$", "MKSTREAM"),
        True,
    ),
    (
        ("XGROUP", "CREATE", CANARY, "h", "$", "MKSTREAM"),
        "XGROUP CREATE ?",
        (CANARY, "h", "$", "MKSTREAM"),
        True,
    ),
    (("XINFO", "HELP"), "XINFO HELP", None, True),
    (("OBJECT", "ENCODING", CANARY), "OBJECT ENCODING ?", (CANARY,), True),
    (("EVAL", f"return '{CANARY}'", 1, "k", "v"), "EVAL ?", ("?", 1, "k", "v"), True),
    (("EVAL_RO", f"return '{CANARY}'", 0), "EVAL_RO ?", ("?", 0), True),
    (("EVALSHA", "abc", 0), "EVALSHA ?", ("abc", 0), False),
    (("SCRIPT LOAD", f"return '{CANARY}'"), "SCRIPT LOAD ?", None, False),
    (("FUNCTION", "LOAD", f"#!lua name={CANARY}"), "FUNCTION LOAD ?", None, False),
    (("AUTH", CANARY), "AUTH ?", None, False),
    (("auth", "ann", CANARY), "AUTH ?", None, False),
    ((f"AUTH {CANARY}",), "AUTH ?", None, False),
    (("HELLO", "3", "AUTH", "ann", CANARY), "HELLO ?", None, False),
    (("ACL SETUSER", "ann", f">{CANARY}"), "ACL SETUSER ?", None, False),
    (("ACL", "GENPASS"), "ACL GENPASS", None, False),
    (("CONFIG SET", "save", ""), "CONFIG SET ?", None, False),
    (("CONFIG GET", "requirepass"), "CONFIG GET ?", None, False),
    (("config", "get", "masterauth"), "CONFIG GET ?", None, False),
    (("MIGRATE", "host", 1, "k", 0, 1, "AUTH", CANARY), "MIGRATE ?", None, False),
    (("MODULE", "LOADEX", "m.so", "CONFIG", "p", CANARY), "MODULE LOADEX ?", None, False),
    (("JSON.SET", "k", "$", "1"), "JSON.SET ?", ("k", "$", "1"), False),
    ((f"<{CANARY}>", "a"), "? ?", None, False),
    ((7, CANARY), "? ?", None, False),
]


@pytest.mark.parametrize(
    ("words", "told"), [(row[0], row[1:]) for row in COMMANDS], ids=[str(row[0])[:40] for row in COMMANDS]
)
def test_a_command_is_told_by_its_name(
    spec: Any, recorder: Any, words: tuple[Any, ...], told: tuple[Any, ...]
) -> None:
    """However it is spelled; its arguments are for those who ask, and secrets for nobody."""
    send(spec, *words)

    statement, shown, has_reply = told
    event, parameters, rows = recorder.only()
    assert (event.operation, event.statement, event.masked) == ("command", statement, statement)
    assert event.verb == statement.removesuffix("?").strip().removesuffix("?").strip()
    assert (event.name, event.adapter, event.dialect) == ("cache", "redis", None)
    assert parameters == shown
    assert (rows is not None) == has_reply
    assert CANARY not in repr(event)


def test_what_was_sent_before_changes_no_text(spec: Any, recorder: Any) -> None:
    """Names are remembered, as they are spelled, but nothing that follows them."""
    gets_sent: list[Any] = [("GET", "a"), ("GET",), ("GET", "b"), (f"GET {CANARY}",), ("GET", "c")]
    weird = ("CLIENT", f"{CANARY} 1")
    for words in (*gets_sent, weird, ("CLIENT", "SETNAME", "a"), ("CLIENT SETNAME", "b"), ("CLIENT", "ID")):
        send(spec, *words)

    gets = ["GET ?", "GET", "GET ?", "GET ?", "GET ?"]
    assert recorder.statements == [*gets, "CLIENT ?", "CLIENT SETNAME ?", "CLIENT SETNAME ?", "CLIENT ID"]
    parameters = [heard.parameters for heard in recorder.ended]
    assert parameters[:5] == [("a",), None, ("b",), (CANARY,), ("c",)]
    assert parameters[5:] == [(f"{CANARY} 1",), ("a",), ("b",), None]


def test_no_command_at_all_is_redis_pys_error(spec: Any, recorder: Any) -> None:
    """The same as without an observer."""
    with spec.provide_session("cache") as cache:
        with pytest.raises(IndexError):
            cache.execute_command()

    assert recorder.only().event.error == "IndexError"


def test_a_reply_is_a_row(spec: Any, recorder: Any) -> None:
    """For those who ask for rows; and the time it took is known."""
    with spec.provide_session("cache") as cache:
        cache.rpush("list", "a", "b")
        assert cache.lrange("list", 0, -1) == [b"a", b"b"]

    event, parameters, rows = recorder.ended[-1]
    assert (event.statement, parameters, list(rows)) == ("LRANGE ?", ("list", 0, -1), [([b"a", b"b"],)])
    assert event.columns == ("reply",)
    assert event.error is None
    assert 0 < event.seconds < 5


def test_what_redis_py_makes_of_commands_is_told_too(spec: Any, recorder: Any) -> None:
    """Locks, scans, scripts and transactions with a function of the application's."""

    def set_a(pipe: Any) -> None:
        pipe.multi()
        pipe.set("a", 2)

    with spec.provide_session("cache") as cache:
        with cache.lock("lock", timeout=5):
            cache.set("a", 1)
        assert [key for key in cache.scan_iter()] == [b"a"]
        script = cache.register_script("return 1")
        assert script() == 1
        cache.transaction(set_a, "a")
        assert cache.blpop("nothing", timeout=0.01) is None

    loading = {"EVALSHA ?", "SCRIPT EXISTS ?", "SCRIPT LOAD ?"}  # how often depends on what the server knows
    told = [statement for statement in recorder.statements if statement not in loading]
    assert told == ["SET ?", "SET ?", "SCAN ?", "WATCH ?", "MULTI: SET", "BLPOP ?"]
    assert "EVALSHA ?" in recorder.statements


def test_a_pipeline_is_told_as_one(spec: Any, recorder: Any) -> None:
    """With the names of its commands and their number, and a row for each reply."""
    with spec.provide_session("cache") as cache:
        pipe: Any = cache.pipeline(transaction=False)
        replies = pipe.set(CANARY, 1).get(CANARY).config_get("requirepass").execute()

    event, parameters, rows = recorder.only()
    assert (event.operation, event.verb) == ("pipeline", "PIPELINE")
    assert event.statement == event.masked == "PIPELINE: SET, GET, CONFIG GET"
    assert (event.batch_size, event.returned_rows, event.error) == (3, 3, None)
    assert parameters == [(CANARY, 1), (CANARY,), None]
    assert list(rows) == [(replies[0],), (replies[1],), (None,)]


def test_a_transaction_is_told_as_one(spec: Any, recorder: Any) -> None:
    """Of a long one twenty names; an empty one sends nothing."""
    with spec.provide_session("cache") as cache:
        pipe: Any = cache.pipeline()
        assert pipe.execute() == []
        for _ in range(25):
            pipe.get("n")
        pipe.execute()

    event = recorder.only().event
    assert event.verb == "MULTI"
    assert event.statement == f"MULTI: {', '.join(['GET'] * 20)}, …"
    assert event.batch_size == 25


def test_a_pipeline_that_watches_sends_commands(spec: Any, recorder: Any) -> None:
    """Until `multi`; and one that then has nothing to do still ends its watch."""
    with spec.provide_session("cache") as cache, cache.pipeline() as pipe:
        pipe.watch("a")
        pipe.get("a")
        pipe.multi()
        pipe.set("a", 1)
        pipe.execute()
        pipe.watch("a")
        pipe.execute()

    assert recorder.statements == ["WATCH ?", "GET ?", "MULTI: SET", "WATCH ?", "MULTI"]
    assert [event.batch_size for event in recorder.started] == [None, None, 1, None, 0]


def test_a_plain_pipeline_that_watched_is_a_transaction(spec: Any, recorder: Any) -> None:
    """It says `multi` itself."""
    with spec.provide_session("cache") as cache, cache.pipeline(transaction=False) as pipe:
        pipe.watch("a")
        pipe.multi()
        pipe.set("a", 1).execute()

    assert recorder.statements == ["WATCH ?", "MULTI: SET"]


def test_clients_that_a_client_makes_are_observed(spec: Any, recorder: Any) -> None:
    """As `client()` does; and it is still redis-py's class."""
    client: Any
    with spec.provide_session("cache") as client:
        other: Any = client.client()
        with other:
            other.get("a")

    assert recorder.statements == ["GET ?"]
    assert isinstance(client, Redis)


def test_what_borrows_another_connection_is_told_as_well(spec: Any, recorder: Any) -> None:
    """A subscription has the session's own; it is not told of itself."""
    with spec.provide_session("cache") as cache, cache.pubsub() as news:
        news.subscribe("news")
        assert cache.publish("news", "first") == 1

    assert recorder.statements == ["PUBLISH ?"]


def test_a_raw_client_is_not_observed(spec: Any, recorder: Any) -> None:
    """It is the driver's own, as with every adapter."""
    with spec.provide_connection("cache") as raw:
        raw.set("a", 1)

    assert recorder.ended == []


def test_a_session_without_an_observer_has_redis_pys_own_client(spec: Any, recorder: Any) -> None:
    """Also on a connection that served an observed one, whose client tells nobody any more."""
    with spec.provide_session("cache") as observed:
        number = observed.client_id()
    spec.plugins.unregister("recorder")

    with pytest.raises(SessionClosedError):
        observed.get("a")
    with spec.provide_session("cache") as cache:
        assert type(cache) is Redis
        assert cache.client_id() == number
        cache.set("a", 1)
        observed.get("a")  # a mistake of the application's, which must not reach an observer
        observed.pipeline().get("a").execute()

    assert recorder.statements == ["CLIENT ID"]
