"""Scripts that were written for a database's command-line program: dumps, migrations, stored programs."""

from __future__ import annotations

import pytest

from sqlspec.errors import InvalidArgumentError, TransactionControlError
from sqlspec.sql import MYSQL, POSTGRESQL, SQLITE, CopyData, Statements, statements_for

PG, MY, LITE = (
    statements_for(POSTGRESQL, "numeric_dollar"),
    statements_for(MYSQL, "qmark"),
    statements_for(SQLITE, "qmark"),
)

DUMP = """--
-- PostgreSQL database dump
--

\\restrict aB3xY

SET client_encoding = 'UTF8';
-- Data for Name: town; Type: TABLE DATA
COPY public.town (id, name, "note; stdin") FROM stdin;
12\tSt. John's; $$ /* \t\\N
15\t\\\\.\tit's "two"
\\.


CREATE FUNCTION f() RETURNS text LANGUAGE sql AS $$ SELECT 'COPY t FROM stdin;' $$;
copy empty from STDIN (FORMAT csv) ;\r
\\.\r
/* last */ SELECT 1;

\\unrestrict aB3xY

"""


def test_the_data_of_copy_comes_with_its_statement() -> None:
    """As psql reads it: nothing in the data is SQL, and quotes or dollars in it open nothing."""
    found = PG.script(DUMP)

    assert [one if isinstance(one, str) else one.statement.splitlines()[-1] for one in found] == [
        "--\n-- PostgreSQL database dump\n--\nSET client_encoding = 'UTF8'",
        'COPY public.town (id, name, "note; stdin") FROM stdin',
        "CREATE FUNCTION f() RETURNS text LANGUAGE sql AS $$ SELECT 'COPY t FROM stdin;' $$",
        "copy empty from STDIN (FORMAT csv)",
        "/* last */ SELECT 1",
    ]
    assert [one.data for one in found if isinstance(one, CopyData)] == [
        "12\tSt. John's; $$ /* \t\\N\n15\t\\\\.\tit's \"two\"\n",
        "",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "SELECT 'COPY t FROM stdin;\n1\n\\.\n'",
        "-- COPY t FROM stdin;\nSELECT 1",
        "CREATE FUNCTION f() RETURNS void AS $x$ COPY t FROM stdin; $x$ LANGUAGE sql",
        "COPY t TO STDOUT",
        "COPY t FROM '/tmp/stdin'",
        'SELECT " FROM stdin " FROM copy',
    ],
)
def test_what_only_looks_like_copy_is_left_alone(text: str) -> None:
    """In a literal, in a comment, in a body, or the other way round."""
    assert PG.script(f"{text}; SELECT 2") == [text, "SELECT 2"]


@pytest.mark.parametrize(
    "text", ["COPY t FROM stdin", "COPY t FROM stdin;", "COPY t FROM stdin;\n1\n", "COPY t FROM stdin; \\."]
)
def test_a_copy_without_its_data_says_what_belongs_there(text: str) -> None:
    """The server would wait for it."""
    if not text.endswith("stdin"):
        with pytest.raises(InvalidArgumentError, match=r"COPY … FROM stdin without its data.*load\(\)"):
            PG.script(text)


