"""Scripts with semicolons in a statement's body are cut where PostgreSQL ends the statement.

That the server agrees is tested with the server, in tests/integration/postgresql.
"""

from __future__ import annotations

import pytest

from sqlspec.errors import MultipleStatementsError
from sqlspec.sql import POSTGRESQL, statements_for

STATEMENTS = [
    "CREATE FUNCTION plain() RETURNS int LANGUAGE sql AS $$SELECT 1; SELECT 2; $$",
    """create or replace function atomic(a int) RETURNS int LANGUAGE sql
BEGIN /* ; */ ATOMIC -- ;
    SELECT CASE WHEN a > 1 THEN (2) ELSE 3 END;
    SELECT 'END;';
END""",
    "CREATE PROCEDURE nothing() BEGIN ATOMIC END",
    "CREATE PROCEDURE named(\"begin atomic\" int) LANGUAGE sql AS 'SELECT 1; SELECT 2'",
    "CREATE RULE several AS ON INSERT TO t DO ALSO (DELETE FROM u WHERE a = ')'; SELECT (1); NOTIFY x)",
    "CREATE RULE one AS ON INSERT TO t DO INSTEAD NOTHING",
    "CREATE FUNCTION default_of(a text = 'BEGIN ATOMIC') RETURNS int RETURN 1",
    "CREATE FUNCTION begin_atomically() RETURNS int RETURN 1",
    "SELECT E'a'\n  -- ;\n '\\';'",
]


@pytest.mark.parametrize("statement", STATEMENTS, ids=range(len(STATEMENTS)))
def test_a_body_keeps_its_semicolons(statement: str) -> None:
    """In a script between others, and alone."""
    statements = statements_for(POSTGRESQL, "numeric_dollar")

    assert statements.script(f"SELECT 1; {statement}; SELECT 2") == ["SELECT 1", statement, "SELECT 2"]
    assert statements.compile(f"{statement};").sql == f"{statement};"
    with pytest.raises(MultipleStatementsError):
        statements.compile(f"{statement}; SELECT 2")


@pytest.mark.parametrize(
    "text",
    [
        "CREATE FUNCTION f() BEGIN ATOMIC SELECT 1; SELECT 2",
        "CREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT 2",
    ],
    ids=["function", "rule"],
)
def test_a_body_without_an_end_goes_to_the_server_as_it_is(text: str) -> None:
    """Who else could say what is wrong with it."""
    assert statements_for(POSTGRESQL, "numeric_dollar").script(text) == [text]
