"""What the handler of a signal raises comes out as it is, and is no answer of the database."""

from __future__ import annotations

import gc
import sys
from contextlib import suppress
from itertools import cycle
from typing import TYPE_CHECKING, Any

import pytest

from sqlspec import SQLSpec
from sqlspec.adapters.redis import RedisConfig

from .databases import PSYCOPG, SQLITE, Database
from .signals import SHAPES, Alarm, Steps, own_kinds

if TYPE_CHECKING:
    from collections.abc import Iterator

REDIS = Database("redis", RedisConfig, "redis_url", str, "")
SAMPLES = 60
"""Steps of each act at which the signal comes, more or less."""

pytestmark = pytest.mark.filterwarnings("ignore:a connection to 'db' was dropped:ResourceWarning")


# Modules that catch what is raised in them, and drop it or raise their own in its place: nobody learns of it.
# Python's do so with what a failed attempt may raise. psycopg does it where it looks names up, and our own of
# psycopg's where it cuts a line. redis-py does it where it closes a socket or counts for its telemetry.
LOSERS = {
    SQLITE: ("enum", "ipaddress", "zipp"),
    PSYCOPG: (
        *("enum", "ipaddress", "zipp", "psycopg._conninfo_utils"),
        "sqlspec_psycopg.raw._sync.BoundedConnection.shutdown_socket",
    ),
    REDIS: (
        "enum",
        "ipaddress",
        "zipp",
        "socket",
        "namedtuple_",
        "redis._parsers.socket",
        "redis.connection.AbstractConnection.disconnect",
        "redis.observability",
    ),
}


class Act:
    """Something that a signal interrupts, on a registry of its own."""

    keeps = True
    """Whether a row is stored when nothing comes between."""

    def __init__(self, database: Database, config: Any) -> None:
        self.database = database
        self.spec = SQLSpec()
        self.spec.register_config(config, "db")

    def prepare(self) -> None:
        """What was before: a connection is in the pool."""
        with self.spec.provide_session("db"):
            pass

    def do(self) -> None:
        """Store one row."""
        with self.spec.provide_session("db") as session:
            self.store(session)

    def store(self, session: Any) -> None:
        """By the calls of this kind of database."""
        if self.database is REDIS:
            session.set("item", 1)
        else:
            session.execute("INSERT INTO item VALUES (?)", (1,))

    def take_stored(self) -> bool:
        """Whether the row is there; it is not, from now on. Served by the pool's only place."""
        self.spec.open()
        gc.collect()
        session: Any
        with self.spec.provide_session("db") as session:
            if self.database is REDIS:
                return bool(session.delete("item"))
            return bool(session.execute("DELETE FROM item").rowcount)


class Connect(Act):
    """The first use of a registry: loading the adapter, connecting, a session."""

    def prepare(self) -> None:
        """Nothing: it is the first use."""


class Undo(Act):
    """The body raises, and the session rolls back."""

    keeps = False

    def do(self) -> None:
        """Store one row, and fail."""
        with suppress(ZeroDivisionError):
            super().do()

    def store(self, session: Any) -> None:
        """A row, and the failure."""
        super().store(session)
        raise ZeroDivisionError


class Lend(Act):
    """The driver's own connection, which is reset afterwards."""

    keeps = False

    def do(self) -> None:
        """Borrow it and give it back."""
        with self.spec.provide_connection("db"):
            pass


class Read(Act):
    """Beside that a stream, in batches, left early."""

    def do(self) -> None:
        """Store one row, and read on."""
        with self.spec.provide_session("db") as session:
            self.store(session)
            rows = session.stream(self.database.numbers, batch_size=7)
            for _ in range(9):
                next(rows)


class Many(Act):
    """Rows at once, a script, a bulk load, a block, and a commit by hand."""

    def do(self) -> None:
        """All of them in one session."""
        with self.spec.provide_session("db") as session:
            session.execute_many("INSERT INTO item VALUES (?)", [(1,), (2,)])
            session.execute_script("INSERT INTO item VALUES (3); INSERT INTO item VALUES (4)")
            with session.begin():
                session.load("item", [(5,), (6,)], ("id",))
            session.commit()


