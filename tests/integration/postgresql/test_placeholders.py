"""What is a placeholder and what is not: PostgreSQL is the judge."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sqlspec.errors import MultipleStatementsError, ParameterError, StatementError

from .sides import ASYNCPG

if TYPE_CHECKING:
    from .sides import Door

Expression = tuple[str, tuple[Any, ...], Any]

# An expression, in which ¤ stands for a placeholder of any style; its parameters; its value.
EXPRESSIONS: list[Expression] = [
    ("¤::int", (7,), 7),
    ("¤::text", ("?",), "?"),
    ("(¤::text)", ("%s",), "%s"),
    ("¤||'x'", ("a",), "ax"),
    ("'x'||¤", ("b",), "xb"),
    ("CAST(¤ AS int)%¤::int", (7, 4), 3),
    ("7 % 4", (), 3),
    ("'100%'", (), "100%"),
    ("'%s %(a)s %%'", (), "%s %(a)s %%"),
    ("'abc' LIKE 'a%'", (), True),
    ("'abc' LIKE ¤", ("a%",), True),
    ("'?'", (), "?"),
    ("'it''s ? :a $1'", (), "it's ? :a $1"),
    (r"E'\\\'?'", (), r"\'?"),
    ("E'a'\n  '\\'?'", (), "a'?"),
    ("E'a' -- '\n-- ?\n  '\\'?'", (), "a'?"),
    (r"U&'\003F ?'", (), "? ?"),
    ("U&'d!0061t?' UESCAPE '!'", (), "dat?"),
    ("$$ ? $1 :a '$$", (), " ? $1 :a '"),
    ("$a$ ? $$ ' $b$ $a$", (), " ? $$ ' $b$ "),
    ("foo$bar$", (), "foo"),
    ("foo$bar$||¤||foo$bar$", ("?",), "foo?foo"),
    ('"a?:b"', (), "odd"),
    ("/* ? /* ' */ :a */ 1", (), 1),
    ("1 -- ? ' :a $$\n", (), 1),
    ("""'{"a": 1}'::jsonb ?? 'a'""", (), True),
    ("""'{"a": 1}'::jsonb ?? ¤""", ("b",), False),
    ("""'{"a": 1}'::jsonb ?| ARRAY['a', '?']""", (), True),
    ("""'{"a": 1}'::jsonb ?& ¤::text[]""", (["a", "b"],), False),
    ("""'{"a": 1}'::jsonb @? '$.a ? (@ > 0)'""", (), True),
    ("""¤::jsonb->'a' = ¤::jsonb""", ({"a": [1]}, [1]), True),
    ("(¤::jsonb)->>'a'", ({"a": "?"},), "?"),
    ("(ARRAY[¤::int, 2, 3])[1:2]", (1,), [1, 2]),
    ("(ARRAY[1, 2, 3])[¤ : ¤]", (2, 3), [2, 3]),
    ("2 = ANY(¤::int[])", ([1, 2],), True),
    ("CASE WHEN ¤::bool THEN ¤ ELSE ':a' END", (False, "x"), ":a"),
    ("E'%' || ¤ || '%s'", ("?",), "%?%s"),
]
SOURCE = "(VALUES ('foo', 'odd')) AS source(foo$bar$, \"a?:b\")"


def written(expressions: list[Expression], style: str, *, glue: str = ", ") -> tuple[str, Any]:
    """A query of all of them in one style of placeholders, with its parameters."""
    text = f"SELECT {glue.join(text for text, _, _ in expressions)} FROM {SOURCE}"
    values = [value for _, parameters, _ in expressions for value in parameters]
    for number in range(1, len(values) + 1):
        mark = {"qmark": "?", "named": f":p{number}", "dollar": f"${number}"}[style]
        text = text.replace("¤", mark, 1)
    named = {f"p{number}": value for number, value in enumerate(values, 1)}
    return text, named if style == "named" else tuple(values)


@pytest.mark.parametrize("style", ["qmark", "named"])
async def test_g29_the_server_agrees(door: Door, style: str) -> None:
    """On each expression alone, without parameters where it takes none, and beside a neighbour's."""
    wrong: dict[str, Any] = {}

    async with door.session() as session:
        for expression in EXPRESSIONS:
            for others in ([], [("¤::int", (5,), 5)]):
                sql, parameters = written([expression, *others], style)
                (row,) = (await session.execute(sql, parameters or None, schema_type=tuple)).all()
                expected = (expression[2], *[other[2] for other in others])
                wrong |= {sql: row} if row != expected else {}

    assert wrong == {}


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    chosen=st.lists(st.sampled_from(EXPRESSIONS), min_size=1, max_size=6),
    style=st.sampled_from(["qmark", "named", "dollar"]),
    glue=st.sampled_from([",", ", ", "\n,\t", " /* ?, */, ", " -- ?:a'\n,", ",--\n"]),
)
async def test_g29_the_server_agrees_on_any_mixture(
    door: Door, chosen: list[Expression], style: str, glue: str
) -> None:
    """What one expression holds never changes what another means."""
    if style == "dollar" and door.side is not ASYNCPG:
        style = "qmark"  # $1 is asyncpg's own style; psycopg's is tried below

    sql, parameters = written(chosen, style, glue=glue)
    async with door.session() as session:
        (row,) = (await session.execute(sql, parameters, schema_type=tuple)).all()

    assert row == tuple(expected for _, _, expected in chosen)


