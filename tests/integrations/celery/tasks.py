"""The application that the workers run, on the database and the broker that the environment names."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

from celery import Celery, Task

from sqlspec import Session, SQLSpec
from sqlspec.adapters.postgresql import PostgreSQLConfig
from sqlspec.errors import SQLSpecError
from sqlspec.integrations.celery import TRANSIENT_ERRORS, close_with_worker, with_session
from sqlspec.plugin import hookimpl

DATABASE, BROKER = os.environ["SHOP_DATABASE"], os.environ["SHOP_BROKER"]
FOLDER = Path(os.environ["SHOP_FOLDER"])
PLACE = "INSERT INTO orders (number) VALUES (?)"
HIGHEST = "SELECT coalesce(max(number), 0) FROM orders WHERE number < 1000"
PLACE_ONCE = "INSERT INTO orders (number) VALUES (?) ON CONFLICT DO NOTHING"

app = Celery("shop", broker=BROKER, backend=BROKER)
app.conf.update(
    broker_connection_retry_on_startup=True,
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    task_default_queue=os.environ.get("SHOP_QUEUE", "celery"),
    worker_cancel_long_running_tasks_on_connection_loss=True,
    worker_prefetch_multiplier=1,
)

spec = SQLSpec()
shop = PostgreSQLConfig(url=DATABASE, pool_size=int(os.environ.get("SHOP_POOL_SIZE", "2")), pool_timeout=20)
spec.register_config(shop, "shop")
spec.register_config(
    PostgreSQLConfig(url=DATABASE, server_settings={"client_connection_check_interval": "500ms"}), "checked"
)
close_with_worker(spec)


class Closings:
    """Notes which processes have closed their pools."""

    @hookimpl
    def sqlspec_pool_closed(self, name: str, adapter: str, kind: str) -> None:  # noqa: ARG002
        """In this process."""
        (FOLDER / f"closed-{os.getpid()}").touch()


spec.plugins.register(Closings())
# Before any fork, and left open: what a child inherits.
with spec.provide_session("shop") as _session:
    INHERITED: int = _session.execute("SELECT pg_backend_pid()").scalar()
_left_open = spec.provide_session("shop")
if os.environ["SHOP_POOL"] == "prefork":  # elsewhere it would be the worker's own
    _inherited_session = _left_open.__enter__()
    _inherited_session.execute("SELECT 1")


def delivery(number: int) -> int:
    """The how manieth this is of the deliveries of a task, as a transaction of its own counts them."""
    with spec.provide_session("shop", autocommit=True) as session:
        return session.execute(
            "INSERT INTO deliveries VALUES (?, 1) ON CONFLICT (number) DO UPDATE "
            "SET count = deliveries.count + 1 RETURNING count",
            (number,),
            schema_type=int,
        ).scalar()


@app.task
def facts() -> dict[str, Any]:
    """About the process and its pool."""
    stats = spec.stats("shop")
    return {"pid": os.getpid(), "size": stats.size, "in_use": stats.in_use, "waiting": stats.waiting}


@app.task
@with_session(spec, "shop")
def place(session: Session, number: int, seconds: float = 0) -> dict[str, int]:
    """Store an order, after a while."""
    session.execute(PLACE, (number,))
    backend = session.execute("SELECT pg_backend_pid(), pg_sleep(?)", (seconds,)).first()
    return {"pid": os.getpid(), "backend": (backend or {})["pg_backend_pid"], "inherited": INHERITED}


@app.task
def use_the_inherited() -> str:
    """What the child gets of the session that the parent has left open."""
    try:
        _inherited_session.execute("SELECT 1")
    except SQLSpecError as exc:
        return type(exc).__name__
    return "nothing"


@app.task
@with_session(spec, "shop")
def fail(session: Session, number: int) -> None:
    """Store, and raise."""
    session.execute(PLACE, (number,))
    raise LookupError("the task's own")


@app.task
@with_session(spec, "shop")
def conflict(session: Session, number: int) -> str:
    """COMMIT finds that the customer is missing."""
    session.execute("INSERT INTO orders (number, customer) VALUES (?, 404)", (number,))
    return "stored"


@app.task(bind=True, max_retries=2)
@with_session(spec, "shop")
def place_at_third(self: Task[..., int], session: Session, number: int) -> int:
    """Store 100 × the attempt, and have it tried again twice."""
    session.execute(PLACE, (number + self.request.retries,))
    if self.request.retries < 2:
        raise self.retry(countdown=0)
    return self.request.retries


@app.task(bind=True, autoretry_for=TRANSIENT_ERRORS, retry_kwargs={"countdown": 0, "max_retries": 5})
@with_session(spec, "shop", isolation="serializable")
def count_up(self: Task[..., int], session: Session) -> int:
    """Read, and write what follows from it; of two at once one is told to try again."""
    number = session.execute(HIGHEST, schema_type=int).scalar()
    session.execute("SELECT pg_sleep(0.7)")
    session.execute(PLACE, (number + 1,))
    return self.request.retries


@app.task
@with_session(spec, "shop")
def sleep(session: Session, seconds: float, number: int | None = None) -> None:
    """Wait in the database; errors of databases are not this task's concern."""
    if number is not None:
        session.execute(PLACE, (number,))
    try:
        session.execute("SELECT pg_sleep(?)", (seconds,))
    except SQLSpecError as exc:
        raise AssertionError("a time limit was taken for an error of the database") from exc


