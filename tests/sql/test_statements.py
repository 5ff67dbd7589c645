"""The cache: bounded, shared, and strict about what is one statement."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

import sqlspec.sql
from sqlspec.errors import InvalidArgumentError, MultipleStatementsError, TransactionControlError
from sqlspec.sql import DIALECTS, SQLITE, STANDARD, Dialect, Statements, statements_for

if TYPE_CHECKING:
    from collections.abc import Iterator

CONTROL = [
    ("BEGIN", "session.begin()"),
    ("BEGIN IMMEDIATE TRANSACTION", "session.begin()"),
    ("START TRANSACTION READ ONLY", "session.begin()"),
    ("COMMIT", "session.commit()"),
    ("COMMIT;", "session.commit()"),
    ("END TRANSACTION", "session.commit()"),
    ("ROLLBACK", "session.rollback()"),
    ("ROLLBACK WORK", "session.rollback()"),
    ("ABORT", "session.rollback()"),
    ("SAVEPOINT a", "with session.begin()"),
    ("RELEASE SAVEPOINT a", "with session.begin()"),
    ("ROLLBACK TO a", "with session.begin()"),
    ("ROLLBACK TRANSACTION TO SAVEPOINT a", "with session.begin()"),
    ("SET autocommit = 0", "autocommit=True"),
    ("SET SESSION autocommit = ON", "autocommit=True"),
    ("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE", "isolation="),
    ("PREPARE TRANSACTION 'a'", "two-phase"),
    ("COMMIT PREPARED 'a'", "two-phase"),
    ("XA START 'a'", "two-phase"),
]
DISGUISES = [
    "{}",
    "  \n\t{}",
    "-- why\n{}",
    "/* why; */{}",
    "/* a */ -- b\n /* c */ {}",
    "\ufeff{}",
    ";{}",
    " ; ; {} ;",
    "({}",
]


@pytest.fixture
def statements() -> Statements:
    """A cache of the test's own."""
    return Statements(SQLITE, "qmark")


@pytest.fixture
def impatient() -> Iterator[None]:
    """Threads that take turns as often as they can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.parametrize("disguise", DISGUISES)
@pytest.mark.parametrize(("sql", "method"), CONTROL)
@pytest.mark.parametrize("dialect", DIALECTS.values(), ids=DIALECTS)
def test_transaction_control_is_refused_with_the_method_to_call(
    dialect: Dialect, sql: str, method: str, disguise: str
) -> None:
    """Upper case or lower, whatever stands before it, alone or in a script."""
    statements = statements_for(dialect, "qmark")

    for text in (sql, sql.lower()):
        with pytest.raises(TransactionControlError) as caught:
            statements.compile(disguise.format(text))
        assert method in str(caught.value)
        advice = method if method == "two-phase" else "the session is the script's transaction"
        with pytest.raises(TransactionControlError, match=advice):
            statements.script(f"SELECT 1; {disguise.format(text)}; SELECT 2")


@pytest.mark.parametrize("sql", ["SET @@autocommit=1", "SET @@session.autocommit = ON"])
def test_system_variables_are_read_through_their_signs(sql: str) -> None:
    """A dialect whose @ begins no parameter may write autocommit as a variable."""
    with pytest.raises(TransactionControlError, match="autocommit=True"):
        statements_for(STANDARD, "qmark").compile(sql)


@pytest.mark.parametrize(
    "sql",
    [
        "SET search_path = a",
        "START REPLICATION",
        "PREPARE a AS SELECT 1",
        "PRAGMA foreign_keys = ON",
        "SELECT 'COMMIT'",
        '"COMMIT"',
        "WITH x AS (SELECT 1) SELECT * FROM x",
        "INSERT INTO commit_log VALUES ('BEGIN')",
        "EXPLAIN COMMIT",
    ],
)
def test_what_only_begins_alike_is_not_refused(statements: Statements, sql: str) -> None:
    """The longest phrase decides, and literals are not read."""
    assert statements.compile(sql).text == sql
    assert statements.script(sql) == [sql]


@pytest.mark.parametrize(
    ("sql", "verb"),
    [
        ("SELECT 1", "SELECT"),
        ("  insert INTO t VALUES (1)", "INSERT"),
        ("(SELECT 1)", "SELECT"),
        ("-- a\n/* b */ Update t SET a = ?", "UPDATE"),
        ("  -- nothing", ""),
        ("/* nothing */;", ""),
        ("'text'", ""),
    ],
)
def test_the_verb_is_the_first_keyword(statements: Statements, sql: str, verb: str) -> None:
    """In upper case; comments and parentheses aside."""
    assert statements.compile(sql).verb == verb


@pytest.mark.parametrize(
    "sql", ["SELECT 1; SELECT 2", "SELECT 1;SELECT 2;", ";SELECT ?;'a'", "SELECT 1;; -- a\n;x", "a;/*b*/c"]
)
def test_two_statements_are_refused_g30(statements: Statements, sql: str) -> None:
    """The error names the method that takes several."""
    with pytest.raises(MultipleStatementsError, match="execute_script"):
        statements.compile(sql)


@pytest.mark.parametrize(
    "sql", ["SELECT 1;", "SELECT 1 ; ", "SELECT 1; -- done", "SELECT 1; /* done; */", "-- a\nSELECT 1;"]
)
def test_a_semicolon_and_a_comment_at_the_end_are_fine(statements: Statements, sql: str) -> None:
    """The text is the user's own."""
    assert statements.compile(sql).text == sql