async def test_g29_the_drivers_own_style_goes_through(door: Door) -> None:
    """`$1` by asyncpg; `%s` and `%(name)s` by psycopg, where a percent sign is doubled by who writes it."""
    if door.side is ASYNCPG:
        assert await door.value("SELECT $2::int % $1::int", (4, 7)) == 3
    else:
        assert await door.value("SELECT %s::int %% 4", (7,)) == 3
        assert await door.value("SELECT %(a)s::int", {"a": 7}) == 7
        assert await door.value("SELECT '%' || 7 % 4") == "%3"


@pytest.mark.parametrize(
    ("sql", "parameters"),
    [
        ("SELECT ?, ?", (1,)),
        ("SELECT 1", (1,)),
        ("SELECT ?", None),
        ("SELECT :a", {"b": 1}),
        ("SELECT ?, :a", (1,)),
        ("SELECT '?'", (1,)),
        ("SELECT 1 /* ? */", (1,)),
    ],
    ids=["too few", "too many", "none", "another name", "two styles", "in a literal", "in a comment"],
)
async def test_a_mismatch_is_told_before_anything_is_sent(door: Door, sql: str, parameters: Any) -> None:
    """And it costs no transaction."""
    async with door.session() as session:
        await session.execute("CREATE TABLE t (a int)")
        with pytest.raises(ParameterError):
            await session.execute(sql, parameters)
        await session.execute("INSERT INTO t VALUES (1)")

    assert await door.value("SELECT count(*) FROM t") == 1


@pytest.mark.parametrize(
    "sql",
    ["SELECT 1; DROP TABLE t", "SELECT ?::int; DROP TABLE t", "SELECT $$;$$; DROP TABLE t"],
    ids=["plain", "with parameters", "behind a literal"],
)
async def test_g30_stacked_statements_are_refused(door: Door, sql: str) -> None:
    """By us where we see them; nothing of them runs."""
    await door.run("CREATE TABLE t (a int)")

    with pytest.raises(MultipleStatementsError):
        await door.rows(sql, (1,) if "?" in sql else None)

    assert await door.value("SELECT count(*) FROM t") == 0


async def test_g30_stacked_statements_that_we_overlook_the_server_refuses(door: Door) -> None:
    """Texts that lie about where they end: the protocol takes one statement at a time."""
    await door.run("CREATE TABLE t (a int)")
    lies = "CREATE FUNCTION f() RETURNS int RETURN 1 /* */ ; BEGIN ATOMIC; DROP TABLE t; END"
    async with door.session() as session:
        with pytest.raises((MultipleStatementsError, StatementError)):
            await session.execute("CREATE RULE r AS ON INSERT TO t DO (NOTIFY x; DROP TABLE t")
        await session.rollback()
        with pytest.raises((MultipleStatementsError, StatementError)):
            await session.execute(lies)

    assert await door.value("SELECT count(*) FROM t") == 0


SCRIPT = r"""
CREATE TABLE t (a int, b text DEFAULT ';');  -- one; two
CREATE FUNCTION plain(a int) RETURNS int LANGUAGE sql AS $$ SELECT 1; SELECT a; $$;
CREATE FUNCTION body(a int) RETURNS int LANGUAGE plpgsql AS $f$BEGIN a := a + 1; RETURN a; END; $f$;
CREATE FUNCTION atomic(a int) RETURNS int LANGUAGE sql
BEGIN ATOMIC
    SELECT 1; /* END; */
    SELECT CASE WHEN a > 1 THEN a ELSE 0 END;
END;
CREATE OR REPLACE PROCEDURE nothing() LANGUAGE sql BEGIN ATOMIC END;
CREATE PROCEDURE adds(x int) LANGUAGE sql
BEGIN ATOMIC INSERT INTO t VALUES (x); INSERT INTO t VALUES (x); END;
CREATE FUNCTION returns() RETURNS int RETURN 5;
CREATE RULE twice AS ON DELETE TO t DO ALSO (INSERT INTO t VALUES (7, ')'); INSERT INTO t VALUES (8));
DO $$ BEGIN PERFORM 1; END; $$;
CALL adds(3); CALL nothing();
INSERT INTO t SELECT plain(1) + body(1) + atomic(2) + returns(), E'\';' '?:a';
DELETE FROM t WHERE a = 3
"""


async def test_a_script_is_cut_where_the_server_ends_its_statements(door: Door) -> None:
    """Bodies of every kind keep their semicolons; question marks in a script are what they are."""
    script = SCRIPT.replace("' '?:a'", "' || '?:a'")

    await door.run(script)

    assert await door.rows("SELECT a, b FROM t ORDER BY a") == [
        *[(7, ")")] * 2,  # a rule runs for each row
        *[(8, ";")] * 2,
        (10, "';?:a"),
    ]


async def test_a_script_is_one_transaction(door: Door) -> None:
    """Its last statement fails, so nothing is there."""
    with pytest.raises(StatementError):
        await door.run("CREATE TABLE t (a int); INSERT INTO t VALUES (1); SELECT nonsense")

    assert await door.value("SELECT to_regclass('t')::text") is None
