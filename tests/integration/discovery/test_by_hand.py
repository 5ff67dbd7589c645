"""The loop of the documents that asks Consul by hand, with the client that Python programs use."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import consul as py_consul  # pyright: ignore[reportMissingTypeStubs] # it has no types

from sqlspec import SQLSpec
from sqlspec.adapters.postgresql import PostgreSQLConfig

from .consul import HOST, ConsulStub, instance

if TYPE_CHECKING:
    from collections.abc import Callable

BLOCK = re.compile(r"^```python\n(def register_services.*?)^```$", re.MULTILINE | re.DOTALL)
PAGE = Path(__file__).parents[3] / "docs" / "service-discovery.md"


def the_loop() -> Callable[[SQLSpec, Any], None]:
    """The function, as the page has it."""
    (code,) = BLOCK.findall(PAGE.read_text("utf-8"))
    names: dict[str, Any] = {"PostgreSQLConfig": PostgreSQLConfig, "SQLSpec": SQLSpec}
    exec(code, names)  # noqa: S102 - the point
    loop: Callable[[SQLSpec, Any], None] = names["register_services"]
    return loop


def test_every_service_that_is_a_database_is_registered(spec: SQLSpec, consul: ConsulStub) -> None:
    """Where its first healthy instance is, also later; one without instances is left alone."""
    consul.put("db-main", instance(5432), instance(5433))
    consul.put("db-other", instance(5434))
    consul.put("mail", instance(25))
    consul.put("db-down")
    client = py_consul.Consul(host=HOST, port=consul.port)
    register_services = the_loop()

    register_services(spec, client)
    consul.put("db-main", instance(6000))
    consul.put("db-other")
    register_services(spec, client)

    assert spec.names == ("db-main", "db-other")
    assert spec.get_config("db-main") == PostgreSQLConfig(host=HOST, port=6000, database="db")
    assert spec.get_config("db-other") == PostgreSQLConfig(host=HOST, port=5434, database="db")
