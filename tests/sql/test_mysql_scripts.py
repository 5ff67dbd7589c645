"""Scripts with stored programs are cut where MySQL and MariaDB end the statement.

That the server agrees is tested with the server, in tests/integration/mysql.
"""

from __future__ import annotations

import pytest

from sqlspec.errors import MultipleStatementsError
from sqlspec.sql import MYSQL, statements_for

STATEMENTS = [
    """CREATE PROCEDURE nested(IN a INT)
BEGIN
    DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN ROLLBACK; END;
    IF a > 1 THEN
        begin SELECT 'END;'; END;
    ELSE
        CASE a WHEN 1 THEN SELECT 1; ELSE BEGIN END; END CASE;
    END IF;
    again: LOOP SELECT `end;` FROM t; -- END;
        LEAVE again;
    END LOOP again;
    SELECT CASE WHEN a THEN 2 END;
    /* END; */
END""",
    "create or replace definer=`a`@`%` function f() RETURNS INT BEGIN DECLARE x INT; RETURN x; END",
    "CREATE DEFINER = CURRENT_USER TRIGGER t BEFORE INSERT ON x FOR EACH ROW BEGIN SET NEW.a = 1; END",
    "CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO body: BEGIN DELETE FROM a; DELETE FROM b; END body",
    "CREATE PROCEDURE nothing() BEGIN END",
    "CREATE PROCEDURE one() SELECT 'BEGIN'",
    "CREATE TRIGGER t BEFORE INSERT ON x FOR EACH ROW SET NEW.a = 1",
    "CREATE TABLE begin_of (a INT)",
    "CREATE TRIGGER t BEFORE INSERT ON x FOR EACH ROW SET NEW.begin = 1",
    "CREATE PROCEDURE columns() BEGIN SELECT begin, t.begin FROM t; UPDATE t SET begin = 1; END",
    "CREATE PROCEDURE parenthesis() BEGIN (SELECT begin FROM t); END",
    "BEGIN NOT ATOMIC SELECT 1; SELECT 2; END",
    "-- why\nbegin not atomic DECLARE n INT DEFAULT 1; a: BEGIN SET n = 2; END a; SELECT n; END",
    "BEGIN NOT ATOMIC IF 1 THEN SELECT 1; END IF; START TRANSACTION; COMMIT; END",
]


@pytest.mark.parametrize("statement", STATEMENTS, ids=range(len(STATEMENTS)))
def test_a_program_keeps_its_semicolons(statement: str) -> None:
    """In a script between others, and alone."""
    statements = statements_for(MYSQL, "qmark")

    assert statements.script(f"SELECT 1; {statement}; SELECT 2") == ["SELECT 1", statement, "SELECT 2"]
    assert statements.compile(f"{statement};").sql == f"{statement};"
    with pytest.raises(MultipleStatementsError):
        statements.compile(f"{statement}; SELECT 2")


def test_a_program_without_an_end_goes_to_the_server_as_it_is() -> None:
    """Who else could say what is wrong with it."""
    text = "CREATE PROCEDURE p() BEGIN IF a THEN SELECT 1; END IF; SELECT 2"

    assert statements_for(MYSQL, "qmark").script(text) == [text]
