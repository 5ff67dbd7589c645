"""Databases from Consul: what is asked, what is made of the answer, and how a change arrives."""

from __future__ import annotations

import sys
import threading
from typing import Any

import pytest

from sqlspec import Secret, SQLSpec
from sqlspec.adapters.postgresql import PostgreSQLConfig
from sqlspec.adapters.redis import RedisConfig
from sqlspec.adapters.sqlite import SQLiteConfig
from sqlspec.errors import ConfigError, ConfigSourceError, ConnectError, InvalidArgumentError
from tests.registry.watching.source import until

from .consul import ConsulStub, instance

TEMPLATE = PostgreSQLConfig(username="shop", password="s3cret", database="shop", pool_size=3)


def port(spec: SQLSpec, name: str = "db") -> Any:
    """Where the config says the database is."""
    return spec.get_config(name).port  # type: ignore[attr-defined]


def watched(spec: SQLSpec, consul: ConsulStub) -> None:
    """Watch, and wait until Consul holds the requests back."""
    spec.watch()
    until(lambda: consul.held == len(spec.sources))


def test_a_service_is_a_database(spec: SQLSpec, consul: ConsulStub) -> None:
    """With the template's options and the catalogue's address; one request is enough."""
    assert spec.register_from_consul("db", template=TEMPLATE, address=consul.address) == ["db"]

    assert spec.get_config("db") == TEMPLATE.merge({"host": "127.0.0.1", "port": 5001})
    (request,) = consul.requests
    assert request.path == "/v1/health/service/db"
    assert request.query == {"passing": "1", "stale": "1"}
    assert "x-consul-token" not in request.headers
    assert [source.state for source in spec.sources] == ["unwatched"]


def test_a_query_says_what_it_is_told(spec: SQLSpec, consul: ConsulStub) -> None:
    """Tag, datacenter, consistency and token; a name is quoted."""
    consul.put("db/ä 1", instance(5002, tags=("primary",)), instance(5003))
    consul.token = "t0ken"

    spec.register_from_consul(
        "db/ä 1",
        template=TEMPLATE,
        name="primary",
        tag="primary",
        datacenter="dc1",
        stale=False,
        address=consul.address,
        token=Secret(lambda: "t0ken"),
    )

    assert port(spec, "primary") == 5002
    assert consul.requests[-1].path == "/v1/health/service/db%2F%C3%A4%201"
    assert consul.requests[-1].query == {"passing": "1", "tag": "primary", "dc": "dc1"}


def test_a_change_arrives_without_polling(spec: SQLSpec, consul: ConsulStub) -> None:
    """A request is held back until there is news: as many requests as changes, and one that waits."""
    spec.register_from_consul("db", template=TEMPLATE, address=consul.address)
    watched(spec, consul)
    config = spec.get_config("db")

    for number in range(20):
        consul.put("db", instance(6000 + number))
        until(lambda expected=6000 + number: port(spec) == expected)  # type: ignore[misc]

    until(lambda: consul.held)
    assert len(consul.requests) == 1 + 2 + 20  # registered; watched from the start on; changed
    assert {request.query.get("wait") for request in consul.requests[2:]} == {"60000ms"}
    with pytest.raises(ConnectError, match="6019"), spec.provide_session(config):
        pass  # by the key from before; nobody listens there


def test_a_host_that_is_looked_up_leaves_no_thread_behind(spec: SQLSpec, consul: ConsulStub) -> None:
    """Nor does the function of a secret: both block, in a thread that ends with it."""
    before = set(threading.enumerate())
    token = Secret(lambda: threading.current_thread().name)
    spec.register_from_consul("db", template=TEMPLATE, address=f"http://localhost:{consul.port}", token=token)
    watched(spec, consul)

    def ours() -> list[str]:
        names = [thread.name for thread in set(threading.enumerate()) - before]
        return [name for name in names if "process_request" not in name]  # those are Consul's

    until(lambda: ours() == ["sqlspec-watches"])
    assert consul.requests[-1].headers["x-consul-token"] == "sqlspec-watches-call"


def test_an_answer_without_news_changes_nothing(spec: SQLSpec, consul: ConsulStub) -> None:
    """Consul answers when its time is up, or something else has changed. It is asked again."""
    spec.register_from_consul("db", template=TEMPLATE, address=consul.address)
    watched(spec, consul)
    config = spec.get_config("db")

    consul.put("other", instance(5009))
    until(lambda: len(consul.requests) == 4 and consul.held)

    assert spec.get_config("db") is config
    assert consul.requests[-1].query["index"] == str(consul.index)


def test_all_instances_are_hosts(spec: SQLSpec, consul: ConsulStub) -> None:
    """Where the adapter takes several. Their order is not Consul's, which is another one each time."""
    instances = [
        instance(5002, host="10.0.0.2"),
        instance(5001, host="10.0.0.1"),
        instance(5003, host="10.0.0.3"),
    ]
    consul.put("db", *instances)
    spec.register_from_consul("db", template=TEMPLATE, address=consul.address)
    watched(spec, consul)
    config = spec.get_config("db")

    consul.put("db", *reversed(instances))
    until(lambda: len(consul.requests) == 4 and consul.held)

    assert config == TEMPLATE.merge({"hosts": (("10.0.0.1", 5001), ("10.0.0.2", 5002), ("10.0.0.3", 5003))})
    assert spec.get_config("db") is config


