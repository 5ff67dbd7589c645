"""Parameters that fit are passed on; all others are told what does not fit, never their value."""

from __future__ import annotations

import sqlite3
from collections import ChainMap, defaultdict, deque
from types import MappingProxyType
from typing import Any, NamedTuple

import pytest

from sqlspec.errors import ParameterError
from sqlspec.sql import SQLITE, STANDARD, statements_for

SECRET = "s3cr3t"
QMARK = statements_for(SQLITE, "qmark")
PYFORMAT = statements_for(STANDARD, "pyformat")
NAMED = statements_for(STANDARD, "named")
TWO = QMARK["SELECT ?, ?"]
BY_NAME = QMARK["SELECT :user_id, :name, :user_id"]
NONE = QMARK["SELECT 1"]
NATIVE = QMARK["SELECT ?1, ?2"]


class Pair(NamedTuple):
    """A row that is a tuple."""

    a: int
    b: int


def test_a_tuple_that_fits_goes_through_untouched() -> None:
    """The common case costs nothing."""
    parameters = (1, "x")

    assert TWO.bind(parameters) is parameters


@pytest.mark.parametrize("parameters", [[1, 2], Pair(1, 2), deque([1, 2]), range(1, 3)])
def test_any_sequence_will_do_for_question_marks(parameters: Any) -> None:
    """Lists, named tuples, deques: the driver gets a tuple."""
    bound = TWO.bind(parameters)

    assert bound == (1, 2)
    assert isinstance(bound, tuple)


def test_a_row_of_the_database_will_do() -> None:
    """What was selected can be inserted."""
    connection = sqlite3.connect(":memory:")
    connection.row_factory = sqlite3.Row
    row = connection.execute("SELECT 1, 2").fetchone()
    connection.close()

    assert TWO.bind(row) == (1, 2)


@pytest.mark.parametrize("mapping", [dict, MappingProxyType, ChainMap, lambda d: defaultdict(str, d)])
def test_any_mapping_will_do_for_names(mapping: Any) -> None:
    """The values arrive in the order the driver's text wants them."""
    assert BY_NAME.bind(mapping({"name": "n", "user_id": 7})) == (7, "n", 7)


def test_a_mapping_goes_through_where_the_driver_takes_one() -> None:
    """Drivers of pyformat and named read names themselves."""
    parameters = {"a": 1}

    assert PYFORMAT["SELECT :a"].bind(parameters) is parameters
    assert NAMED["SELECT :a"].bind(parameters) is parameters
    assert NAMED["SELECT ?, ?"].bind((1, 2)) == {"p1": 1, "p2": 2}


@pytest.mark.parametrize("parameters", [None, (), [], {}])
def test_a_statement_without_parameters_binds_none(parameters: Any) -> None:
    """None, so that the driver does not look for placeholders either."""
    assert NONE.bind(parameters) is None
    assert NATIVE.bind(parameters) is None
    assert QMARK["SELECT $a"].bind(parameters) is None


def test_native_parameters_go_through_untouched() -> None:
    """By position as they are; PREPARE has placeholders and takes nothing yet."""
    parameters = (1, 2)

    assert NATIVE.bind(parameters) is parameters