class Close(Act):
    """The registry is closed."""

    keeps = False

    def do(self) -> None:
        """Close it."""
        self.spec.close()


ACTS = {
    SQLITE: (Act, Connect, Undo, Lend, Read, Many, Close),
    PSYCOPG: (Act, Connect, Undo, Lend, Read, Many, Close),
    REDIS: (Act, Connect, Lend, Close),
}
scenes = pytest.mark.parametrize(
    ("database", "act"),
    [
        pytest.param(database, act, id=f"{database.name}-{act.__name__}")
        for database, acts in ACTS.items()
        for act in acts
    ],
)


@pytest.fixture
def lost(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Any]]:
    """What handlers raised inside of finalisers and callbacks: Python prints it, and it reaches nobody."""
    seen: list[Any] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda unraisable: seen.append(unraisable.exc_value))
    yield seen
    seen.clear()


@scenes
def test_g51_a_handlers_exception_comes_out_of_every_step(
    database: Database, act: type[Act], request: pytest.FixtureRequest, lost: list[Any]
) -> None:
    """As it is. What it says of the COMMIT is true, and the pool's only place serves the next."""
    config = database.config(request, pool_size=1, pool_timeout=1.0)
    _make_table(database, config)
    _count(act(database, config))  # what happens once in a process
    total = _count(act(database, config))
    variants = cycle([(shape, kind) for shape in SHAPES for kind in own_kinds(database.name)])
    problems: list[str] = []

    for step in range(1, total + 1, max(1, total // SAMPLES)):
        shape, kind = next(variants)
        problem = _interrupt(act(database, config), step, Alarm(shape, kind), lost)
        if problem:
            problems.append(f"step {step} of {total}, {kind.__name__} from a {shape}: {problem}")

    assert total > 20
    assert problems == [], "\n".join(problems)


def _make_table(database: Database, config: Any) -> None:
    if database is not REDIS:
        with SQLSpec() as spec:
            spec.register_config(config, "db")
            with spec.provide_session("db") as session:
                session.execute("CREATE TABLE item (id INTEGER)")


def _count(act: Act) -> int:
    """How many steps it has."""
    act.prepare()
    with Steps(0) as steps:
        act.do()
    act.take_stored()
    act.spec.close()
    return steps.count


def _interrupt(act: Act, step: int, alarm: Alarm, lost: list[Any]) -> str:
    """Do it with a signal at this step; what is wrong with what came of that."""
    act.prepare()
    steps = Steps(step)
    caught: BaseException | None = None
    with alarm.installed():
        try:
            with steps:
                act.do()
        except Exception as exc:  # noqa: BLE001 - which, is what the test is about
            caught = exc
    _forget(caught, alarm.raised)
    try:
        stored = act.take_stored()
        stats = act.spec.stats("db")
    except Exception as exc:  # noqa: BLE001 - one of many steps
        return f"the next session fails: {exc!r}"
    finally:
        act.spec.close()
    if (stats.in_use, stats.opening, stats.waiting, stats.size) != (0, 0, 0, 1):
        return f"a place is lost: {stats}"
    is_lost = alarm.raised in lost or steps.is_in(LOSERS[act.database])
    if caught is not alarm.raised and not is_lost:
        return f"{caught!r} in its place, at {steps.where}"
    return _lie(caught, stored=stored, keeps=act.keeps)


def _forget(*errors: BaseException | None) -> None:
    """An error that was dealt with holds no leases any more."""
    for error in errors:
        while error is not None:
            error.__traceback__ = None
            error = error.__context__  # noqa: PLW2901 - down the chain


def _lie(caught: BaseException | None, *, stored: bool, keeps: bool) -> str:
    """A note may be missing, but none may lie."""
    notes = " ".join(getattr(caught, "__notes__", ()))
    if caught is None and stored is not keeps:
        return f"nobody was told, and stored: {stored}"
    if "was committed" in notes and not stored:
        return f"told {notes!r}, and nothing is stored"
    if "was not committed" in notes and stored:
        return f"told {notes!r}, and it is stored"
    return ""
