"""Values come out as declared, or not at all."""

from __future__ import annotations

import datetime as dt
import traceback
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any, Literal, Optional
from uuid import UUID

import msgspec
import pytest

from sqlspec.errors import MappingError
from sqlspec.result import Result, mapper_for
from tests.result import schemas

if TYPE_CHECKING:
    from collections.abc import Callable

    Make = Callable[..., Result[Any]]

KEY = UUID("9c198c09-89e4-4b59-a2e2-c48420afa064")
MOMENT = dt.datetime(2024, 5, 6, 7, 8, 9, 123456)  # noqa: DTZ001 - databases have naive ones
UTC = dt.UTC


class OwnUUID(UUID):
    """As asyncpg has one."""


@pytest.mark.parametrize(
    ("declared", "given", "expected"),
    [
        (bool, 1, True),
        (bool, 0, False),
        (float, 3, 3.0),
        (int, Decimal(42), 42),
        (bytes, memoryview(b"ab"), b"ab"),
        (bytes, bytearray(b"ab"), b"ab"),
        (Decimal, "1.50", Decimal("1.50")),
        (Decimal, 3, Decimal(3)),
        (Decimal, 0.1, Decimal("0.1")),
        (Decimal | None, 1e23, Decimal("1e23")),
        (dt.datetime, "2024-05-06 07:08:09.123456", MOMENT),
        (dt.datetime, "2024-05-06T07:08:09.123456Z", MOMENT.replace(tzinfo=UTC)),
        (dt.datetime, "2024-05-06 07:08:09.123456000+00:00", MOMENT.replace(tzinfo=UTC)),
        (dt.date, "2024-05-06", MOMENT.date()),
        (dt.time, "07:08:09.123456", MOMENT.time()),
        (dt.timedelta, "PT90S", dt.timedelta(seconds=90)),
        (UUID, str(KEY), KEY),
        (UUID, KEY.bytes, KEY),
        (schemas.Colour, "red", schemas.Colour.RED),
        (schemas.Level, 2, schemas.Level.HIGH),
        (Literal["a", "b"], "a", "a"),
        (int | None, None, None),
        (Optional[dt.date], "2024-05-06", MOMENT.date()),  # noqa: UP045 - both spellings
        (dt.datetime | dt.date, "2024-05-06", MOMENT.date()),
        (str | dt.date, "2024-05-06", "2024-05-06"),
        (schemas.UserId, 3, 3),
        (Annotated[int, msgspec.Meta(ge=18)], 18, 18),
        (Annotated[float, msgspec.Meta(ge=0)], 1, 1.0),
        (Optional[Annotated[int, "a remark"]], 3, 3),  # noqa: UP045 - pyright takes | for an operator here
    ],
)
def test_what_loses_nothing_is_converted(result: Make, declared: Any, given: Any, expected: Any) -> None:
    """SQLite's integers and texts, MySQL's sums, drivers' buffers."""
    made = result("x", (given,), schema_type=declared).one()

    assert made == expected
    assert type(made) is type(expected)


@pytest.mark.parametrize(
    ("declared", "given", "got"),
    [
        (int, "1", "str; change the type, or CAST"),
        (int, True, "bool;"),
        (int, 1.0, "float;"),
        (int, Decimal("1.0"), "Decimal that is not one"),
        (int, Decimal("NaN"), "Decimal that is not one"),
        (int, None, r"NULL; add '\| None'"),
        (bool, 2, "int that is not one"),
        (bool, "true", "str;"),
        (float, Decimal("0.1"), "Decimal;"),
        (float, 2**53 + 1, "int that is not one"),
        (float, 10**400, "int that is not one"),
        (float, True, "bool;"),
        (str, 1, "int;"),
        (bytes, "YWI=", "str;"),
        (Decimal, float("inf"), "float that is not one"),
        (Decimal, float("nan"), "float that is not one"),
        (Decimal, "abc", "str that is not one"),
        (dt.datetime, "2024-05-06", "str that is not one"),
        (dt.datetime, "2024-05-06 07:08:09.1234567", "str that is not one"),
        (dt.datetime, 1714979289, "int;"),
        (dt.datetime, MOMENT.date(), "date;"),
        (dt.date, MOMENT, "datetime;"),
        (dt.time, "7:08", "str that is not one"),
        (UUID, "9c19", "str that is not one"),
        (schemas.Colour, "green", "str that is not one"),
        (schemas.Level, True, "bool;"),
        (Literal["a"], "c", "str that is not one"),
        (int | None, "1", "str;"),
        (Annotated[int, msgspec.Meta(ge=18)], 17, "int that is not one"),
    ],
)
@pytest.mark.parametrize("count", [1, 2])
def test_what_could_lose_something_is_refused(
    result: Make, declared: Any, given: Any, got: str, count: int
) -> None:
    """The error names row, column and types, and never the value, in no text of its chain."""
    with pytest.raises(MappingError, match=f"^row 1, column 'x': expected .*, got {got}") as caught:
        result("x", *[(given,)] * count, schema_type=declared).all()

    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_the_first_row_that_does_not_fit_is_named(result: Make) -> None:
    """Counted from one, across chunks, among rows of several types."""
    rows = [(number, "2024-05-06") for number in range(600)]
    rows[555] = (555, "yesterday")

    with pytest.raises(MappingError, match=r"row 556, column 'x': expected date, got str that is not one"):
        result("n x", *rows, schema_type=tuple[int, dt.date]).all()