@pytest.mark.parametrize(
    ("statements", "text", "parameters", "complaint"),
    [
        (QMARK, "SELECT ?2, ?1", (SECRET,), "takes 2 parameters, 1 given"),
        (QMARK, "SELECT ?1", {"1": SECRET}, "by position: pass a sequence"),
        (
            statements_for(STANDARD, "numeric_dollar"),
            "SELECT $1, $1",
            (1, SECRET),
            "takes 1 parameter, 2 given",
        ),
        (PYFORMAT, "SELECT %s, '%s', 7 %% %s", (SECRET,), "takes 2 parameters, 1 given"),
        (PYFORMAT, "SELECT %s", {"a": SECRET}, "by position: pass a sequence"),
        (PYFORMAT, "SELECT %(a)s", (SECRET,), r"a mapping with %\(a\)s, not a value of type tuple"),
        (PYFORMAT, "SELECT %(a)s", {"b": SECRET}, "missing: :a; not in the statement: :b"),
        (PYFORMAT, "SELECT %(a)s, %s", (), r"different styles: %s and %\(a\)s"),
        (QMARK, "SELECT ?1, $a", (), r"different styles: \?1 and \$a"),
    ],
)
def test_native_parameters_that_do_not_fit_are_told_so(
    statements: Any, text: str, parameters: Any, complaint: str
) -> None:
    """Drivers say less, and some of them take what does not fit."""
    with pytest.raises(ParameterError, match=complaint) as caught:
        statements[text].bind(parameters)

    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "x IN (?)",
        "x in( ?)",
        "x NOT IN\n(?)",
        "x IN (?) OR y = ?",
        "'?' = '?' AND x IN (?)",
        "7 % 2 = 1 AND x IN (?)",
    ],
)
@pytest.mark.parametrize("paramstyle", ["qmark", "numeric_dollar", "format", "pyformat", "named"])
@pytest.mark.parametrize("value", [[SECRET], (SECRET, 2), {SECRET}, frozenset({SECRET})])
def test_no_list_goes_for_the_one_value_of_an_in(text: str, paramstyle: str, value: Any) -> None:
    """PostgreSQL would compare a text with the list's own text, and find no rows without a word."""
    statement = statements_for(STANDARD, paramstyle)[f"DELETE FROM t WHERE {text}"]
    named = statements_for(STANDARD, paramstyle)[
        f"DELETE FROM t WHERE {text.replace(' ?', ' :y').replace('?)', ':x)')}"
    ]
    rest = (2,) * (statement.count - 1)

    with pytest.raises(ParameterError, match=r"IN \(\?\) takes one value and was given a list") as caught:
        statement.bind((value, *rest))
    assert SECRET not in str(caught.value)
    with pytest.raises(ParameterError, match=r"^row 2: IN \(\?\) takes one value and was given a list"):
        statement.bind_many([(7, *rest), (value, *rest)])
    with pytest.raises(ParameterError, match=r"IN \(:[xy]\) takes one value and was given a list"):
        named.bind(dict.fromkeys(named.names, value))

    assert statement.bind((7, *rest)) is not None
    with pytest.raises(ParameterError, match=r"parameters?, none given"):
        statement.bind(None)


@pytest.mark.parametrize(
    "text", ["x IN (?, ?)", "x = ANY(?)", "x = ?", "'IN (?)' = ?", "join(?)", "x IN (a(?))"]
)
def test_a_list_goes_elsewhere(text: str) -> None:
    """Arrays are values of PostgreSQL and DuckDB."""
    statement = QMARK[f"SELECT {text}"]
    values = ([1, 2],) * statement.count

    assert statement.bind(values) is values


@pytest.mark.parametrize("text", ["SELECT $2, $1", "SELECT @b, @a", "SELECT $b, $a", "SELECT #a, #b"])
@pytest.mark.parametrize("parameters", [(SECRET, 2), [1, SECRET], SECRET])
def test_native_names_take_no_values_by_position(text: str, parameters: Any) -> None:
    """SQLite counts names by where they stand first: `$2, $1` would get the two values swapped."""
    statement = statements_for(SQLITE, "qmark")[text]

    with pytest.raises(
        ParameterError, match=r"a mapping with .*; for values by position write \? for each"
    ) as e:
        statement.bind(parameters)

    assert SECRET not in str(e.value)


def test_native_names_are_all_given() -> None:
    """The driver would not say which is missing."""
    statement = statements_for(SQLITE, "qmark")["SELECT $a, @b, $a"]

    with pytest.raises(ParameterError, match=r"missing: :b\."):
        statement.bind({"a": SECRET})

    parameters = {"a": 1, "b": 2}
    assert statement.bind(parameters) is parameters


