"""One writer at a time: who waits, how long, and what it hears in the end."""

from __future__ import annotations

import sqlite3
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from sqlspec.errors import LockTimeoutError, SerializationError, SQLSpecError
from sqlspec_sqlite import SQLiteConfig

if TYPE_CHECKING:
    from pathlib import Path

    from sqlspec import SQLSpec

THREADS, ROUNDS = 4, 20


def select_then_insert(spec: SQLSpec) -> list[SQLSpecError]:
    """Four threads that read and then write, twenty times each; returns what went wrong."""
    start = threading.Barrier(THREADS)

    def work(_: int) -> list[SQLSpecError]:
        failures = []
        start.wait(10)
        for _ in range(ROUNDS):
            try:
                with spec.provide_session("main") as session:
                    size = session.execute("SELECT count(*) FROM item").scalar()
                    session.execute("INSERT INTO item (value) VALUES (?)", (size,))
            except SQLSpecError as exc:
                failures.append(exc)
        return failures

    with ThreadPoolExecutor(THREADS) as threads:
        return [failure for failures in threads.map(work, range(THREADS)) for failure in failures]


def test_reading_and_then_writing_never_fails(spec: SQLSpec) -> None:
    """Sessions wait for their turn before they read: what they read is still true when they write."""
    failures = select_then_insert(spec)

    with spec.provide_session() as session:
        sizes = session.execute("SELECT value FROM item ORDER BY id").scalars()
    assert failures == []
    assert sizes == list(range(THREADS * ROUNDS))


def test_with_a_deferred_begin_a_late_writer_is_told_which_option_helps(spec: SQLSpec, path: Path) -> None:
    """It fails at once or after the wait, and is always typed the same."""
    spec.register_config(
        SQLiteConfig(database=str(path), transaction_mode="deferred", busy_timeout=0.2), "main", override=True
    )
    with spec.provide_session() as first, spec.provide_session() as second:
        first.execute("SELECT * FROM item")
        second.execute("INSERT INTO item (value) VALUES (1)")
        second.commit()
        with pytest.raises(SerializationError, match="transaction_mode") as caught:
            first.execute("INSERT INTO item (value) VALUES (2)")
        first.rollback()
        first.execute("INSERT INTO item (value) VALUES (3)")

    assert caught.value.code == "SQLITE_BUSY_SNAPSHOT"


def test_with_a_deferred_begin_all_failures_are_of_one_kind(spec: SQLSpec, path: Path) -> None:
    """Under load: no other error, and no lost or doubled row."""
    spec.register_config(SQLiteConfig(database=str(path), transaction_mode="deferred"), "main", override=True)

    failures = select_then_insert(spec)

    with spec.provide_session() as session:
        kept = session.execute("SELECT count(*) FROM item").scalar()
    assert {type(failure) for failure in failures} <= {SerializationError}
    assert all("transaction_mode" in str(failure) for failure in failures)
    assert kept == THREADS * ROUNDS - len(failures)


def test_a_writer_gives_up_after_its_busy_timeout(spec: SQLSpec, path: Path) -> None:
    """With an error that names the option; the session may go on."""
    spec.register_config(SQLiteConfig(database=str(path), busy_timeout=0.3), "main", override=True)
    with closing(sqlite3.connect(path, isolation_level=None)) as other, spec.provide_session() as session:
        other.execute("BEGIN IMMEDIATE")
        started = time.monotonic()

        with pytest.raises(LockTimeoutError, match="busy_timeout") as caught:
            session.execute("INSERT INTO item (value) VALUES (1)")

        waited = time.monotonic() - started
        other.execute("ROLLBACK")
        session.execute("INSERT INTO item (value) VALUES (2)")
    assert caught.value.code == "SQLITE_BUSY"
    assert 0.25 < waited < 3


def test_a_busy_timeout_of_zero_does_not_wait(spec: SQLSpec, path: Path) -> None:
    """For those who would rather do something else."""
    spec.register_config(SQLiteConfig(database=str(path), busy_timeout=0), "main", override=True)
    with closing(sqlite3.connect(path, isolation_level=None)) as other, spec.provide_session() as session:
        other.execute("BEGIN IMMEDIATE")
        started = time.monotonic()

        with pytest.raises(LockTimeoutError):
            session.execute("INSERT INTO item (value) VALUES (1)")

        assert time.monotonic() - started < 0.3
        other.execute("ROLLBACK")


def test_a_writer_goes_on_as_soon_as_the_lock_is_free(spec: SQLSpec, path: Path) -> None:
    """Well before its busy_timeout."""
    with closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as other:
        other.execute("BEGIN IMMEDIATE")
        timer = threading.Timer(0.3, lambda: other.execute("ROLLBACK"))
        timer.start()
        started = time.monotonic()

        with spec.provide_session() as session:
            session.execute("INSERT INTO item (value) VALUES (1)")

        waited = time.monotonic() - started
        timer.join(10)
    assert 0.2 < waited < 2


def test_an_autocommit_statement_waits_too(spec: SQLSpec, path: Path) -> None:
    """It is a transaction of its own, so it is repeated until the lock is free."""
    with closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as other:
        other.execute("BEGIN IMMEDIATE")
        timer = threading.Timer(0.3, lambda: other.execute("ROLLBACK"))
        timer.start()

        with spec.provide_session(autocommit=True) as session:
            session.execute("INSERT INTO item (value) VALUES (1)")
            kept = session.execute("SELECT count(*) FROM item").scalar()

        timer.join(10)
    assert kept == 1


def test_a_commit_waits_for_readers_without_wal(tmp_path: Path) -> None:
    """A COMMIT that finds the file busy leaves the transaction open, and is tried again."""
    from sqlspec import SQLSpec

    path = tmp_path / "rollback.db"
    with SQLSpec() as spec:
        spec.register_config(SQLiteConfig(database=str(path), journal_mode="delete"), "main")
        with spec.provide_session() as session:
            session.execute("CREATE TABLE item (id INTEGER PRIMARY KEY, value)")
        with closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as reader:
            reader.execute("BEGIN")
            reader.execute("SELECT * FROM item").fetchall()
            timer = threading.Timer(0.4, lambda: reader.execute("ROLLBACK"))
            timer.start()

            with spec.provide_session() as session:
                session.execute("INSERT INTO item (value) VALUES (1)")

            timer.join(10)
        with spec.provide_session() as session:
            assert session.execute("SELECT count(*) FROM item").scalar() == 1


def test_readers_do_not_wait_for_the_writer(spec: SQLSpec) -> None:
    """With WAL, a read-only session reads what was committed while another writes."""
    with spec.provide_session() as writer, spec.provide_session(read_only=True) as reader:
        writer.execute("INSERT INTO item (value) VALUES (1)")

        assert reader.execute("SELECT count(*) FROM item").scalar() == 0
