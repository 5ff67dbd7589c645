"""What all rest on comes first; where it fails, that is all that is said."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from sqlspec_testkit import table
from sqlspec_testkit.basics import BASIC
from sqlspec_testkit.contract import AdapterContract

from .projects import ASYNC, SYNC, run

if TYPE_CHECKING:
    from pathlib import Path

LOSES = """
from sqlspec_sqlite.connection import SQLiteConnection as Connection
from sqlspec.plugin import Connection as Plain
Connection.finish = Plain.finish
Connection.commit = lambda self, deadline: self.raw.execute("ROLLBACK")
"""
BASES = pytest.mark.parametrize("base", [SYNC, ASYNC], ids=["sync", "async"])


@BASES
def test_an_adapter_that_stores_nothing_fails_a_few_tests(tmp_path: Path, base: str) -> None:
    """And all others say on which they rest."""
    result = run(tmp_path, LOSES + base)

    failed = set(re.findall(r"^FAILED \S+::(test_\w+)", result.output, re.MULTILINE))
    assert result.status == 1
    assert failed <= BASIC
    assert "has failed, and this rests on it: mend that first" in result.output
    assert "passed" in result.output


def test_every_basic_test_is_there() -> None:
    """By its name, in the tables for threads and for tasks."""
    tables = (table.TransactionTable, table.AsyncTransactionTable)

    for name in BASIC - vars(AdapterContract.__mro__[1]).keys():
        assert all(hasattr(each, name) for each in tables), name