@pytest.mark.parametrize(
    ("sql", "parameters", "text"),
    [
        ("SELECT ?, ?", (SECRET,), "takes 2 parameters, 1 given"),
        ("SELECT ?", (SECRET, SECRET), "takes 1 parameter, 2 given"),
        ("SELECT ?, ?", None, "takes 2 parameters, none given"),
        ("SELECT ?", (), "takes 1 parameter, 0 given"),
        ("SELECT ?", {"a": SECRET}, "by position: pass a sequence, or write :name"),
        ("SELECT ?", "s", r"not a value of type str; for a single value write \(value,\)"),
        ("SELECT ?", SECRET, "not a value of type str"),
        ("SELECT ?", b"s", "not a value of type bytes"),
        ("SELECT ?", bytearray(b"s"), "not a value of type bytearray"),
        ("SELECT ?", {SECRET}, "not a value of type set"),
        ("SELECT ?", 7, "not a value of type int"),
        ("SELECT ?", (value for value in (SECRET,)), "not a value of type generator"),
        ("SELECT :a", (SECRET,), "takes a mapping with :a, not a value of type tuple"),
        ("SELECT :a, :b", None, "takes a mapping with :a, :b, none given"),
        ("SELECT :a", SECRET, "takes a mapping with :a, not a value of type str"),
        ("SELECT :a, :b", {"a": SECRET}, "missing: :b"),
        (
            "SELECT :user_id",
            {"userid": SECRET},
            "missing: :user_id; not in.*: :userid. Did you mean 'user_id'",
        ),
        ("SELECT :id", {"di": SECRET}, r"missing: :id; not in the statement: :di\Z"),
        ("SELECT :a", {"a": 1, "extra": SECRET}, "not in the statement: :extra. It takes: a"),
        ("SELECT :a", {"a": 1, 2: SECRET}, "names of parameters are strings"),
        ("SELECT :a", {b"a": SECRET}, "missing: :a; the names of parameters are strings"),
        ("SELECT :a, :b", defaultdict(str, a=SECRET), "missing: :b"),
        ("SELECT :a, :b", defaultdict(str, a=SECRET, c=SECRET), "missing: :b; not in the statement: :c"),
        ("SELECT 1", (SECRET,), "takes no parameters, 1 given"),
        ("SELECT 1", {"a": SECRET}, "takes no parameters, 1 given"),
        ("SELECT 1", SECRET, "takes no parameters, a value of type str given"),
        ("SELECT ?1", SECRET, "are a sequence, not a value of type str"),
        ("SELECT ?1", {SECRET}, "are a sequence, not a value of type set"),
    ],
)
@pytest.mark.parametrize("paramstyle", ["qmark", "numeric_dollar", "pyformat", "format", "named"])
def test_what_does_not_fit_is_said_without_the_value(
    paramstyle: str, sql: str, parameters: Any, text: str
) -> None:
    """Numbers, types and names; the same words for every paramstyle."""
    statement = statements_for(SQLITE, paramstyle)[sql]

    with pytest.raises(ParameterError, match=text) as caught:
        statement.bind(parameters)

    assert SECRET not in str(caught.value)
    assert caught.value.__cause__ is None


def test_rows_that_fit_go_through_as_they_are() -> None:
    """A list of tuples is not copied."""
    rows = [(1, 2), (3, 4)]

    assert TWO.bind_many(rows) is rows
    assert TWO.bind_many([]) == []


