"""The decorator: where the session goes among the arguments, which databases, and mistakes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from celery import Celery, Task
from celery.exceptions import Ignore, Reject, Retry

from sqlspec import Session, SQLSpec
from sqlspec.adapters.sqlite import SQLiteConfig
from sqlspec.errors import ConfigNotFoundError, InvalidArgumentError, ReadOnlyError
from sqlspec.integrations.celery import close_with_worker, with_session
from tests.integrations.shops import PLACE, open_shop, orders

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def spec(tmp_path: Path) -> Iterator[SQLSpec]:
    """A shop, all of whose connections are idle in the end."""
    with SQLSpec() as spec:
        open_shop(spec, tmp_path, pool_size=1)
        yield spec
        assert {stats.in_use for stats in spec.stats().values()} == {0}


@pytest.fixture
def app() -> Celery:
    """Its broker keeps what is sent in memory, where nobody looks for it."""
    return Celery("test", broker="memory://", set_as_current=False)


def test_the_session_stands_wherever_its_parameter_does(spec: SQLSpec) -> None:
    """First, in the middle, last or by keyword alone; others keep their place, their names and defaults."""

    def first(session: Session, a: int, b: int = 2) -> Any:
        return session.execute("SELECT ? || ?", (a, b)).scalar()

    def middle(a: int, session: Session, b: int = 2) -> Any:
        return session.execute("SELECT ? || ?", (a, b)).scalar()

    def last(a: int, b: int = 2, *, session: Session) -> Any:
        return session.execute("SELECT ? || ?", (a, b)).scalar()

    for each in (first, middle, last):
        task: Any = with_session(spec)(each)

        assert [task(1), task(a=1)] == ["12", "12"]
        assert [task(1, 3), task(1, b=3), task(b=3, a=1)] == ["13", "13", "13"]


def test_celery_checks_the_arguments_without_the_session(spec: SQLSpec, app: Celery) -> None:
    """A call that would fail in the worker fails where it is made."""

    @app.task(bind=True)
    @with_session(spec)
    def place(self: Task[..., str], session: Session, number: int) -> str:
        session.execute(PLACE, (number, None))
        return str(self.name)

    assert place(1).endswith("place")
    place.delay(1)
    for arguments in ({}, {"number": 1, "session": 2}):
        with pytest.raises(TypeError):
            place.apply_async(kwargs=arguments)
    assert orders(spec) == [1]


@pytest.mark.parametrize("way_out", [Retry, Ignore, Reject, LookupError, SystemExit, KeyboardInterrupt])
def test_what_a_task_raises_undoes_its_work(spec: SQLSpec, way_out: type[BaseException]) -> None:
    """And comes out as itself."""
    raised = way_out()

    @with_session(spec)
    def place(session: Session) -> None:
        session.execute(PLACE, (1, None))
        raise raised

    with pytest.raises(way_out) as caught:
        place()

    assert caught.value is raised
    assert orders(spec) == []


def test_two_databases_are_two_decorators(spec: SQLSpec, tmp_path: Path) -> None:
    """Each with a parameter of its own; the one on top ends last."""
    archive = spec.register_config(SQLiteConfig(database=str(tmp_path / "archive.db")), "archive")
    with spec.provide_session(archive) as session:
        session.execute("CREATE TABLE orders (number INTEGER)")

    @with_session(spec, "shop")
    @with_session(spec, archive, argument="old")
    def move(session: Session, old: Session, number: int) -> None:
        session.execute(PLACE, (number, None))
        old.execute("INSERT INTO orders VALUES (?)", (number,))

    move(7)

    assert orders(spec) == [7]
    with spec.provide_session("archive") as session:
        assert session.execute("SELECT number FROM orders").scalars() == [7]


def test_options_are_those_of_sessions(spec: SQLSpec) -> None:
    """Read-only is."""

    @with_session(spec, "shop", read_only=True)
    def place(session: Session) -> None:
        session.execute(PLACE, (1, None))

    with pytest.raises(ReadOnlyError):
        place()


def test_a_registry_may_be_filled_after_its_tasks_are_declared() -> None:
    """The name is looked up when the task runs."""
    spec = SQLSpec()

    @with_session(spec, "main")
    def ask(session: Session) -> int:
        return session.execute("SELECT 1", schema_type=int).scalar()

    with pytest.raises(ConfigNotFoundError):
        ask()
    with spec:
        spec.register_config(SQLiteConfig(database=":memory:"), "main")
        assert ask() == 1


APP = Celery(set_as_current=False)


async def _awaited(session: Session) -> None: ...


def _without(number: int) -> None: ...


def _yielding(session: Session) -> Iterator[object]:
    yield session


@pytest.mark.parametrize(
    ("function", "text"),
    [
        (_awaited, r"Celery awaits nothing: write def _awaited\(…\), without async"),
        (_yielding, r"_yielding\(\) yields, so it would run after its session has ended: return a list"),
        (_without, r"_without\(\) has no parameter 'session' for its session: write def _without\(sess"),
        (APP.task(_without), r"write @app.task first, and @with_session\(spec\) below it"),
    ],
    ids=["async", "generator", "no parameter", "a task"],
)
def test_what_can_have_no_session_is_refused_where_it_is_declared(function: Any, text: str) -> None:
    """With what to write."""
    with pytest.raises(InvalidArgumentError, match=text):
        with_session(SQLSpec())(function)


@pytest.mark.parametrize("first", ["shop", _without, None], ids=["a name", "the function", "nothing"])
def test_the_registry_is_not_forgotten(first: Any) -> None:
    """Nor are the brackets of the decorator."""
    with pytest.raises(InvalidArgumentError, match='write @with_session\\(spec, "shop"\\)'):
        with_session(first)
    with pytest.raises(InvalidArgumentError, match=r"write close_with_worker\(spec\)"):
        close_with_worker(first)
