"""A small application for gunicorn: one database, and a page for Prometheus."""

from __future__ import annotations

import os
import struct
from typing import TYPE_CHECKING, Any

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from sqlspec import InstrumentationConfig, SQLSpec
from sqlspec.adapters.sqlite import SQLiteConfig

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

spec, spare = SQLSpec(), SQLSpec()
config = SQLiteConfig(
    database=os.environ["SHOP"],
    instrumentation=InstrumentationConfig(enable_prometheus=True, service_name="shop"),
)
for each in (spec, spare):  # the other one has the same labels, and is used no more
    each.register_config(config, name="shop")
    with each.provide_session("shop") as opened:
        opened.execute("CREATE TABLE IF NOT EXISTS item (id INTEGER)")
borrowed: list[Any] = []


def application(environ: dict[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
    """Answers with the worker's process id, or with the scrape."""
    page = {"/": select, "/borrow": borrow, "/unregister": unregister, "/metrics": metrics}[
        environ["PATH_INFO"]
    ]
    answer = page()
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(answer)))])
    return [answer]


def select() -> bytes:
    """A statement."""
    with spec.provide_session("shop") as session:
        session.execute("SELECT id FROM item")
    return str(os.getpid()).encode()


def borrow() -> bytes:
    """A session that is not given back."""
    block = spec.provide_session("shop")
    borrowed.append((block, block.__enter__()))
    return str(os.getpid()).encode()


def unregister() -> bytes:
    """The end of this worker's database."""
    spec.unregister_config("shop")
    return str(os.getpid()).encode()


def metrics() -> bytes:
    """What all workers have counted."""
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # has no types
    try:
        return generate_latest(registry)
    except struct.error:  # the file of a worker that begins is empty for a moment; who asks, asks again
        return b""
