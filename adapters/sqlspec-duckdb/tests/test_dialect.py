"""Where placeholders and statements are, judged by DuckDB itself."""

from __future__ import annotations

from contextlib import suppress

import duckdb
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sqlspec import SQLSpec
from sqlspec.errors import MultipleStatementsError, ParameterError, SQLSpecError, TransactionControlError
from sqlspec.sql import statements_for
from sqlspec_duckdb import DuckDBConfig
from sqlspec_duckdb._compat import HAS_APPENDER
from sqlspec_duckdb.plugin import DIALECT

STATEMENTS = statements_for(DIALECT, "qmark")
NEW = duckdb.connect(":memory:")
"""Asked for parses only."""

EVERYWHERE = [
    "'it''s ? :a ; '",
    "'a\\'",
    "E'\\' ? ; :a '",
    "e'\\\\'",
    "$$ ? ' ; :a $$",
    "$tag$ $$ ? ; $tag$",
    "1 /* ? ; /* nested ; */ ' */",
    "1 -- ? ; '\n",
    "1::INTEGER",
    "[1, 2, 3][1:2]",
    "[1, 2, 3][:-1]",
    "{'a': 1, b: ':c ?'}",
    "MAP {'k': '?'}",
    "[x * 2 for x in [1, 2] if x > 1]",
    "CASE WHEN true THEN ':a' END",
    "x'3f'",
    '(SELECT \'?\' AS "a ? ; :b """)',
    "'\\' || '?'",
    "DATE '2024-01-01'",
    "-1 - -1",
    "1 // 2 ** 3",
    "'a' ^@ 'a'",
    "$1",
]
VALUES = EVERYWHERE + (
    ["list_transform([1], lambda x: x + 1)", "(SELECT a: ':b ?')"]
    if HAS_APPENDER
    else ["list_transform([1], x -> x + 1)", "{'a': [1]}::JSON->'a'->0"]
)


@pytest.mark.parametrize("value", VALUES)
def test_a_placeholder_is_found_beside_anything(value: str) -> None:
    """The one that is meant, and no other; and DuckDB reads the text as one statement."""
    if value == "$1":
        return
    for text in (f"SELECT {value}, ?", f"SELECT ?, {value}", f"SELECT {value}, :given"):
        with DuckDBConfig().provide_session(autocommit=True) as session:
            found = session.execute(text, {"given": 4711} if ":given" in text else (4711,), schema_type=tuple)
            assert 4711 in found.one()


def count(text: str) -> int | None:
    """How many statements DuckDB sees; None where it sees none at all."""
    try:
        return len(NEW.extract_statements(text))
    except duckdb.Error:
        return None


@given(st.lists(st.sampled_from([*VALUES, "?", ";", "; SELECT 2", " ", "\n", ", "]), max_size=8))
def test_a_script_is_cut_where_duckdb_cuts_it(pieces: list[str]) -> None:
    """Texts that DuckDB can read."""
    text = ("SELECT 1 AS one, " + " ".join(pieces)).replace("?", "1").replace("$1", "1")
    wanted = count(text)
    if wanted is not None:
        assert len(STATEMENTS.script(text)) == wanted


@given(st.text(alphabet="'\"$;?-/*\\eE:`a1 \n\r{}[]", max_size=14))
def test_a_script_of_signs_is_cut_where_duckdb_cuts_it(signs: str) -> None:
    """Whatever signs: where DuckDB can read them, we see the same statements."""
    text = f"SELECT 1; SELECT {signs}; SELECT 3"
    wanted = count(text)
    parameters = ("?", "$1", "$a", "$e", "$E")
    if wanted is None or any(sign in text for sign in parameters) or "`" in text:
        return

    assert len(STATEMENTS.script(text)) == wanted


@example("1", "")
@example(" AS `a'", " --'")
@given(st.text(alphabet="'\"`;a1 ", max_size=8), st.text(alphabet="'\"`- ", max_size=6))
def test_g30_what_a_backtick_hides_is_found(before: str, after: str) -> None:
    """It quotes in 2.x and does not in 1.x: DuckDB itself is asked, and nothing of the second half runs."""
    text = f"SELECT {before}`; CREATE TABLE hidden (i INTEGER){after}"
    with DuckDBConfig().provide_session(autocommit=True) as session:
        with suppress(SQLSpecError):
            session.execute(text)
        with suppress(SQLSpecError):
            session.execute_many(text, [(), ()])
        with suppress(SQLSpecError):
            session.sql(text)
        assert session.execute("SELECT count(*) FROM duckdb_tables()").scalar() == 0


@pytest.mark.parametrize(
    "text", ["SELECT 1; SELECT 2", "SELECT 1 /* ; */; DROP TABLE t", "SELECT $$;$$; SELECT 2"]
)
def test_g30_stacked_statements_are_refused(text: str) -> None:
    """Before anything is sent."""
    with DuckDBConfig().provide_session() as session, pytest.raises(MultipleStatementsError):
        session.execute(text)


@pytest.mark.parametrize(
    "text",
    [
        "BEGIN",
        "begin transaction read only",
        "COMMIT",
        "/* c */ rollback",
        "ABORT",
        "END",
        "START TRANSACTION",
    ],
)
def test_transaction_control_is_refused(text: str) -> None:
    """With the name of the method to call."""
    with DuckDBConfig().provide_session() as session:
        session.execute("CREATE TABLE t (i INTEGER)")
        for call in (session.execute, session.execute_script, getattr(session, "sql", session.execute)):
            with pytest.raises(TransactionControlError):
                call(text)


def test_the_drivers_own_placeholders_pass() -> None:
    """`$1`, `?1` and `$name`."""
    with DuckDBConfig().provide_session() as session:
        assert session.execute("SELECT $2 - $1", (1, 10)).scalar() == 9
        assert session.execute("SELECT ?2 - ?1", (1, 10)).scalar() == 9
        assert session.execute("SELECT $b - $a", {"a": 1, "b": 10}).scalar() == 9
        with pytest.raises(ParameterError):
            session.execute("SELECT ?, ?", (1,))


def test_a_script_runs_in_its_order() -> None:
    """With macros, comments and literals that look like ends."""
    with SQLSpec() as spec:
        spec.register_config(DuckDBConfig())
        with spec.provide_session() as session:
            session.execute_script(
                """
                CREATE TABLE t (note VARCHAR); -- first; of all
                CREATE MACRO twice(x) AS x || ';' || x; /* ; /* ; */ */
                INSERT INTO t VALUES (twice('a')), ($$;$$), (E'\\';');
                """
            )
            assert session.execute("SELECT note FROM t").scalars() == ["a;a", ";", "';"]
