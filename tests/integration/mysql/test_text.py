"""What is a placeholder and what is text: the server is the judge."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from sqlspec.errors import MultipleStatementsError, NotSupportedError, ParameterError, StatementError

if TYPE_CHECKING:
    from sqlspec import SQLSpec

TEXTS: list[tuple[str, Any, list[Any]]] = [
    ("SELECT '?', ?", (1,), ["?", 1]),
    ("SELECT 'it''s ?', ?", (1,), ["it's ?", 1]),
    (r"SELECT 'a\'?', ?", (1,), ["a'?", 1]),
    (r"SELECT 'a\\', ?", (1,), ["a\\", 1]),
    ('SELECT "?", ?', (1,), ["?", 1]),
    (r'SELECT "a\"?", ?', (1,), ['a"?', 1]),
    ("SELECT ? AS `a?`", (1,), [1]),
    ("SELECT ? AS `a\\`", (1,), [1]),  # no escapes in identifiers
    ("SELECT 1 -- ?\n, ?", (2,), [1, 2]),
    ("SELECT 1 # ?\n, ?", (2,), [1, 2]),
    ("SELECT 5--?", (2,), [7]),  # two minus signs without a blank
    ("SELECT 1 /* ? */, ?", (2,), [1, 2]),
    ("SELECT 1 /*! , ? */", (2,), [1, 2]),  # code to the server
    ("SELECT 1 /*!50000 , ? */", (2,), [1, 2]),
    ("SELECT 1 /*M! , ? */", (2,), [1, 2]),
    ("SELECT 'a%', ?", (1,), ["a%", 1]),
    ("SELECT 'a%'", None, ["a%"]),
    ("SELECT 'a%s', ?", (1,), ["a%s", 1]),
    ("SELECT 'a%%', 7 % ?", (4,), ["a%%", 3]),
    ("SELECT '%(x)s', :x, :x", {"x": 1}, ["%(x)s", 1, 1]),
    ("SELECT %s, '%%'", (1,), [1, "%"]),  # the driver's own style, with its own rule for %
    ("SELECT %(a)s", {"a": 1}, [1]),
    ("SELECT @x := ?", (3,), [3]),
    ("SELECT ?, ?, ?", ("?", "%s", ":x"), ["?", "%s", ":x"]),
]


@pytest.mark.parametrize(("text", "parameters", "expected"), TEXTS, ids=[text for text, _, _ in TEXTS])
async def test_g29_only_placeholders_are_placeholders(
    spec: SQLSpec, text: str, parameters: Any, expected: list[Any]
) -> None:
    """In literals, comments and identifiers they are text; in comments that are code they are code."""
    async with spec.provide_session() as session:
        row = await session.execute(text, parameters, schema_type=tuple).one()

    assert list(row) == expected


@pytest.mark.parametrize(
    "value",
    ["'", "\\", "\\'", '"', "''", "a\\", "%", "%s", "?", "\0", "\n\r\x1a\b", "é😀\u2028", "-- ", "/*", ";"],
    ids=repr,
)
async def test_a_value_is_never_read_as_sql(spec: SQLSpec, value: str) -> None:
    """Whatever characters it is made of: stored, compared, and in bytes."""
    async with spec.provide_session() as session:
        await session.execute("INSERT INTO item VALUES (1, ?)", (value,))
        found = await session.execute("SELECT note FROM item WHERE note = ?", (value,)).scalar()
        same, raw = await session.execute(
            "SELECT ? = ?, ?", (value, value, value.encode()), schema_type=tuple
        ).one()

    assert (found, same, raw) == (value, 1, value.encode())


async def test_g30_the_server_itself_refuses_a_second_statement(spec: SQLSpec) -> None:
    """Also where core does not look, on the driver's own object, and after a reset."""
    async with spec.provide_session() as session:
        with pytest.raises(MultipleStatementsError):
            await session.execute("SELECT 1; SELECT 2")
    for _ in range(2):
        async with spec.provide_connection("main") as raw:
            with pytest.raises(Exception, match="1064"):
                await raw.query("SELECT 1; INSERT INTO item VALUES (1, 'stacked')")

    async with spec.provide_session() as session:
        assert await session.execute("SELECT count(*) FROM item").scalar() == 0


