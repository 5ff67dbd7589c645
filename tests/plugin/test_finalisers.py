"""What dies takes no exception of a signal along: nothing of the library's runs where nobody would see it."""

from __future__ import annotations

import gc
import sys
from typing import TYPE_CHECKING, Any

from sqlspec import SQLSpec
from sqlspec.adapters.sqlite import SQLiteConfig

if TYPE_CHECKING:
    from pathlib import Path

WATCHED = ("sqlspec", "weakref", "_weakrefset")  # others may listen to the collector


def test_no_function_runs_when_connections_and_pools_die(tmp_path: Path) -> None:
    """In a collection of garbage, which may be anywhere in a statement of another database."""
    called: list[str] = []

    def note(frame: Any, event: str, _: object) -> None:
        if event == "call" and frame.f_globals["__name__"].startswith(WATCHED):
            called.append(frame.f_code.co_qualname)

    gc.collect()
    gc.disable()
    try:
        use_and_forget(tmp_path)
        sys.setprofile(note)
        gc.collect()
    finally:
        sys.setprofile(None)
        gc.enable()

    # Once for a whole database, at its end: what it shared is closed, and its threads.
    assert set(called) - {"KeptResources.__del__", "Workers.__del__"} == set()


def use_and_forget(folder: Path) -> None:
    """A registry that leaves garbage: statements, a stream, a session that failed."""
    spec = SQLSpec()
    spec.register_config(SQLiteConfig(database=str(folder / "a.db")), "a")
    with spec.provide_session("a") as session:
        session.execute("CREATE TABLE t (n INTEGER)")
        session.execute_many("INSERT INTO t VALUES (?)", [(1,), (2,)])
    with spec.provide_session("a") as session:
        for _ in session.stream("SELECT n FROM t", batch_size=1):
            break
    spec.close()
