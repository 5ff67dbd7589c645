"""A Consul that is down, slow, empty or garbled: the last good config stays, and `sources` says why."""

from __future__ import annotations

import asyncio
import json
import traceback
from threading import Event
from typing import TYPE_CHECKING, Any

import pytest

from sqlspec.adapters.postgresql import PostgreSQLConfig
from sqlspec.config.sources import consul as consul_source
from sqlspec.errors import ConfigSourceError
from sqlspec.registry import watches
from tests.registry.watching.source import until

from .consul import ConsulStub, Request, instance, reply
from .test_consul import port, watched

if TYPE_CHECKING:
    from sqlspec import SQLSpec

TEMPLATE = PostgreSQLConfig(username="shop", database="shop")
CANARY = "hunter2canary"


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Nobody waits before Consul is asked again."""
    found: list[float] = []

    async def pause(seconds: float) -> None:
        found.append(seconds)
        await asyncio.sleep(0.001)  # else a test of a Consul that fails would do nothing but ask it

    monkeypatch.setattr(watches, "pause", pause)
    monkeypatch.setattr(consul_source, "pause", pause)
    return found


def bad(**service: Any) -> bytes:
    """An answer with one instance that is not as it should be."""
    entry = instance(5001)
    entry["Service"] |= service
    return reply("200 OK", json.dumps([entry]).encode(), index=11)


FAULTS = {
    "500": (reply("500 Internal Server Error", CANARY.encode()), "HTTP status 500: it has no leader"),
    "403": (reply("403 Forbidden", CANARY.encode()), r"HTTP status 403: pass token=Secret\(…\)"),
    "404": (reply("404 Not Found", b""), "HTTP status 404: there is no Consul at this address"),
    "301": (reply("301 Moved", b""), "HTTP status 301: it stands behind a redirect"),
    "429": (reply("429 Too Many Requests", b""), "HTTP status 429$"),
    "no HTTP": (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", "the answer is no HTTP"),
    "hung up": (b"", "the answer is no HTTP, or not all of it came"),
    "truncated": (reply("200 OK", b'[{"Node": ', index=11, length=500), "not all of it came"),
    "truncated JSON": (reply("200 OK", b'[{"Node": {"hunter2canary": ', index=11), "is no JSON"),
    "no JSON": (reply("200 OK", CANARY.encode(), index=11), "the answer is no JSON"),
    "too deep": (reply("200 OK", b"[" * 100_000, index=11), "the answer is no JSON"),
    "too long": (reply("200 OK", b" " * (5 << 20), index=11), "longer than 4 MiB"),
    "empty": (reply("200 OK", b"[]", index=11), "no instance is healthy"),
    "null": (reply("200 OK", b"null", index=11), "no list of instances"),
    "no list": (reply("200 OK", b'{"Node": 1}', index=11), "no list of instances"),
    "numbers": (reply("200 OK", b"[5]", index=11), "an instance has no Node, or no Service"),
    "no port": (bad(Port=0), "an instance has no port from 1 to 65535"),
    "port as text": (bad(Port="5432"), "an instance has no port from 1 to 65535"),
    "a path": (bad(Address="/run/postgresql"), "an instance has no address"),
    "address as number": (bad(Address=5), "an instance has no address"),
    "a URL": (bad(Address=f"http://{CANARY}/"), r"databases\.\w+\.host: a host is one name or address"),
    "two hosts": (bad(Address=f"a,{CANARY}"), r"databases\.\w+\.host: a host is one name or address"),
}


@pytest.mark.parametrize(("answer", "says"), FAULTS.values(), ids=FAULTS)
def test_a_fault_is_an_error_at_first_and_changes_nothing_later(
    spec: SQLSpec, consul: ConsulStub, answer: bytes, says: str
) -> None:
    """Each in words of ours; when it is over, the next change is in force."""

    def fault(request: Request) -> bytes:
        del request
        return answer

    spec.register_from_consul("db", template=TEMPLATE, address=consul.address)
    config = spec.get_config("db")
    consul.answer = fault
    with pytest.raises(ConfigSourceError, match=says) as caught:
        spec.register_from_consul("db", template=TEMPLATE, address=consul.address, name="other")
    spec.watch()
    until(lambda: spec.sources[0].state == "stale")
    stale, kept = spec.sources[0], spec.get_config("db")
    consul.answer = None
    consul.put("db", instance(5002))
    until(lambda: port(spec) == 5002)

    assert kept is config
    assert stale.last_error is not None
    assert stale.last_error == str(caught.value).replace("databases.other.", "databases.db.")
    assert stale.last_error.startswith("consul db: ")
    assert CANARY not in "".join(traceback.format_exception(caught.value))
    assert spec.sources[0].state == "current"
    assert spec.names == ("db",)


def test_a_healthy_list_that_becomes_empty_keeps_the_last_one(spec: SQLSpec, consul: ConsulStub) -> None:
    """A failing health check is no reason to lose the address."""
    spec.register_from_consul("db", template=TEMPLATE, address=consul.address)
    watched(spec, consul)

    consul.put("db")
    until(lambda: spec.sources[0].state == "stale")
    kept = port(spec)
    consul.put("db", instance(5003))
    until(lambda: spec.sources[0].state == "current")

    assert (kept, port(spec)) == (5001, 5003)
    assert len(consul.requests) <= 6  # it was waited for, as always


def test_an_index_that_goes_back_begins_anew(spec: SQLSpec, consul: ConsulStub) -> None:
    """As after the restore of a snapshot: with the old index a client would hear nothing for long."""
    spec.register_from_consul("db", template=TEMPLATE, address=consul.address)
    watched(spec, consul)

    consul.put("db", instance(5002), index=3)
    until(lambda: port(spec) == 5002)
    until(lambda: consul.held)
    consul.put("db", instance(5003), index=4)
    until(lambda: port(spec) == 5003)

    indexes = [request.query.get("index") for request in consul.requests]
    assert indexes[:5] == [None, None, "11", None, "3"]


@pytest.mark.parametrize("header", ["0", "-5", "", "x", "٣"])
def test_an_index_that_is_none_is_not_asked_without_end(
    spec: SQLSpec, consul: ConsulStub, header: str, no_pauses: list[float]
) -> None:
    """0 would be answered at once for ever. A second is waited if the answer was not held back."""

    def without_index(request: Request) -> bytes:
        del request
        body = json.dumps([instance(5001)]).encode()
        return reply("200 OK", body).replace(b"\r\n\r\n", f"\r\nX-Consul-Index: {header}\r\n\r\n".encode(), 1)

    spec.register_from_consul("db", template=TEMPLATE, address=consul.address)
    consul.answer = without_index
    spec.watch()
    until(lambda: len(no_pauses) > 2)

    if header.isascii():
        assert {request.query.get("index") for request in consul.requests[2:5]} == {"1"}
        assert set(no_pauses[:3]) == {1.0}
    spec.close()


def test_a_consul_that_hangs_is_not_waited_for_without_end(spec: SQLSpec, consul: ConsulStub) -> None:
    """`timeout` seconds at first; and `wait` more where it may hold the answer back."""
    go_on = Event()

    def hang(request: Request) -> bytes:
        del request
        go_on.wait()
        return b""

    spec.register_from_consul("db", template=TEMPLATE, address=consul.address, timeout=0.2, wait=0.2)
    consul.answer = hang
    with pytest.raises(ConfigSourceError, match="consul db: did not answer in time"):
        spec.register_from_consul("db", template=TEMPLATE, address=consul.address, timeout=0.1, name="other")
    spec.watch()
    until(lambda: spec.sources[0].state == "stale")
    consul.answer = None
    consul.put("db", instance(5002))
    until(lambda: port(spec) == 5002)

    go_on.set()
    assert spec.sources[0].state == "current"


def test_half_an_answer_is_not_waited_for_either(spec: SQLSpec, consul: ConsulStub) -> None:
    """The head came, and the rest does not."""

    def half(request: Request) -> bytes:
        del request
        return reply("200 OK", b"[", index=11, length=500)

    consul.answer = half
    consul.hangs = True
    with pytest.raises(ConfigSourceError, match="did not answer in time"):
        spec.register_from_consul("db", template=TEMPLATE, address=consul.address, timeout=0.1)


def test_a_consul_that_goes_down_and_comes_back(spec: SQLSpec, consul: ConsulStub) -> None:
    """At once, and with what has changed meanwhile."""
    spec.register_from_consul("db", template=TEMPLATE, address=consul.address)
    watched(spec, consul)

    consul.stop()
    until(lambda: spec.sources[0].state == "stale")
    stale, kept = spec.sources[0], port(spec)
    consul.start()
    consul.put("db", instance(5002))
    until(lambda: port(spec) == 5002)

    assert kept == 5001
    assert stale.last_error is not None
    until(lambda: spec.sources[0].state == "current")


def test_nobody_there_is_said(spec: SQLSpec, consul: ConsulStub) -> None:
    """In the system's words, with what was asked."""
    address = consul.address
    consul.stop()

    with pytest.raises(ConfigSourceError, match=r"consul db: can not be reached: .*refused"):
        spec.register_from_consul("db", template=TEMPLATE, address=address)
    consul.start()


@pytest.mark.parametrize("value", [f"{CANARY}\r\nX: 1", f"{CANARY}ä", f" {CANARY}"])
def test_a_token_that_can_not_be_sent_is_not_shown(spec: SQLSpec, consul: ConsulStub, value: str) -> None:
    """Neither in the text, nor in the variables of the frames."""
    with pytest.raises(ConfigSourceError, match="the token has a character") as caught:
        spec.register_from_consul("db", template=TEMPLATE, address=consul.address, token=value)

    shown = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    mine = [line for line in shown.format() if "test_consul_faults" not in line]
    assert CANARY not in "".join(mine)


def test_metadata_must_agree(spec: SQLSpec, consul: ConsulStub) -> None:
    """Two instances of one service are one database."""
    arguments: Any = {"template": TEMPLATE, "fields": {"database": "db_name"}, "address": consul.address}
    consul.put("db", instance(5001, db_name="a"), instance(5002, db_name="b"))
    with pytest.raises(ConfigSourceError, match="metadata of its instances do not agree about 'db_name'"):
        spec.register_from_consul("db", **arguments)
    consul.put("db", instance(5001))
    with pytest.raises(ConfigSourceError, match="metadata of an instance have no 'db_name'"):
        spec.register_from_consul("db", **arguments)
