"""Dumps of mariadb-dump are read back by execute_script, and hold what was dumped."""

from __future__ import annotations

import os
import shutil
import subprocess
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import pytest

from sqlspec import SQLSpec
from sqlspec.adapters.mysql import AsyncMyConfig
from sqlspec.errors import (
    NotSupportedError,
    ParameterError,
    SQLSpecError,
    StatementError,
    TransactionAbortedError,
)

if TYPE_CHECKING:
    from sqlspec_testkit.servers import MariaDB

SCHEMA = r"""
CREATE TABLE author (
    id INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(80) NOT NULL COMMENT 'it''s; a \\ name',
    born DATE, UNIQUE KEY (name)
) COMMENT='authors; and more';
CREATE TABLE `odd;name``d` (`select` INT PRIMARY KEY, `a b` TEXT) ENGINE=MyISAM;
CREATE TABLE book (
    id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY, author_id INT NOT NULL,
    title VARCHAR(200) CHARACTER SET latin1,
    price DECIMAL(10,2) DEFAULT 9.99, body LONGTEXT, cover LONGBLOB, tags SET('a','b;c'), kind ENUM('x','y'),
    more JSON, flags BIT(9), added DATETIME(6), at_ TIMESTAMP NULL, took TIME(3), score DOUBLE, y YEAR,
    place POINT, uid UUID, total DECIMAL(12,2) GENERATED ALWAYS AS (price * 2) STORED,
    CONSTRAINT writes FOREIGN KEY (author_id) REFERENCES author (id), CONSTRAINT good CHECK (price >= 0)
);
CREATE TABLE log (n INT, what VARCHAR(40));
CREATE SEQUENCE counter START WITH 5;
CREATE VIEW cheap AS SELECT b.title, a.name FROM book b JOIN author a ON a.id = b.author_id WHERE price < 10;
CREATE VIEW cheaper AS SELECT * FROM cheap WHERE title <> ';';
CREATE FUNCTION doubled(n INT) RETURNS INT DETERMINISTIC
    BEGIN IF n > 0 THEN RETURN n * 2; END IF; RETURN 0; END;
CREATE PROCEDURE noting(IN n INT) BEGIN
    DECLARE done INT DEFAULT 0; -- a comment; with a semicolon
    INSERT INTO log VALUES (n, 'it''s; noted'); SELECT n; /* END; */
END;
CREATE TRIGGER booked AFTER INSERT ON book FOR EACH ROW BEGIN INSERT INTO log VALUES (NEW.id, 'booked;'); END;
CREATE EVENT tidy ON SCHEDULE EVERY 1 DAY DISABLE DO BEGIN DELETE FROM log WHERE n < 0; END;
"""
AUTHORS = [
    (1, "Ünal; 'it''s' \\ \"x\" 😀", "1900-01-02"),
    (2, "-- no comment\n/* nor here */", None),
    (3, "", "0000-00-00"),
]
TABLES = ("author", "`odd;name``d`", "book", "log")
OPTIONS: dict[str, tuple[str, ...]] = {
    "defaults": (),
    "all": ("--routines", "--triggers", "--events"),
    "one row each": ("--routines", "--events", "--skip-extended-insert", "--complete-insert"),
    "hex": ("--routines", "--events", "--hex-blob"),
    "no comments": ("--routines", "--events", "--skip-comments"),
    "without autocommit": ("--routines", "--events", "--no-autocommit"),
    "with autocommit": ("--routines", "--events", "--skip-no-autocommit"),
    "one transaction": (
        "--routines",
        "--events",
        "--single-transaction",
        "--skip-add-locks",
        "--add-drop-trigger",
    ),
    "no charset": ("--routines", "--events", "--skip-set-charset"),
    "replace": ("--replace", "--order-by-primary", "--skip-disable-keys"),
}


def dumped(server: MariaDB, database: str, *options: str) -> str:
    """What the program writes."""
    program = shutil.which("mariadb-dump")
    assert program is not None, "it is installed with the server"
    address = server.address
    done = subprocess.run(
        [
            program, "--no-defaults", "--protocol=tcp", "--host", address.host, "--port", str(address.port),
            "--user", address.user, *options, database,
        ],
        env={**os.environ, "MYSQL_PWD": address.password or ""},
        capture_output=True,
        check=True,
    )  # fmt: skip
    return done.stdout.decode(errors="surrogateescape")  # of BLOBs come bytes that are no text, if not in hex


