"""psycopg in threads and forks, without a loop anywhere."""

from __future__ import annotations

import gc
import threading
from typing import TYPE_CHECKING

import pytest

from sqlspec import SQLSpec
from tests.pool.forks.child import in_child

from .sides import THREADS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .sides import Home


@pytest.fixture
def spec(home: Home) -> Iterator[SQLSpec]:
    """A registry for threads."""
    with SQLSpec() as spec:
        spec.register_config(THREADS.config(home.url(), pool_size=3), "main")
        yield spec


def _backend(spec: SQLSpec) -> int:
    with spec.provide_session("main") as session:
        return int(session.execute("SELECT pg_backend_pid()").scalar())


def test_g18_a_forked_child_leaves_the_parents_transaction_alone(spec: SQLSpec, home: Home) -> None:
    """The child works, closes and collects; the parent commits."""
    home.sql("CREATE TABLE t (a int)")

    def work() -> int:
        backend = _backend(spec)
        spec.close()
        gc.collect()
        return backend

    with spec.provide_session("main") as session:
        session.execute("INSERT INTO t VALUES (1)")
        mine = session.execute("SELECT pg_backend_pid()").scalar()
        theirs = in_child(work)

    assert mine != theirs
    assert _backend(spec) == mine
    assert home.sql("SELECT count(*) FROM t") == "1"


def test_g19_threads_share_a_pool(spec: SQLSpec, home: Home) -> None:
    """Sixteen threads, three connections: every row is there, and never more than three were open."""
    home.sql("CREATE TABLE t (a int)")

    def work(number: int) -> None:
        for turn in range(20):
            with spec.provide_session("main") as session:
                session.execute("INSERT INTO t VALUES (?)", (100 * number + turn,))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert home.sql("SELECT count(*), count(DISTINCT a) FROM t") == "320|320"
    assert spec.stats("main").opened <= 3
