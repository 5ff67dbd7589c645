"""Statements that write or commit without saying so in their first word."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from sqlspec.errors import SQLSpecError, TransactionAbortedError, TransactionControlError

if TYPE_CHECKING:
    from sqlspec import SQLSpec

SETUP = (
    "CREATE TABLE log (n INT)",
    "CREATE TABLE other (n INT)",
    (
        "CREATE FUNCTION note(n INT) RETURNS INT MODIFIES SQL DATA "
        "BEGIN INSERT INTO log VALUES (n); RETURN n; END"
    ),
    "CREATE FUNCTION outer_note(n INT) RETURNS INT MODIFIES SQL DATA RETURN note(n)",
    "CREATE FUNCTION counted() RETURNS INT READS SQL DATA RETURN (SELECT count(*) FROM log)",
    "CREATE VIEW noting AS SELECT note(5) AS n",
    "CREATE PROCEDURE p_write() INSERT INTO log VALUES (1)",
    "CREATE PROCEDURE p_commit() BEGIN INSERT INTO log VALUES (1); COMMIT; END",
    "CREATE PROCEDURE p_again() BEGIN INSERT INTO log VALUES (1); COMMIT; START TRANSACTION; END",
    (
        "CREATE PROCEDURE p_ddl() BEGIN "
        "INSERT INTO log VALUES (1); TRUNCATE TABLE other; INSERT INTO log VALUES (2); END"
    ),
    "CREATE PROCEDURE p_rollback() BEGIN ROLLBACK; START TRANSACTION; INSERT INTO log VALUES (1); END",
    "CREATE PROCEDURE p_open() BEGIN START TRANSACTION; INSERT INTO log VALUES (1); END",
    "CREATE PROCEDURE p_autocommit() BEGIN SET autocommit = 0; INSERT INTO log VALUES (1); END",
    (
        "CREATE PROCEDURE p_fails() BEGIN "
        "INSERT INTO log VALUES (1); COMMIT; START TRANSACTION; SIGNAL SQLSTATE '45000'; END"
    ),
)
WRITES = (
    "SELECT note(3)",
    "(SELECT note(3))",
    "SELECT outer_note(3)",
    "SELECT note(3) INTO @a",
    "SELECT n FROM noting",
    "SELECT 1 FROM (SELECT note(3)) AS x",
    "SET @a = note(3)",
    "SET STATEMENT max_statement_time=9 FOR SELECT note(3)",
    "SET STATEMENT max_statement_time=9 FOR INSERT INTO log VALUES (3)",
    "WITH w AS (SELECT note(3) AS n) SELECT n FROM w",
    "VALUES (note(3))",
    "DO note(3)",
    "-- well\n/* so */ SELECT note(3)",
    "--\nINSERT INTO log VALUES (3)",
    "/*! INSERT INTO log VALUES (3) */",
    "/*M!100100 INSERT INTO log VALUES (3) */",
    "EXECUTE IMMEDIATE 'INSERT INTO log VALUES (3)'",
    "EXECUTE IMMEDIATE 'SELECT note(3)'",
    "CALL p_write()",
    "INSERT INTO log VALUES (3) RETURNING n",
    "LOAD DATA INFILE '/nowhere' IGNORE INTO TABLE log",
)
COMMITS = (
    "CREATE TABLE fresh (n INT)",
    "CREATE TABLE fresh SELECT 1 AS n",
    "ALTER TABLE other ADD COLUMN more INT",
    "TRUNCATE TABLE other",
    "DROP TABLE other",
    "RENAME TABLE other TO fresh",
    "ANALYZE TABLE other",
    "CREATE USER IF NOT EXISTS somebody@localhost",
    "/*! ALTER TABLE other ADD COLUMN more INT */",
    "EXECUTE IMMEDIATE 'TRUNCATE TABLE other'",
    "SET STATEMENT max_statement_time=9 FOR TRUNCATE TABLE other",
    "CALL p_ddl()",
    "CALL p_commit()",
    "CALL p_again()",
    "CALL p_rollback()",
    "CALL p_fails()",
)
READS = (
    "SELECT 1",
    "SELECT count(*) FROM log",
    "SELECT counted()",
    "SELECT upper('a'), now(), coalesce(NULL, 1)",
    "SHOW TABLES",
    "WITH w AS (SELECT 1) SELECT * FROM w",
    "SET @a = 1",
    "SET STATEMENT max_statement_time=9 FOR SELECT count(*) FROM log",
)


@pytest.fixture
async def spec(spec: SQLSpec) -> SQLSpec:
    """With what hides writes."""
    async with spec.provide_session(autocommit=True) as session:
        for statement in SETUP:
            await session.execute(statement)
    return spec


async def logged(spec: SQLSpec) -> list[int]:
    """What is stored."""
    async with spec.provide_session(autocommit=True) as session:
        found: list[int] = await session.execute("SELECT n FROM log").scalars()
    return found


async def run(session: Any, entry: str, statement: str) -> None:
    """By one of the entry points."""
    if entry == "execute":
        await session.execute(statement)
    elif entry == "stream":
        async for _ in session.stream(statement):
            pass
    elif entry == "script":
        await session.execute_script(statement)
    else:
        await session.execute_many(statement, [()])


@pytest.mark.parametrize("entry", ["execute", "stream", "script", "execute_many"])
@pytest.mark.parametrize("write", WRITES)
async def test_half_a_session_is_not_stored_in_silence(spec: SQLSpec, write: str, entry: str) -> None:
    """A write, then what commits, then an error: nothing is stored, or an error of ours has told it."""
    for commit in COMMITS:
        async with spec.provide_session(autocommit=True) as session:
            for statement in (
                "DELETE FROM log",
                "CREATE OR REPLACE TABLE other (n INT)",
                "DROP TABLE IF EXISTS fresh",
            ):
                await session.execute(statement)
        try:
            async with spec.provide_session() as session:
                await run(session, entry, write)
                await run(session, entry, commit)
                await session.execute("INSERT INTO log VALUES (7)")
                raise KeyError("undo it all")  # noqa: TRY301 - the session ends by it
        except SQLSpecError:
            assert 7 not in await logged(spec), commit
        except KeyError:
            assert await logged(spec) == [], commit


@pytest.mark.parametrize("entry", ["execute", "stream", "script", "execute_many"])
@pytest.mark.parametrize("call", ["p_commit", "p_again", "p_ddl", "p_fails"])
async def test_a_clean_end_does_not_hide_it_either(spec: SQLSpec, call: str, entry: str) -> None:
    """What the procedure committed can not be undone with the rest."""
    with pytest.raises(SQLSpecError):
        async with spec.provide_session() as session:
            try:
                await run(session, entry, f"CALL {call}()")
            except TransactionAbortedError:
                raise
            except SQLSpecError:
                assert call == "p_fails"


@pytest.mark.parametrize("read", READS)
@pytest.mark.parametrize(
    "commit", [one for one in COMMITS if "CALL" not in one and "EXECUTE" not in one and "/*" not in one]
)
async def test_what_only_reads_does_not_stand_in_the_way(spec: SQLSpec, read: str, commit: str) -> None:
    """The session goes on, with another transaction."""
    async with spec.provide_session() as session:
        await session.execute(read)
        await session.execute(commit)
        await session.execute("INSERT INTO log VALUES (1)")
        await session.rollback()
        await session.execute("INSERT INTO log VALUES (2)")

    assert await logged(spec) == [2]


@pytest.mark.parametrize("call", ["CALL p_write()", "EXECUTE IMMEDIATE 'SELECT 1'", "/*! SELECT 1 */"])
async def test_a_procedure_that_keeps_the_transaction_is_part_of_it(spec: SQLSpec, call: str) -> None:
    """Kept, or undone with it."""
    with pytest.raises(ZeroDivisionError):
        async with spec.provide_session() as session:
            await session.execute("INSERT INTO log VALUES (5)")
            await session.execute(call)
            await session.execute(call)
            raise ZeroDivisionError
    assert await logged(spec) == []

    async with spec.provide_session() as session:
        await session.execute("INSERT INTO log VALUES (5)")
        await session.execute(call)
    assert 5 in await logged(spec)


@pytest.mark.parametrize("entry", ["execute", "stream"])
@pytest.mark.parametrize(
    "statement",
    ["CALL p_open()", "CALL p_autocommit()", "EXECUTE IMMEDIATE 'SET autocommit = 0'"],
)
async def test_an_autocommit_session_says_that_a_transaction_was_left_open(
    spec: SQLSpec, statement: str, entry: str
) -> None:
    """What follows would be in it, and undone at the session's end."""
    async with spec.provide_session(autocommit=True) as session:
        with pytest.raises(TransactionControlError, match="rolled back"):
            await run(session, entry, statement)
        await session.execute("INSERT INTO log VALUES (9)")
        assert await session.execute("SELECT @@autocommit").scalar() == 1

    assert await logged(spec) == [9]


async def test_many_different_statements_are_no_load(spec: SQLSpec) -> None:
    """Those that only read are remembered up to a bound; beyond it the transaction counts as changed."""
    async with spec.provide_session() as session:
        for number in range(150):
            await session.execute(f"SELECT count(*) + {number} FROM log")
        connection: Any = session._connection
        assert not connection._transaction.doubts
        with pytest.raises(TransactionAbortedError):
            await session.execute("TRUNCATE TABLE other")
            await session.execute("SELECT 1")
        await session.rollback()