def test_rows_are_converted_where_they_must_be() -> None:
    """Lists to tuples, mappings to tuples, generators to lists."""
    names: list[dict[str, object]] = [{"user_id": 1, "name": "a"}, {"name": "b", "user_id": 2}]

    assert TWO.bind_many([[1, 2], (3, 4)]) == [(1, 2), (3, 4)]
    assert TWO.bind_many(iter([(1, 2)])) == [(1, 2)]
    assert BY_NAME.bind_many(names) == [(1, "a", 1), (2, "b", 2)]
    assert PYFORMAT["SELECT :a"].bind_many([{"a": 1}]) == [{"a": 1}]
    assert NAMED["SELECT ?"].bind_many([(1,)]) == [{"p1": 1}]
    assert NATIVE.bind_many([(1, 2), [3, 4]]) == [(1, 2), (3, 4)]
    assert NONE.bind_many([(), ()]) == [(), ()]


@pytest.mark.parametrize(
    ("sql", "rows", "text"),
    [
        ("SELECT ?, ?", [(1, 2), (SECRET,)], "^row 2: the statement takes 2 parameters, 1 given"),
        ("SELECT ?, ?", [(1, 2), SECRET], "^row 2: parameters are a sequence, not a value of type str"),
        ("SELECT 1", [SECRET], "^row 1: the statement takes no parameters, a value of type str given"),
        ("SELECT :a", [{"a": 1}, {"a": 2}, {"b": SECRET}], "^row 3: .*missing: :a; not in the statement: :b"),
        ("SELECT 1", [(), (SECRET,)], "^row 2: .*takes no parameters, 1 given"),
        ("SELECT ?1", [(1,), SECRET], "^row 2: .*not a value of type str"),
        ("SELECT ?", None, "rows are an iterable of parameters, not a value of type NoneType$"),
        ("SELECT 1", 7, "rows are an iterable of parameters, not a value of type int$"),
    ],
)
def test_a_row_that_does_not_fit_is_named(sql: str, rows: Any, text: str) -> None:
    """By its number, counted from 1, before anything is sent."""
    with pytest.raises(ParameterError, match=text) as caught:
        QMARK[sql].bind_many(rows)

    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    ("sql", "values", "text", "row", "rows"),
    [
        ("SELECT ?, ?", (1, SECRET), "a list of rows; for one row", (1, SECRET), "[(…)]"),
        ("SELECT ?, ?", [SECRET, 1], "a list of rows; for one row", (SECRET, 1), "[(…)]"),
        ("SELECT ?", (SECRET,), "a list of rows; for one row", (SECRET,), "[(…,), (…,)]"),
        ("SELECT ?", ["a", "b"], "a list of rows; for one row", ("a",), "[(…,), (…,)]"),
        ("SELECT ?1, ?2", (1, SECRET), "a list of rows; for one row", (1, SECRET), "[(…)]"),
        ("SELECT :a", (SECRET,), "a list of rows; for one row", {"a": SECRET}, "[{…}]"),
        ("SELECT :a", {"a": SECRET}, "not a value of type dict; for one row", {"a": SECRET}, "[{…}]"),
        ("SELECT ?, ?", {"a": SECRET}, "not a value of type dict; for one row", (1, SECRET), "[(…)]"),
        ("SELECT ?", SECRET, "not a value of type str; for one row", (SECRET,), "[(…,), (…,)]"),
        ("SELECT ?", 7, "not a value of type int; for one row", (7,), "[(…,), (…,)]"),
    ],
)
def test_values_where_rows_belong_say_what_to_write(
    sql: str, values: Any, text: str, row: Any, rows: str
) -> None:
    """One row for `execute()`, or a list of rows; both are taken."""
    statement = QMARK[sql]
    with pytest.raises(ParameterError, match=text) as caught:
        statement.bind_many(values)

    assert str(caught.value).endswith(f" {rows}")
    assert SECRET not in str(caught.value)
    assert statement.bind(row) is not None
    assert len(statement.bind_many([row] * rows.count("…"))) == rows.count("…")


def test_statements_can_not_be_changed() -> None:
    """They are shared by every thread of the process."""
    with pytest.raises(AttributeError):
        TWO.text = "SELECT 2"  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]

    assert not hasattr(TWO, "__dict__")
