"""Generated statements mean the same with placeholders as with the values written in by hand."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from sqlspec.errors import UsageError
from sqlspec.sql import SQLITE, STANDARD, Dialect, Statement, statements_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Value: TypeAlias = "int | float | str | bytes | None"

# A piece of a statement: text as it stands, or the number of a value.
Piece: TypeAlias = "str | int"

NASTY = "'\"`?:;[]{}()$@#-/*\\%!&|=x1é名 \n\r"
nasty = st.text(NASTY, max_size=6)
values = st.one_of(
    st.integers(-(2**63), 2**63 - 1),
    # Fractions that decimal text holds exactly: SQLite rounds other literals in ways of its own.
    st.integers(-(2**40), 2**40).map(lambda number: number / 1024),
    st.text(NASTY + "0ab", max_size=8),
    st.binary(max_size=4),
    st.none(),
)
NAMES = ["a", "b2", "_c", "名前", "A"]


def literal(value: Value) -> str:
    """A value in SQLite's own words."""
    if value is None:
        return "NULL"
    if isinstance(value, bytes):
        return f"x'{value.hex()}'"
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    return "(-9223372036854775807 - 1)" if value == -(2**63) and isinstance(value, int) else f"({value!r})"


blanks = st.one_of(
    st.sampled_from([" ", "\n", "\t", "  "]),
    nasty.map(lambda body: f"/*{body.replace('*/', '')} */"),
    nasty.map(lambda body: "--{}\n".format(body.replace("\n", ""))),
)
aliases = st.one_of(
    nasty.map(lambda body: '"' + body.replace('"', '""') + 'c"'),
    nasty.map(lambda body: "`" + body.replace("`", "``") + "c`"),
    nasty.map(lambda body: "[" + body.replace("]", "") + "c]"),
    st.sampled_from(["c1", "foo$bar$", "名", "_"]),
)
operands = st.one_of(
    values.map(literal),
    st.sampled_from(
        ["k", '"a?b"', "`a?b`", "[a?b]", "t.k", "'?'", "':a'", "x'3f'", "1", "2.5", "(SELECT 1)"]
    ),
)
operators = st.sampled_from(["||", "+", "- ", "*", "=", "<>", "<", "%", "&", "|", " AND ", " IS ", " LIKE "])


@st.composite
def statements(draw: st.DrawFn) -> tuple[list[Piece], list[Value]]:
    """A SELECT of a few columns, each an expression with values in it."""
    given_values: list[Value] = []
    pieces: list[Piece] = ["SELECT"]
    for column in range(draw(st.integers(1, 3))):
        pieces += [","] if column else []
        for number in range(draw(st.integers(1, 3))):
            pieces += [draw(operators)] if number else []
            pieces.append(draw(blanks))
            if draw(st.booleans()):
                pieces.append(len(given_values))
                given_values.append(draw(values))
            else:
                pieces.append(draw(operands))
            pieces.append(draw(blanks))
        pieces += ["AS ", draw(aliases), draw(blanks)]
    pieces += [
        "FROM (SELECT 7 AS k, 'v' AS \"a?b\") AS t",
        draw(st.sampled_from(["", ";", " ; -- ?", "/* ? "])),
    ]
    return pieces, given_values


def render(pieces: list[Piece], mark: Callable[[int], str]) -> str:
    """The pieces as one text, values written as `mark` says."""
    return "".join(piece if isinstance(piece, str) else mark(piece) for piece in pieces)


def outcome(sql: str, parameters: Any = None) -> object:
    """What SQLite makes of a statement: names and rows, or its error."""
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.text_factory = bytes  # a blob that is cast to text need not be text
        try:
            cursor = connection.execute(sql) if parameters is None else connection.execute(sql, parameters)
            rows = cursor.fetchall()
        except sqlite3.Error as exc:
            return type(exc), str(exc)
        return [column[0] for column in cursor.description], [
            [(type(cell), cell) for cell in row] for row in rows
        ]


@given(statements())
def test_question_marks_mean_the_values_in_their_place_g29(case: tuple[list[Piece], list[Value]]) -> None:
    """SQLite gives the same rows under the same names, and all statements of the generator are valid."""
    pieces, given_values = case

    statement = statements_for(SQLITE, "qmark").compile(render(pieces, lambda _: "?"))
    inlined = outcome(render(pieces, lambda number: literal(given_values[number])))

    assert statement.count == len(given_values)
    assert outcome(statement.text, statement.bind(tuple(given_values))) == inlined
    assert isinstance(inlined, tuple)
    assert isinstance(inlined[0], list) or "overflow" in inlined[1] or "pattern too complex" in inlined[1]


@given(statements(), st.data())
def test_names_mean_the_values_in_their_place_g29(
    case: tuple[list[Piece], list[Value]], data: st.DataObject
) -> None:
    """A name that comes twice is the same value twice."""
    pieces, given_values = case
    chosen = [data.draw(st.sampled_from(NAMES)) for _ in given_values]
    by_name = dict(zip(chosen, given_values, strict=True))

    statement = statements_for(SQLITE, "qmark").compile(render(pieces, lambda number: f":{chosen[number]}"))
    inlined = outcome(render(pieces, lambda number: literal(by_name[chosen[number]])))

    assert statement.names == tuple(dict.fromkeys(chosen))
    assert outcome(statement.text, statement.bind(by_name)) == inlined


