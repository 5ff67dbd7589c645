"""What a signal's handler raises while DuckDB is at work comes out as itself, not as a database error."""

from __future__ import annotations

import gc
import os
import signal
import threading
from datetime import datetime, timedelta, tzinfo
from importlib import import_module
from typing import TYPE_CHECKING, Any

import pytest

from sqlspec import SQLSpec
from sqlspec.errors import QueryCancelledError, SQLSpecError
from sqlspec_duckdb import DuckDBConfig
from sqlspec_duckdb._compat import HAS_APPENDER, HAS_SUBMIT
from sqlspec_duckdb.signals import NOTE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from sqlspec import Session

pytestmark = pytest.mark.skipif(
    not hasattr(signal, "setitimer"), reason="no interval timers on this platform"
)

SLOW = "SELECT count(*) FROM range(20000000) AS n (i) WHERE i % 7 = 3"
"""Ends by itself, for 2.0 may look for signals when it is done; so it is run again and again."""
MANY = 300_000
"""Rows of a result that take a while to read."""


class Stop(Exception):  # noqa: N818 - as a job queue has it
    """As a job queue's time limit."""


class StopNow(RuntimeError):  # noqa: N818 - as above
    """One of the class that DuckDB raises for it."""


def read_stream(session: Session) -> None:
    """Batch after batch."""
    for _ in session.stream("SELECT i FROM range(1000000) n (i)", batch_size=100):
        pass


CALLS: dict[str, Callable[[Session], object]] = {
    "a query": lambda session: session.execute(SLOW),
    "a query with parameters": lambda session: session.execute(SLOW.replace("= 3", "= ?"), (3,)),
    "an INSERT": lambda session: session.execute(f"INSERT INTO item {SLOW}"),
    "execute_many": lambda session: session.execute_many(
        "INSERT INTO item SELECT ?::BIGINT + 1", [(number,) for number in range(20_000)]
    ),
    "stream": read_stream,
}
if HAS_APPENDER:  # 1.x looks at an Arrow table by Python's calls, and drops what comes out of those
    CALLS["load"] = lambda session: session.load("item", [(1,)] * 1_000_000, ("id",))


def interrupted(
    call: Callable[[], object], kind: type[Exception], seconds: float
) -> tuple[BaseException | None, list[Exception]]:
    """What *call* raises if a signal's handler raises *kind* after *seconds*; and what the handler raised."""
    raised: list[Exception] = []

    def handler(*_: object) -> None:
        raised.append(kind("stop now"))
        raise raised[-1]

    before = signal.signal(signal.SIGALRM, handler)
    gc.disable()  # Python drops what comes out of a callback of its collector
    try:
        signal.setitimer(signal.ITIMER_REAL, seconds)
        call()
        signal.setitimer(signal.ITIMER_REAL, 0)
    except Exception as exc:  # noqa: BLE001 - judged by the caller
        return exc, raised
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        gc.enable()
    return None, raised


def is_truth(told: BaseException, raised: list[Exception]) -> bool:
    """Whether *told* is the handler's exception, or says that it is not known: DuckDB 2.0 drops it."""
    return told is raised[-1] or (HAS_SUBMIT and type(told) is RuntimeError and NOTE in told.__notes__)


@pytest.fixture
def spec(tmp_path: Path) -> Iterator[SQLSpec]:
    """A file with one table. The driver has made its own imports: it swallows exceptions there."""
    import_module("pyarrow")
    with SQLSpec() as spec:
        spec.register_config(DuckDBConfig(database=str(tmp_path / "signals.db")), "main")
        with spec.provide_session() as session:
            session.execute("CREATE TABLE item (id BIGINT)")
            session.commit()
            session.load("item", [(1,)], ("id",))
            session.execute("SELECT id FROM item WHERE id = ?", (1,)).arrow()
            session.rollback()
        yield spec