@pytest.mark.parametrize(
    "statement",
    [
        "SET NAMES gbk",
        "set /* well */ names 'latin1'",
        "SET CHARACTER SET gbk",
        "SET character_set_client = gbk",
    ],
)
async def test_the_charset_is_not_the_sessions_to_change(spec: SQLSpec, statement: str) -> None:
    """In some charsets a letter can hold a quote: then a value could end its own literal."""
    async with spec.provide_session() as session:
        with pytest.raises(NotSupportedError, match="charset"):
            await session.execute(statement)


async def test_without_backslash_escapes_no_parameter_is_sent(spec: SQLSpec) -> None:
    """The server says in each answer how it reads literals. Statements without parameters still run."""
    async with spec.provide_session() as session:
        await session.execute("SET sql_mode = 'NO_BACKSLASH_ESCAPES'")
        with pytest.raises(NotSupportedError, match="NO_BACKSLASH_ESCAPES"):
            await session.execute("SELECT ?", ("\\",))
        await session.execute("SET sql_mode = ''")
        kept = await session.execute("SELECT ?", ("\\",)).scalar()

    assert kept == "\\"


async def test_marks_of_the_drivers_own_that_do_not_fit_are_told(spec: SQLSpec) -> None:
    """Nobody counted them before; nothing is sent, and no value is in the text."""
    async with spec.provide_session() as session:
        for statement, parameters in (("SELECT %s", (1, "canary")), ("SELECT %s, %s", ("canary",))):
            with pytest.raises(ParameterError) as caught:
                await session.execute(statement, parameters)
            assert "canary" not in str(caught.value)


async def test_a_statement_with_a_syntax_error_says_where(spec: SQLSpec) -> None:
    """Names and operators of it, up to the first thing that may be a value."""
    async with spec.provide_session() as session:
        with pytest.raises(StatementError) as caught:
            await session.execute("SELECT note FORM item WHERE note = ?", ("canary",))

    assert "'item WHERE note ='" in str(caught.value)
    assert "canary" not in str(caught.value)
    assert "canary" in (caught.value.detail or "")


PROGRAMS = """
CREATE TABLE log (a INT, b TEXT);
CREATE OR REPLACE PROCEDURE nested(IN a INT)
BEGIN
    DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN INSERT INTO log VALUES (0, 'END;'); END;
    IF a > 1 THEN
        BEGIN INSERT INTO log VALUES (a, 'more'); END;
    ELSE
        CASE a WHEN 1 THEN INSERT INTO log VALUES (a, 'one'); ELSE BEGIN END; END CASE;
    END IF;
    again: LOOP
        INSERT INTO log VALUES (CASE WHEN a THEN 10 END, 'end'); -- END;
        LEAVE again;
    END LOOP again;
END;
CREATE DEFINER = CURRENT_USER FUNCTION twice(a INT) RETURNS INT DETERMINISTIC
BEGIN DECLARE x INT; SET x = a; RETURN x * 2; END;
CREATE TRIGGER doubled BEFORE INSERT ON log FOR EACH ROW SET NEW.a = twice(NEW.a);
CREATE TRIGGER noted AFTER INSERT ON log FOR EACH ROW named: BEGIN SET @noted = NEW.a; SET @b = 1; END named;
CALL nested(3);
CALL nested(1)
"""


async def test_stored_programs_are_made_by_a_script(spec: SQLSpec) -> None:
    """Their semicolons are theirs, and there is no DELIMITER."""
    async with spec.provide_session(autocommit=True) as session:
        await session.execute_script(PROGRAMS)
        rows = await session.execute("SELECT a, b FROM log", schema_type=tuple).all()
        assert await session.execute("SELECT @noted").scalar() == 20

    assert rows == [(6, "more"), (20, "end"), (2, "one"), (20, "end")]