@given(statements())
def test_a_statement_without_placeholders_is_left_alone_g29(case: tuple[list[Piece], list[Value]]) -> None:
    """Whatever its literals hold: the same text, and nothing bound."""
    pieces, given_values = case
    text = render(pieces, lambda number: literal(given_values[number]))

    for paramstyle in ("qmark", "numeric_dollar", "named", "format", "pyformat"):
        statement = statements_for(SQLITE, paramstyle).compile(text)
        assert statement.text == text
        assert statement.bind(None) is None


def read_back(text: str, paramstyle: str, bound: Any) -> str:
    """What a driver of this style makes of a text: marks replaced by values, here in literals."""
    if paramstyle == "format":
        return text % tuple(literal(value) for value in bound)
    if paramstyle == "pyformat":
        shown = (
            {k: literal(v) for k, v in bound.items()}
            if isinstance(bound, dict)
            else tuple(map(literal, bound))
        )
        return text % shown
    pattern, key = (r"\$([0-9]+)", int) if paramstyle == "numeric_dollar" else (r":(p[0-9]+|mk_\w+)", str)

    def value(found: re.Match[str]) -> str:
        return literal(bound[key(found[1]) - 1] if key is int else bound[found[1]])

    return re.sub(pattern, value, text)


# No text of the generator holds a mark of the target style but those the scanner writes.
CALM = Dialect(name="calm", identifier_quotes=('""', "``", "[]"))


@pytest.mark.parametrize("paramstyle", ["numeric_dollar", "format", "pyformat", "named"])
@given(case=statements(), by_name=st.booleans())
def test_every_paramstyle_reads_back_to_the_inlined_text_g29(
    paramstyle: str, case: tuple[list[Piece], list[Value]], *, by_name: bool
) -> None:
    """`%%` collapses, numbers and names find their values, nothing else has moved."""
    pieces, given_values = case
    pieces = [piece.replace("$", "_") if isinstance(piece, str) else piece for piece in pieces]
    assume(given_values)
    names = [f"mk_{number % 2}" for number in range(len(given_values))]
    lookup = dict(zip(names, given_values, strict=True))
    expected = given_values if not by_name else [lookup[name] for name in names]

    statement = statements_for(CALM, paramstyle).compile(
        render(pieces, lambda number: f":{names[number]}" if by_name else "?")
    )
    bound = statement.bind(lookup if by_name else given_values)

    inlined = render(pieces, lambda number: literal(expected[number]))
    assert read_back(statement.text, paramstyle, bound) == inlined


soup = st.lists(
    st.one_of(
        nasty,
        st.sampled_from(["?", ":a", "$1", "@b", "?2", "::", "SELECT ", "x", "%s", "$$", "$t$", "E'", ";"]),
    ),
    max_size=20,
).map("".join)


def tokens(sql: str) -> Iterator[str]:
    """The parameters of a text: SQLite's tokenizer, written down once more, character by character."""
    place = 0
    while place < len(sql):
        end = token_end(sql, place)
        if sql[place] in "?:@#$":
            yield sql[place:end]
        place = end


def token_end(sql: str, place: int) -> int:
    """Where the token that begins at `place` ends."""
    first, second = sql[place], sql[place + 1 : place + 2]
    closing = {"'": "'", '"': '"', "`": "`", "[": "]"}.get(first)
    if first + second == "/*":
        closing = "*/"
    elif first + second == "--":
        closing = "\n"
    if closing:
        found = sql.find(closing, place + (2 if len(first + second) == 2 and closing in {"*/", "\n"} else 1))
        return len(sql) if found < 0 else found + len(closing)
    if first + second == "::":  # a cast elsewhere, an error here
        return place + 2
    if first == "?":
        return run(sql, place + 1, str.isdigit)
    if first in ":@#$" or is_ident(first):
        return run(sql, place + 1, is_ident)
    return place + 1


def run(sql: str, place: int, wanted: Callable[[str], bool]) -> int:
    """The end of a run of wanted characters."""
    while place < len(sql) and wanted(sql[place]):
        place += 1
    return place


def is_ident(character: str) -> bool:
    """Whether SQLite takes a character for a part of a name."""
    return character > "\x7f" or character.isalnum() or character in "_$"


@given(soup)
def test_any_text_is_read_as_sqlite_reads_it(text: str) -> None:
    """A second, slow reading of the text finds the same placeholders, or the text is refused."""
    try:
        statement: Statement | None = statements_for(SQLITE, "qmark").compile(text)
    except UsageError:
        return
    assert statement is not None
    # Colons that SQLite takes for names of nothing, or of digits, are left to it.
    found = [token for token in tokens(statement.sql) if not re.match(r":[0-9$:]|[:@#$]\Z", token)]

    assert found == [] or {token[0] == "?" and len(token) == 1 for token in found} in ({True}, {False})
    if statement.style == "qmark":
        assert found == ["?"] * statement.count
    elif statement.style == "named":
        assert tuple(dict.fromkeys(token[1:] for token in found)) == statement.names
    elif statement.style == "none":
        assert found == []
    else:
        assert all(token[0] in "@#$" or len(token) > 1 for token in found)


@pytest.mark.parametrize("paramstyle", ["qmark", "numeric_dollar", "format", "pyformat", "named"])
@given(text=soup)
def test_no_text_breaks_the_scanner(paramstyle: str, text: str) -> None:
    """A statement or an error of ours, for every dialect's tricks at once."""
    everything = Dialect(
        name="everything",
        escape_prefixes="eE",
        dollar_quotes=True,
        nested_comments=True,
        double_qmark=True,
        qmark_operators=("?|", "?&", "@?"),
        colon_after_operand=True,
    )
    for dialect in (everything, STANDARD, SQLITE):
        try:
            statement = statements_for(dialect, paramstyle).compile(text)
        except UsageError:
            continue
        assert statement.sql == text
