"""What sessions and what comes of them say where the two sides are mixed, or names of others are used.

Results are not made awaitable to say so, nor streams of threads async iterables, or the other way around:
frameworks ask whether they are, and would treat them so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlspec.result.misuse import RESULT_NAMES, hint_at_names, refuse_methods

if TYPE_CHECKING:
    from collections.abc import Container

__all__ = ("hint_at_executions", "hint_at_sessions", "hint_at_streams", "hint_at_transactions")

_SESSION_NAMES = {
    "copy_records_to_table": "load(…)",
    "cursor": "execute(…)",
    "exec_driver_sql": "execute(…)",
    "execute_batch": "execute_many(…)",
    "execute_values": "execute_many(…)",
    "executemany": "execute_many(…)",
    "executescript": "execute_script(…)",
    "fetch": "execute(…).all()",
    "fetch_all": "execute(…).all()",
    "fetch_one": "execute(…).one_or_none()",
    "fetch_val": "execute(…).scalar()",
    "fetchall": "execute(…).all()",
    "fetchone": "execute(…).one_or_none()",
    "fetchrow": "execute(…).one_or_none()",
    "fetchval": "execute(…).scalar()",
    "query": "execute(…)",
    "run": "execute(…)",
    "scalar": "execute(…).scalar()",
    "scalars": "execute(…).scalars()",
    "select": "execute(…).all()",
    "select_one": "execute(…).one()",
    "select_one_or_none": "execute(…).one_or_none()",
    "select_value": "execute(…).scalar()",
    "select_value_or_none": "execute(…).scalar_or_none()",
    "sql": "execute(…)",
}
_BEGIN_NAMES = ("begin_nested", "start_transaction", "transaction")
_NOT_OF_STREAMS = ("all", "fetchall", "fetchone", "first", "one", "rowcount", "scalar", "scalars")
_OF_RESULTS_ALONE = {
    "columns": "columns",
    "lastrowid": "lastrowid",
    "result_sets": "result_sets()",
    "rowcount": "rowcount",
}


def hint_at_sessions(cls: type, *, is_async: bool) -> None:
    """Methods of other libraries' connections and sessions."""
    wait, block = ("await ", "async with") if is_async else ("", "with")
    hints = {name: f"{wait}session.{ours}" for name, ours in _SESSION_NAMES.items()}
    hints |= dict.fromkeys(_BEGIN_NAMES, f"{block} session.begin():")
    texts = {name: f"a session has no {name}(): write `{ours}`" for name, ours in hints.items()}
    texts["close"] = f"a session has no close(): it ends with its `{block}` block, so leave close() out"
    hint_at_names(cls, texts)


def hint_at_executions(cls: type) -> None:
    """What a result has, and its execution has not; and what others' results have."""
    names = _OF_RESULTS_ALONE | RESULT_NAMES
    hint_at_names(cls, {name: _awaited_first(name, ours, vars(cls)) for name, ours in names.items()})
    rows, stream = "for row in await session.execute(…):", "async for row in session.stream(…):"
    # Without an __iter__, `for` asks for __getitem__; an __iter__ would make it an Iterable to everybody.
    first = "(await session.execute(…)).all()[…]"
    refuse_methods(cls, ("__getitem__",), f"await it first: write `{rows}`, or `{first}`")
    refuse_methods(cls, ("__aiter__",), f"await it first: write `{rows}`, or `{stream}`")
    refuse_methods(
        cls,
        ("__enter__", "__exit__", "__aenter__", "__aexit__"),
        "an execution is no block: write `result = await session.execute(…)`",
    )


def _awaited_first(name: str, ours: str, methods: Container[str]) -> str:
    if ours.removesuffix("()") in methods:
        return f"an execution has no {name}: write `await session.execute(…).{ours}`"
    return f"await it first: `(await session.execute(…)).{ours}`"


def hint_at_streams(sync: type, of_tasks: type) -> None:
    """The rows of `stream`, taken for a result."""
    for cls, loop, wait in ((sync, "for", ""), (of_tasks, "async for", "await ")):
        text = (
            f"a stream is read row by row: write `{loop} row in session.stream(…):`, or for all rows at once "
            f"`{wait}session.execute(…).all()`"
        )
        hint_at_names(cls, dict.fromkeys(_NOT_OF_STREAMS, text))
        refuse_methods(cls, ("__getitem__",), text)
    refuse_methods(of_tasks, ("__await__",), "leave out await: write `async for row in session.stream(…):`")


def hint_at_transactions(sync: type, of_tasks: type) -> None:
    """`begin()` blocks entered with the other side's keyword."""
    refuse_methods(
        sync,
        ("__aenter__", "__aexit__", "__await__"),
        "this session is a sync one: write `with session.begin():`, or open the session with `async with`",
    )
    refuse_methods(
        of_tasks,
        ("__enter__", "__exit__", "__await__"),
        "this session is an async one: write `async with session.begin():`",
    )
