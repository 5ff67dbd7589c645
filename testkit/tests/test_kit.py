"""The kit as a third party meets it: green on a good adapter, red on a bad one, and it says why it skips."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import TYPE_CHECKING, NamedTuple

import pytest

if TYPE_CHECKING:
    from pathlib import Path

SIX_LINES = """
from sqlspec_sqlite import SQLiteConfig
from sqlspec_testkit import TransactionTable
class TestTransactions(TransactionTable):
    def make_config(self, tmp_path):
        return SQLiteConfig(database=str(tmp_path / "t.db"), busy_timeout=0.05)
"""
ASYNC = SIX_LINES.replace("TransactionTable", "AsyncTransactionTable")
KEY = '    generated_key = "INTEGER PRIMARY KEY"\n'
ENDER = '    ender = "INSERT OR ROLLBACK INTO sqlspec_kit (id) VALUES (1)"\n'
BREAK = """
from sqlspec.plugin import Connection as Plain
from sqlspec_sqlite.connection import SQLiteConnection as Connection
Connection.finish = Plain.finish
"""
DECLARE = """
import msgspec
import sqlspec_sqlite.plugin as plugin
from sqlspec.plugin import Capability
declared = plugin.ADAPTER.capabilities | {{Capability.{}}}
plugin.ADAPTER = msgspec.structs.replace(plugin.ADAPTER, capabilities=declared)
"""


class Run(NamedTuple):
    """What a run of pytest said."""

    status: int
    failed: set[str]
    output: str


def run(folder: Path, text: str, *options: str) -> Run:
    """Run pytest on *text* as a file of its own, in a project that knows nothing of ours."""
    (folder / "pytest.ini").write_text(
        "[pytest]\nasyncio_mode = auto\nasyncio_default_fixture_loop_scope = function\n"
    )
    (folder / "test_mine.py").write_text(text)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q", "-rsf", "--tb=short", *options],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    failed = set(re.findall(r"^FAILED \S+::(test_\w+)", done.stdout, re.MULTILINE))
    return Run(done.returncode, failed, done.stdout + done.stderr)


@pytest.mark.parametrize("text", [SIX_LINES, ASYNC], ids=["sync", "async"])
def test_six_lines_are_green_at_once(tmp_path: Path, text: str) -> None:
    """With nothing else configured; what the kit was not told is skipped with the reason."""
    result = run(tmp_path, text, "-W", "error")

    assert result.status == 0, result.output
    assert "TestTransactions.ender is not given" in result.output
    assert re.search(r"\d{2} passed", result.output)


def test_the_header_tells_the_adapters(tmp_path: Path) -> None:
    """With version and API level."""
    result = run(tmp_path, SIX_LINES, "-v", "--collect-only")

    assert re.search(r"^sqlspec adapters: .*sqlite \d+\.\d+\.\d+ \(api 1\)", result.output, re.MULTILINE)


MUTANTS = {
    "rollback that commits": (
        "Connection.rollback = lambda self, deadline: self.raw.in_transaction and self.raw.execute('COMMIT')",
        "test_an_exception_rolls_back_and_is_the_one_seen",
    ),
    "no transaction at all": (
        "Connection.begin = lambda self, options, deadline: None",
        "test_an_exception_rolls_back_and_is_the_one_seen",
    ),
    "commit that rolls back": (
        "Connection.commit = lambda self, deadline: self.raw.execute('ROLLBACK')",
        "test_a_clean_exit_commits",
    ),
    "savepoint that is not undone": (
        "Connection.rollback_to_savepoint = Connection.release_savepoint",
        "test_a_savepoint_is_undone_and_the_rest_kept",
    ),
    "bulk that keeps half": (
        (
            "Connection.execute_many = Plain.execute_many\n"
            "Connection.is_spoiled = property(lambda self: False, lambda self, value: None)"
        ),
        "test_execute_many_does_all_or_nothing",
    ),
    "blind to an ended transaction": (
        (
            "from sqlspec.plugin import TransactionStatus\n"
            "Connection.transaction_status = TransactionStatus.ACTIVE"
        ),
        "test_after_the_transaction_ended_no_statement_runs",
    ),
    "no guard against writes": (
        "Connection._set_read_only = lambda self, *, on: None",
        "test_a_read_only_session_refuses_writes",
    ),
    "errors as they come": (
        (
            "from sqlspec.errors import DatabaseError\n"
            "Connection.map_error = lambda self, exc: DatabaseError(str(exc))"
        ),
        "test_a_swallowed_error_is_no_silent_rollback",
    ),
    "stream that repeats itself": (
        (
            "from sqlspec_sqlite.connection import SQLiteCursor as Cursor\n"
            "fetch = Cursor.fetch\n"
            "Cursor.fetch = lambda self: [row for row in fetch(self) for _ in range(2)]"
        ),
        "test_a_stream_leaves_the_session_free",
    ),
    "stream that holds all rows": (
        "Connection.stream = Plain.stream",
        "test_a_stream_holds_a_few_rows_at_a_time",
    ),
    "tables that commit": (
        """