@pytest.mark.parametrize("kind", [Stop, StopNow])
@pytest.mark.parametrize("call", CALLS)
def test_g51_a_handlers_exception_is_no_error_of_the_database(
    spec: SQLSpec, call: str, kind: type[Exception]
) -> None:
    """Whatever DuckDB was doing; nothing is stored, and the next session is served."""

    def work() -> None:
        with spec.provide_session() as session:
            while True:
                CALLS[call](session)

    told, raised = interrupted(work, kind, 0.15)

    assert told is not None
    assert is_truth(told, raised)
    with spec.provide_session() as session:
        assert session.execute("SELECT count(*) FROM item").scalar() == 0
    assert spec.stats("main").in_use == 0


@pytest.mark.skipif(not HAS_APPENDER, reason="1.x has no appender; pyarrow reads the rows")
def test_g51_a_bulk_load_is_not_tried_again_after_a_signal(spec: SQLSpec) -> None:
    """Though its exception is of the class that the driver has for a row that can not be sent."""

    class Zone(tzinfo):
        """A signal comes when the first row is converted."""

        asked = 0

        def utcoffset(self, moment: datetime | None) -> timedelta:  # noqa: ARG002 - the base class's signature
            """No offset."""
            self.asked += 1
            if self.asked == 1:
                signal.raise_signal(signal.SIGALRM)
            return timedelta(0)

        def dst(self, moment: datetime | None) -> None:
            """No summer time."""

        def tzname(self, moment: datetime | None) -> None:
            """No name."""

    zone = Zone()
    rows = [(datetime(2024, 1, number, tzinfo=zone),) for number in (1, 2, 3)]

    def work() -> None:
        with spec.provide_session() as session:
            session.execute("CREATE TABLE moment (day TIMESTAMPTZ)")
            session.load("moment", rows, ("day",))

    told, raised = interrupted(work, StopNow, 30)

    assert told is raised[-1]
    assert zone.asked == 1


@pytest.mark.parametrize("kind", [Stop, StopNow, ValueError])
def test_g51_a_handlers_exception_in_commit_says_nothing_of_the_work(
    spec: SQLSpec, kind: type[Exception]
) -> None:
    """It says that the work is possibly committed: never that it is not."""
    with spec.provide_session() as session:
        session.execute("INSERT INTO item SELECT i FROM range(3000000) n (i)")
        told, raised = interrupted(session.commit, kind, 0.002)

    if told is not None:
        assert is_truth(told, raised)
        assert told is raised[-1] or "possibly committed" in " ".join(told.__notes__)


def test_ctrl_c_stops_a_statement(spec: SQLSpec) -> None:
    """As KeyboardInterrupt, where no other handler is set."""
    timer = threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT))
    with pytest.raises(KeyboardInterrupt), spec.provide_session() as session:
        timer.start()
        while True:
            session.execute(SLOW)
    timer.join(10)

    with spec.provide_session() as session:
        assert session.execute("SELECT 1").scalar() == 1


def test_a_result_whose_reading_was_interrupted_is_whole_or_lost(spec: SQLSpec) -> None:
    """Never a part of it, and never the query once more."""
    with spec.provide_session() as session:
        result = session.execute(f"SELECT i, 'name of ' || i AS name FROM range({MANY}) n (i)")
    told, raised = interrupted(result.all, Stop, 0.02)

    assert told is None or is_truth(told, raised)
    try:
        assert len(result.all()) == MANY
    except QueryCancelledError:
        assert told is not None


@pytest.mark.parametrize("read", ["all", "arrow"])
def test_a_result_is_read_once_even_if_that_fails(spec: SQLSpec, read: str) -> None:
    """What the driver holds is in no known state then."""

    class Source:
        """Breaks at the first reading, and would go on at the second."""

        calls = 0

        def fetchall(self) -> list[Any]:
            """Python's own error."""
            self.calls += 1
            if self.calls == 1:
                raise MemoryError
            return [(1,)]

        to_arrow_table = fetch_arrow_table = fetchall

    with spec.provide_session() as session:
        result = session.execute("SELECT 1 AS one")
    raw: Any = result._raw
    raw._source = source = Source()
    with pytest.raises(MemoryError if read == "all" or not HAS_SUBMIT else Exception):
        getattr(result, read)()
    with pytest.raises(SQLSpecError, match="run the statement again"):
        result.all()

    assert source.calls <= 1
