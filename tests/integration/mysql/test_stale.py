"""What another session replaces costs a statement that was run before no more than one error."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from sqlspec.errors import DatabaseError

if TYPE_CHECKING:
    from sqlspec import SQLSpec
    from sqlspec.adapters.mysql import AsyncMyConfig

# How the table is replaced, and what `SELECT * FROM shifting` gives then.
CHANGES: dict[str, tuple[str, Any]] = {
    "a column more": ("ALTER TABLE shifting ADD COLUMN b INT DEFAULT 7", [{"a": "1", "b": 7}]),
    "a column between": ("ALTER TABLE shifting ADD COLUMN b INT DEFAULT 7 FIRST", [{"b": 7, "a": "1"}]),
    "another type": ("ALTER TABLE shifting MODIFY a INT", [{"a": 1}]),
    "a longer type": ("ALTER TABLE shifting MODIFY a LONGTEXT", [{"a": "1"}]),
    "another charset": ("ALTER TABLE shifting MODIFY a VARBINARY(20)", [{"a": b"1"}]),
    "another name": ("ALTER TABLE shifting CHANGE a c VARCHAR(20)", [{"c": "1"}]),
    "another table": ("CREATE OR REPLACE TABLE shifting SELECT 2.5 AS a, 'x' AS z", [{"a": 2.5, "z": "x"}]),
    "a view": (
        "RENAME TABLE shifting TO moved; CREATE VIEW shifting AS SELECT 9 AS n FROM moved",
        [{"n": 9}],
    ),
}


@pytest.mark.parametrize("autocommit", [False, True], ids=["transaction", "autocommit"])
@pytest.mark.parametrize("name", CHANGES)
async def test_a_select_gives_what_is_there(
    spec: SQLSpec, config: AsyncMyConfig, name: str, autocommit: bool
) -> None:
    """By its kept definitions only where they are still true."""
    change, expected = CHANGES[name]
    spec.register_config(config.replace(pool_size=2), "main", override=True)
    async with spec.provide_session(autocommit=True) as other:
        await other.execute("CREATE TABLE shifting (a VARCHAR(20))")
        await other.execute("INSERT INTO shifting VALUES ('1')")
        async with spec.provide_session(autocommit=autocommit) as session:
            for _ in range(3):
                assert await session.execute("SELECT * FROM shifting").all() == [{"a": "1"}]
            if not autocommit:
                await session.commit()
            await other.execute_script(change)
            for _ in range(3):
                assert await session.execute("SELECT * FROM shifting").all() == expected
            assert [row async for row in session.stream("SELECT * FROM shifting")] == expected


async def test_a_prepared_load_meets_another_table(spec: SQLSpec, config: AsyncMyConfig) -> None:
    """Which the server prepares anew, or refuses once."""
    spec.register_config(config.replace(pool_size=2), "main", override=True)
    rows = [(number, f"note {number}") for number in range(50)]
    async with (
        spec.provide_session(autocommit=True) as other,
        spec.provide_session(autocommit=True) as session,
    ):
        await other.execute("CREATE TABLE shifting (id INT, note VARCHAR(20))")
        await session.load("shifting", rows, ("id", "note"))
        for change in (
            "ALTER TABLE shifting ADD COLUMN more INT FIRST",
            "ALTER TABLE shifting MODIFY note TEXT",
            "CREATE OR REPLACE TABLE shifting (note VARCHAR(30), id BIGINT)",
        ):
            await other.execute(change)
            await session.execute("DELETE FROM shifting")
            await session.load("shifting", rows, ("id", "note"))
            assert await session.execute("SELECT id, note FROM shifting", schema_type=tuple).all() == rows
        await other.execute("DROP TABLE shifting")
        with pytest.raises(DatabaseError):
            await session.load("shifting", rows, ("id", "note"))
        await other.execute("CREATE TABLE shifting (id INT, note VARCHAR(20))")
        await session.load("shifting", rows, ("id", "note"))
        assert await session.execute("SELECT count(*) FROM shifting").scalar() == 50


async def test_what_is_kept_of_many_statements_is_bounded(spec: SQLSpec) -> None:
    """In number and in bytes; long statements are not kept at all."""
    async with spec.provide_session(autocommit=True) as session:
        connection: Any = session._connection
        reader = connection._reader
        for number in range(600):
            await session.execute(f"SELECT {number} AS n, '{'x' * 3000}' AS t")
        assert len(reader._definitions) <= 256
        assert sum(len(one) + len(known.prefix) for one, known in reader._definitions.items()) <= 600 * 1024
        kept = set(reader._definitions)
        for number in range(50):
            await session.execute(f"SELECT {number} AS n, '{'x' * 20_000}' AS t")
        assert set(reader._definitions) == kept