async def filled(session: Any) -> None:
    """The schema, with data."""
    await session.execute_script(SCHEMA)
    await session.load("author", AUTHORS, ("id", "name", "born"))
    await session.load(
        ("odd;name`d",), [(number, f"b; {number}'") for number in range(300)], ("select", "a b")
    )
    columns = (
        "id",
        "author_id",
        "title",
        "price",
        "body",
        "cover",
        "tags",
        "kind",
        "more",
        "flags",
        "added",
        "at_",
        "took",
    )
    await session.load(
        "book",
        [
            (
                number, 1 + number % 3, f"Tïtle {number};", number / 4, "x;\n'\\\0" * 50,
                bytes(range(256)), "a,b;c", "x",
                '{"a": [1, "\\"", ";"]}', 300, "2024-01-02 03:04:05.678901", "2024-01-02 03:04:05",
                "-12:13:14.5",
            )
            for number in range(1, 400)
        ],
        columns,
    )  # fmt: skip
    await session.execute(
        "UPDATE book SET score = 0.1, y = 2024, place = point(1, 2), uid = uuid() WHERE id % 2 = 0"
    )


async def contents(session: Any) -> dict[str, Any]:
    """Everything that a dump of all holds."""
    found: dict[str, Any] = {}
    for table in TABLES:
        found[table] = await session.execute(f"SELECT * FROM {table}", schema_type=tuple).all()
        found[f"{table} as made"] = await session.execute(
            f"SHOW CREATE TABLE {table}", schema_type=tuple
        ).all()
    for name in ("cheap", "cheaper"):
        found[name] = await session.execute(f"SELECT * FROM {name} ORDER BY 1", schema_type=tuple).all()
    for kind in ("ROUTINE", "TRIGGER", "EVENT"):
        found[kind] = await session.execute(
            {
                "ROUTINE": "SELECT routine_name, routine_type, routine_definition "
                "FROM information_schema.routines WHERE routine_schema = database() ORDER BY 1",
                "TRIGGER": "SELECT trigger_name, action_statement FROM information_schema.triggers "
                "WHERE trigger_schema = database() ORDER BY 1",
                "EVENT": "SELECT event_name, event_definition FROM information_schema.events "
                "WHERE event_schema = database() ORDER BY 1",
            }[kind],
            schema_type=tuple,
        ).all()
    return found


async def settings(session: Any) -> Any:
    """What a dump changes for itself."""
    return await session.execute(
        "SELECT @@autocommit, @@foreign_key_checks, @@unique_checks, @@sql_mode, @@time_zone, "
        "@@character_set_client, @@character_set_results, @@collation_connection, @@sql_notes, database()",
        schema_type=tuple,
    ).one()


@pytest.mark.parametrize("name", OPTIONS)
async def test_a_dump_is_read_back(
    spec: SQLSpec, mariadb_server: MariaDB, config: AsyncMyConfig, name: str
) -> None:
    """Into another database, with all that it holds; the session is as before."""
    options = OPTIONS[name]
    async with spec.provide_session(autocommit=True) as session:
        await filled(session)
        before = await contents(session)
        assert config.database is not None
    script = dumped(mariadb_server, config.database, *options)

    with mariadb_server.database() as other:
        async with SQLSpec() as copies:
            copies.register_config(AsyncMyConfig(url=mariadb_server.url(database=other), pool_size=1), "copy")
            async with copies.provide_session("copy", autocommit=True) as session:
                at_first = await settings(session)
                await session.execute_script(script)
                assert await settings(session) == at_first
                await session.execute("INSERT INTO log VALUES (0, 'by itself')")
                await session.execute("DELETE FROM log WHERE n = 0")
                after = await contents(session)
            async with copies.provide_session("copy", autocommit=True) as session:
                assert await settings(session) == at_first
                assert await session.execute("SELECT count(*) FROM book").scalar() == 399
            assert copies.stats("copy").opened == 1

    if "--routines" not in options:
        before["ROUTINE"] = before["EVENT"] = []
    assert after == before


