"""Sync and async mixed, and names of other libraries: each error says what to type, and it works."""

from __future__ import annotations

import ast
import collections.abc
import copy
import gc
import inspect
import pickle
import re
from typing import TYPE_CHECKING, Any

import pytest

from sqlspec import AsyncExecution, AsyncSession, Result, Session, SQLSpec
from sqlspec.errors import InvalidArgumentError
from sqlspec.session import AsyncRows, Rows, Transaction

if TYPE_CHECKING:
    from collections.abc import Iterator

# What stands for the … of what an error says to type.
MEANT = {
    "provide_session(…)": 'provide_session("db")',
    "provide_connection(…)": 'provide_connection("db")',
    "execute(…)": 'execute("SELECT 1 AS n")',
    "stream(…)": 'stream("SELECT 1 AS n")',
    "execute_many(…)": 'execute_many("INSERT INTO t VALUES (?)", [(1,), (2,)])',
    "execute_script(…)": 'execute_script("SELECT 1; SELECT 2")',
    "load(…)": 'load("t", [(3,)], ["n"])',
    "[…]": "[0]",
}
Q = '"SELECT 1 AS n"'

ASYNC = {
    "await spec.provide_session('db')": InvalidArgumentError,
    "await spec.provide_connection('db')": InvalidArgumentError,
    "with session.begin(): pass": InvalidArgumentError,
    "await session.begin()": InvalidArgumentError,
    f"for row in session.execute({Q}): pass": InvalidArgumentError,
    f"list(session.execute({Q}))": InvalidArgumentError,
    f"session.execute({Q})[0]": InvalidArgumentError,
    f"async for row in session.execute({Q}): pass": InvalidArgumentError,
    f"async with session.execute({Q}) as cursor: pass": InvalidArgumentError,
    f"with session.execute({Q}) as cursor: pass": InvalidArgumentError,
    f"for row in session.stream({Q}): pass": InvalidArgumentError,
    f"await session.stream({Q})": InvalidArgumentError,
    f"session.stream({Q})[0]": InvalidArgumentError,
    f"session.stream({Q}).all()": AttributeError,
    f"session.execute({Q}).rowcount": AttributeError,
    f"session.execute({Q}).columns": AttributeError,
    f"session.execute({Q}).lastrowid": AttributeError,
    f"session.execute({Q}).result_sets()": AttributeError,
    f"session.execute({Q}).fetchall()": AttributeError,
    f"session.execute({Q}).scalar_one()": AttributeError,
    f"session.execute({Q}).keys()": AttributeError,
    f"session.execute({Q}).fetchdf()": AttributeError,
}
SYNC = {
    "async with session.begin(): pass": InvalidArgumentError,
    "await session.begin()": InvalidArgumentError,
    f"session.execute({Q})['n']": InvalidArgumentError,
    f"session.stream({Q})[0]": InvalidArgumentError,
    f"session.stream({Q}).fetchall()": AttributeError,
}
RESULTS = (
    "fetchall fetchone fetchmany fetch_all fetch_one fetch fetchval scalar_one scalar_one_or_none mappings "
    "data rows keys description rows_affected inserted_primary_key df fetchdf to_pandas pl to_polars "
    "fetch_arrow_table"
)
SESSIONS = (
    "executemany executescript query cursor sql run fetch fetchrow fetchval fetch_one fetch_all fetchall "
    "fetchone scalar scalars select select_one select_value transaction begin_nested "
    "copy_records_to_table execute_values"
)
CASES = [
    *((code, kind, True) for code, kind in ASYNC.items()),
    *((code, kind, False) for code, kind in SYNC.items()),
    *((f"session.execute({Q}).{name}", AttributeError, False) for name in RESULTS.split()),
    *(
        (f"session.{name}", AttributeError, is_async)
        for name in SESSIONS.split()
        for is_async in (True, False)
    ),
]


