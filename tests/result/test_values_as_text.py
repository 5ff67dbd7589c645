"""Times and whole numbers are read however a database writes them."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sqlspec.errors import MappingError
from sqlspec.plugin.contract import RawResult
from sqlspec.result import Result

if TYPE_CHECKING:
    from collections.abc import Callable

    Make = Callable[..., Result[Any]]


def written(moment: dt.datetime, *, short: bool, separator: str) -> str:
    """As Python does, or with the offset and the fraction as short as PostgreSQL and DuckDB write them."""
    text = moment.isoformat(separator)
    if not short:
        return text
    body, offset = text[:26] if moment.microsecond else text[:19], text[26 if moment.microsecond else 19 :]
    body = body.rstrip("0") if moment.microsecond else body
    return body + (offset[:3] if offset.endswith(":00") and len(offset) == len("+01:00") else offset)


OFFSETS = st.one_of(
    st.none(),
    st.integers(-86399, 86399).map(lambda seconds: dt.timezone(dt.timedelta(seconds=seconds))),
    st.integers(-14, 14).map(lambda hours: dt.timezone(dt.timedelta(hours=hours))),
    st.just(dt.timezone(dt.timedelta(hours=5, minutes=45))),
)


@given(
    st.lists(st.datetimes(timezones=OFFSETS), min_size=1, max_size=4), st.booleans(), st.sampled_from(" T")
)
def test_every_moment_is_read_from_its_text(moments: list[dt.datetime], short: bool, separator: str) -> None:
    """Whatever its offset from UTC, and however many digits its fraction has."""
    rows = [(written(moment, short=short, separator=separator),) for moment in moments]

    for some in (rows, rows[:1]):
        made = Result[Any](RawResult(("at",), some), dt.datetime).all()
        assert made == moments[: len(some)]
        assert [one.utcoffset() for one in made] == [one.utcoffset() for one in moments[: len(some)]]


@given(st.times(timezones=OFFSETS))
def test_every_time_is_read_from_its_text(time: dt.time) -> None:
    """As a moment is."""
    assert Result[Any](RawResult(("at",), [(time.isoformat(),)]), dt.time).one() == time


@pytest.mark.parametrize(
    "text", ["2024-W01-1 00:00:00+01", "2024-01-01x00:00:00+01", "2024-01-01 00:00:00.1234567+01"]
)
def test_other_text_is_no_moment(result: Make, text: str) -> None:
    """Nor is one with nanoseconds, whatever its offset."""
    with pytest.raises(MappingError, match="'at'"):
        result("at", (text,), schema_type=dt.datetime).one()


@given(st.integers(-(10**30), 10**30))
def test_a_whole_number_is_read_however_a_driver_writes_its_zeros(number: int) -> None:
    """7E+4 is 70000."""
    normal = Decimal(number).normalize()

    for value in (Decimal(number), normal):
        if value == number:
            assert Result[Any](RawResult(("n",), [(value,)]), int).one() == number
