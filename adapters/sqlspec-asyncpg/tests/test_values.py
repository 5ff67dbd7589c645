"""Python's values on their way to PostgreSQL and back."""

from __future__ import annotations

import ipaddress
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

import asyncpg  # pyright: ignore[reportMissingTypeStubs]
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

if TYPE_CHECKING:
    from sqlspec import SQLSpec

VALUES: list[tuple[str, Any]] = [
    ("int2", 7),
    ("int8", 2**63 - 1),
    ("float8", 0.1),
    ("bool", True),
    ("text", "grüße 🦆"),
    ("bytea", b"\x00\xff"),
    ("numeric", Decimal("12345678901234567890.0123456789")),
    ("date", date(2024, 2, 29)),
    ("time", time(23, 59, 59, 999999)),
    ("timetz", time(1, 2, 3, tzinfo=timezone(timedelta(hours=2)))),
    ("timestamp", datetime(2024, 2, 29, 1, 2, 3, 4)),  # noqa: DTZ001 - naive on purpose
    ("timestamptz", datetime(2024, 2, 29, 1, 2, 3, 4, UTC)),
    ("interval", timedelta(days=3, seconds=7, microseconds=9)),
    ("uuid", UUID("12345678-1234-5678-1234-567812345678")),
    ("json", {"a": [1, 2.5, None, True, "ü"], "b": {}}),
    ("jsonb", {"a": [1, 2.5, None, True, "ü"], "b": {}}),
    ("jsonb", [1, {"x": "y"}]),
    ("int4[]", [1, None, 3]),
    ("text[]", ["a", "b,c", '"']),
    ("int4[][]", [[1, 2], [3, 4]]),
    ("mood", "happy"),
    ("inet", ipaddress.ip_interface("10.1.2.3/24")),
    ("cidr", ipaddress.ip_network("10.1.0.0/16")),
    ("int4range", asyncpg.Range(1, 5)),
]


@pytest.mark.parametrize(("kind", "value"), VALUES, ids=[f"{kind}-{n}" for n, (kind, _) in enumerate(VALUES)])
async def test_a_value_comes_back_as_it_went(spec: SQLSpec, kind: str, value: Any) -> None:
    """As a parameter, in many, and by a load; and so does NULL."""
    async with spec.provide_session() as session:
        await session.execute("CREATE TYPE mood AS ENUM ('happy', 'sad')")
        await session.execute(f"CREATE TABLE kept (id int, value {kind})")
        await session.execute("INSERT INTO kept VALUES (?, ?)", (1, value))
        await session.execute_many("INSERT INTO kept VALUES (?, ?)", [(2, value), (3, None)])
        await session.load("kept", [(4, value), (5, None)], ("id", "value"))
        found = await session.execute("SELECT value FROM kept ORDER BY id").scalars()
        assert await session.execute("SELECT count(*) FROM kept WHERE id = 1").scalar() == 1

    assert found == [value, value, None, value, None]


async def test_a_str_is_a_json_document_as_it_stands(spec: SQLSpec) -> None:
    """As in any other client; a value of json is written as the document of it."""
    async with spec.provide_session() as session:
        assert await session.execute("SELECT ?::jsonb", ('{"a": 1}',)).scalar() == {"a": 1}
        assert await session.execute("SELECT ?::jsonb", ('"text"',)).scalar() == "text"
        assert await session.execute("SELECT ?::jsonb IS NULL", (None,)).scalar() is True
        assert await session.execute("SELECT 'null'::jsonb").scalar() is None


DOCUMENTS = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False, min_value=-1e15, max_value=1e15)
    | st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])), inner, max_size=4
        )
    ),
    max_leaves=12,
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(document=st.dictionaries(st.sampled_from(["a", "b", "ü"]), DOCUMENTS))
def test_documents_come_back_as_they_went(url: str, document: dict[str, Any]) -> None:
    """Whatever is in them."""
    import asyncio

    from sqlspec_asyncpg import AsyncpgConfig

    async def there_and_back() -> Any:
        async with AsyncpgConfig(url=url).provide_session(autocommit=True) as session:
            query = "SELECT ?::json AS one, ?::jsonb AS two"
            return await session.execute(query, (document, document)).one()

    assert asyncio.run(there_and_back()) == {"one": document, "two": document}
