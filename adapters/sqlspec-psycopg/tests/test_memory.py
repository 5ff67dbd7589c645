"""What a stream keeps in memory."""

from __future__ import annotations

import gc
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sqlspec import SQLSpec

if TYPE_CHECKING:
    from sqlspec_psycopg import PostgreSQLConfig

MEMORY = Path("/proc/self/statm")
ROWS = 1_000_000


def resident() -> int:
    """Mebibytes of memory that this process has."""
    gc.collect()
    return int(MEMORY.read_text("ascii").split()[1]) * 4096 // 2**20


@pytest.mark.skipif(not MEMORY.exists(), reason="reads Linux's /proc")
@pytest.mark.parametrize("autocommit", [False, True], ids=["transaction", "autocommit"])
def test_a_stream_of_a_million_rows_has_few_in_memory(config: PostgreSQLConfig, *, autocommit: bool) -> None:
    """Under 50 MiB more than before the first of them."""
    with SQLSpec() as spec:
        spec.register_config(config, "main")
        with spec.provide_session(autocommit=autocommit) as session:
            session.execute("SELECT 1")
            count, before, most = 0, resident(), 0
            for row in session.stream(
                "SELECT i, 'the name of ' || i AS name FROM generate_series(1, ?) i", (ROWS,)
            ):
                count += 1
                if count % 100_000 == 0:
                    assert row["i"] == count
                    most = max(most, resident())

    assert count == ROWS
    assert most - before < 50