@pytest.mark.parametrize("sql", ["; SELECT ?", "SELECT ?;;", " ;; SELECT ? ; -- a\n ; "])
def test_empty_statements_are_dropped(statements: Statements, sql: str) -> None:
    """Drivers would count them."""
    statement = statements.compile(sql)

    assert statement.text.strip() == "SELECT ?"
    assert statement.sql == sql


@pytest.mark.parametrize("sql", [b"SELECT 1", None, 7, ["SELECT 1"], object()])
def test_sql_is_a_string(statements: Statements, sql: Any) -> None:
    """Bytes are not guessed at."""
    with pytest.raises(InvalidArgumentError, match=f"not {type(sql).__name__}"):
        statements.compile(sql)
    with pytest.raises(InvalidArgumentError, match=f"not {type(sql).__name__}"):
        statements.script(sql)


MOST = 16_384
"""Texts that are remembered."""


def test_a_text_is_compiled_once(statements: Statements) -> None:
    """The second look-up is a dict's own."""
    statement = statements["SELECT ?"]

    assert statements["SELECT ?"] is statement
    assert statements.get("SELECT ?") is statement


def test_a_text_that_is_refused_is_not_remembered(statements: Statements) -> None:
    """It is refused again."""
    for _ in range(2):
        with pytest.raises(TransactionControlError):
            statements["COMMIT"]

    assert not statements


def test_the_cache_is_bounded(statements: Statements) -> None:
    """An application that builds its texts does not fill the memory."""
    for number in range(MOST + 1):
        statements[f"SELECT {number}"]

    assert len(statements) == MOST - MOST // 8 + 1
    assert "SELECT 0" not in statements
    assert "SELECT 1" in statements
    assert f"SELECT {MOST}" in statements


def test_a_few_texts_too_many_cost_a_few_of_them(statements: Statements) -> None:
    """They come round and round: most are found, as before."""
    texts = [f"SELECT {number}" for number in range(MOST + MOST // 20)]
    for _ in range(4):
        for text in texts:
            statements[text]
    before = [statements[text] for text in texts]

    found = sum(statements[text] is known for text, known in zip(texts, before, strict=True))

    assert found > len(texts) * 0.7


def test_long_texts_are_compiled_and_not_kept(statements: Statements) -> None:
    """They are most likely generated, and seen once."""
    long = "SELECT ? -- " + "x" * 16 * 1024

    assert statements[long].count == 1
    assert statements[long[: 16 * 1024]].count == 1
    assert list(statements) == [long[: 16 * 1024]]


@pytest.mark.usefixtures("impatient")
def test_threads_share_one_cache() -> None:
    """Full caches, evictions and first sights at once: everybody gets the right statement."""
    statements = Statements(STANDARD, "numeric_dollar")

    def hammer(thread: int) -> bool:
        return all(
            statements[f"SELECT {number % 6000 + thread * 2000}, ?"].text
            == f"SELECT {number % 6000 + thread * 2000}, $1"
            for number in range(8000)
        )

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(hammer, range(8)))

    assert len(statements) <= MOST + 8


def test_there_is_one_cache_for_a_dialect_and_paramstyle() -> None:
    """Equal dialects share it; adapters may bring dialects of their own."""
    mine = Dialect(name="mine", identifier_quotes=("<>",))

    assert statements_for(SQLITE, "qmark") is statements_for(SQLITE, "qmark")
    assert statements_for(SQLITE, "qmark") is not statements_for(SQLITE, "named")
    assert statements_for(mine, "qmark") is statements_for(
        Dialect(name="mine", identifier_quotes=("<>",)), "qmark"
    )
    assert statements_for(mine, "format")["SELECT <a?b>, ?"].text == "SELECT <a?b>, %s"


def test_an_unknown_paramstyle_is_an_error_with_the_nearest() -> None:
    """Rather than a text no driver reads."""
    with pytest.raises(InvalidArgumentError, match="Did you mean 'numeric_dollar'"):
        statements_for(SQLITE, "numeric_dolar")


def test_the_door_is_what_it_says() -> None:
    """`__all__` equals what is public, submodules aside."""
    public = {
        name
        for name, value in vars(sqlspec.sql).items()
        if not name.startswith("_") and type(value).__name__ != "module" and name != "annotations"
    }

    assert public == set(sqlspec.sql.__all__)


@pytest.mark.parametrize("sql", ["", "  ", "\n\t", ";", " ;\n; "])
@pytest.mark.parametrize("dialect", DIALECTS.values(), ids=DIALECTS)
def test_an_empty_statement_is_refused(dialect: Dialect, sql: str) -> None:
    """By some drivers it is taken, and says nothing; a script may have none."""
    statements = statements_for(dialect, "qmark")

    with pytest.raises(InvalidArgumentError, match="the statement is empty; write one, such as SELECT 1"):
        statements.compile(sql)
    assert statements.compile("SELECT 1").text == "SELECT 1"
    assert statements.script(sql) == []