@pytest.fixture
def spec() -> Iterator[SQLSpec]:
    """A registry with one database and a table in it."""
    with SQLSpec() as spec:
        spec.register_config("sqlite://", "db")
        with spec.provide_session("db") as session:
            session.execute("CREATE TABLE t (n INTEGER)")
        yield spec


async def run(code: str, **names: Any) -> Any:
    """Run a line, which may wait."""
    program = compile(code, "line", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    waiting = eval(program, names)  # noqa: S307 - our own lines
    return await waiting if inspect.isawaitable(waiting) else None


async def run_with_session(spec: SQLSpec, code: str, *, is_async: bool) -> None:
    """Run a line in a session of its own."""
    if is_async:
        async with spec.provide_session("db") as session:
            await run(code, spec=spec, session=session)
    else:
        with spec.provide_session("db") as of_thread:
            await run(code, spec=spec, session=of_thread, result=of_thread.execute("SELECT 1 AS n"))


async def error_of(spec: SQLSpec, code: str, *, is_async: bool) -> Exception:
    """What a mistake raises, without what it holds: an execution that nobody awaited warns when it goes."""
    try:
        await run_with_session(spec, code, is_async=is_async)
    except Exception as error:  # noqa: BLE001 - any may come
        return error.with_traceback(None)
    pytest.fail(f"{code} raises nothing")


@pytest.mark.filterwarnings("ignore:coroutine .* was never awaited")
@pytest.mark.parametrize(("mistake", "kind", "is_async"), CASES)
async def test_what_the_error_says_to_type_works(
    spec: SQLSpec, mistake: str, kind: type[Exception], is_async: bool
) -> None:
    """All that stands between backticks, in the session in which the mistake was made."""
    error = await error_of(spec, mistake, is_async=is_async)
    gc.collect()

    assert type(error) is kind
    told = re.findall("`([^`]+)`", str(error).partition(", or open the session")[0])
    assert told
    for code in told:
        typed = code
        for words, meant in MEANT.items():
            typed = re.sub(rf"(?<![a-z_]){re.escape(words)}", meant, typed)
        await run_with_session(spec, typed + " pass" * typed.endswith(":"), is_async=is_async)


def test_what_is_refused_is_not_there_for_anybody_else(spec: SQLSpec) -> None:
    """`hasattr`, `getattr` with a default, `dir`, and those who ask for an interface; copies are as ever."""
    with spec.provide_session("db") as session:
        result, stream = session.execute("SELECT 1 AS n"), session.stream("SELECT 1 AS n")

    assert not hasattr(result, "fetchall")
    assert getattr(session, "cursor", None) is None
    assert not {*RESULTS.split()} & {*dir(result)}
    assert not {*SESSIONS.split()} & {*dir(session)}
    assert {"one", "all", "columns"} <= {*dir(result)}
    assert not inspect.isawaitable(result)
    assert not inspect.isawaitable(stream)
    assert not isinstance(stream, collections.abc.AsyncIterable)
    assert not issubclass(AsyncExecution, collections.abc.Iterable)
    assert not issubclass(AsyncRows, collections.abc.Iterable)
    pickled = pickle.loads(pickle.dumps(result))  # noqa: S301 - our own
    for same in (copy.copy(result), copy.deepcopy(result), pickled):
        assert same.all() == [{"n": 1}]


@pytest.mark.parametrize(
    "kind", [Session, AsyncSession, Result, AsyncExecution, Rows, AsyncRows, Transaction]
)
def test_no_other_attribute_pays_for_it(kind: type) -> None:
    """A `__getattr__` would make every attribute slower, those that are there included."""
    assert not any(
        "__getattr__" in vars(each) or "__getattribute__" in vars(each) for each in kind.__mro__[:-1]
    )


def test_a_subclass_may_have_such_a_name() -> None:
    """Of an adapter's, or an application's."""

    class Own(Session):
        def cursor(self) -> str:
            return "own"

    own = object.__new__(Own)
    assert own.cursor() == "own"
    assert "cursor" in dir(own)
