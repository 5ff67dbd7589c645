"""An error of a script says which of its statements it is of, and on which line that begins."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sqlspec.errors import SQLSpecError

if TYPE_CHECKING:
    from sqlspec import SQLSpec

    from .sides import Side

SECRET = "oak-road-31"
SCRIPT = f"""
-- A script, and a semicolon; in a comment.
INSERT INTO item VALUES (1);

/* one
   more */ INSERT INTO item
    VALUES (2);;
INSERT INTO item VALUES (3); -- {SECRET}

-- the bad one
  {{}}; INSERT INTO item VALUES (5)
"""
FAULTS = {
    "a syntax error": (f"SELEKT '{SECRET}'", "SELEKT ?"),
    "a name": (f"INSERT INTO nowhere VALUES ('{SECRET}')", "INSERT INTO nowhere VALUES (?)"),
    "while it runs": (
        "INSERT INTO keys_of_it (id)\n VALUES (4), (4)",
        "INSERT INTO keys_of_it (id) VALUES (?), (?)",
    ),
}
WAYS = {"LF": ("\n", ""), "CRLF": ("\r\n", ""), "with a mark": ("\r\n", "\ufeff")}


@pytest.mark.parametrize("autocommit", [False, True], ids=["transaction", "autocommit"])
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("fault", FAULTS)
async def test_an_error_of_a_script_names_statement_and_line(
    side: Side, spec: SQLSpec, fault: str, way: str, *, autocommit: bool
) -> None:
    """Whatever the ends of its lines; and the statement in a note, without its values."""
    statement, masked = FAULTS[fault]
    end, mark = WAYS[way]
    async with side.session(spec, autocommit=True) as session:
        await session.execute("CREATE TABLE keys_of_it (id INTEGER PRIMARY KEY)")

    with pytest.raises(SQLSpecError) as caught:
        async with side.session(spec, autocommit=autocommit) as session:
            await session.execute_script(mark + SCRIPT.format(statement).replace("\n", end))

    assert str(caught.value).startswith("statement 4, line 11: ")
    assert caught.value.__notes__ == [f"in: {masked}"]
    assert SECRET not in str(caught.value)


async def test_a_fault_of_the_data_of_a_copy_names_its_statement(side: Side, spec: SQLSpec) -> None:
    """A dump has its rows behind the statement."""
    if side.database.name not in {"psycopg", "asyncpg"}:
        script, place = (
            "INSERT INTO item VALUES (1);\n\nINSERT INTO nowhere VALUES (2);",
            "statement 2, line 3: ",
        )
    else:
        copy = "COPY item FROM stdin;\n{}\n\\.\n"
        script = f"INSERT INTO item VALUES (1);\n{copy.format(7)}{copy.format('x')}SELECT 1;"
        place = "statement 3, line 5: "
    with pytest.raises(SQLSpecError) as caught:
        async with side.session(spec) as session:
            await session.execute_script(script)

    assert str(caught.value).startswith(place)


LONG = "n" * 5000
FORMS = {
    "a long name": f"SELECT 1 FROM {LONG}",
    "many names": f"SELECT {', '.join(f'name_{number}' for number in range(900))} FROM nowhere",
    "a long value": f"SELECT nowhere('{LONG}{SECRET}')",
    "a long text of other signs": f"SELECT 1 FROM {'ü€' * 2000}",
    "a long comment": f"SELECT 1 /* {SECRET} {LONG} */ FROM nowhere",
}


@pytest.mark.parametrize("form", FORMS)
async def test_g54_an_error_and_its_notes_are_short(side: Side, spec: SQLSpec, form: str) -> None:
    """Below 2 KiB, whatever the statement; and the statement's values are not in them."""
    with pytest.raises(SQLSpecError) as caught:
        async with side.session(spec) as session:
            await session.execute(FORMS[form])

    text = "\n".join([str(caught.value), *caught.value.__notes__])
    assert len(text.encode()) < 2048
    assert caught.value.__notes__[0].startswith("in: SELECT")
    assert SECRET not in text


async def test_an_error_of_parameters_names_the_statement(side: Side, spec: SQLSpec) -> None:
    """And not the parameters."""
    with pytest.raises(SQLSpecError) as caught:
        async with side.session(spec) as session:
            await session.execute("SELECT 'a', ?", (SECRET, SECRET))

    assert caught.value.__notes__ == ["in: SELECT ?, ?"]
    assert SECRET not in str(caught.value)
