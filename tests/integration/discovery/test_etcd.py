"""Databases from a real etcd: read, followed, and kept while it is away."""

from __future__ import annotations

import shutil
import traceback
from typing import TYPE_CHECKING, Any

import pytest

from sqlspec import InstrumentationConfig, Secret, SQLSpec
from sqlspec.adapters.postgresql import PostgreSQLConfig
from sqlspec.errors import ConfigSourceError, InvalidArgumentError
from sqlspec.plugin import hookimpl
from sqlspec_testkit.proxy import FaultProxy
from tests.registry.watching.source import until

from .etcd import EtcdServer, base64

if TYPE_CHECKING:
    from collections.abc import Iterator

CANARY = "hunter2canary"


@pytest.fixture(scope="module")
def server() -> Iterator[EtcdServer]:
    """One for all tests of this file."""
    with EtcdServer() as etcd:
        yield etcd


@pytest.fixture
def etcd(server: EtcdServer, spec: SQLSpec) -> Iterator[EtcdServer]:
    """With one database, and running."""
    server.start()
    server.clear()
    server.put(main__url="sqlite:///a.db", main__pool_size="1")
    yield server
    spec.close()


def size(spec: SQLSpec, name: str = "main") -> int:
    """The pool's, by the config."""
    return spec.get_config(name).pool_size


def watched(spec: SQLSpec, etcd: EtcdServer) -> None:
    """Watch, and wait until a change has arrived."""
    spec.watch()
    etcd.put(main__pool_size="2")
    until(lambda: size(spec) == 2)


def test_keys_are_options(spec: SQLSpec, etcd: EtcdServer) -> None:
    """Texts, read as what the option wants; tables have one part more."""
    etcd.put(
        main__instrumentation__log_queries="true",
        other__adapter="sqlite",
    )

    assert spec.register_from_etcd(address=etcd.address) == ["main", "other"]

    config = spec.get_config("main")
    assert (config.url, config.pool_size) == ("sqlite:///a.db", 1)
    assert config.instrumentation == InstrumentationConfig(log_queries=True)


def test_a_template_has_what_the_keys_do_not_say(spec: SQLSpec, etcd: EtcdServer) -> None:
    """The password for instance; what a key says goes before it."""
    etcd.clear()
    etcd.put(main__host="db1.example", main__pool_size="7")
    template = PostgreSQLConfig(username="shop", password="s3cret", pool_size=2)

    spec.register_from_etcd("/sqlspec", template=template, address=etcd.address)

    assert spec.get_config("main") == template.merge({"host": "db1.example", "pool_size": 7})


def test_a_change_arrives_without_polling(spec: SQLSpec, etcd: EtcdServer) -> None:
    """One connection carries all changes, after those that read."""
    with FaultProxy(etcd.port, host="127.0.0.1") as proxy:
        address = f"http://127.0.0.1:{proxy.port}"
        spec.register_from_etcd(address=address)
        watched(spec, etcd)

        for number in range(3, 53):
            etcd.put(main__pool_size=str(number))
            until(lambda expected=number: size(spec) == expected)  # type: ignore[misc]

        assert len(proxy.connections) == 3  # registered; read again when the watch began; the watch
        spec.close()


def test_what_is_put_together_is_in_force_together(spec: SQLSpec, etcd: EtcdServer) -> None:
    """Nobody sees one half of a transaction."""
    seen: list[tuple[int, str | None]] = []

    class Observer:
        @hookimpl
        def sqlspec_config_registered(self, name: str) -> None:
            config = spec.get_config(name)
            seen.append((config.pool_size, config.url))

    spec.register_from_etcd(address=etcd.address)
    watched(spec, etcd)
    spec.plugins.register(Observer(), "observer")

    for number in range(10, 20):
        etcd.put(main__pool_size=str(number), main__url=f"sqlite:///{number}.db")
        until(lambda expected=number: size(spec) == expected)  # type: ignore[misc]

    assert seen == [(number, f"sqlite:///{number}.db") for number in range(10, 20)]