execute = Connection.execute
def committing(self, statement, parameters, deadline):
    if not statement.startswith("CREATE") or not self.raw.in_transaction:
        return execute(self, statement, parameters, deadline)
    self.raw.execute("COMMIT")
    try:
        return execute(self, statement, parameters, deadline)
    finally:
        self.raw.execute("BEGIN")
Connection.execute = committing
""",
        "test_a_table_is_rolled_back_with_the_rest",
    ),
    "keys that are made up": (
        """
execute = Connection.execute
def numbering(self, statement, parameters, deadline):
    result = execute(self, statement, parameters, deadline)
    result.lastrowid = 1
    return result
Connection.execute = numbering
""",
        "test_the_key_of_a_new_row_is_told",
    ),
    "isolation that is only declared": (
        DECLARE.format("ISOLATION"),
        "test_a_transaction_has_its_isolation_level",
    ),
    "arrow that is only declared": (
        DECLARE.format("ARROW"),
        "test_a_table_of_arrow_is_not_made_of_python_objects",
    ),
}


@pytest.mark.parametrize("mutant", MUTANTS)
@pytest.mark.parametrize("base", [SIX_LINES, ASYNC], ids=["sync", "async"])
def test_a_broken_adapter_is_found(tmp_path: Path, mutant: str, base: str) -> None:
    """Each promise that an adapter breaks turns the test red that is about it."""
    breaking, finder = MUTANTS[mutant]

    result = run(tmp_path, BREAK + breaking + "\n" + base + ENDER + KEY, "-k", f"{finder} or did_nothing")

    assert result.status == 1, result.output
    assert result.failed == {finder}


VALUES = SIX_LINES.replace("TransactionTable", "ValueTable")
GIVEN = """
execute, many = Connection.execute, Connection.execute_many
def altered(value):
    {}
    return value
Connection.execute = lambda self, statement, parameters, deadline: execute(
    self, statement, tuple(map(altered, parameters or ())), deadline
)
Connection.execute_many = lambda self, statement, rows, deadline: many(
    self, statement, [tuple(map(altered, row)) for row in rows], deadline
)
Connection.load = Plain.load
"""
FOUND = """
execute = Connection.execute
def altering(self, statement, parameters, deadline):
    result = execute(self, statement, parameters, deadline)
    {}
    return result
