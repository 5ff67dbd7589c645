"""All results of a statement that has several: a procedure, or statements in a statement."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from sqlspec.errors import DatabaseError, NotSupportedError, UniqueViolationError

if TYPE_CHECKING:
    from sqlspec import SQLSpec

PROCEDURES = {
    "one": "SELECT n + 1 AS first",
    "two": "SELECT n + 1 AS first; SELECT n * 7 AS second, 'x' AS more",
    "empty": "SELECT n AS first FROM item WHERE id < 0; "
    "SELECT id AS second FROM item WHERE id < 0; SELECT 3 AS third",
    "none": "INSERT INTO item VALUES (n, 'none')",
    "mixed": "INSERT INTO item VALUES (n, 'mixed'); SELECT n AS first; "
    "UPDATE item SET note = concat('m', n) WHERE id = n; SELECT note AS second FROM item WHERE id = n",
    "large": "SELECT seq AS first FROM seq_1_to_20000; SELECT seq AS second FROM seq_1_to_30000",
    "broken": "SELECT n AS first; INSERT INTO item VALUES (n, 'a'); "
    "SELECT 2 AS second; INSERT INTO item VALUES (n, 'b')",
    "nested": "CALL two(n); CALL one(n)",
}
EXPECTED: dict[str, Any] = {
    "one": [[{"first": 5}]],
    "two": [[{"first": 5}], [{"second": 28, "more": "x"}]],
    "empty": [[], [], [{"third": 3}]],
    "none": [[]],
    "mixed": [[{"first": 4}], [{"second": "m4"}]],
    "large": [[{"first": n} for n in range(1, 20001)], [{"second": n} for n in range(1, 30001)]],
    "nested": [[{"first": 5}], [{"second": 28, "more": "x"}], [{"first": 5}]],
}
WAYS = {
    "CALL": "CALL {}(?)",
    "EXECUTE IMMEDIATE": "EXECUTE IMMEDIATE 'CALL {}(?)' USING ?",
    "SET STATEMENT": "SET STATEMENT max_statement_time=60 FOR EXECUTE IMMEDIATE 'CALL {}(?)' USING ?",
    "executable comment": "/*! CALL {}(?) */",
}


@pytest.fixture
async def spec(spec: SQLSpec) -> SQLSpec:
    """With the procedures."""
    async with spec.provide_session(autocommit=True) as session:
        for name, body in PROCEDURES.items():
            await session.execute(f"CREATE PROCEDURE {name}(IN n INT) BEGIN {body}; END")
    return spec


async def check_usable(session: Any) -> None:
    """Nothing is left on the wire, and the transaction is what it was."""
    assert await session.execute("SELECT 11", schema_type=int).one() == 11
    assert await session.execute_many("SELECT ?", [(1,), (2,)], schema_type=int) is not None


@pytest.mark.parametrize("autocommit", [False, True], ids=["transaction", "autocommit"])
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", EXPECTED)
async def test_execute_gives_all_results(spec: SQLSpec, name: str, way: str, autocommit: bool) -> None:
    """In order, the empty ones too; what only writes is none. Twice, for then columns are known."""
    statement = WAYS[way].format(name)
    if "USING" in statement:
        statement = statement.replace("(?)", "(4)", 1).removesuffix(" USING ?")
    async with spec.provide_session(autocommit=autocommit) as session:
        for _ in range(2):
            await session.execute("DELETE FROM item")
            results = (await session.execute(statement, (4,) if "?" in statement else None)).result_sets()
            assert [result.all() for result in results] == EXPECTED[name]
            await check_usable(session)


async def test_an_error_after_results_is_raised(spec: SQLSpec) -> None:
    """The results before it are dropped, and nothing of them is left on the wire."""
    async with spec.provide_session() as session:
        with pytest.raises(UniqueViolationError):
            await session.execute("CALL broken(4)")
        await check_usable(session)
        with pytest.raises(UniqueViolationError):
            await session.execute_many("CALL broken(?)", [(5,), (6,)])
        await check_usable(session)
        with pytest.raises(UniqueViolationError):
            _ = [row async for row in session.stream("CALL broken(7)")]
        await check_usable(session)
        await session.rollback()
        with pytest.raises(UniqueViolationError):
            await session.execute_script("CALL broken(8); SELECT 1")
        await check_usable(session)


async def test_parameters_that_a_procedure_sets(spec: SQLSpec) -> None:
    """By variables of the session, beside the results."""
    async with spec.provide_session(autocommit=True) as session:
        await session.execute(
            "CREATE PROCEDURE doubled(IN n INT, OUT twice INT, INOUT total INT) "
            "BEGIN SELECT n; SELECT n + n; SET twice = n * 2; SET total = total + n; END"
        )
    async with spec.provide_session() as session:
        await session.execute("SET @total = 100")
        results = (await session.execute("CALL doubled(?, @twice, @total)", (4,))).result_sets(int, int)
        assert [result.one() for result in results] == [4, 8]
        assert await session.execute("SELECT @twice, @total", schema_type=tuple).one() == (8, 104)


@pytest.mark.parametrize("batch_size", [1, 2, 1000, 20_000])
@pytest.mark.parametrize("name", EXPECTED)
async def test_a_stream_gives_the_first_result_and_says_that_there_are_more(
    spec: SQLSpec, name: str, batch_size: int
) -> None:
    """At the end of the first one, with what to do instead; what the statement wrote is kept."""
    seen: list[Any] = []
    async with spec.provide_session() as session:
        rows = session.stream(f"CALL {name}(4)", batch_size=batch_size)
        if len(EXPECTED[name]) > 1:
            with pytest.raises(NotSupportedError, match="result_sets"):
                async for row in rows:
                    seen.append(row)  # noqa: PERF401 - what was seen before the error is wanted
        else:
            seen = [row async for row in rows]
        await check_usable(session)

    assert seen == EXPECTED[name][0]


async def test_execute_many_gives_the_rows_of_all_calls(spec: SQLSpec) -> None:
    """In order; further results of each follow behind."""
    async with spec.provide_session() as session:
        ones = await session.execute_many("CALL one(?)", [(n,) for n in range(50)])
        twos = await session.execute_many("CALL two(?)", [(1,), (2,)])
        await check_usable(session)

    assert ones.all() == [{"first": n + 1} for n in range(50)]
    assert [result.all() for result in twos.result_sets()] == [
        [{"first": 2}, {"first": 3}],
        [{"second": 7, "more": "x"}],
        [{"second": 14, "more": "x"}],
    ]


async def test_a_script_reads_and_drops_all_of_them(spec: SQLSpec) -> None:
    """And has done what they do."""
    async with spec.provide_session() as session:
        await session.execute_script("CALL two(1); CALL mixed(2); CALL large(3); SELECT 1; CALL mixed(3)")
        await check_usable(session)
        assert await session.execute("SELECT id FROM item ORDER BY id").scalars() == [2, 3]


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("BEGIN NOT ATOMIC SELECT 1 AS n; SELECT 2 AS m; END", [[{"n": 1}], [{"m": 2}]]),
        (
            "BEGIN NOT ATOMIC a: BEGIN INSERT INTO item VALUES (1, 'a'); SELECT 1 AS n; END a; END",
            [[{"n": 1}]],
        ),
        (
            "BEGIN NOT ATOMIC IF 1 THEN SELECT 1 AS n; END IF; CALL two(4); END",
            [[{"n": 1}], *EXPECTED["two"]],
        ),
        ("BEGIN NOT ATOMIC DECLARE n INT; SET n = 1; END", [[]]),
    ],
)
@pytest.mark.parametrize("autocommit", [False, True], ids=["transaction", "autocommit"])
async def test_a_compound_statement_is_one(
    spec: SQLSpec, statement: str, expected: Any, autocommit: bool
) -> None:
    """Its BEGIN begins no transaction, and its semicolons are its own."""
    async with spec.provide_session(autocommit=autocommit) as session:
        results = (await session.execute(statement)).result_sets()
        await check_usable(session)
        await session.execute("DELETE FROM item")
        await session.execute_script(f"SELECT 1; {statement}; SELECT 2")

    assert [result.all() for result in results] == expected


async def test_a_call_that_is_refused_has_no_results(spec: SQLSpec) -> None:
    """And the connection serves on."""
    async with spec.provide_session() as session:
        with pytest.raises(DatabaseError):
            await session.execute("CALL nothing(1)")
        await check_usable(session)
    assert spec.stats("main").opened == 1
