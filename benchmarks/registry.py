"""Finding one database among ten thousand."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

from sqlspec.database import EitherSessionBlock
from sqlspec.database.database import DEFAULT_OPTIONS

from .harness import Row, micro, ratio
from .noop import NoopConfig, noop_spec

if TYPE_CHECKING:
    from sqlspec import SQLSpec

    from .harness import Bench, Run

MANY, FEW = 10_000, 10
GET, GET_OF_FEW, BY_CONFIG, PROVIDE, BLOCK = "get", "get of few", "by config", "provide", "block"


def rows(bench: Bench) -> list[Row]:
    """Microseconds for one lookup, and how they grow with the number of configs."""
    many, few = registry_of(MANY), registry_of(FEW)
    rounds = bench.interleave(
        {
            GET: getting(many),
            GET_OF_FEW: getting(few),
            PROVIDE: providing(many),
            BY_CONFIG: providing_by_config(many),
            BLOCK: making_a_block(many),
        }
    )
    return [
        Row("spec.get_config(name), 10 000 configs", micro(rounds, GET), "µs", 0.3),
        Row("the lookup inside provide_session(name)", micro(rounds, PROVIDE, minus=BLOCK), "µs", 0.3),
        Row("the lookup inside provide_session(config)", micro(rounds, BY_CONFIG, minus=BLOCK), "µs"),
        Row("get_config(name) of 10 000 over of 10", ratio(rounds, GET, GET_OF_FEW), "×"),
    ]


def registry_of(size: int) -> SQLSpec:
    """A registry with that many databases."""
    spec = noop_spec()
    for number in range(size):
        spec.register_config(NoopConfig(), name=f"database-{number}")
    return spec


def some_names(spec: SQLSpec) -> list[str]:
    """A thousand names in no order, so that memory is as cold as it is in an application."""
    return Random(7).choices(spec.names, k=1000)  # noqa: S311 - the same in every run


def getting(spec: SQLSpec) -> Run:
    """By name."""
    names = some_names(spec)

    def run(count: int) -> None:
        get_config = spec.get_config
        for number in range(count):
            get_config(names[number % 1000])

    return run


def providing(spec: SQLSpec) -> Run:
    """A block, made and not entered."""
    names = some_names(spec)

    def run(count: int) -> None:
        provide_session = spec.provide_session
        for number in range(count):
            provide_session(names[number % 1000])

    return run


def providing_by_config(spec: SQLSpec) -> Run:
    """The same by the config that was registered."""
    configs = [spec.get_config(name) for name in some_names(spec)]

    def run(count: int) -> None:
        provide_session = spec.provide_session
        for number in range(count):
            provide_session(configs[number % 1000])

    return run


def making_a_block(spec: SQLSpec) -> Run:
    """What `provide_session` does besides looking up."""
    databases = [spec._table.databases[name] for name in some_names(spec)]  # noqa: SLF001 - to take it away again

    def run(count: int) -> None:
        for number in range(count):
            EitherSessionBlock(databases[number % 1000], DEFAULT_OPTIONS)

    return run