def test_a_database_comes_and_goes(spec: SQLSpec, etcd: EtcdServer) -> None:
    """A new one is registered; one that is gone is kept, and so is all when the prefix is empty."""
    spec.register_from_etcd(address=etcd.address)
    watched(spec, etcd)

    etcd.put(other__url="sqlite:///b.db")
    until(lambda: "other" in spec)
    etcd.delete("other__url")
    until(lambda: spec.sources[0].state == "stale")
    one_gone = spec.sources[0].last_error
    etcd.clear()
    until(lambda: spec.sources[0].last_error != one_gone)
    all_gone = spec.sources[0].last_error
    etcd.put(main__url="sqlite:///c.db", other__url="sqlite:///b.db")
    until(lambda: spec.sources[0].state == "current")

    assert one_gone == "etcd /sqlspec/: does not describe other any more"
    assert all_gone == "etcd /sqlspec/: has no keys"
    assert spec.names == ("main", "other")
    assert spec.get_config("main").url == "sqlite:///c.db"


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("main__pool_sise", CANARY, "etcd /sqlspec/main/pool_sise: databases.main.pool_sise: unknown option"),
        (
            "main__pool_size",
            CANARY,
            "etcd /sqlspec/main/pool_size: databases.main.pool_size: expected a whole",
        ),
        ("other", CANARY, "etcd /sqlspec/other: a key is written as /sqlspec/NAME/OPTION"),
        ("other__", CANARY, "etcd /sqlspec/other/: a key is written as /sqlspec/NAME/OPTION"),
        ("main__url__more", CANARY, "etcd /sqlspec/main/url/more: stands below a key that has a value"),
    ],
)
def test_a_key_that_is_wrong_keeps_what_was_there(
    spec: SQLSpec, etcd: EtcdServer, name: str, value: str, says: str
) -> None:
    """The error names the key, and never its value."""
    spec.register_from_etcd(address=etcd.address)
    watched(spec, etcd)

    etcd.put(**{name: value, "main__autocommit": "true"})
    until(lambda: spec.sources[0].state == "stale")
    stale, config = spec.sources[0], spec.get_config("main")
    etcd.delete(name)
    if name == "main__pool_size":
        etcd.put(main__pool_size="2")
    until(lambda: spec.sources[0].state == "current")

    assert stale.last_error is not None
    assert says in stale.last_error
    assert CANARY not in stale.last_error
    assert not config.autocommit
    assert spec.get_config("main").autocommit


def test_bytes_that_are_no_text(spec: SQLSpec, etcd: EtcdServer) -> None:
    """A key may hold anything."""
    etcd.ask("/v3/kv/put", key=base64("/sqlspec/main/password"), value="/w==")

    with pytest.raises(ConfigSourceError, match="etcd /sqlspec/main/password: is not UTF-8"):
        spec.register_from_etcd(address=etcd.address)


def test_changes_that_were_compacted_are_not_lost(spec: SQLSpec, etcd: EtcdServer) -> None:
    """The watch was away while they came, and etcd has forgotten them: all keys are read again."""
    with FaultProxy(etcd.port, host="127.0.0.1") as proxy:
        spec.register_from_etcd(address=f"http://127.0.0.1:{proxy.port}")
        watched(spec, etcd)

        proxy.refuse()
        proxy.cut()
        until(lambda: spec.sources[0].state == "stale")
        revision = [etcd.put(main__pool_size=str(number)) for number in range(3, 9)][-1]
        etcd.compact(revision)
        proxy.admit()
        until(lambda: size(spec) == 8)
        until(lambda: spec.sources[0].state == "current")
        spec.close()


def test_a_compaction_while_nothing_changes_is_no_failure(
    spec: SQLSpec, etcd: EtcdServer, caplog: pytest.LogCaptureFixture
) -> None:
    """Others have written so much that the watch can not be taken up where it was, as happens every day."""
    with FaultProxy(etcd.port, host="127.0.0.1") as proxy:
        spec.register_from_etcd(address=f"http://127.0.0.1:{proxy.port}", wait=0.3)
        watched(spec, etcd)
        before = len(proxy.connections)

        written = [etcd.ask("/v3/kv/put", key=base64("/others"), value="") for _ in range(5)]
        etcd.compact(int(written[-1]["header"]["revision"]))
        until(lambda: len(proxy.connections) > before + 2)  # taken up in vain, read again, watched again
        etcd.put(main__pool_size="8")
        until(lambda: size(spec) == 8)
        spec.close()

    assert [record for record in caplog.records if record.levelname == "WARNING"] == []