Connection.execute = altering
"""
WRONG_VALUES = {
    "text up to a NUL": (
        GIVEN.format("if isinstance(value, str): value = value.partition(chr(0))[0]"),
        "test_a_value_that_a_database_may_not_have_is_kept_or_refused",
    ),
    "text without its end": (
        GIVEN.format("if isinstance(value, str): value = value[:40_000]"),
        "test_a_value_comes_back_as_it_was",
    ),
    "text in another form of Unicode": (
        GIVEN.format(
            "from unicodedata import normalize as n; value = n('NFC', value) if type(value) is str else value"
        ),
        "test_a_value_comes_back_as_it_was",
    ),
    "integers by way of floats": (
        GIVEN.format("if type(value) is int and abs(value) < 2**63 - 1: value = int(float(value))"),
        "test_a_value_comes_back_as_it_was",
    ),
    "empty text for nothing": (
        GIVEN.format("if value == '': value = None"),
        "test_nothing_is_not_empty",
    ),
    "infinity as the largest float": (
        GIVEN.format("if value == float('inf'): value = 1.7976931348623157e308"),
        "test_a_value_that_a_database_may_not_have_is_kept_or_refused",
    ),
    "days without a year": (
        GIVEN.format("value = value.replace(year=2000) if hasattr(value, 'year') else value"),
        "test_a_value_comes_back_as_it_was",
    ),
    "columns in small letters": (
        FOUND.format("result.columns = tuple(map(str.lower, result.columns))"),
        "test_columns_have_the_names_of_the_statement",
    ),
    "no columns without rows": (
        FOUND.format("result.columns = result.columns if result.rows else ()"),
        "test_a_result_without_rows_has_columns",
    ),
    "no count of rows": (
        FOUND.format("result.rowcount = -1"),
        "test_a_statement_says_how_many_rows_it_changed",
    ),
    "a load that counts nothing": (
        "load = Connection.load\nConnection.load = lambda self, *given: load(self, *given) and 0",
        "test_a_load_says_how_many_rows_it_stored",
    ),
    "names as they are typed": (
        "Connection.quote = lambda self, name: name",
        "test_a_load_quotes_names",
    ),
    "a script that goes on": (
        """
script = Connection.execute_script
def deaf(self, statements, deadline):
    try:
        script(self, statements, deadline)
    except Exception:
        pass
Connection.execute_script = deaf
""",
        "test_a_script_that_fails_says_so_and_keeps_nothing",
    ),
    "a stream in another order": (
        """
from sqlspec_sqlite.connection import SQLiteCursor as Cursor
fetch = Cursor.fetch
Cursor.fetch = lambda self: fetch(self)[::-1]
""",
        "test_a_value_of_a_stream_is_that_of_a_result",
    ),
}


@pytest.mark.parametrize("mutant", WRONG_VALUES)
@pytest.mark.parametrize(
    "base", [VALUES, VALUES.replace("ValueTable", "AsyncValueTable")], ids=["sync", "async"]
)
def test_an_adapter_that_changes_values_is_found(tmp_path: Path, mutant: str, base: str) -> None:
    """By the test that is about it, which is green without the fault."""
    breaking, finder = WRONG_VALUES[mutant]

    result = run(tmp_path, BREAK + breaking + "\n" + base, "-k", f"{finder} or a_load_may_leave")

    assert result.status == 1, result.output
    assert result.failed == {finder}


CONNECTIONS = SIX_LINES.replace("TransactionTable", "ConnectionTable")
BOTH = [CONNECTIONS, CONNECTIONS.replace("ConnectionTable", "AsyncConnectionTable")]
SETTING = '    setting = ("PRAGMA cache_size = 123", "PRAGMA cache_size")\n'
MAPPED = """
from sqlspec import errors
mapped = Connection.map_error
def other(self, exc):
    error = mapped(self, exc)
    return {}
Connection.map_error = other
"""
WRONG_CONNECTIONS = {
    "temporary tables that stay": (
        "Connection.reset = lambda self, deadline: True",
        "test_a_temporary_table_is_gone_for_the_next_owner",
    ),
    "settings that stay": (
        "Connection.reset = lambda self, deadline: True",
        "test_a_setting_is_gone_for_the_next_owner",
    ),
    "violations that are all alike": (
        MAPPED.format("errors.IntegrityError('no') if isinstance(error, errors.IntegrityError) else error"),
        "test_a_violated_constraint_is_told_by_its_kind",
    ),
    "wrong statements that are circumstances": (
        MAPPED.format("errors.OperationalError('no') if type(error) is errors.StatementError else error"),
        "test_a_wrong_statement_is_told_as_one",
    ),
    "errors that hold what was sent": (
        """