def test_one_server_stays_for_as_long_as_it_is_healthy(spec: SQLSpec, consul: ConsulStub) -> None:
    """Where the adapter takes one host: another that comes first by its address is no reason to move."""
    consul.put("db", instance(5005))
    spec.register_from_consul("db", template=RedisConfig(database=2), address=consul.address)
    watched(spec, consul)

    consul.put("db", instance(5001), instance(5005))
    until(lambda: len(consul.requests) == 4 and consul.held)
    stayed = port(spec)
    consul.put("db", instance(5001))
    until(lambda: port(spec) == 5001)

    assert stayed == 5005
    assert spec.get_config("db") == RedisConfig(database=2, host="127.0.0.1", port=5001)


def test_a_service_without_an_address_has_its_nodes(spec: SQLSpec, consul: ConsulStub) -> None:
    """As Consul documents it."""
    consul.put("db", instance(5001, host="", node="10.1.1.1"))

    spec.register_from_consul("db", template=TEMPLATE, address=consul.address)

    assert spec.get_config("db") == TEMPLATE.merge({"host": "10.1.1.1", "port": 5001})


def test_metadata_fill_options(spec: SQLSpec, consul: ConsulStub) -> None:
    """As texts, which are read as what the option wants."""
    consul.put("db", instance(5001, db_name="orders", size="7"), instance(5002, db_name="orders", size="7"))

    spec.register_from_consul(
        "db", template=TEMPLATE, fields={"database": "db_name", "pool_size": "size"}, address=consul.address
    )

    config = spec.get_config("db")
    assert isinstance(config, PostgreSQLConfig)
    assert (config.database, config.pool_size) == ("orders", 7)


def test_several_services_are_registered_together_and_move_alone(spec: SQLSpec, consul: ConsulStub) -> None:
    """All or none at first; later one that is gone does not hold up another."""
    arguments: Any = {"template": TEMPLATE, "address": consul.address}
    with pytest.raises(ConfigSourceError, match="consul other: no instance is healthy"):
        spec.register_from_consul("db", "other", **arguments)
    nothing = spec.names
    consul.put("other", instance(5101))
    names = spec.register_from_consul("db", "other", **arguments)
    watched(spec, consul)

    consul.put("other")
    until(lambda: spec.sources[1].state == "stale")
    consul.put("db", instance(5002))
    until(lambda: port(spec) == 5002)

    assert (nothing, names) == ((), ["db", "other"])
    assert port(spec, "other") == 5101
    assert [source.state for source in spec.sources] == ["current", "stale"]


@pytest.mark.parametrize(
    ("services", "arguments", "says"),
    [
        ((), {}, "which service"),
        (("db", "other"), {"name": "main"}, "name= is for one service"),
        (
            ("db",),
            {"template": SQLiteConfig()},
            "SQLiteConfig can not be a template: its databases have no host",
        ),
        (("db",), {"template": "postgresql://h/d"}, "template= takes a config, not str"),
        (
            ("db",),
            {"template": PostgreSQLConfig(url="postgresql://u@h/d")},
            "leave url= out; write username=, password= and database= instead",
        ),
        (("db",), {"template": PostgreSQLConfig(host="h")}, "leave host= out"),
        (("db",), {"fields": {"host": "h"}}, "leave 'host' out of fields="),
        (("db",), {"fields": {"databse": "h"}}, "no option 'databse'. Did you mean 'database'?"),
        (("db",), {"wait": 0.0}, "wait= is a number of seconds, above 0"),
        (("db",), {"timeout": float("nan")}, "timeout= is a number of seconds, above 0"),
        (("db",), {"address": "127.0.0.1:8500"}, "an address is written as http://host:port"),
        (("db",), {"address": "http://root:hunter2@h:8500"}, "an address is written as http://host:port"),
    ],
)
def test_what_can_not_be_meant_is_refused(
    spec: SQLSpec, consul: ConsulStub, services: Any, arguments: dict[str, Any], says: str
) -> None:
    """Before anybody is asked; with what to write, and without what was written."""
    given: Any = {"template": TEMPLATE, "address": consul.address, **arguments}

    with pytest.raises(InvalidArgumentError) as caught:
        spec.register_from_consul(*services, **given)

    assert says in str(caught.value)
    assert "hunter2" not in str(caught.value)
    assert consul.requests == []


@pytest.fixture
def without_h11(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if it were not installed."""
    for module in ("http", "consul", "etcd"):
        monkeypatch.delitem(sys.modules, f"sqlspec.config.sources.{module}", raising=False)
    monkeypatch.setitem(sys.modules, "h11", None)


@pytest.mark.usefixtures("without_h11")
def test_what_is_missing_is_said(spec: SQLSpec) -> None:
    """With the line to type."""
    with pytest.raises(ConfigError, match=r"Run: pip install 'h11>=0\.16'"):
        spec.register_from_consul("db", template=TEMPLATE)
    with pytest.raises(ConfigError, match=r"Run: pip install 'h11>=0\.16'"):
        spec.register_from_etcd()