STORED = """
DELIMITER ;;
/*!50003 CREATE*/ /*!50017 DEFINER=`a`@`%`*/ /*!50003 TRIGGER t BEFORE INSERT ON x FOR EACH ROW
BEGIN SET NEW.a = ';;'; -- ;;
DELETE FROM y; END */;;
  delimiter //
CREATE PROCEDURE p() BEGIN SELECT 1; SELECT '//'; /* // */ END //
CREATE PROCEDURE q() SELECT 1 //
# the end
DELIMITER ;
SELECT 3; SELECT 4
"""


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_delimiter_is_what_the_line_says(newline: str) -> None:
    """Until the next line; the statements between go as they are, semicolons and all."""
    found = [str(one).replace("\r\n", "\n") for one in MY.script(f"SELECT 1;{STORED}".replace("\n", newline))]

    assert found == [
        "SELECT 1",
        (
            "/*!50003 CREATE*/ /*!50017 DEFINER=`a`@`%`*/ /*!50003 TRIGGER t BEFORE INSERT ON x FOR EACH "
            "ROW\nBEGIN SET NEW.a = ';;'; -- ;;\nDELETE FROM y; END */"
        ),
        "CREATE PROCEDURE p() BEGIN SELECT 1; SELECT '//'; /* // */ END",
        "CREATE PROCEDURE q() SELECT 1",
        "SELECT 3",
        "SELECT 4",
    ]


def test_a_word_delimiter_elsewhere_is_no_command() -> None:
    """A column, a literal, a comment."""
    script = (
        "CREATE TABLE d (\n delimiter INT\n); SELECT '\nDELIMITER //\n'; -- x\n/*\nDELIMITER //\n*/ SELECT 1"
    )

    assert len(MY.script(script)) == 3


def test_mariadb_dump_begins_with_a_comment_that_is_code() -> None:
    """Its backslash is no command."""
    script = (
        "/*M!999999\\- enable the sandbox mode */ \n-- MariaDB\n\n/*!40101 SET NAMES utf8mb4 */;\nSELECT 1;"
    )

    assert [str(one)[-12:] for one in MY.script(script)] == ["utf8mb4 */", "SELECT 1"] or len(
        MY.script(script)
    ) == 2


@pytest.mark.parametrize("statements", [PG, MY, LITE], ids=["postgresql", "mysql", "sqlite"])
@pytest.mark.parametrize(
    "command", ["\\connect other", "\\i file.sql", ".mode csv", ".read 'x y'", "\\copy t from 'secret'"]
)
@pytest.mark.parametrize("before", ["", "SELECT 1;\n", "-- why\n/* b */\n", "\ufeff"])
def test_a_command_of_a_program_is_named(statements: Statements, command: str, before: str) -> None:
    """By its name alone; it never reaches the database."""
    with pytest.raises(InvalidArgumentError) as caught:
        statements.script(f"{before}{command}\nSELECT 2;")

    name, argument = command.split(maxsplit=1)
    assert str(caught.value).startswith(f"{name} in the script")
    assert argument not in str(caught.value)


@pytest.mark.parametrize("statements", [PG, MY, LITE], ids=["postgresql", "mysql", "sqlite"])
def test_the_mark_that_windows_puts_first_is_dropped(statements: Statements) -> None:
    """A byte order mark is no SQL."""
    assert statements.script("\ufeffSELECT 1;\nSELECT 2") == ["SELECT 1", "SELECT 2"]


CONTROL = [
    "BEGIN",
    "BEGIN TRANSACTION",
    "COMMIT",
    "ROLLBACK",
    "SAVEPOINT a",
    "RELEASE a",
    "START TRANSACTION",
    "SET TRANSACTION READ ONLY",
]


@pytest.mark.parametrize("text", CONTROL)
def test_a_script_may_have_transactions_of_its_own(text: str) -> None:
    """If it is said so; else the error says where it can run."""
    script = f"SELECT 1; {text}; SELECT 2"

    assert PG.script(script, has_own_transactions=True) == ["SELECT 1", text, "SELECT 2"]
    with pytest.raises(TransactionControlError, match=r"provide_session\(autocommit=True\)"):
        PG.script(script)


@pytest.mark.parametrize("text", ["PREPARE TRANSACTION 'x'", "COMMIT PREPARED 'x'", "XA START 'x'"])
def test_two_phase_commit_is_the_drivers(text: str) -> None:
    """A prepared transaction outlives its connection."""
    with pytest.raises(TransactionControlError, match=r"provide_connection\(\)"):
        PG.script(text, has_own_transactions=True)