@pytest.mark.parametrize("mode", ["fast", "immediate"])
def test_etcd_is_killed_and_comes_back(spec: SQLSpec, etcd: EtcdServer, mode: Any) -> None:
    """The configs stay meanwhile; what changes afterwards arrives."""
    spec.register_from_etcd(address=etcd.address)
    watched(spec, etcd)

    etcd.stop(mode)
    until(lambda: spec.sources[0].state == "stale")
    kept = size(spec)
    etcd.start()
    etcd.put(main__pool_size="5")
    until(lambda: size(spec) == 5)

    assert kept == 2
    until(lambda: spec.sources[0].state == "current")


def test_an_etcd_that_lost_its_data_is_read_anew(spec: SQLSpec, etcd: EtcdServer) -> None:
    """Its revisions begin again: one who waits for the next of the old ones would hear nothing."""
    spec.register_from_etcd(address=etcd.address)
    watched(spec, etcd)
    for _ in range(30):
        etcd.put(unrelated__adapter="sqlite")

    etcd.stop("immediate")
    shutil.rmtree(etcd.directory / "data")
    etcd.start()
    etcd.put(main__url="sqlite:///new.db", unrelated__adapter="sqlite")
    until(lambda: spec.get_config("main").url == "sqlite:///new.db")
    etcd.put(main__url="sqlite:///newer.db")
    until(lambda: spec.get_config("main").url == "sqlite:///newer.db")


def test_an_etcd_that_is_silent_is_noticed(spec: SQLSpec, etcd: EtcdServer) -> None:
    """It neither answers nor hangs up. After `wait` seconds of silence it is asked again."""
    spec.register_from_etcd(address=etcd.address, wait=0.2, timeout=0.5)
    watched(spec, etcd)

    with etcd.frozen():
        until(lambda: spec.sources[0].state == "stale")
        stale = spec.sources[0]
    etcd.put(main__pool_size="6")
    until(lambda: size(spec) == 6)

    assert stale.last_error == "etcd /sqlspec/: did not answer in time"


def test_a_user_who_may_read_is_enough(spec: SQLSpec) -> None:
    """With a password; without it, or with a wrong one, the error says what to pass."""
    with EtcdServer() as etcd:
        etcd.put(main__url="sqlite:///a.db")
        for name, password in (("root", "r00t"), ("reader", CANARY)):
            etcd.ask("/v3/auth/role/add", name=name)
            etcd.ask("/v3/auth/user/add", name=name, password=password)
            etcd.ask("/v3/auth/user/grant", user=name, role=name)
        permission = {"permType": "READ", "key": base64("/sqlspec/"), "range_end": base64("/sqlspec0")}
        etcd.ask("/v3/auth/role/grant", name="reader", perm=permission)
        etcd.ask("/v3/auth/enable")
        etcd.token = etcd.ask("/v3/auth/authenticate", name="root", password="r00t")["token"]

        user: Any = {"username": "reader", "password": Secret(lambda: CANARY)}
        with pytest.raises(ConfigSourceError, match=r"pass username= and password="):
            spec.register_from_etcd(address=etcd.address)
        with pytest.raises(ConfigSourceError, match=r"is username= or password= wrong\?") as caught:
            spec.register_from_etcd(address=etcd.address, username="reader", password=f"{CANARY}!")
        with pytest.raises(ConfigSourceError, match="the user may not read these keys"):
            spec.register_from_etcd("/others/", address=etcd.address, **user)
        spec.register_from_etcd(address=etcd.address, **user)
        watched(spec, etcd)
        spec.close()

    shown = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    assert CANARY not in "".join(line for line in shown.format() if "test_etcd" not in line)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"prefix": "/"}, "which keys"),
        ({"username": "reader"}, "username= and password= go together"),
        ({"template": "sqlite://"}, "template= takes a config, not str"),
        ({"wait": float("inf")}, "wait= is a number of seconds, above 0 and not without end"),
        ({"address": "etcd:2379"}, "an address is written as http://host:port"),
    ],
)
def test_what_can_not_be_meant_is_refused(spec: SQLSpec, arguments: dict[str, Any], says: str) -> None:
    """Before anybody is asked."""
    with pytest.raises(InvalidArgumentError, match=says):
        spec.register_from_etcd(**arguments)
