"""Values that nobody thought of, there and back: what comes back equals what went in."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from ipaddress import IPv4Interface, IPv6Interface
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

if TYPE_CHECKING:
    from .sides import Door

FEW = settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])

texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
numbers = st.integers(-(2**31), 2**31 - 1)
zones = st.integers(-15 * 60, 15 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
moments = st.datetimes(datetime(1, 1, 3), datetime(9999, 12, 28))  # noqa: DTZ001 - naive or not, as the type is
# Larger floats come back from jsonb as integers, with digits that Python's floats do not have.
leaves = st.none() | st.booleans() | st.integers() | st.floats(-(2**53), 2**53) | texts
trees = st.recursive(leaves, lambda inner: st.lists(inner) | st.dictionaries(texts, inner), max_leaves=8)
documents = st.lists(trees) | st.dictionaries(texts, trees)

KINDS: dict[str, st.SearchStrategy[Any]] = {
    "smallint": st.integers(-(2**15), 2**15 - 1),
    "int": numbers,
    "bigint": st.integers(-(2**63), 2**63 - 1),
    "float": st.floats(allow_nan=False),
    "real": st.floats(allow_nan=False, width=32),
    "numeric": st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**30), max_value=10**30),
    "text": texts,
    "bytea": st.binary(),
    "date": st.dates(),
    "time": st.times(),
    "timetz": st.times(timezones=zones),
    "timestamp": moments,
    "timestamptz": st.builds(lambda moment, zone: moment.replace(tzinfo=zone), moments, zones),
    "interval": st.timedeltas(timedelta(days=-900_000_000), timedelta(days=900_000_000)),
    "uuid": st.uuids(),
    "jsonb": documents,
    "json": documents,
    "int[]": st.lists(numbers | st.none()),
    "text[]": st.lists(texts | st.none()),
    "numeric[][]": st.lists(st.tuples(*[st.decimals(-9, 9, places=2)] * 2).map(list), min_size=1),
    "bytea[]": st.lists(st.binary()),
    "inet": st.builds(IPv4Interface, st.ip_addresses(v=4).map(str).map("{}/9".format))
    | st.builds(IPv6Interface, st.ip_addresses(v=6).map(str).map("{}/77".format)),
}


@pytest.mark.parametrize("kind", KINDS)
@FEW
@given(data=st.data())
async def test_a_value_comes_back(door: Door, kind: str, data: st.DataObject) -> None:
    """Alone, and beside others in a statement and in a load."""
    value = data.draw(KINDS[kind])

    async with door.session() as session:
        alone = (await session.execute(f"SELECT ?::{kind}", (value,))).scalar()
        await session.execute_script(f"CREATE TEMP TABLE t (a text, v {kind})")
        await session.execute("INSERT INTO t VALUES (:a, :v)", {"a": "?", "v": value})
        await session.load("t", [("%s", value), (None, None), ("$1", value)], ["a", "v"])
        rows = (await session.execute("SELECT v FROM t WHERE a IS NOT NULL")).scalars()

    assert [alone, *rows] == [value] * 4