async def test_a_script_without_autocommit_says_what_it_left_open(spec: SQLSpec) -> None:
    """It is rolled back, and the session goes on as an autocommit session."""
    scripts: list[tuple[str, type[SQLSpecError] | None]] = [
        ("SET autocommit = 0; INSERT INTO item VALUES (1, 'a')", TransactionAbortedError),
        ("SET autocommit = 0; INSERT INTO item VALUES (2, 'b'); SELECT nothing", StatementError),
        ("SET autocommit = 0; SELECT nothing", StatementError),
        ("SET autocommit = 0; INSERT INTO item VALUES (3, 'c'); COMMIT", None),
        ("SET autocommit = 0; INSERT INTO item VALUES (4, 'd'); SET autocommit = 1", None),
        ("SET autocommit = 0", None),
    ]
    async with spec.provide_session(autocommit=True) as session:
        for script, error in scripts:
            with nullcontext() if error is None else pytest.raises(error):
                await session.execute_script(script)
            assert await session.execute("SELECT @@autocommit").scalar() == 1
        await session.execute("INSERT INTO item VALUES (5, 'e')")

    async with spec.provide_session(autocommit=True) as session:
        assert await session.execute("SELECT id FROM item ORDER BY id").scalars() == [3, 4, 5]
    assert spec.stats("main").opened == 1


@pytest.mark.parametrize(
    "script",
    [
        "LOCK TABLES item WRITE; INSERT INTO item VALUES (1, 'a'); UNLOCK TABLES",
        "LOCK TABLES item WRITE; INSERT INTO item VALUES (1, 'a')",
        (
            "SET foreign_key_checks = 0; SET NAMES utf8mb4; SET sql_mode = 'ANSI'; "
            "INSERT INTO item VALUES (1, 'a')"
        ),
        "/*!40101 SET NAMES utf8mb4 COLLATE utf8mb4_bin */; INSERT INTO item VALUES (1, 'a')",
        "\ufeffSET time_zone = '+05:00';\nINSERT INTO item VALUES (1, 'a');\n",
    ],
)
async def test_the_next_owner_meets_nothing_of_a_script(spec: SQLSpec, script: str) -> None:
    """Its locks and settings end with its session, its work stays."""
    async with spec.provide_session(autocommit=True) as session:
        at_first = await settings(session)
    async with spec.provide_session(autocommit=True) as session:
        await session.execute_script(script)
        assert (await settings(session))[5:8] == at_first[5:8]

    async with spec.provide_session(autocommit=True) as session:
        assert await settings(session) == at_first
        assert await session.execute("SELECT id FROM item").scalars() == [1]
    assert spec.stats("main").opened == 1


async def test_bytes_that_are_no_text_are_refused_where_text_is_meant(spec: SQLSpec) -> None:
    """By the server, for it reads UTF-8; by us, where they came from nowhere."""
    byte = b"\xff".decode(errors="surrogateescape")
    async with spec.provide_session(autocommit=True) as session:
        await session.execute_script(f"SET @raw = _binary '{byte}'")
        assert await session.execute("SELECT hex(@raw)").scalar() == "FF"
        with pytest.raises(StatementError):
            await session.execute_script(f"INSERT INTO item VALUES (1, '{byte}')")
        with pytest.raises(ParameterError):
            await session.execute_script("INSERT INTO item VALUES (1, '\ud800')")
        with pytest.raises(ParameterError):
            await session.execute(f"SET @raw = _binary '{byte}'")


@pytest.mark.parametrize("script", ["SET NAMES latin1; SELECT 1", "/*!40101 SET NAMES gbk */; SELECT 1"])
async def test_a_script_in_another_charset_is_refused(spec: SQLSpec, script: str) -> None:
    """It is text, and travels as UTF-8: the server would read other letters."""
    for autocommit in (False, True):
        async with spec.provide_session(autocommit=autocommit) as session:
            with pytest.raises(NotSupportedError, match="UTF-8"):
                await session.execute_script(script)


async def test_a_dump_in_a_transaction_is_refused(spec: SQLSpec) -> None:
    """Its statements commit: it needs an autocommit session."""
    with pytest.raises(SQLSpecError):
        async with spec.provide_session() as session:
            await session.execute_script(
                "DROP TABLE IF EXISTS other; CREATE TABLE other (a INT); LOCK TABLES other WRITE; "
                "INSERT INTO other VALUES (1); UNLOCK TABLES"
            )
