"""What stands behind `query_timeout`: one thread watches, and no statement is stopped but the one meant."""

from __future__ import annotations

import math
import os
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest

from sqlspec.errors import QueryTimeoutError, SQLSpecError, UniqueViolationError
from sqlspec_sqlite.connection import SQLiteConnection

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlspec import Session, SQLSpec

FOREVER = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
ABOUT_AS_LONG = FOREVER.replace("FROM n)", "FROM n WHERE i < 20000)")
"""Some milliseconds."""
SHORT = 0.1


def watchers() -> list[str]:
    """The threads that watch limits."""
    return [thread.name for thread in threading.enumerate() if thread.name == "sqlspec-limits"]


def stopped(session: Session) -> None:
    """A statement that ends by its limit."""
    with pytest.raises(QueryTimeoutError, match=r"query_timeout=0\.1 s"):
        session.execute(FOREVER, query_timeout=SHORT)


class Request:
    """A request to stop, which arrives when it has been asked for often enough."""

    def __init__(self, patience: float) -> None:
        self.patience = patience

    def done(self) -> bool:
        """Asked once more."""
        self.patience -= 1
        return self.patience < 0


def slow_requests(monkeypatch: pytest.MonkeyPatch, patience: float) -> list[Request]:
    """Have SQLite's interrupt be one that takes its time to arrive."""
    made: list[Request] = []
    interrupt: Callable[..., Any] = SQLiteConnection.interrupt

    def ask(connection: SQLiteConnection, *, for_good: bool) -> Request:
        interrupt(connection, for_good=for_good)
        made.append(Request(patience))
        return made[-1]

    monkeypatch.setattr(SQLiteConnection, "interrupt", ask)
    return made


def test_one_thread_watches_for_all(spec: SQLSpec) -> None:
    """However many statements have a limit, at once or one after another."""

    def work() -> None:
        with spec.provide_session("main", read_only=True) as session:
            stopped(session)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert watchers() == ["sqlspec-limits"]


def test_a_longer_limit_does_not_hide_a_shorter_one(spec: SQLSpec) -> None:
    """The thread that watches sleeps no longer than the nearest limit is away."""
    with spec.provide_session("main") as session:
        session.execute("SELECT 1", query_timeout=1000)
        session.execute("SELECT 1", query_timeout=1e300)
        stopped(session)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_forked_child_has_a_thread_of_its_own(spec: SQLSpec) -> None:
    """The parent's is not in it."""
    with spec.provide_session("main") as session:
        stopped(session)

    pid = os.fork()
    if pid == 0:  # pragma: no cover - in the child
        code = 1
        try:
            with spec.provide_session("main") as session:
                stopped(session)
            code = 0
        finally:
            os._exit(code)

    assert os.waitpid(pid, 0)[1] == 0


def test_the_next_statement_is_not_stopped(spec: SQLSpec) -> None:
    """A limit that comes at the very end of its statement stops nothing after it."""
    with spec.provide_session("main", autocommit=True) as session:
        for _ in range(300):
            with suppress(QueryTimeoutError):
                session.execute(ABOUT_AS_LONG, query_timeout=0.002)
            session.execute("INSERT INTO t (name) VALUES ('one')")

        assert session.execute("SELECT count(*) FROM t").scalar() == 300


def test_a_request_that_is_on_its_way_is_waited_for(spec: SQLSpec, monkeypatch: pytest.MonkeyPatch) -> None:
    """It could stop the next statement when it arrives."""
    requests = slow_requests(monkeypatch, 20)
    with spec.provide_session("main") as session:
        stopped(session)

        assert [request.done() for request in requests] == [True]
        assert session.execute("SELECT 1").scalar() == 1


def test_a_request_that_never_arrives_costs_the_connection(
    spec: SQLSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody may get it again; within a second."""
    slow_requests(monkeypatch, math.inf)
    with pytest.raises(SQLSpecError), spec.provide_session("main") as session:
        stopped(session)
        session.execute("SELECT 1")

    assert spec.stats("main").in_use == 0


def test_an_error_of_the_statement_is_not_the_limits(spec: SQLSpec) -> None:
    """Whenever it comes."""
    with spec.provide_session("main", autocommit=True, query_timeout=1.0) as session:
        session.execute("INSERT INTO t VALUES (1, 'a')")
        with pytest.raises(UniqueViolationError):
            session.execute("INSERT INTO t VALUES (1, 'b')")


def test_a_load_ends_between_two_batches(spec: SQLSpec) -> None:
    """When its rows do not come in time, and the database has nothing to do."""

    def rows() -> Any:
        for number in range(20_000):
            if number % 5000 == 4999:
                time.sleep(0.06)
            yield (number, "x")

    with spec.provide_session("main") as session:
        with pytest.raises(QueryTimeoutError):
            session.load("t", rows(), columns=["id", "name"], query_timeout=SHORT)
        session.rollback()
        assert session.execute("SELECT count(*) FROM t").scalar() == 0
