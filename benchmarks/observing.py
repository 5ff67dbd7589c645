"""What observing costs: nothing when it is off, next to nothing below the log's level."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from sqlspec import InstrumentationConfig

from .harness import Row, micro, ratio
from .noop import NoopConfig, noop_spec

if TYPE_CHECKING:
    from sqlspec import SQLSpec

    from .harness import Bench, Run

OFF, BELOW, ON, LEVEL = "off", "below the level", "on", "isEnabledFor"


def rows(bench: Bench) -> list[Row]:
    """Multiples of what the log itself asks for a line that it does not write."""
    spec = noop_spec()
    flags: dict[str, dict[str, Any]] = {OFF: {}, BELOW: {"log_queries": True}, ON: {"log_queries": True}}
    for name, chosen in flags.items():
        spec.register_config(NoopConfig(instrumentation=InstrumentationConfig(**chosen)), name=name)
    quiet, loud = logging.getLogger(f"sqlspec.{BELOW}"), logging.getLogger(f"sqlspec.{ON}")
    quiet.setLevel(logging.WARNING)
    loud.setLevel(logging.INFO)
    loud.addHandler(logging.NullHandler())
    loud.propagate = False
    rounds = bench.interleave({LEVEL: asking(quiet), **{name: executing(spec, name) for name in flags}})
    spec.close()
    return [
        Row(
            "statement that is below the log's level, over isEnabledFor()",
            ratio(rounds, BELOW, LEVEL, minus=OFF),
            "x",
            3.0,
        ),
        Row("statement that is observed by nobody", micro(rounds, OFF), "µs"),
        Row("a line of the log for it, to a handler that does nothing", micro(rounds, ON, minus=OFF), "µs"),
    ]


def executing(spec: SQLSpec, name: str) -> Run:
    """Statements of one session, without a transaction, on a connection that does nothing."""

    def run(count: int) -> None:
        with spec.provide_session(name, autocommit=True) as session:
            for _ in range(count):
                session.execute("SELECT ?", (1,))

    return run


def asking(logger: logging.Logger) -> Run:
    """What the standard library does first."""

    def run(count: int) -> None:
        is_enabled = logger.isEnabledFor
        for _ in range(count):
            is_enabled(logging.INFO)

    return run