import sqlite3
execute = Connection.execute
def quoting(self, statement, parameters, deadline):
    try:
        return execute(self, statement, parameters, deadline)
    except sqlite3.IntegrityError as exc:
        raise sqlite3.IntegrityError(f"{exc}: {parameters}")
Connection.execute = quoting
many = Connection.execute_many
def quoting_many(self, statement, rows, deadline):
    try:
        return many(self, statement, rows, deadline)
    except sqlite3.IntegrityError as exc:
        raise sqlite3.IntegrityError(f"{exc}: {rows}")
Connection.execute_many = quoting_many
Connection.load = Plain.load
""",
        "test_no_text_of_an_error_holds_a_value",
    ),
    "errors that stay where they are": (
        MAPPED.format("error and type('Local', (type(error),), {'__module__': 'nowhere'})(str(error))"),
        "test_an_error_travels_between_processes",
    ),
}


@pytest.mark.parametrize("mutant", WRONG_CONNECTIONS)
@pytest.mark.parametrize("base", BOTH, ids=["sync", "async"])
def test_an_adapter_that_leaves_things_behind_is_found(tmp_path: Path, mutant: str, base: str) -> None:
    """By the test that is about it, which is green without the fault."""
    breaking, finder = WRONG_CONNECTIONS[mutant]

    result = run(tmp_path, BREAK + breaking + "\n" + base + SETTING, "-k", finder)
    healthy = run(tmp_path, base + SETTING, "-k", finder)

    assert (result.status, healthy.status) == (1, 0), result.output
    assert result.failed == {finder}


@pytest.mark.parametrize(
    "base", [VALUES, VALUES.replace("ValueTable", "AsyncValueTable")], ids=["sync", "async"]
)
def test_values_are_green_in_six_lines(tmp_path: Path, base: str) -> None:
    """Of an adapter that keeps them."""
    result = run(tmp_path, base, "-W", "error")

    assert result.status == 0, result.output
    assert re.search(r"1\d\d passed", result.output)


def test_a_failed_assertion_is_explained(tmp_path: Path) -> None:
    """The kit's assertions are rewritten like those of a test file."""
    broken = BREAK + "Connection.commit = lambda self, deadline: self.raw.execute('ROLLBACK')\n" + SIX_LINES

    result = run(tmp_path, broken, "-k", "test_a_clean_exit_commits")

    assert "assert [] == [1, 2]" in result.output


def test_an_adapter_without_transactions_is_skipped(tmp_path: Path) -> None:
    """Not failed: it declares what it can."""
    text = """
import msgspec
from sqlspec import SQLSpec
from sqlspec.plugin import Capability, hookimpl
from sqlspec_sqlite import SQLiteConfig, plugin
from sqlspec_testkit import TransactionTable, AsyncTransactionTable

class PlainConfig(SQLiteConfig, frozen=True, kw_only=True):
    adapter = "plain"

class Plain:
    ADAPTER = msgspec.structs.replace(
        plugin.ADAPTER,
        name="plain",
        config_type=f"{__name__}:PlainConfig",
        capabilities=frozenset({Capability.SYNC}),
    )

    @hookimpl
    def sqlspec_create_connection(self, config, resources):
        return plugin.sqlspec_create_connection(config, resources)

class Mine:
    def make_registry(self):
        spec = SQLSpec()
        spec.plugins.register(Plain())
        return spec

    def make_config(self, tmp_path):
        return PlainConfig(database=str(tmp_path / "t.db"))

class TestSync(Mine, TransactionTable): pass
class TestAsync(Mine, AsyncTransactionTable): pass
"""

    result = run(tmp_path, text)

    assert result.status == 0, result.output
    assert "adapter 'plain' does not declare TRANSACTIONS" in result.output
    assert "passed" not in result.output