@pytest.mark.parametrize("late", ["2024-05-06 07:08:09.1234567", "2024-05-06 07:08:09.123456+01:00"])
def test_one_long_text_in_a_column_does_not_slip_through(result: Make, late: str) -> None:
    """Columns of text are parsed at once; what goes beyond microseconds is seen all the same."""
    rows = result("x", *[("2024-05-06 07:08:09",)] * 300, (late,), schema_type=dt.datetime)

    if late.endswith("7"):
        with pytest.raises(MappingError, match="row 301"):
            rows.all()
    else:
        assert rows.all()[300].utcoffset() == dt.timedelta(hours=1)


def test_rows_of_several_driver_types_come_out_as_one(result: Make) -> None:
    """SQLite has a type per value."""
    rows = [(1,), (2.5,), (None,)] * 200

    made = result("x", *rows, schema_type=float | None).all()

    assert made == [1.0, 2.5, None] * 200
    assert set(map(type, made)) == {float, type(None)}


def test_a_whole_row_of_sqlite_values(result: Make) -> None:
    """Every field has its declared type."""
    row = {
        "flag": 1, "ratio": 2, "blob": b"x", "amount": "1.50", "at": "2024-05-06 07:08:09.123456",
        "day": "2024-05-06", "clock": "07:08:09.123456", "key": str(KEY), "colour": "blue", "level": 1,
        "tags": '["a","b"]', "owner": '{"id":1,"name":"Ada"}', "kind": "b", "who": 5, "extra": None,
        "maybe": "2024-05-06",
    }  # fmt: skip

    made = result(" ".join(row), tuple(row.values()), schema_type=schemas.Everything).one()

    assert repr(made) == repr(schemas.Everything(  # repr: True is equal to 1
        flag=True, ratio=2.0, blob=b"x", amount=Decimal("1.50"), at=MOMENT, day=MOMENT.date(),
        clock=MOMENT.time(), key=KEY, colour=schemas.Colour.BLUE, level=schemas.Level.LOW, tags=["a", "b"],
        owner=schemas.UserStruct(1, "Ada"), kind="b", who=schemas.UserId(5), extra=None, maybe=MOMENT.date(),
    ))  # fmt: skip


@pytest.mark.parametrize(
    ("given", "fits"),
    [
        ("[1,2]", True),
        (b"[1,2]", True),
        ([1, 2], True),
        ('["1"]', False),
        ("[1", False),
        (["1"], False),
        (1, False),
    ],
)
def test_documents_are_read_from_text_or_taken_whole(result: Make, given: Any, fits: bool) -> None:
    """PostgreSQL's drivers give lists, SQLite JSON text; both are checked inside."""
    rows = result("numbers", (given,), schema_type=tuple[list[int]])

    if fits:
        assert rows.one() == ([1, 2],)
    else:
        with pytest.raises(MappingError, match=r"column 'numbers': expected list\[int\]"):
            rows.one()


@pytest.mark.parametrize(("declared", "given"), [(dict, {1: object()}), (list[Any], [object()])])
def test_an_untyped_container_is_taken_as_it_is(result: Make, declared: Any, given: Any) -> None:
    """Not copied, not looked into."""
    assert result("doc", (given,), schema_type=tuple[declared]).one()[0] is given


def test_subclasses_are_what_they_inherit(result: Make) -> None:
    """Asyncpg has a UUID of its own."""
    own = OwnUUID(str(KEY))

    assert result("x", (own,), schema_type=UUID).one() is own


def test_the_callers_own_classes_are_checked_by_isinstance(result: Make) -> None:
    """Drivers hand out addresses, ranges and points."""
    from ipaddress import IPv4Address

    address = IPv4Address("127.0.0.1")

    assert result("x", (address,), schema_type=tuple[IPv4Address]).one() == (address,)
    with pytest.raises(MappingError, match="expected IPv4Address, got"):
        result("x", ("127.0.0.1",), schema_type=tuple[IPv4Address]).one()


def test_a_hint_nothing_can_be_checked_against_is_refused_at_once() -> None:
    """The caller's mistake, not a row's."""
    with pytest.raises(MappingError, match="can not be checked against"):
        mapper_for(tuple[dict[str, set["Nowhere"]]], ("x",))  # type: ignore[name-defined]  # noqa: F821 - meant


def test_constraints_of_a_struct_hold(result: Make) -> None:
    """`msgspec.Meta` is checked, though a Struct's own constructor does not."""
    assert result("age", (18,), schema_type=schemas.AdultStruct).one().age == 18
    with pytest.raises(MappingError, match="column 'age': expected int within its constraints"):
        result("age", (17,), schema_type=schemas.AdultStruct).one()


def test_no_text_of_an_error_holds_a_value(result: Make) -> None:
    """Neither the message nor what a traceback prints after it."""
    secret = "s3" + "cret"  # in two: a traceback prints this file's lines too

    for declared in (int, dt.date, UUID, schemas.Colour, Literal["a"], Decimal):
        with pytest.raises(MappingError) as caught:
            result("x", (secret,), schema_type=declared).all()

        assert secret not in "".join(traceback.format_exception(caught.value))
