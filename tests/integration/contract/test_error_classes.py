"""What is wrong with a statement, its names or its data is no circumstance that may be another one later."""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING

import pytest

from sqlspec.errors import (
    CheckViolationError,
    DatabaseError,
    ForeignKeyViolationError,
    IntegrityError,
    NotNullViolationError,
    OperationalError,
    StatementError,
    UniqueViolationError,
)

from .sides import SIDES, Side

if TYPE_CHECKING:
    from sqlspec import SQLSpec

CANARY = "canary-5113"
"""Stands in what is wrong, and in no text of an error."""

POSTGRESQL_SCHEMA = """
CREATE TYPE size AS ENUM ('s', 'm');
CREATE TABLE parent (id INT PRIMARY KEY);
CREATE TABLE t (
    id INT PRIMARY KEY, size size, n INT, at TIMESTAMP, twice INT GENERATED ALWAYS AS (n * 2) STORED,
    email VARCHAR(12) UNIQUE, parent INT REFERENCES parent (id), age INT CHECK (age > 0),
    name TEXT NOT NULL DEFAULT ''
);
CREATE VIEW few AS SELECT id FROM t WHERE id < 100 WITH CHECK OPTION;
CREATE VIEW many AS SELECT DISTINCT id FROM t;
CREATE TABLE part (id INT) PARTITION BY RANGE (id);
CREATE SEQUENCE short START 1 MINVALUE 0 MAXVALUE 1;
SELECT nextval('short');
INSERT INTO t (id, email) VALUES (1, 'a'), (2, 'b');
"""
POSTGRESQL: dict[str, tuple[str, type[DatabaseError]]] = {
    "no value of an enum": (f"INSERT INTO t (id, size) VALUES (7, '{CANARY}')", StatementError),
    "text for an integer": (f"INSERT INTO t (id, n) VALUES (7, '{CANARY}')", StatementError),
    "a generated column": ("INSERT INTO t (id, twice) VALUES (7, 14)", StatementError),
    "no date": (f"SELECT to_date('{CANARY}', 'DD.MM.')", StatementError),
    "an ambiguous name": ("SELECT n FROM t AS a JOIN t AS b ON a.id = b.id", StatementError),
    "too long": (f"INSERT INTO t (id, email) VALUES (7, '{CANARY}{CANARY}')", StatementError),
    "out of range": ("INSERT INTO t (id, n) VALUES (7, 3000000000)", StatementError),
    "a division by zero": ("SELECT 1 / 0", StatementError),
    "two rows of a subquery": ("SELECT (SELECT id FROM t)", StatementError),
    "no cursor": ("FETCH nowhere", StatementError),
    "no prepared statement": ("EXECUTE nowhere", StatementError),
    "no database": ("ALTER DATABASE nowhere OWNER TO CURRENT_USER", StatementError),
    "no schema": ("CREATE TABLE nowhere.t (id INT)", StatementError),
    "no role": ("DROP ROLE nowhere", StatementError),
    "no extension": ("CREATE EXTENSION nowhere", StatementError),
    "no file": ("COPY t (n) FROM '/nowhere/to/be/found.csv'", StatementError),
    "what others depend on": ("DROP TABLE parent", StatementError),
    "a view that takes no rows": ("INSERT INTO many VALUES (7)", StatementError),
    "not in a transaction": ("CREATE DATABASE here", StatementError),
    "a setting": (f"SET work_mem = '{CANARY}'", StatementError),
    "a setting of the server": ("SET shared_buffers = '1GB'", StatementError),
    "no such setting": ("SET nowhere = 1", StatementError),
    "a function's own": (f"DO $$ BEGIN RAISE '{CANARY}'; END $$", StatementError),
    "a function's assertion": (f"DO $$ BEGIN ASSERT false, '{CANARY}'; END $$", StatementError),
    "a function that finds nothing": (
        "DO $$ DECLARE x INT; BEGIN SELECT id INTO STRICT x FROM t WHERE id = 99; END $$",
        StatementError,
    ),
    "a case without a branch": ("DO $$ BEGIN CASE 1 WHEN 2 THEN NULL; END CASE; END $$", StatementError),
    "a JSON": (f"SELECT '{CANARY}'::json", StatementError),
    "a regular expression": ("SELECT 'a' ~ '('", StatementError),
    "the end of a sequence": ("SELECT nextval('short')", OperationalError),
    "a key that is there": ("INSERT INTO t (id) VALUES (1)", UniqueViolationError),
    "a reference to nothing": ("INSERT INTO t (id, parent) VALUES (7, 9)", ForeignKeyViolationError),
    "a check": ("INSERT INTO t (id, age) VALUES (7, 0)", CheckViolationError),
    "a check of a view": ("INSERT INTO few VALUES (700)", CheckViolationError),
    "NULL": ("INSERT INTO t (id, name) VALUES (7, NULL)", NotNullViolationError),
    "no partition": ("INSERT INTO part VALUES (7)", CheckViolationError),
}
MYSQL_SCHEMA = """
CREATE TABLE parent (id INT PRIMARY KEY);
CREATE TABLE t (
    id INT PRIMARY KEY, size ENUM('s', 'm'), n INT, at DATETIME, twice INT AS (n * 2) STORED, d DECIMAL(4, 1),
    email VARCHAR(12) UNIQUE, parent INT REFERENCES parent (id), age INT CHECK (age > 0),
    name TEXT NOT NULL DEFAULT '', tags SET('a', 'b')
);
CREATE VIEW few AS SELECT id FROM t WHERE id < 100 WITH CHECK OPTION;
CREATE VIEW many AS SELECT DISTINCT id FROM t;
CREATE TABLE part (id INT) PARTITION BY RANGE (id) (PARTITION p VALUES LESS THAN (5));
CREATE TABLE log (n INT);
CREATE TRIGGER doubtful BEFORE INSERT ON log FOR EACH ROW BEGIN
    IF new.n > 10 THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'canary-5113'; END IF;
END;
INSERT INTO t (id, email) VALUES (1, 'a'), (2, 'b');
"""
MYSQL: dict[str, tuple[str, type[DatabaseError]]] = {
    "no value of an enum": (f"INSERT INTO t (id, size) VALUES (7, '{CANARY}')", StatementError),
    "no value of a set": (f"INSERT INTO t (id, tags) VALUES (7, '{CANARY}')", StatementError),
    "text for an integer": (f"INSERT INTO t (id, n) VALUES (7, '12 {CANARY}')", StatementError),
    "a generated column": ("INSERT INTO t (id, twice) VALUES (7, 14)", StatementError),
    "no date": (f"INSERT INTO t (id, at) VALUES (7, '{CANARY}')", StatementError),
    "no date by a format": (
        "INSERT INTO t (id, at) VALUES (7, STR_TO_DATE('32.13.', '%d.%m.'))",
        StatementError,
    ),
    "an ambiguous name": ("SELECT n FROM t AS a JOIN t AS b ON a.id = b.id", StatementError),
    "too long": (f"INSERT INTO t (id, email) VALUES (7, '{CANARY}{CANARY}')", StatementError),
    "out of range": ("INSERT INTO t (id, n) VALUES (7, 3000000000)", StatementError),
    "too large": ("INSERT INTO t (id, d) VALUES (7, 99999)", StatementError),
    "a division by zero": ("UPDATE t SET n = 1 / 0", StatementError),
    "two rows of a subquery": ("SELECT (SELECT id FROM t)", StatementError),
    "no table": ("SELECT 1 FROM nowhere", StatementError),
    "no database": ("SELECT 1 FROM nowhere.t", StatementError),
    "no function": ("SELECT nowhere(1)", StatementError),
    "wrong arguments": ("SELECT JSON_EXTRACT(1)", StatementError),
    "no user": ("GRANT SELECT ON t TO nobody@nowhere", StatementError),
    "no collation": ("SELECT 'a' COLLATE nowhere", StatementError),
    "two collations": (
        "SELECT _utf8mb4'a' COLLATE utf8mb4_bin = _utf8mb4'b' COLLATE utf8mb4_general_ci",
        StatementError,
    ),
    "a view that takes no rows": ("INSERT INTO many VALUES (7)", StatementError),
    "no partition": ("INSERT INTO part VALUES (7)", StatementError),
    "a setting": (f"SET SESSION sql_mode = '{CANARY}'", StatementError),
    "no such setting": ("SET SESSION nowhere = 1", StatementError),
    "a time zone": (f"SET SESSION time_zone = '{CANARY}'", StatementError),
    "a trigger's own": ("INSERT INTO log VALUES (11)", StatementError),
    "a SIGNAL for a constraint": ("BEGIN NOT ATOMIC SIGNAL SQLSTATE '23000'; END", IntegrityError),
    "bytes that are no text": ("SELECT _utf8mb4 x'ff'", StatementError),
    "a key that is there": ("INSERT INTO t (id) VALUES (1)", UniqueViolationError),
    "a reference to nothing": ("INSERT INTO t (id, parent) VALUES (7, 9)", ForeignKeyViolationError),
    "a check": ("INSERT INTO t (id, age) VALUES (7, 0)", CheckViolationError),
    "a check of a view": ("INSERT INTO few VALUES (700)", CheckViolationError),
    "NULL": ("INSERT INTO t (id, name) VALUES (7, NULL)", NotNullViolationError),
    "a value left out": ("INSERT INTO t (n) VALUES (7)", NotNullViolationError),
}
SQLITE_SCHEMA = """
CREATE TABLE parent (id INTEGER PRIMARY KEY);
CREATE TABLE t (
    id INTEGER PRIMARY KEY, n INTEGER, twice INTEGER AS (n * 2) STORED, email TEXT UNIQUE,
    parent INTEGER REFERENCES parent (id), age INTEGER CHECK (age > 0), name TEXT NOT NULL DEFAULT ''
);
CREATE TABLE strict (n INTEGER, b BLOB) STRICT;
CREATE TABLE log (n INTEGER);
CREATE TRIGGER doubtful BEFORE INSERT ON log WHEN new.n > 10 BEGIN SELECT RAISE(ABORT, 'not so many'); END;
INSERT INTO t (id, email) VALUES (1, 'a'), (2, 'b');
"""
SQLITE: dict[str, tuple[str, type[DatabaseError]]] = {
    "text in a strict table": (f"INSERT INTO strict VALUES ('{CANARY}', x'00')", StatementError),
    "a float in a strict table": ("INSERT INTO strict VALUES (1.5, x'00')", StatementError),
    "text for a rowid": (f"INSERT INTO t (id) VALUES ('{CANARY}')", StatementError),
    "a generated column": ("INSERT INTO t (id, twice) VALUES (7, 14)", StatementError),
    "an ambiguous name": ("SELECT n FROM t AS a JOIN t AS b ON a.id = b.id", StatementError),
    "a JSON": (f"SELECT json('{CANARY}')", StatementError),
    "a path in a JSON": (f"SELECT json_extract('{{}}', '{CANARY}')", StatementError),
    "an overflow": ("SELECT abs(-9223372036854775808)", StatementError),
    "too large": ("SELECT zeroblob(3000000000)", StatementError),
    "no table": ("SELECT 1 FROM nowhere", StatementError),
    "no function": ("SELECT nowhere(1)", StatementError),
    "no collation": ("SELECT 'a' = 'b' COLLATE nowhere", StatementError),
    "a trigger's own": ("INSERT INTO log VALUES (11)", IntegrityError),
    "a key that is there": ("INSERT INTO t (id) VALUES (1)", UniqueViolationError),
    "a reference to nothing": ("INSERT INTO t (id, parent) VALUES (7, 9)", ForeignKeyViolationError),
    "a check": ("INSERT INTO t (id, age) VALUES (7, 0)", CheckViolationError),
    "NULL": ("INSERT INTO t (id, name) VALUES (7, NULL)", NotNullViolationError),
}
DUCKDB_SCHEMA = """
CREATE TYPE size AS ENUM ('s', 'm');
CREATE TABLE parent (id INT PRIMARY KEY);
CREATE TABLE t (
    id INT PRIMARY KEY, size size, n INT, twice INT GENERATED ALWAYS AS (n * 2),
    email VARCHAR UNIQUE, parent INT REFERENCES parent (id), age INT CHECK (age > 0),
    name VARCHAR NOT NULL DEFAULT ''
);
CREATE SEQUENCE short MAXVALUE 2;
INSERT INTO t (id, email) VALUES (1, 'a'), (2, 'b');
"""
DUCKDB: dict[str, tuple[str, type[DatabaseError]]] = {
    "no value of an enum": (f"INSERT INTO t (id, size) VALUES (7, '{CANARY}')", StatementError),
    "text for an integer": (f"INSERT INTO t (id, n) VALUES (7, '{CANARY}')", StatementError),
    "a generated column": ("INSERT INTO t (id, twice) VALUES (7, 14)", StatementError),
    "no date": (f"SELECT strptime('{CANARY}', '%d.%m')", StatementError),
    "an ambiguous name": ("SELECT n FROM t AS a JOIN t AS b ON a.id = b.id", StatementError),
    "out of range": ("INSERT INTO t (id, n) VALUES (7, 3000000000)", StatementError),
    "two rows of a subquery": ("SELECT (SELECT id FROM t)", StatementError),
    "no table": ("SELECT 1 FROM nowhere", StatementError),
    "no function": ("SELECT nowhere(1)", StatementError),
    "no prepared statement": ("EXECUTE nowhere", StatementError),
    "no file": (f"SELECT * FROM read_csv('/nowhere/{CANARY}.csv')", StatementError),
    "no schema": ("CREATE TABLE nowhere.t (id INT)", StatementError),
    "what others depend on": ("DROP TABLE parent", StatementError),
    "an error of the statement's own": (f"SELECT error('{CANARY}')", StatementError),
    "a regular expression": ("SELECT regexp_matches('a', '(')", StatementError),
    "a UUID": (f"SELECT CAST('{CANARY}' AS UUID)", StatementError),
    "bytes that are no text": ("SELECT decode('\\xff'::BLOB)", StatementError),
    "a setting": (f"SET memory_limit = '{CANARY}'", StatementError),
    "the end of a sequence": ("SELECT nextval('short') FROM range(9)", OperationalError),
    "a key that is there": ("INSERT INTO t (id) VALUES (1)", UniqueViolationError),
    "a reference to nothing": ("INSERT INTO t (id, parent) VALUES (7, 9)", ForeignKeyViolationError),
    "a check": ("INSERT INTO t (id, age) VALUES (7, 0)", CheckViolationError),
    "NULL": ("INSERT INTO t (id, name) VALUES (7, NULL)", NotNullViolationError),
}
DIALECTS = {
    "asyncpg": (POSTGRESQL_SCHEMA, POSTGRESQL),
    "psycopg": (POSTGRESQL_SCHEMA, POSTGRESQL),
    "asyncmy": (MYSQL_SCHEMA, MYSQL),
    "sqlite": (SQLITE_SCHEMA, SQLITE),
    "duckdb": (DUCKDB_SCHEMA, DUCKDB),
}


@pytest.mark.parametrize("side", SIDES, ids=[side.name for side in SIDES], indirect=True)
async def test_what_is_wrong_with_a_statement_is_no_circumstance(side: Side, spec: SQLSpec) -> None:
    """It must be changed, and programs that repeat what failed by circumstances must not repeat it."""
    schema, table = DIALECTS[side.database.name]
    async with side.session(spec, autocommit=True) as session:
        await session.execute_script(schema)
    found: dict[str, str] = {}
    for what, (statement, kind) in table.items():
        with pytest.raises(DatabaseError) as caught:
            async with side.session(spec) as session:
                await session.execute(statement)
        error = caught.value
        told = "".join(traceback.format_exception(error))
        if not isinstance(error, kind) or CANARY in told.replace(statement, ""):
            found[what] = told.splitlines()[-2]

    assert not found