@app.task(acks_late=False)
@with_session(spec, "checked")
def be_killed(session: Session) -> None:
    """Something else kills the process, as a machine without memory does, while the database works."""
    command = f"sleep 0.3; kill -9 {os.getpid()}"
    subprocess.Popen(["/bin/sh", "-c", command])
    session.execute("SELECT pg_sleep(61)")


@app.task
@with_session(spec, "shop")
def work(session: Session, number: int, until: float) -> None:
    """Many short statements, so that a time limit may come anywhere."""
    end = time.monotonic() + until
    session.execute(PLACE, (number,))
    while time.monotonic() < end:
        session.execute("SELECT ?::int", (number,)).scalar()


@app.task
def commit_slowly(number: int) -> str:
    """A COMMIT that takes seconds, the first time; once stored it is not stored again."""
    count = delivery(number)
    with spec.provide_session("shop") as session:
        placed = session.execute(PLACE_ONCE, (number,)).rowcount
        if placed and count == 1:
            session.execute("INSERT INTO slow VALUES (?)", (number,))
    return "stored" if placed else "was stored"


@app.task
@with_session(spec, "shop")
def die_once(session: Session, number: int, *, is_stored: bool) -> str:
    """The process is killed: before the COMMIT, or after it, when nobody has been told."""
    placed = session.execute(PLACE_ONCE, (number,)).rowcount
    if delivery(number) == 1:
        if is_stored:
            session.commit()
        os.kill(os.getpid(), signal.SIGKILL)
    return "stored" if placed else "was stored"


@app.task
@with_session(spec, "shop")
def place_and_count(session: Session, number: int) -> str:
    """Two rows, of which only one has a key."""
    if not session.execute(PLACE_ONCE, (number,)).rowcount:
        return "was stored"
    session.execute("SELECT pg_sleep(0.1)")
    session.execute("INSERT INTO counted VALUES (?, 1)", (number,))
    return "stored"


@app.task
@with_session(spec, "shop")
def place_and_wait(session: Session, number: int, seconds: float) -> str:
    """Store once, and wait: only when it is delivered for the first time."""
    placed = session.execute(PLACE_ONCE, (number,)).rowcount
    if delivery(number) == 1:
        session.execute("SELECT pg_sleep(?)", (seconds,))
    return "stored" if placed else "was stored"
