"""Functions of tasks without their session. Checked by mypy and pyright."""
# pyright: strict

from __future__ import annotations

from typing import assert_type

from sqlspec import Session, SQLSpec
from sqlspec.integrations.celery import with_session

spec = SQLSpec()


class Task:
    """As Celery passes to a bound one."""


@with_session(spec, "shop")
def place(session: Session, number: int) -> str:
    """The session comes first."""
    return str(session.execute("SELECT ?", (number,)).scalar())


@with_session(spec)
def bound(self: Task, session: Session, number: int) -> int:
    """Or after the task."""
    assert_type(self, Task)
    return number + session.execute("SELECT 1", schema_type=int).scalar()


def callers_pass_the_rest(task: Task) -> None:
    """With its types."""
    assert_type(place(7), str)
    assert_type(bound(task, 7), int)
