"""Starts workers, asks them, and ends them."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from celery import Celery

if TYPE_CHECKING:
    import signal
    from collections.abc import Callable, Generator

    from sqlspec_testkit.servers import PostgreSQL

ROOT = Path(__file__).parents[3]
PATIENCE = 30.0
TABLES = """
    CREATE TABLE customers (number int PRIMARY KEY);
    CREATE TABLE orders (number int PRIMARY KEY,
        customer int REFERENCES customers DEFERRABLE INITIALLY DEFERRED);
    CREATE TABLE deliveries (number int PRIMARY KEY, count int);
    CREATE TABLE counted (number int, count int);
    CREATE TABLE slow (number int);
    CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(2); RETURN NULL; END';
    CREATE CONSTRAINT TRIGGER slowly AFTER INSERT ON slow DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION wait();
"""


@dataclass
class Shop:
    """What the workers share, and what a client does."""

    server: PostgreSQL
    database: str
    broker: str
    folder: Path
    last: int = 1000

    def __post_init__(self) -> None:
        """Sends tasks by their names: the client need not know the workers' module."""
        self.client = Celery("client", broker=self.broker, backend=self.broker)
        self.sql(TABLES)

    def sql(self, statements: str) -> str:
        """Run as superuser."""
        return self.server.sql(statements, database=self.database).strip()

    def new_number(self) -> int:
        """Of an order, far from all others."""
        self.last += 100
        return self.last

    def is_stored(self, number: int) -> bool:
        """Whether there is such an order."""
        return self.sql(f"SELECT count(*) FROM orders WHERE number = {number}") == "1"

    def in_transaction(self) -> int:
        """How many of the workers' connections are inside of a transaction, idle."""
        where = f"datname = '{self.database}' AND state LIKE 'idle in transaction%'"
        return int(self.sql(f"SELECT count(*) FROM pg_stat_activity WHERE {where}"))

    def stop_all(self) -> None:
        """Stop the statements that are under way."""
        where = f"datname = '{self.database}' AND state = 'active' AND pid <> pg_backend_pid()"
        self.sql(f"SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE {where}")

    def is_running(self, text: str) -> bool:
        """Whether a statement that begins so is under way."""
        where = f"datname = '{self.database}' AND state = 'active' AND query LIKE '{text}%'"
        return self.sql(f"SELECT count(*) FROM pg_stat_activity WHERE {where}") != "0"


@dataclass
class Worker:
    """A worker, and the queue that only it serves."""

    shop: Shop
    queue: str
    process: subprocess.Popen[bytes]
    log: Path

    def send(self, task: str, *args: Any, limits: dict[str, Any] | None = None, **kwargs: Any) -> Any:
        """A result to be asked for."""
        name = f"tests.integrations.celery.tasks.{task}"
        return self.shop.client.send_task(name, args, kwargs, queue=self.queue, **(limits or {}))

    def run(self, task: str, *args: Any, limits: dict[str, Any] | None = None, **kwargs: Any) -> Any:
        """What it returns; raises what it raises."""
        return self.answer(self.send(task, *args, limits=limits, **kwargs))

    def answer(self, result: Any) -> Any:
        """What a task that was sent returns, or raises."""
        try:
            return result.get(timeout=PATIENCE, interval=0.05)
        except TimeoutError:  # pragma: no cover
            raise AssertionError(self.log.read_text()) from None

    def end(self, how: signal.Signals, patience: float = PATIENCE) -> None:
        """Send a signal, and wait until the worker has ended."""
        self.process.send_signal(how)
        self.process.wait(patience)


def wait_until(condition: Callable[[], object], log: Path) -> None:
    """Raises AssertionError, with the log, if it does not come true."""
    until = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < until, log.read_text()
        time.sleep(0.02)


@contextmanager
def working(
    shop: Shop, pool: str, concurrency: int, *, queue: str = "", **environment: str
) -> Generator[Worker]:
    """A worker that is ready, and is killed in the end if it has not ended."""
    queue = queue or f"{pool}-{shop.new_number()}"
    log = shop.folder / f"{queue}-{time.monotonic_ns()}.log"
    settings = {
        "SHOP_DATABASE": shop.server.url(database=shop.database),
        "SHOP_BROKER": shop.broker,
        "SHOP_FOLDER": str(shop.folder),
        "SHOP_QUEUE": queue,
        "SHOP_POOL": pool,
    }
    command = [sys.executable, "-m", "celery", "-A", "tests.integrations.celery.tasks", "worker"]
    command += ["--pool", pool, "--concurrency", str(concurrency), "--queues", queue]
    command += ["--hostname", f"{queue}@here"]
    command += ["--loglevel", "INFO", "--without-gossip", "--without-mingle", "--without-heartbeat"]
    with log.open("wb") as out:
        process = subprocess.Popen(
            command, env={**os.environ, "PYTHONPATH": str(ROOT), **settings, **environment}, cwd=shop.folder,
            stdout=out, stderr=out,
        )  # fmt: skip
    worker = Worker(shop, queue, process, log)
    try:
        wait_until(lambda: b"ready." in log.read_bytes() or process.poll() is not None, log)
        assert process.poll() is None, log.read_text()
        yield worker
    finally:
        if process.poll() is None:
            process.kill()
            process.wait(PATIENCE)
